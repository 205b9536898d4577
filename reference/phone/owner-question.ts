import { err, ok, type Result } from '#shared/result.ts'
import type { Clock } from './ports.ts'

/**
 * Asks the owner until it expires (`expiresS`, seconds) or is cancelled: what they said, or why it cannot go on. `ask` is given a signal
 * that takes the question away again, at `untilMs` (wall time) at the latest.
 */
export async function askOwner<T>(
  clock: Clock,
  expiresS: number,
  cancelled: AbortSignal,
  ask: (signal: AbortSignal, untilMs: number) => Promise<T>,
): Promise<Result<T, 'confirm-on-phone' | 'cancelled'>> {
  const question = new AbortController()
  const untilMs = expiresS * 1_000
  const { promise: interrupted, resolve: interrupt } = Promise.withResolvers<Result<T, 'confirm-on-phone' | 'cancelled'>>()
  const stopTimer = clock.after(Math.max(0, untilMs - clock.nowMs()), () => interrupt(err('confirm-on-phone')))
  cancelled.addEventListener('abort', () => interrupt(err('cancelled')), { once: true })
  if (cancelled.aborted) interrupt(err('cancelled'))
  const outcome = await Promise.race([ask(question.signal, untilMs).then((said) => ok(said)), interrupted])
  stopTimer()
  question.abort()
  return outcome
}
