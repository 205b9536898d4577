import type { KnockWhy } from '#shared/contracts/till.ts'
import type { Money } from '#shared/domain/money.ts'
import type { T } from '../i18n/i18n.ts'
import { durationShown } from './duration.ts'

/** Why the customer knocks, in a sentence for the cashier. `why` is left out where two bands are about as near. */
export function knockWhyWords(
  why: KnockWhy | undefined,
  { t, money }: { readonly t: T; readonly money: (value: Money) => string },
): string {
  if (why === undefined) return t('pay.askKnockHint')
  switch (why.kind) {
    case 'amount':
      return t('pay.knockWhy.amount', { limit: money(why.limit) })
    case 'old-news': {
      const { unit, count } = durationShown(why.ageMinutes)
      const age = t(`status.span.${unit}`, { count })
      return why.limit.amount === 0 ? t('pay.knockWhy.oldNewsAll', { age }) : t('pay.knockWhy.oldNews', { age, limit: money(why.limit) })
    }
    case 'no-news':
      return t('pay.knockWhy.noNews')
    case 'wallet':
      return t('pay.knockWhy.wallet')
  }
}
