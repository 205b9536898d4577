/**
 * What a wallet may pay without its owner: set when the account is opened, read and lowered by the customer's phone. A phone never raises a
 * limit: whoever holds it unlocked could.
 */
import * as z from 'zod'
import { CURRENCIES } from '#shared/domain/money.ts'
import { ANYWHERE_METRES } from '#shared/domain/policy.ts'

/** Far above any wallet, and far below where sums would leave the safe integers. */
export const LIMIT_AMOUNT_MAX = 1_000_000_000
export const VELOCITY_PAYMENTS_MAX = 1_000_000
export const VELOCITY_MINUTES_MAX = 24 * 60
const slug = z.string().regex(/^[a-z0-9][a-z0-9-]{0,15}$/)
const limitAmount = z.int().min(0).max(LIMIT_AMOUNT_MAX)

/** `PolicySettings` of shared/domain/policy.ts without the currency, which is the account's. */
export const walletLimits = z.strictObject({
  perPayment: limitAmount,
  perDay: limitAmount,
  perMerchantPerDay: limitAmount,
  confirmAbove: limitAmount,
  noKnockLimit: limitAmount,
  velocity: z.strictObject({
    payments: z.int().min(0).max(VELOCITY_PAYMENTS_MAX),
    withinMinutes: z.int().min(1).max(VELOCITY_MINUTES_MAX),
  }),
  placeMaxMetres: z.int().min(0).max(ANYWHERE_METRES),
})
export type WalletLimits = z.output<typeof walletLimits>

const limitsView = z.strictObject({
  currency: z.enum(CURRENCIES),
  limits: walletLimits,
  /** IANA name. A day begins at its midnight. */
  timeZone: z.string().max(64),
  /** As the backend counts it: held and captured, without what was given back. */
  spent: z.strictObject({
    today: z.int().min(0),
    /** At the merchant that was asked about; 0 when none was. */
    todayAtMerchant: z.int().min(0),
    paymentsInWindow: z.int().min(0),
  }),
})
export type WalletLimitsView = z.output<typeof limitsView>

export const getWalletLimits = {
  query: z.strictObject({ merchantId: slug.optional() }),
  reply: limitsView,
}
/**
 * All limits at once, in force from the next payment on. When any of them would allow more than before: `owner-needed` from a phone, and
 * `not-fresh` from an owner who has not shown a passkey just now.
 */
export const putWalletLimits = { body: walletLimits, reply: limitsView }

export const WALLET_LIMITS_PATHS = { limits: '/v1/wallet/limits', ownLimits: '/v1/owner/limits' } as const
