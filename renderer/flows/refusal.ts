import type { Refused } from '#shared/contracts/till.ts'
import type { T } from '../i18n/i18n.ts'

/** Our own: the line broke before an answer came; a seat was pressed that the map shows as not to be had. */
export const OWN_REFUSALS = ['no-answer', 'seat-not-free'] as const
/** A refusal of the till, or our own. */
export type Notice = { readonly code: Refused['code'] | (typeof OWN_REFUSALS)[number]; readonly subject?: string }
const NAMED_REFUSALS = [
  'seat-taken',
  'seat-not-free',
  'seat-not-held',
  'storage-failed',
  'printer-failed',
  'pin-wait',
  'setting-refused',
] as const
type NamedRefusal = (typeof NAMED_REFUSALS)[number]

function isNamed(code: string): code is NamedRefusal {
  return NAMED_REFUSALS.some((one) => one === code)
}

/** What happened and what to do next, in the language of `t`. Names what it is about where that helps. */
export function noticeWords(notice: Notice, t: T): { readonly say: string; readonly next: string } {
  const { code, subject } = notice
  const say = subject !== undefined && subject !== '' && isNamed(code) ? t(`refusal.${code}.named`, { subject }) : t(`refusal.${code}.say`)
  return { say, next: t(`refusal.${code}.next`) }
}
