/**
 * Reads ESC/POS bytes as a printer would, written from the command descriptions and not from our encoder: it shares no code with it.
 * It knows only the commands a receipt may hold, and throws on any other: a name that became a command cannot hide.
 */
import iconv from 'iconv-lite'

export type QrCode = { readonly model: number; readonly cell: number; readonly level: number; readonly data: string }
export type Raster = { readonly widthDots: number; readonly heightDots: number; readonly data: Uint8Array }
export type PrintedLine = {
  /** What stands on the line, at its place: one string position per cell, wide characters followed by nothing. */
  readonly text: string
  readonly widthCells: number
  readonly isStrong: boolean
  readonly isInverse: boolean
  readonly isLarge: boolean
}
export type Paper = {
  readonly lines: readonly PrintedLine[]
  readonly qrCodes: readonly QrCode[]
  readonly rasters: readonly Raster[]
  readonly cuts: number
  readonly pulses: number
  readonly fedLines: number
  /** Every command met, in order, by name. */
  readonly commands: readonly string[]
}

const CELL_DOTS = 12
const PAGES: Readonly<Record<number, string>> = { 0: 'cp437', 16: 'cp1252', 17: 'cp866', 18: 'cp852', 19: 'cp858' }

type Placed = { readonly character: string; readonly atDots: number; readonly widthDots: number }

class Decoder {
  readonly #bytes: Uint8Array
  #at = 0
  #page = 0
  #isChinese = false
  #scale = { width: 1, height: 1 }
  #isStrong = false
  #isInverse = false
  #headDots = 0
  #areaDots = Number.POSITIVE_INFINITY
  #line: Placed[] = []
  #lineStyle = { isStrong: false, isInverse: false, isLarge: false }
  #qr = { model: 0, cell: 0, level: 0, data: '' }
  readonly #paper = {
    lines: [] as PrintedLine[],
    qrCodes: [] as QrCode[],
    rasters: [] as Raster[],
    cuts: 0,
    pulses: 0,
    fedLines: 0,
    commands: [] as string[],
  }

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  run(): Paper {
    while (this.#at < this.#bytes.length) this.#step()
    if (this.#line.length > 0) throw new Error('the bytes end in the middle of a line')
    return this.#paper
  }

  #next(): number {
    const byte = this.#bytes[this.#at]
    if (byte === undefined) throw new Error('the bytes end in the middle of a command')
    this.#at += 1
    return byte
  }

  #take(length: number): Uint8Array {
    const taken = this.#bytes.subarray(this.#at, this.#at + length)
    if (taken.length !== length) throw new Error('the bytes end in the middle of a command')
    this.#at += length
    return taken
  }

  #next16(): number {
    const low = this.#next()
    return low | (this.#next() << 8)
  }

  #note(name: string): void {
    this.#paper.commands.push(name)
  }

  #step(): void {
    const byte = this.#next()
    if (byte === 0x0a) this.#endLine()
    else if (byte === 0x1b) this.#escape()
    else if (byte === 0x1d) this.#group()
    else if (byte === 0x1c) this.#file()
    else if (byte < 0x20 || byte === 0x7f) throw new Error(`control byte ${byte.toString(16)} at ${this.#at - 1}`)
    else this.#character(byte)
  }

  #character(byte: number): void {
    let character: string
    let cells = 1
    if (byte < 0x80) character = String.fromCharCode(byte)
    else if (this.#isChinese) {
      const second = this.#next()
      // A second byte of 30 to 39 begins a four-byte code: most printers would print two wrong characters.
      if (second >= 0x30 && second <= 0x39) throw new Error(`four-byte GB18030 code at ${this.#at - 2}`)
      character = iconv.decode(Buffer.from([byte, second]), 'gb18030')
      cells = 2
    } else {
      const page = PAGES[this.#page]
      if (page === undefined) throw new Error(`code page ${this.#page}`)
      character = iconv.decode(Buffer.from([byte]), page)
    }
    const widthDots = cells * CELL_DOTS * this.#scale.width
    if (this.#headDots + widthDots > this.#areaDots) throw new Error(`past the right edge: ${this.#lineText()}${character}`)
    if (this.#line.some(({ atDots, widthDots: width }) => this.#headDots < atDots + width && atDots < this.#headDots + widthDots)) {
      throw new Error(`printed over: ${this.#lineText()} then ${character}`)
    }
    this.#line.push({ character, atDots: this.#headDots, widthDots })
    this.#headDots += widthDots
    this.#lineStyle = {
      isStrong: this.#lineStyle.isStrong || this.#isStrong,
      isInverse: this.#lineStyle.isInverse || this.#isInverse,
      isLarge: this.#lineStyle.isLarge || this.#scale.width > 1,
    }
  }

  #lineText(): string {
    let text = ''
    let cell = 0
    for (const { character, atDots, widthDots } of [...this.#line].sort((a, b) => a.atDots - b.atDots)) {
      const gap = Math.round(atDots / CELL_DOTS) - cell
      if (gap > 0) text += ' '.repeat(gap)
      text += character
      cell = Math.round((atDots + widthDots) / CELL_DOTS)
    }
    return text
  }

  #endLine(): void {
    const widthCells = Math.max(0, ...this.#line.map(({ atDots, widthDots }) => (atDots + widthDots) / CELL_DOTS))
    this.#paper.lines.push({ text: this.#lineText().trimEnd(), widthCells, ...this.#lineStyle })
    this.#line = []
    this.#headDots = 0
    this.#lineStyle = { isStrong: false, isInverse: false, isLarge: false }
  }

  #escape(): void {
    const command = String.fromCharCode(this.#next())
    this.#note(`ESC ${command}`)
    switch (command) {
      case '@':
        this.#page = 0
        this.#isChinese = false
        return
      case 'a':
      case 'M':
      case ' ':
      case '3':
      case '{':
      case 'R':
      case '-':
        this.#next()
        return
      case '2':
        return
      case 'E':
        this.#isStrong = (this.#next() & 1) === 1
        return
      case 't':
        this.#page = this.#next()
        return
      case '$':
        this.#headDots = this.#next16()
        return
      case '\\':
        this.#headDots += this.#next16()
        return
      case 'd':
        this.#paper.fedLines += this.#next()
        return
      case 'p':
        this.#take(3)
        this.#paper.pulses += 1
        return
      default:
        throw new Error(`unknown command ESC ${command} at ${this.#at - 2}`)
    }
  }

  #file(): void {
    const command = String.fromCharCode(this.#next())
    this.#note(`FS ${command}`)
    switch (command) {
      case '&':
        this.#isChinese = true
        return
      case '.':
        this.#isChinese = false
        return
      case 'S':
        this.#take(2)
        return
      case '-':
        this.#next()
        return
      case '(': {
        const kind = String.fromCharCode(this.#next())
        if (kind !== 'A') throw new Error(`unknown command FS ( ${kind}`)
        this.#take(this.#next16())
        return
      }
      default:
        throw new Error(`unknown command FS ${command} at ${this.#at - 2}`)
    }
  }

  #group(): void {
    const command = String.fromCharCode(this.#next())
    this.#note(`GS ${command}`)
    switch (command) {
      case 'a':
        this.#next()
        return
      case 'L':
        this.#next16()
        return
      case 'W':
        this.#areaDots = this.#next16()
        return
      case 'B':
        this.#isInverse = (this.#next() & 1) === 1
        return
      case '!': {
        const size = this.#next()
        this.#scale = { width: (size >> 4) + 1, height: (size & 15) + 1 }
        return
      }
      case 'V':
        if (this.#next() !== 0x42) throw new Error('unknown cut')
        this.#next()
        this.#paper.cuts += 1
        return
      case 'v':
        this.#raster()
        return
      case '(':
        this.#qrCode()
        return
      default:
        throw new Error(`unknown command GS ${command} at ${this.#at - 2}`)
    }
  }

  #raster(): void {
    if (this.#next() !== 0x30 || this.#next() !== 0) throw new Error('unknown raster mode')
    const bytesPerRow = this.#next16()
    const heightDots = this.#next16()
    this.#paper.rasters.push({ widthDots: bytesPerRow * 8, heightDots, data: this.#take(bytesPerRow * heightDots) })
  }

  #qrCode(): void {
    if (this.#next() !== 0x6b) throw new Error('unknown command GS (')
    const [symbol, action, ...parameters] = this.#take(this.#next16())
    if (symbol !== 49) throw new Error(`unknown symbol ${symbol}`)
    const first = parameters[0] ?? 0
    switch (action) {
      case 65:
        this.#qr.model = first
        return
      case 67:
        this.#qr.cell = first
        return
      case 69:
        this.#qr.level = first
        return
      case 80:
        this.#qr.data = Buffer.from(parameters.slice(1)).toString('latin1')
        return
      case 81:
        this.#paper.qrCodes.push({ ...this.#qr })
        return
      default:
        throw new Error(`unknown action ${action} of GS ( k`)
    }
  }
}

/** Throws on an unknown command, a cut-off one, a control byte in text, a four-byte code, or a character past the edge of the paper. */
export function decodeEscPos(bytes: Uint8Array): Paper {
  return new Decoder(bytes).run()
}
