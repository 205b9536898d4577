/** The limits as a form: texts while they are typed, limits when they all can be read. */
import { VELOCITY_MINUTES_MAX, VELOCITY_PAYMENTS_MAX, type WalletLimits } from '#shared/contracts/wallet-limits-api.ts'
import type { Currency } from '#shared/domain/money.ts'
import { ANYWHERE_METRES, isAsStrict, isSameSettings } from '#shared/domain/policy.ts'
import type { PolicyRule } from '#shared/domain/policy-rules.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { amountText, amountTyped, countTyped } from './amount.ts'

/** Each amount with the rule that says no by it. */
export const AMOUNT_FIELDS = {
  perPayment: 'limit',
  perDay: 'day-limit',
  perMerchantPerDay: 'merchant-limit',
  confirmAbove: 'confirm',
  noKnockLimit: 'knock',
} as const satisfies Partial<Record<keyof WalletLimits, PolicyRule>>
export type AmountField = keyof typeof AMOUNT_FIELDS
export const AMOUNT_FIELD_LIST = Object.keys(AMOUNT_FIELDS) as readonly AmountField[]

/** Distances to choose from, metres. */
export const DISTANCES = [500, 2_000, 20_000, ANYWHERE_METRES] as const

export type LimitsForm = Readonly<Record<AmountField, string>> & {
  readonly payments: string
  readonly minutes: string
  readonly placeMaxMetres: number
}
export type FormField = AmountField | 'payments' | 'minutes'

export function formOf(limits: WalletLimits, currency: Currency): LimitsForm {
  return {
    perPayment: amountText(limits.perPayment, currency),
    perDay: amountText(limits.perDay, currency),
    perMerchantPerDay: amountText(limits.perMerchantPerDay, currency),
    confirmAbove: amountText(limits.confirmAbove, currency),
    noKnockLimit: amountText(limits.noKnockLimit, currency),
    payments: String(limits.velocity.payments),
    minutes: String(limits.velocity.withinMinutes),
    placeMaxMetres: limits.placeMaxMetres,
  }
}

/** The limits that were typed, or which fields cannot be read. */
export function limitsIn(form: LimitsForm, currency: Currency): Result<WalletLimits, readonly FormField[]> {
  const amounts = AMOUNT_FIELD_LIST.map((field) => [field, amountTyped(form[field], currency)] as const)
  const payments = countTyped(form.payments, 0, VELOCITY_PAYMENTS_MAX)
  const withinMinutes = countTyped(form.minutes, 1, VELOCITY_MINUTES_MAX)
  const wrong: FormField[] = amounts.flatMap(([field, amount]) => (amount === undefined ? [field] : []))
  if (payments === undefined) wrong.push('payments')
  if (withinMinutes === undefined) wrong.push('minutes')
  if (wrong.length > 0 || payments === undefined || withinMinutes === undefined) return err(wrong)
  const read = Object.fromEntries(amounts) as Record<AmountField, number>
  return ok({ ...read, velocity: { payments, withinMinutes }, placeMaxMetres: form.placeMaxMetres })
}

/** What saving would do: nothing, take effect at once, or ask for a passkey first. */
export type Change = 'none' | 'lower' | 'raise' | 'unreadable'

export function changeOf(form: LimitsForm, limits: WalletLimits, currency: Currency): Change {
  const read = limitsIn(form, currency)
  if (!read.ok) return 'unreadable'
  const [before, after] = [
    { ...limits, currency },
    { ...read.value, currency },
  ]
  if (isSameSettings(after, before)) return 'none'
  return isAsStrict(after, before) ? 'lower' : 'raise'
}
