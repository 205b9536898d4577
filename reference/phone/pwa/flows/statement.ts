/** A statement as it is read: newest first, by day. */
import type { PostingKind } from '#shared/contracts/wallet-api.ts'

export type Line = {
  readonly cursor: number
  readonly at: string
  readonly kind: PostingKind
  readonly payment?: { readonly state: 'held' | 'captured' | 'reversed'; readonly voidedBy?: string | undefined } | undefined
}
export type DayOf<L extends Line> = { readonly day: string; readonly lines: readonly L[] }

/** Lines newest first, under the calendar day each was posted on. `dayOf`: the day of an instant in the statement's time zone. */
export function byDay<L extends Line>(lines: readonly L[], dayOf: (at: string) => string): readonly DayOf<L>[] {
  const days: { day: string; lines: L[] }[] = []
  for (const line of lines.toReversed()) {
    const day = dayOf(line.at)
    const last = days.at(-1)
    if (last?.day === day) last.lines.push(line)
    else days.push({ day, lines: [line] })
  }
  return days
}

/** What became of a payment: money set aside, taken, or given back. */
export type Fate = 'held' | 'paid' | 'given-back' | 'voided'

export function fateOf({ payment }: Line): Fate | undefined {
  if (!payment) return undefined
  if (payment.voidedBy !== undefined) return 'voided'
  switch (payment.state) {
    case 'held':
      return 'held'
    case 'captured':
      return 'paid'
    case 'reversed':
      return 'given-back'
  }
}
