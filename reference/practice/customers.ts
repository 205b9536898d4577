/** The people of the practice world, by character. Each is a real band and a real phone; only the person is made up. */
import type { WalletLimits } from '#shared/contracts/wallet-limits-api.ts'
import { NO_KNOCK_LIMIT } from '#shared/domain/policy.ts'

export type CustomerCharacter = {
  readonly id: CustomerId
  /** What the account shows on receipts. */
  readonly displayName: string
  /** Metres from the counter. */
  readonly distanceM: number
  readonly worn: boolean
  readonly phoneInReach: boolean
  /** Fen. */
  readonly openingBalance: number
  readonly frozen: boolean
  /** Round trip between band and phone, milliseconds. */
  readonly phoneDelayMs: number
  /** Payments above this need a confirmation on the phone, fen. */
  readonly confirmAbove: number
  /** How long this person takes to confirm, milliseconds. */
  readonly confirmAfterMs: number
}

export const CUSTOMER_IDS = [
  'rich',
  'broke',
  'off-wrist',
  'phone-away',
  'frozen',
  'slow-phone',
  'twin-a',
  'twin-b',
  'confirmer',
  'far-away',
] as const
export type CustomerId = (typeof CUSTOMER_IDS)[number]

/** The most one payment may be, fen: every customer's own setting. */
export const PAYMENT_MAX = 200_000
/**
 * What a practice account may pay. The amount of one payment and the knock are as they would be; a day has no end, because a practice till may
 * serve one customer as often as it likes: benches and demonstrations do.
 */
export const PRACTICE_LIMITS: WalletLimits = {
  perPayment: PAYMENT_MAX,
  perDay: 1_000_000_000,
  perMerchantPerDay: 1_000_000_000,
  confirmAbove: PAYMENT_MAX,
  noKnockLimit: NO_KNOCK_LIMIT.CNY,
  velocity: { payments: 1_000_000, withinMinutes: 1 },
  placeMaxMetres: 2_000,
}
const USUAL = {
  worn: true,
  phoneInReach: true,
  openingBalance: 5_000_00,
  frozen: false,
  phoneDelayMs: 60,
  confirmAbove: PAYMENT_MAX,
  confirmAfterMs: 3_000,
} as const

/**
 * The rich one stands at the counter, more than 10 dB nearer than anyone else, so that the first charge of a newcomer works: 0.3 m
 * against 1.6 m and more is 14.5 dB, which leaves room for the noise.
 */
export const CUSTOMERS: readonly CustomerCharacter[] = [
  { ...USUAL, id: 'rich', displayName: 'Golden Carp', distanceM: 0.3, openingBalance: 1_000_000_00 },
  { ...USUAL, id: 'broke', displayName: 'Paper Boat', distanceM: 1.8, openingBalance: 3_50 },
  { ...USUAL, id: 'off-wrist', displayName: 'Loose Strap', distanceM: 2.2, worn: false },
  { ...USUAL, id: 'phone-away', displayName: 'Quiet Pocket', distanceM: 2.4, phoneInReach: false },
  { ...USUAL, id: 'frozen', displayName: 'Snow Globe', distanceM: 2, frozen: true },
  { ...USUAL, id: 'slow-phone', displayName: 'Slow Lantern', distanceM: 2.7, phoneDelayMs: 6_000 },
  { ...USUAL, id: 'twin-a', displayName: 'Left Sandal', distanceM: 1.6 },
  { ...USUAL, id: 'twin-b', displayName: 'Right Sandal', distanceM: 1.6 },
  { ...USUAL, id: 'confirmer', displayName: 'Careful Owl', distanceM: 3, confirmAbove: 0 },
  { ...USUAL, id: 'far-away', displayName: 'Back Row', distanceM: 25 },
]
