import type { T } from '../i18n/i18n.ts'
import { durationShown } from './duration.ts'

const MINUTE_MS = 60_000

type ClockOffShown = { readonly way: 'ahead' | 'behind' } & ReturnType<typeof durationShown>

/** How a clock that is off is spoken of. */
export function clockOffShown(skewMs: number): ClockOffShown {
  return { way: skewMs > 0 ? 'ahead' : 'behind', ...durationShown(Math.round(Math.abs(skewMs) / MINUTE_MS)) }
}

/** "Clock 24 hours fast", in the language of `t`. */
export function clockOffWords(skewMs: number, t: T): string {
  const { way, unit, count } = clockOffShown(skewMs)
  return t(`status.clock.${way}`, { by: t(`status.span.${unit}`, { count }) })
}
