/** What a manager must look at, in words. */
import type { UnknownYesView } from '#shared/contracts/recovery.ts'
import type { Words } from '#shared/domain/words.ts'
import type { T } from '../i18n/i18n.ts'
import { listed } from './refusal.ts'

/** The seats that are pinned for a payment, hall by hall. */
export function seatsWords({ seats }: Pick<UnknownYesView, 'seats'>, t: T, words: (words: Words) => string): string {
  if (seats.length === 0) return t('attention.noSeats')
  return seats.map((some) => [...(some.hall ? [words(some.hall)] : []), listed(some.seats, t)].join(' ')).join(' · ')
}
