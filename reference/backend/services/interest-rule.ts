/** What a wallet's day earns. No I/O: balances, rates and the instant are handed in. */
import { assert } from '#shared/assert.ts'
import { dayAfter, dayAt, dayBefore } from '#shared/calendar-day.ts'

const BASIS_POINTS_IN_ONE = 10_000n
const DAYS_IN_YEAR = 365n
/** What is carried is counted in these parts of a minor unit. */
export const PARTS_IN_MINOR_UNIT = BASIS_POINTS_IN_ONE * DAYS_IN_YEAR

/** The rate from a day on, and whose midnight ends that day. */
export type Terms = {
  /** Hundredths of a percent a year: 150 is 1.5 %. */
  readonly basisPoints: number
  readonly timeZone: string
}
export type DatedTerms = Terms & { readonly fromDay: string }

export type Earned = {
  /** Whole minor units, 0 or more. */
  readonly credit: number
  /** What is left for the next day, in parts of a minor unit: less than one. */
  readonly carried: number
}

/**
 * Actual/365: each calendar day earns a 365th of the yearly rate on the balance it closes with, in leap years too (which so earn a day
 * more). Rounding: whole minor units are credited, always rounded down, and the rest is kept for the next day as an exact number of
 * parts (1/3,650,000 of a minor unit). So all that was ever credited is the exact sum of all days, rounded down once: rounding costs a
 * wallet less than one minor unit over its whole life. A balance below zero earns nothing.
 */
export function interestOfDay(closing: number, basisPoints: number, carried: number): Earned {
  assert(Number.isSafeInteger(closing), `a balance is whole minor units, got ${closing}`)
  assert(Number.isSafeInteger(basisPoints) && basisPoints >= 0, `a rate is whole basis points, got ${basisPoints}`)
  assert(Number.isSafeInteger(carried) && carried >= 0 && BigInt(carried) < PARTS_IN_MINOR_UNIT, `less than one minor unit: ${carried}`)
  const parts = BigInt(Math.max(0, closing)) * BigInt(basisPoints) + BigInt(carried)
  const credit = Number(parts / PARTS_IN_MINOR_UNIT)
  assert(Number.isSafeInteger(credit), 'interest of a day is a safe number of minor units')
  return { credit, carried: Number(parts % PARTS_IN_MINOR_UNIT) }
}

/** The last day that earns interest and is over by `nowMs`. `terms`: all there were, in order. Undefined: there is no such day. */
export function earnedThrough(terms: readonly DatedTerms[], nowMs: number): string | undefined {
  let through: string | undefined
  for (const [index, { fromDay, basisPoints, timeZone }] of terms.entries()) {
    const lastOver = dayBefore(dayAt(nowMs, timeZone))
    const next = terms[index + 1]
    const last = next ? dayBefore(next.fromDay) : lastOver
    const end = lastOver < last ? lastOver : last
    if (basisPoints > 0 && end >= fromDay) through = end
    // The last day of older terms may still run in their zone when days of the newer ones are over in theirs.
    if (end < last) break
  }
  return through
}

/** The first day after `day` that earns interest, with the terms it earns it under. Undefined when no later day does. */
export function nextEarningDay(terms: readonly DatedTerms[], day: string): { readonly day: string; readonly terms: Terms } | undefined {
  const after = dayAfter(day)
  for (const [index, each] of terms.entries()) {
    const candidate = after > each.fromDay ? after : each.fromDay
    const next = terms[index + 1]
    if (each.basisPoints > 0 && (!next || candidate < next.fromDay)) return { day: candidate, terms: each }
  }
  return undefined
}

/**
 * The terms as they stand once `wanted` are those in force: unchanged when they are already, else with `wanted` from today on, or from the
 * first day that neither is settled nor has terms of its own.
 */
export function adopted(terms: readonly DatedTerms[], wanted: Terms, nowMs: number, settledThrough: string): DatedTerms | undefined {
  const last = terms.at(-1)
  if (last && last.basisPoints === wanted.basisPoints && last.timeZone === wanted.timeZone) return undefined
  const days = [dayAt(nowMs, wanted.timeZone), last?.fromDay ?? '', settledThrough === '' ? '' : dayAfter(settledThrough)]
  return { ...wanted, fromDay: days.toSorted().at(-1) ?? '' }
}
