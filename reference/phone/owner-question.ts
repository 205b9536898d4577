import type { Reason } from '#shared/domain/reasons.ts'
import type { Clock, Owner, PaymentView } from './ports.ts'

/** Asks the owner about a payment until it expires (`expiresS`, seconds) or is cancelled. Undefined: confirmed; else why it cannot go on. */
export async function askOwner(
  { clock, owner }: { readonly clock: Clock; readonly owner: Owner },
  view: PaymentView,
  expiresS: number,
  cancelled: AbortSignal,
): Promise<Reason | undefined> {
  const question = new AbortController()
  let stopTimer = () => {}
  const interrupted = new Promise<Reason>((resolve) => {
    stopTimer = clock.after(Math.max(0, expiresS * 1000 - clock.nowMs()), () => resolve('confirm-on-phone'))
    cancelled.addEventListener('abort', () => resolve('cancelled'), { once: true })
    if (cancelled.aborted) resolve('cancelled')
  })
  const asked = owner
    .confirm(view, question.signal, expiresS * 1_000)
    .then((reply): Reason | undefined => (reply === 'confirmed' ? undefined : 'wallet-refused'))
  const outcome = await Promise.race([asked, interrupted])
  stopTimer()
  question.abort()
  return outcome
}
