/** The days of a statement. */
import { dayAt } from '#shared/calendar-day.ts'
import { getStatement } from '#shared/contracts/wallet-api.ts'

const DAY_MS = 86_400_000
export const RANGES = ['week', 'month', 'quarter', 'year'] as const
export type Range = (typeof RANGES)[number]
const DAYS_OF: Readonly<Record<Range, number>> = { week: 7, month: 30, quarter: 90, year: 365 }

export type Days = { readonly from: string; readonly to: string }

/** The last days up to today. The account's time zone is the backend's affair, so that today is the latest day anywhere on Earth. */
export function daysOf(range: Range, nowMs: number): Days {
  return { from: dayAt(nowMs - DAYS_OF[range] * DAY_MS, 'UTC'), to: dayAt(nowMs, 'Pacific/Kiritimati') }
}

/** What was typed, or undefined while it is no range of days yet. */
export function daysTyped(from: string, to: string): Days | undefined {
  return getStatement.query.safeParse({ from, to }).success && from <= to ? { from, to } : undefined
}
