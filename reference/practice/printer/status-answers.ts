/** What a printer answers to DLE EOT (Epson, ESC/POS Command Reference): one byte with bits 1 and 4 set, and a bit for each trouble. */

const ALWAYS = 0b0001_0010
/** Answer 1: the printer. */
const OFFLINE = 0x08
/** Answer 2: why it is offline. 04h would be an open cover, 40h an error; this one's cover is always shut. */
const STOPPED_WITHOUT_PAPER = 0x20
/** Answer 4: both bits of the sensor at the paper's end, and both of the one shortly before it. */
const PAPER_END = 0x60
const PAPER_NEAR_END = 0x0c

/** The answer to DLE EOT `what`; nothing for what this printer does not have. Out of paper, a printer is offline. */
export function answerFor(what: number, { hasPaper }: { readonly hasPaper: boolean }): Uint8Array | undefined {
  switch (what) {
    case 1:
      return Uint8Array.of(hasPaper ? ALWAYS : ALWAYS | OFFLINE)
    case 2:
      return Uint8Array.of(hasPaper ? ALWAYS : ALWAYS | STOPPED_WITHOUT_PAPER)
    case 3:
      return Uint8Array.of(ALWAYS)
    case 4:
      return Uint8Array.of(hasPaper ? ALWAYS : ALWAYS | PAPER_END | PAPER_NEAR_END)
    default:
      return undefined
  }
}
