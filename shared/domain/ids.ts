/**
 * Ids. A branded string is a string at run time; the brand keeps a seat id out of a place that wants a hold id.
 * Ids are text, the same everywhere: in the databases, in the audit views, on screen.
 * Ids made by a machine are 16 random bytes in lower-case hex (32 characters); on the radio they travel as those 16 bytes.
 * Ids assigned by the registry (merchant, site, terminal, hall) are short slugs such as `aurora-1`.
 */
declare const brand: unique symbol
export type Branded<T, B extends string> = T & { readonly [brand]: B }

export type RequestId = Branded<string, 'RequestId'>
export type AuthorizationId = Branded<string, 'AuthorizationId'>
export type ReceiptId = Branded<string, 'ReceiptId'>
export type HoldId = Branded<string, 'HoldId'>
export type CartId = Branded<string, 'CartId'>
export type LineId = Branded<string, 'LineId'>
export type SightingId = Branded<string, 'SightingId'>
export type OutboxId = Branded<string, 'OutboxId'>
export type StaffId = Branded<string, 'StaffId'>
export type PrintJobId = Branded<string, 'PrintJobId'>
export type ShowtimeId = Branded<string, 'ShowtimeId'>
export type HallId = Branded<string, 'HallId'>
export type TicketTypeId = Branded<string, 'TicketTypeId'>
export type ProductId = Branded<string, 'ProductId'>
/** Row letter and number as printed on the seat, such as `F7`. Unique within a hall. */
export type SeatId = Branded<string, 'SeatId'>
export type MerchantId = Branded<string, 'MerchantId'>
export type SiteId = Branded<string, 'SiteId'>
export type TerminalId = Branded<string, 'TerminalId'>
export type AccountId = Branded<string, 'AccountId'>
export type PhoneId = Branded<string, 'PhoneId'>
export type BandId = Branded<string, 'BandId'>

const MACHINE_ID = /^[0-9a-f]{32}$/
const SLUG = /^[a-z0-9][a-z0-9-]{0,15}$/

/** True for an id made by a machine: 32 lower-case hex digits. */
export function isMachineId(text: string): boolean {
  return MACHINE_ID.test(text)
}

/** True for an id the registry assigned: 1 to 16 characters, lower-case letters, digits and hyphens. */
export function isSlug(text: string): boolean {
  return SLUG.test(text)
}
