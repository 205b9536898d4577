/** What the bytes of text mean on paper: the code pages of ESC t, and the Chinese mode of FS &. */

const FIRST_HIGH_BYTE = 0x80
/** Printed for what a page does not have, as printers do. */
export const MISSING = '□'

const CP437 =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0'
const CP850 =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u00ad±‗¾¶§÷¸°¨·¹³²■\u00a0'
const CP852 =
  'ÇüéâäůćçłëŐőîŹÄĆÉĹĺôöĽľŚśÖÜŤťŁ×čáíóúĄąŽžĘę¬źČş«»░▒▓│┤ÁÂĚŞ╣║╗╝Żż┐└┴┬├─┼Ăă╚╔╩╦╠═╬¤đĐĎËďŇÍÎě┘┌█▄ŢŮ▀ÓßÔŃńňŠšŔÚŕŰýÝţ´\u00ad˝˛ˇ˘§÷¸°¨˙űŘř■\u00a0'
/** Page 1 of Epson's printers: rules and blocks, then half-width katakana. */
const RULES = '▁▂▃▄▅▆▇█▏▎▍▌▋▊▉┼┴┬┤├▔─│▕┌┐└┘╭╮╰╯\u00a0'
const KATAKANA = String.fromCharCode(...Array.from({ length: 63 }, (_, index) => 0xff61 + index))

/** Numbers as ESC t has them. `windows-1252` and `ibm866` are the platform's own. */
const PAGES: Readonly<Record<number, string>> = {
  0: CP437,
  1: RULES + KATAKANA,
  2: CP850,
  16: highHalfOf('windows-1252'),
  17: highHalfOf('ibm866'),
  18: CP852,
  19: CP850.replace('ı', '€'),
}

function highHalfOf(encoding: string): string {
  return new TextDecoder(encoding).decode(Uint8Array.from({ length: 128 }, (_, index) => FIRST_HIGH_BYTE + index))
}

/** One byte of text on a code page. ASCII is the same on all of them. */
export function characterOn(page: number, byte: number): string {
  if (byte < FIRST_HIGH_BYTE) return byte === 0x7f ? MISSING : String.fromCharCode(byte)
  return visible(PAGES[page]?.[byte - FIRST_HIGH_BYTE] ?? MISSING)
}

const gb18030 = new TextDecoder('gb18030')

export type ChineseCharacter = { readonly character: string; readonly isWide: boolean }

/** Collects the bytes of Chinese text until they make a character: one byte for ASCII, two for most, four for the rare ones. */
export class ChineseBytes {
  #begun: number[] = []

  /** The character this byte completes, or undefined while more must come. */
  take(byte: number): ChineseCharacter | undefined {
    this.#begun.push(byte)
    const [first = 0, second] = this.#begun
    if (first < 0x81 || first === 0xff) {
      this.#begun = []
      return { character: first < FIRST_HIGH_BYTE ? characterOn(0, first) : MISSING, isWide: false }
    }
    const isRare = second !== undefined && second >= 0x30 && second <= 0x39
    if (this.#begun.length < (isRare ? 4 : 2)) return undefined
    const [character = MISSING, ...more] = gb18030.decode(Uint8Array.from(this.#begun))
    this.#begun = []
    return { character: visible(more.length > 0 ? MISSING : character), isWide: true }
  }

  /** Forgets a character that was begun: a command has come in its middle. */
  clear(): void {
    this.#begun = []
  }
}

/** Control characters, halves of pairs and non-characters are no ink, and have no place in a drawing. */
function visible(character: string): string {
  const isInk = !/[\p{Cc}\p{Cs}\p{Cn}]/u.test(character) && character !== '\ufffd'
  return isInk ? character : MISSING
}
