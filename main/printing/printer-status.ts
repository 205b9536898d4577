import type { PrinterTrouble } from '#shared/contracts/troubles.ts'

/** What DLE EOT n asks, in this order: the printer, why it is offline, its paper. */
export const STATUS_QUERIES = [1, 2, 4] as const
export type StatusQuery = (typeof STATUS_QUERIES)[number]

export function statusQueryBytes(query: StatusQuery): Uint8Array {
  return Uint8Array.of(0x10, 0x04, query)
}

/** An answer to DLE EOT has bits 1 and 4 set, 0 and 7 clear; whatever else a printer sends (automatic status, answers to GS r) has not. */
export function isStatusAnswer(byte: number): boolean {
  return (byte & 0b1001_0011) === 0b0001_0010
}

/** Why a printer that answers so cannot print, or undefined when it can. Paper nearly at its end still prints. */
export function faultIn(query: StatusQuery, answer: number): PrinterTrouble | undefined {
  switch (query) {
    case 1:
      return undefined // Offline (bit 3) is explained by the next answers: see `OFFLINE_BIT`.
    case 2:
      if ((answer & 0x20) !== 0) return 'no-paper'
      if ((answer & 0x04) !== 0) return 'cover-open'
      return (answer & 0x40) !== 0 ? 'printer-error' : undefined
    case 4:
      return (answer & 0x60) !== 0 ? 'no-paper' : undefined
  }
}

/** In the answer to query 1. */
export const OFFLINE_BIT = 0x08
