/** The longest run of text from outside that one field may print, in characters. A name cannot empty the paper roll. */
const FIELD_CHARACTERS_MAX = 160
/** Marks stacked on one letter beyond this say nothing and leave their line. */
const MARKS_PER_LETTER_MAX = 2

const graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' })

/** Most lines on paper: each of these is a character of its own. */
const PLAIN = /^[ -~]*$/

/** What a reader sees as one character, in order. */
export function graphemesOf(text: string): string[] {
  if (PLAIN.test(text)) return text.split('')
  return [...graphemes.segment(text)].map(({ segment }) => segment)
}

/**
 * Text from outside, made fit for one line of paper: composed (NFC), without control, formatting and direction characters,
 * with single plain spaces, cut at FIELD_CHARACTERS_MAX. What has no glyph anywhere becomes a white square; nothing left becomes `-`.
 */
export function printable(text: string): string {
  const clean = text
    .toWellFormed()
    .normalize('NFC')
    .replace(/[\t\n\v\f\r\u0085]/g, ' ')
    .replace(/[\p{Cc}\p{Cf}]/gu, '')
    .replace(/\p{Z}+/gu, ' ')
    .replace(/[\p{Co}\p{Cn}\uFFFD]/gu, '□')
    .replace(new RegExp(`(\\p{M}{${MARKS_PER_LETTER_MAX}})\\p{M}+`, 'gu'), '$1')
    // Removing a joiner can bring two characters together that compose.
    .normalize('NFC')
    .trim()
  const characters = Array.from(clean)
  if (characters.length === 0) return '-'
  return characters.length > FIELD_CHARACTERS_MAX
    ? `${characters
        .slice(0, FIELD_CHARACTERS_MAX - 3)
        .join('')
        .trim()}...`
    : clean
}

/**
 * Cells of one character on our own paper (text and pictures): 1 for the scripts the narrow face draws, 2 for everything else.
 * A printer in GB18030 mode gives every character outside ASCII two cells: see `cellsAtMost`.
 */
function cellsOfCharacter(character: string): 1 | 2 {
  const code = character.codePointAt(0) ?? 0
  const isNarrow =
    code < 0x0530 || // Latin, Greek, Cyrillic
    (code >= 0x1e00 && code <= 0x1eff) || // Latin with Vietnamese marks
    (code >= 0x2010 && code <= 0x205e) || // dashes, quotes, ellipsis
    (code >= 0x20a0 && code <= 0x20bf) || // currencies
    (code >= 0xff61 && code <= 0xffdc) // half-width forms
  return isNarrow ? 1 : 2
}

/** Cells a text takes in pictures and plain text. A letter with its marks is one character. */
export function cellsOf(text: string): number {
  return graphemesOf(text).reduce((cells, character) => cells + cellsOfCharacter(character), 0)
}

/** Cells a text takes at most, whatever the printer's encoding: what columns of figures are sized by. */
export function cellsAtMost(text: string): number {
  return Array.from(text).reduce((cells, character) => cells + (character < '\u0080' ? 1 : 2), 0)
}

/** Chinese punctuation that must not begin a line. */
const CLOSING = /^[，。、；：？！）》〉」』】〕·…]$/u

function wordsOf(text: string): string[] {
  const words: string[] = []
  let afterSpace = true
  for (const character of graphemesOf(text)) {
    const previous = words.at(-1)
    const isWide = cellsOfCharacter(character) === 2
    if (character === ' ') {
      afterSpace = true
      continue
    }
    const joins = previous !== undefined && !afterSpace && (CLOSING.test(character) || (!isWide && cellsOf(previous.slice(-1)) === 1))
    if (joins) words[words.length - 1] = previous + character
    else words.push(afterSpace && words.length > 0 ? ` ${character}` : character)
    afterSpace = false
  }
  return words
}

/** Breaks a text into lines of at most `width` cells, between words, or between Chinese characters; an overlong word is broken where it must. */
export function wrapToCells(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  const room = () => width - cellsOf(line)
  for (const word of wordsOf(text)) {
    if (cellsOf(word) <= room()) {
      line += word
      continue
    }
    if (line !== '') lines.push(line)
    line = ''
    for (const character of graphemesOf(word.trim())) {
      if (cellsOf(character) > room()) {
        lines.push(line)
        line = ''
      }
      line += character
    }
  }
  return line === '' ? lines : [...lines, line]
}

/**
 * A text as receiptline markup that prints exactly that text. Every character with a meaning in the markup travels as a hexadecimal escape,
 * `-` and `=` too, because a line of nothing else would be a rule or a cut.
 */
export function escapeMarkup(text: string): string {
  return text.replace(/[\\|{}^_~"`=-]/g, (character) => `\\x${character.charCodeAt(0).toString(16)}`)
}
