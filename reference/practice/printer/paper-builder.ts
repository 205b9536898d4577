/** Prints commands and text on paper, as a thermal receipt printer of 80 mm does. The look set by one paper stays for the next. */
import { unreachable } from '#shared/assert.ts'
import { ChineseBytes, characterOn } from './code-pages.ts'
import type { Token } from './escpos-reader.ts'
import { pictureIn, storedPicture } from './graphics.ts'
import { LineSetter } from './line-setter.ts'
import {
  type Across,
  type Dots,
  HEAD_DOTS,
  PAPER_INPUT_MAX_BYTES,
  PAPER_LENGTH_MAX_DOTS,
  type Paper,
  type Piece,
  type QrCode,
  rightEdgeDots,
} from './paper.ts'
import { qrModules } from './qr-modules.ts'

/** A sixth of an inch: what ESC 2 sets. */
const LINE_SPACING_DOTS = 30
const LABEL_HEIGHT_DOTS = 48
/** White that a code needs below it. */
const QR_QUIET_DOTS = 24
const QR_CELL_DOTS = 3
const QR_LEVELS = { 48: 'l', 49: 'm', 50: 'q', 51: 'h' } as const
const LABEL_CHARACTERS_MAX = 200
const UNKNOWN_NAMES_MAX = 20
const NAME_LENGTH_MAX = 12

const LF = 0x0a
const CR = 0x0d
const HT = 0x09

/** Known, and without effect here: how dense, how fast, which country, what to report by itself, letters turned about. */
const SILENT = new Set(
  ['ESC R', 'ESC {', 'ESC V', 'ESC r', 'ESC c', 'ESC =', 'ESC D', 'ESC K', 'ESC T', 'ESC U', 'FS S', 'FS C', 'FS (', 'ESC ('].concat([
    'GS a',
    'GS b',
    'GS f',
    'GS h',
    'GS w',
    'GS H',
    'GS P',
    'GS T',
    'GS I',
    'GS j',
    'DLE \u0005',
    'ESC %',
    'ESC ?',
    'ESC u',
    'ESC v',
  ]),
)

/** What a command asks of the printer besides ink. */
export type Effect = { readonly cut: true } | { readonly answer: Uint8Array } | undefined

export class PaperBuilder {
  readonly #line = new LineSetter()
  readonly #chinese = new ChineseBytes()
  #pieces: Piece[] = []
  #lengthDots = 0
  #inputBytes = 0
  #drawerOpened = false
  #hasInk = false
  #isOverfull = false
  #unknown = new Set<string>()

  #page = 0
  #isChinese = false
  #align: Across['align'] = 0
  #leftDots = 0
  #areaDots: number | undefined
  #lineSpacingDots = LINE_SPACING_DOTS
  #qr: { cellDots: number; level: QrCode['level']; data: string } = { cellDots: QR_CELL_DOTS, level: 'l', data: '' }
  #stored: Dots | undefined

  /** Whether something has been printed that was not cut off yet. */
  get hasBegun(): boolean {
    return this.#hasInk || this.#drawerOpened || this.#isOverfull
  }

  take(token: Token): Effect {
    if (token.kind !== 'text') this.#chinese.clear()
    switch (token.kind) {
      case 'text':
        this.#count(token.bytes.length)
        for (const byte of token.bytes) this.#byte(byte)
        return undefined
      case 'control':
        this.#count(1)
        if (token.byte === LF) this.#endLine()
        else if (token.byte === CR) this.#line.toLineStart()
        else if (token.byte === HT) this.#line.tab()
        return undefined
      case 'command':
        this.#count(token.args.length + 2)
        return this.#command(token.name, token.args)
      case 'unknown':
        this.#note(token.name)
        return undefined
      case 'ask-status':
        return undefined // Answered by the printer itself, out of turn.
      default:
        return unreachable(token)
    }
  }

  /** Takes the paper away. The next one begins empty, with the look that is set. */
  finish(cut: boolean): Paper {
    if (!this.#line.isEmpty) this.#endLine()
    const widthDots = this.#widestDots() > HEAD_DOTS[58] ? HEAD_DOTS[80] : HEAD_DOTS[58]
    const paper: Paper = {
      widthDots,
      pieces: this.#pieces,
      drawerOpened: this.#drawerOpened,
      cut,
      isOverfull: this.#isOverfull,
      unknown: [...this.#unknown],
    }
    this.#pieces = []
    this.#lengthDots = 0
    this.#inputBytes = 0
    this.#drawerOpened = false
    this.#hasInk = false
    this.#isOverfull = false
    this.#unknown = new Set()
    this.#line.beginPaper()
    return paper
  }

  /** A printer of 58 mm prints nothing beyond its 384 dots: whoever uses more is printing on 80 mm. */
  #widestDots(): number {
    return Math.max(0, ...this.#pieces.map(rightEdgeDots))
  }

  #count(bytes: number): void {
    this.#inputBytes += bytes
    if (this.#inputBytes > PAPER_INPUT_MAX_BYTES) this.#isOverfull = true
  }

  #byte(byte: number): void {
    const printed = this.#isChinese ? this.#chinese.take(byte) : { character: characterOn(this.#page, byte), isWide: false }
    if (!printed) return
    const { character, isWide } = printed
    if (!this.#line.fits(isWide, this.#roomDots())) this.#endLine()
    if (this.#isOverfull) return
    this.#hasInk ||= character !== ' '
    if (!this.#line.put(character, isWide)) this.#isOverfull = true
  }

  #roomDots(): number {
    return this.#areaDots ?? HEAD_DOTS[80] - this.#leftDots
  }

  #across(): Across {
    return { align: this.#align, left: this.#leftDots, areaDots: this.#areaDots }
  }

  #endLine(): void {
    const { runs, pictures, inkDots } = this.#line.end()
    this.#add({ kind: 'line', runs, pictures, inkDots, across: this.#across(), heightDots: Math.max(inkDots, this.#lineSpacingDots) })
  }

  #feed(dots: number): void {
    if (!this.#line.isEmpty) this.#endLine()
    this.#add({ kind: 'line', runs: [], pictures: [], inkDots: 0, across: this.#across(), heightDots: dots })
  }

  #add(piece: Piece): void {
    if (this.#lengthDots + piece.heightDots > PAPER_LENGTH_MAX_DOTS) this.#isOverfull = true
    if (this.#isOverfull) return
    this.#lengthDots += piece.heightDots
    this.#pieces.push(piece)
  }

  #note(name: string): void {
    if (this.#unknown.size < UNKNOWN_NAMES_MAX) this.#unknown.add(name.slice(0, NAME_LENGTH_MAX))
  }

  #command(name: string, args: Uint8Array): Effect {
    const first = args[0] ?? 0
    const number = first | ((args[1] ?? 0) << 8)
    if (this.#line.look(name, first)) return undefined
    switch (name) {
      case 'ESC @':
        this.#reset()
        return undefined
      case 'ESC t':
        this.#page = first
        return undefined
      case 'FS &':
        this.#isChinese = true
        return undefined
      case 'FS .':
        this.#isChinese = false
        return undefined
      case 'ESC 2':
        this.#lineSpacingDots = LINE_SPACING_DOTS
        return undefined
      case 'ESC 3':
        this.#lineSpacingDots = first
        return undefined
      case 'ESC a':
        // Digits do as well as numbers, here and in other commands.
        this.#align = ([0, 0.5, 1] as const)[first % 48] ?? this.#align
        return undefined
      case 'GS L':
        this.#leftDots = Math.min(number, HEAD_DOTS[80])
        return undefined
      case 'GS W':
        this.#areaDots = Math.min(number, HEAD_DOTS[80] - this.#leftDots)
        return undefined
      case 'ESC $':
        this.#line.moveTo(number)
        return undefined
      case 'ESC \\':
        this.#line.moveBy((number << 16) >> 16)
        return undefined
      default:
        return this.#action(name, args)
    }
  }

  /** What moves the paper, opens the drawer, prints something else than text, or wants an answer. */
  #action(name: string, args: Uint8Array): Effect {
    const first = args[0] ?? 0
    switch (name) {
      case 'ESC d':
        for (let line = 0; line < Math.max(1, first); line += 1) this.#endLine()
        return undefined
      case 'ESC J':
        this.#feed(first)
        return undefined
      case 'ESC p':
      case 'DLE \u0014':
        // DLE DC4 1 is the drawer's pulse; other functions of it are not.
        if (name === 'ESC p' || first === 1) this.#drawerOpened = true
        return undefined
      case 'GS V':
      case 'ESC i':
      case 'ESC m':
        return { cut: true }
      case 'ESC *':
      case 'GS v':
        this.#picture(name, args)
        return undefined
      case 'GS k':
        this.#label(
          Buffer.from(args.subarray(first < 65 ? 1 : 2))
            .toString('latin1')
            .replace(/\0$/, ''),
        )
        return undefined
      case 'GS (':
      case 'GS 8':
        this.#parenthesis(name, args)
        return undefined
      case 'GS r':
        // Paper is there and the drawer is shut, or this would wait unprinted.
        return { answer: Uint8Array.of(0) }
      default:
        if (!SILENT.has(name)) this.#note(name)
        return undefined
    }
  }

  #picture(name: 'ESC *' | 'GS v', args: Uint8Array): void {
    const picture = pictureIn(name, args)
    if (!picture) return this.#note(name)
    this.#hasInk = true
    if (name === 'ESC *') return this.#line.place(picture)
    if (!this.#line.isEmpty) this.#endLine()
    const inkDots = picture.dots.heightDots * picture.heightScale
    this.#add({ kind: 'line', runs: [], pictures: [{ ...picture, x: 0 }], inkDots, across: this.#across(), heightDots: inkDots })
  }

  /** GS ( k: codes of two dimensions. GS ( L and GS 8 L: pictures that are stored, then printed. Others set the printer up. */
  #parenthesis(name: 'GS (' | 'GS 8', args: Uint8Array): void {
    const letter = String.fromCharCode(args[0] ?? 0)
    const parameters = args.subarray(name === 'GS (' ? 3 : 5)
    if (letter === 'k') return this.#code(parameters)
    if (letter !== 'L') return
    const [, action = 0] = parameters
    if (action === 112) this.#stored = storedPicture(parameters)
    if ((action === 2 || action === 50) && this.#stored) {
      this.#hasInk = true
      const picture = { dots: this.#stored, x: 0, widthScale: 1, heightScale: 1 }
      const inkDots = picture.dots.heightDots
      this.#add({ kind: 'line', runs: [], pictures: [picture], inkDots, across: this.#across(), heightDots: inkDots })
    }
  }

  #code([symbol = 0, action = 0, ...parameters]: Uint8Array): void {
    const first = parameters[0] ?? 0
    const data = () => Buffer.from(parameters.slice(1)).toString('utf8')
    if (symbol !== 49) {
      if (action === 80) this.#label(data())
      return
    }
    if (action === 67) this.#qr.cellDots = Math.max(1, Math.min(16, first))
    if (action === 69) this.#qr.level = QR_LEVELS[first as keyof typeof QR_LEVELS] ?? this.#qr.level
    if (action === 80) this.#qr.data = data()
    if (action !== 81 || this.#qr.data === '') return
    if (!this.#line.isEmpty) this.#endLine()
    this.#hasInk = true
    const modules = qrModules(this.#qr)
    if (!modules) return this.#label(this.#qr.data)
    const heightDots = modules.length * this.#qr.cellDots + QR_QUIET_DOTS
    this.#add({ kind: 'qr', qr: { ...this.#qr, modules }, across: this.#across(), heightDots })
  }

  #label(text: string): void {
    if (!this.#line.isEmpty) this.#endLine()
    this.#hasInk = true
    const printable = text.replace(/\p{C}/gu, '□')
    this.#add({ kind: 'label', text: printable.slice(0, LABEL_CHARACTERS_MAX), across: this.#across(), heightDots: LABEL_HEIGHT_DOTS })
  }

  #reset(): void {
    this.#line.reset()
    this.#page = 0
    this.#isChinese = false
    this.#align = 0
    this.#leftDots = 0
    this.#areaDots = undefined
    this.#lineSpacingDots = LINE_SPACING_DOTS
    this.#stored = undefined
  }
}
