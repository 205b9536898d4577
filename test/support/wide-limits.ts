import type { WalletLimits } from '#shared/contracts/wallet-limits-api.ts'
import { ANYWHERE_METRES } from '#shared/domain/policy.ts'

/** So wide that no test meets them by chance. */
const WIDE_LIMITS: WalletLimits = {
  perPayment: 1_000_000_000,
  perDay: 1_000_000_000,
  perMerchantPerDay: 1_000_000_000,
  confirmAbove: 1_000_000_000,
  noKnockLimit: 1_000_000_000,
  velocity: { payments: 1_000_000, withinMinutes: 1 },
  placeMaxMetres: ANYWHERE_METRES,
}

/** Limits unlike the wide ones; `defaults`: an account has what nobody has set. */
export type LimitsWish = Partial<WalletLimits> | 'defaults'

/** The part of an account that says so. */
export function limitsOf(wish: LimitsWish | undefined): { readonly limits?: WalletLimits } {
  return wish === 'defaults' ? {} : { limits: { ...WIDE_LIMITS, ...wish } }
}
