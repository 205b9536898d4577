/** What a manager must look at, in words. */
import type { AlarmView, UnknownYesView } from '#shared/contracts/recovery.ts'
import type { Words } from '#shared/domain/words.ts'
import type { T } from '../i18n/i18n.ts'
import { listed } from './refusal.ts'

/** The seats that are pinned for a payment, hall by hall. */
export function seatsWords({ seats }: Pick<UnknownYesView, 'seats'>, t: T, words: (words: Words) => string): string {
  if (seats.length === 0) return t('attention.noSeats')
  return seats.map((some) => [...(some.hall ? [words(some.hall)] : []), listed(some.seats, t)].join(' ')).join(' · ')
}

/** What was found, in the screen's language; behind it what was said of it, as it came. */
export function alarmWords({ code, record, seats = [], series = '', detail = '' }: AlarmView, t: T) {
  const say = t(`attention.alarm.${code}`, { seats: listed(seats, t), series })
  if (record === undefined) return { say, detail }
  const about = t(`attention.record.${record}`)
  return { say, detail: detail === '' ? about : t('attention.reported', { about, detail }) }
}
