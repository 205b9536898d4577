/**
 * Cuts the stream of bytes a printer gets into commands and text. It knows how long each ESC/POS command is, and nothing of what it does
 * (Epson, ESC/POS Command Reference). Written for the practice printer alone: it shares no code with what the terminal prints with.
 */

/** A command that is longer than this is passed over unread, as it comes. */
export const COMMAND_MAX_BYTES = 1_000_000
/** Tab stops and the data of old barcodes end with a NUL; without one by then it is no such command. */
const NUL_ENDED_MAX_BYTES = 256

const DLE = 0x10
const ESC = 0x1b
const FS = 0x1c
const GS = 0x1d
const SPACE = 0x20

export type Token =
  /** Bytes from 20h on, as they came. */
  | { readonly kind: 'text'; readonly bytes: Uint8Array }
  /** A single control byte, such as LF. */
  | { readonly kind: 'control'; readonly byte: number }
  /** `name` is prefix and letter, such as `ESC a`; `args` is what follows. */
  | { readonly kind: 'command'; readonly name: string; readonly args: Uint8Array }
  /** DLE EOT n, which is answered at once, whatever waits before it. */
  | { readonly kind: 'ask-status'; readonly what: number }
  /** Nothing a printer knows, or more than it can hold. */
  | { readonly kind: 'unknown'; readonly name: string }

/** How many bytes of arguments a command has, from those seen so far; undefined when they do not tell yet. */
type Length = number | ((args: Uint8Array) => number | undefined)

const at = (args: Uint8Array, index: number): number => args[index] ?? 0
const word = (args: Uint8Array, index: number): number => at(args, index) | (at(args, index + 1) << 8)
/** A head of `size` bytes says how much follows. */
const headed =
  (size: number, rest: (head: Uint8Array) => number): Length =>
  (args) =>
    args.length < size ? undefined : size + rest(args)
const nulEnded: Length = (args) => {
  const end = args.indexOf(0)
  return end >= 0 ? end + 1 : args.length > NUL_ENDED_MAX_BYTES ? 0 : undefined
}
/** fn pL pH and as many bytes as they say. */
const counted: Length = headed(3, (head) => word(head, 1))
/** m n and n bytes. */
const lengthThenData: Length = headed(2, (head) => at(head, 1))
const IMAGE_BYTES_PER_COLUMN: Readonly<Record<number, number>> = { 32: 3, 33: 3 }
/** Cuts that feed first have the length to feed. */
const FEEDING_CUTS = new Set([65, 66, 97, 98, 103, 104])

const LENGTHS: Readonly<Record<number, { readonly name: string; readonly commands: Readonly<Record<string, Length>> }>> = {
  [DLE]: {
    name: 'DLE',
    commands: {
      '\u0004': headed(1, (head) => ([7, 8, 18].includes(at(head, 0)) ? 1 : 0)),
      '\u0005': 1,
      '\u0014': headed(1, (head) => ({ 1: 2, 2: 2, 7: 1, 8: 7 })[at(head, 0)] ?? 0),
    },
  },
  [ESC]: {
    name: 'ESC',
    commands: {
      ...each('@2Simv<\f', 0),
      ...each(' !%-3=?EGJKMRTVadertu{', 1),
      ...each('$\\c', 2),
      ...each('p', 3),
      L: 0,
      W: 8,
      D: nulEnded,
      '(': counted,
      '*': headed(3, (head) => word(head, 1) * (IMAGE_BYTES_PER_COLUMN[at(head, 0)] ?? 1)),
    },
  },
  [FS]: {
    name: 'FS',
    commands: { ...each('&.', 0), ...each('!-CW', 1), ...each('S?p', 2), '2': 74, '(': counted },
  },
  [GS]: {
    name: 'GS',
    commands: {
      ...each(':c', 0),
      ...each('!/BEHITabfhjrw', 1),
      ...each('$LP\\W', 2),
      '^': 3,
      g: 4,
      z: 3,
      '(': counted,
      '*': headed(2, (head) => at(head, 0) * at(head, 1) * 8),
      '8': headed(5, (head) => word(head, 1) + word(head, 3) * 65_536),
      C: headed(1, (head) => ({ 48: 2, 49: 6, 50: 2 })[at(head, 0)] ?? 0),
      Q: headed(6, (head) => word(head, 2) * word(head, 4)),
      V: headed(1, (head) => (FEEDING_CUTS.has(at(head, 0)) ? 1 : 0)),
      k: (args) => (args.length === 0 ? undefined : lengthOf(at(args, 0) < 65 ? nulEnded : lengthThenData, args)),
      v: headed(6, (head) => word(head, 2) * word(head, 4)),
    },
  },
}

function each(letters: string, length: number): Record<string, Length> {
  return Object.fromEntries(Array.from(letters, (letter) => [letter, length]))
}

function lengthOf(length: Length, args: Uint8Array): number | undefined {
  return typeof length === 'number' ? length : length(args)
}

export class EscPosReader {
  /** What has come and is not yet a whole command; put together only when it can be. */
  #chunks: Uint8Array[] = []
  #waitingBytes = 0
  /** The least that must be there before looking again makes sense. */
  #neededBytes = 1
  #skipBytes = 0

  /** What the bytes complete, in order. */
  push(chunk: Uint8Array): readonly Token[] {
    const skipped = Math.min(this.#skipBytes, chunk.length)
    this.#skipBytes -= skipped
    if (skipped === chunk.length) return []
    this.#chunks.push(chunk.subarray(skipped))
    this.#waitingBytes += chunk.length - skipped
    if (this.#waitingBytes < this.#neededBytes) return []
    const bytes = Buffer.concat(this.#chunks)
    const tokens: Token[] = []
    let position = 0
    this.#neededBytes = 1
    while (position < bytes.length) {
      const next = this.#next(bytes.subarray(position))
      if (!next) break
      tokens.push(next.token)
      position += next.length
    }
    // Of a command that is passed over, more may be announced than has come.
    this.#skipBytes = Math.max(0, position - bytes.length)
    const rest = Uint8Array.from(bytes.subarray(Math.min(position, bytes.length)))
    this.#chunks = rest.length > 0 ? [rest] : []
    this.#waitingBytes = rest.length
    return tokens
  }

  #next(bytes: Uint8Array): { readonly token: Token; readonly length: number } | undefined {
    const [first = 0, letter] = bytes
    if (first >= SPACE) {
      const end = bytes.findIndex((byte) => byte < SPACE)
      const text = end < 0 ? bytes : bytes.subarray(0, end)
      return { token: { kind: 'text', bytes: Uint8Array.from(text) }, length: text.length }
    }
    const known = LENGTHS[first]
    if (!known) return { token: { kind: 'control', byte: first }, length: 1 }
    if (letter === undefined) return undefined
    const name = `${known.name} ${String.fromCharCode(letter)}`
    const length = known.commands[String.fromCharCode(letter)]
    if (length === undefined) return { token: { kind: 'unknown', name }, length: 2 }
    const seen = bytes.subarray(2)
    const argsLength = lengthOf(length, seen)
    if (argsLength === undefined) {
      this.#neededBytes = bytes.length + 1
      return undefined
    }
    const total = 2 + argsLength
    if (total > COMMAND_MAX_BYTES) return { token: { kind: 'unknown', name }, length: total }
    if (bytes.length < total) {
      this.#neededBytes = total
      return undefined
    }
    const args = Uint8Array.from(seen.subarray(0, argsLength))
    if (name === 'DLE \u0004') return { token: { kind: 'ask-status', what: at(args, 0) }, length: total }
    return { token: { kind: 'command', name, args }, length: total }
  }
}
