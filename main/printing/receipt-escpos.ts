import { type BaseCommand, commands, type Printer, transform } from 'receiptline'
import { printedNumber, type Receipt } from '#shared/domain/receipt.ts'
import { printable } from './print-text.ts'
import type { PrinterEncoding, PrinterProfile } from './printer-profile.ts'
import { type ReceiptPrint, receiptMarkup } from './receipt-markup.ts'
import { type Bitmap, markupBitmap } from './receipt-picture.ts'

const ESC = 0x1b
const GS = 0x1d
const INITIALISE = [ESC, 0x40]
/** ESC p, drawer on pin 2: 50 ms on, 500 ms off (units of 2 ms): what common drawers ask for. */
const DRAWER_PULSE = [ESC, 0x70, 0, 25, 250]
/** GS V B 0: feed to the cutter and cut, leaving one point uncut so that the paper does not fall. */
const CUT = [GS, 0x56, 0x42, 0]
/** ESC d: without a cutter, feed past the tear bar. */
const FEED_TO_TEAR_BAR = [ESC, 0x64, 5]
/** Rows per raster block. Small printers take blocks only as large as their buffer: 256 rows of 576 dots are 18 KiB. */
const RASTER_BLOCK_ROWS = 256

export type EncodedReceipt = { readonly bytes: Uint8Array; readonly sentAs: 'text' | 'picture' }
/** `drawer: false` keeps the drawer shut: a receipt that is printed long after its sale must not open it by itself. */
export type EncodeOptions = Omit<ReceiptPrint, 'columns'> & { readonly drawer?: boolean }

/** A receipt as the bytes for a printer: ESC @ first, then the drawer (cash and not a reprint), the paper, the cut. */
export async function encodeReceipt(receipt: Receipt, profile: PrinterProfile, options: EncodeOptions): Promise<EncodedReceipt> {
  const markup = receiptMarkup(receipt, { ...options, columns: profile.columns })
  return encodePaper(markup, profile, { opensDrawer: opensDrawer(receipt, profile, options), title: printable(printedNumber(receipt)) })
}

/**
 * Any paper of ours as bytes. Where the printer's characters cannot carry one single letter, the whole paper goes as dots, so that no
 * name is ever printed wrong.
 */
export async function encodePaper(
  markup: string,
  profile: PrinterProfile,
  { opensDrawer: pulse, title }: { readonly opensDrawer: boolean; readonly title: string },
): Promise<EncodedReceipt> {
  const start = [...INITIALISE, ...(pulse ? DRAWER_PULSE : [])]
  const end = profile.cut ? CUT : FEED_TO_TEAR_BAR
  const { encoding } = profile
  if (encoding !== 'picture' && carries(markup, encoding)) {
    const text = transform(markup, { command: paperCommands(profile), cpl: profile.columns, encoding, spacing: true, cutting: false })
    return { bytes: Buffer.concat([Uint8Array.from(start), Buffer.from(text, 'latin1'), Uint8Array.from(end)]), sentAs: 'text' }
  }
  const blocks = rasterBlocks(await markupBitmap(markup, { columns: profile.columns, title }))
  return { bytes: Buffer.concat([Uint8Array.from(start), ...blocks, Uint8Array.from(end)]), sentAs: 'picture' }
}

function opensDrawer(receipt: Receipt, profile: PrinterProfile, { copy, drawer = true }: EncodeOptions): boolean {
  return drawer && profile.drawerPulse && copy === undefined && receipt.payments.some((payment) => payment.tender === 'cash')
}

/** True when every character of the markup has its place in the printer's encoding. Escapes in the markup are ASCII, which all of them have. */
function carries(markup: string, encoding: Exclude<PrinterEncoding, 'picture'>): boolean {
  return [...new Set(markup)].every((character) => {
    if (character < '\u0080') return true
    // Asked of the very encoder that will write it. A code page that lacks a character writes `?`; GB18030 never lacks one,
    // but says the rare ones in four bytes, which printers built on GB2312 or GBK print as two wrong characters (U+00A5 is one of those).
    const bytes: string = commands.generic.text(character, encoding)
    if (encoding === 'gb18030') return bytes.length - commands.generic.text('', encoding).length <= 2
    return !bytes.endsWith('?')
  })
}

/** receiptline's command set for a model, with what most printers do otherwise than it expects put right. */
function paperCommands({ model }: PrinterProfile): BaseCommand {
  const base = commands[model]
  return {
    ...base,
    open(printer: Printer) {
      // ESC R 0: some printers wake up with a national set in which `$` or `\` is another sign. ESC @ has been sent already.
      return `${base.open.call(this, printer).replace('\u001b@', '')}\u001bR\u0000`
    },
    // Code page 1, which receiptline draws rules from, is missing in many Chinese printers: theirs would be rows of letters.
    hr: (width: number) => '-'.repeat(width),
    // GS ( k, so that the printer draws the code itself. receiptline would send it as dots.
    qrcode: ({ data, cell, level }) => qrCodeCommands(data, cell, level),
    // receiptline asks the printer for its state at the end (GS r); the transport does that.
    close: () => '',
  }
}

const QR_LEVELS = { l: 48, m: 49, q: 50, h: 51 } as const

/** Model 2, module size, error correction, data, print: functions 165, 167, 169, 180 and 181 of GS ( k. */
function qrCodeCommands(data: string, cell: number, level: 'l' | 'm' | 'q' | 'h'): string {
  const command = (...parameters: number[]) => {
    const length = parameters.length + 1
    return String.fromCharCode(GS, 0x28, 0x6b, length & 255, length >> 8, 49, ...parameters)
  }
  const text = Array.from(Buffer.from(data, 'latin1'))
  return command(65, 50, 0) + command(67, cell) + command(69, QR_LEVELS[level]) + command(80, 48, ...text) + command(81, 48)
}

/** GS v 0, block after block, without a feed between them. */
function rasterBlocks({ widthDots, heightDots, rows }: Bitmap): Uint8Array[] {
  const bytesPerRow = widthDots / 8
  const blocks: Uint8Array[] = []
  for (let top = 0; top < heightDots; top += RASTER_BLOCK_ROWS) {
    const height = Math.min(RASTER_BLOCK_ROWS, heightDots - top)
    blocks.push(Uint8Array.of(GS, 0x76, 0x30, 0, bytesPerRow & 255, bytesPerRow >> 8, height & 255, height >> 8))
    blocks.push(rows.subarray(top * bytesPerRow, (top + height) * bytesPerRow))
  }
  return blocks
}
