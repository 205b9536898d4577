/**
 * One try at being paid. Persisted before anything leaves the terminal, and again at each step, so that after a crash the next start
 * knows how far it had come.
 *
 * prepared ──▶ sent ──▶ paid
 *    │           ├────▶ refused     the phone signed a no
 *    │           ├────▶ declined    the backend signed a no
 *    │           └────▶ in-doubt ──▶ paid | refused | declined | reversed
 *    └▶ not-asked                  nothing had been sent
 */
export const ATTEMPT_STATES = ['prepared', 'sent', 'in-doubt', 'paid', 'not-asked', 'refused', 'declined', 'reversed'] as const
export type AttemptState = (typeof ATTEMPT_STATES)[number]

const NEXT: Readonly<Record<AttemptState, readonly AttemptState[]>> = {
  prepared: ['sent', 'paid', 'not-asked', 'reversed'],
  sent: ['paid', 'refused', 'declined', 'in-doubt', 'reversed'],
  'in-doubt': ['paid', 'refused', 'declined', 'reversed'],
  paid: [],
  'not-asked': [],
  refused: [],
  declined: [],
  reversed: [],
}

/** True when an attempt may go from one state to the other. `prepared → paid` is cash, where nothing is sent. */
export function mayBecome(from: AttemptState, to: AttemptState): boolean {
  return NEXT[from].includes(to)
}

/** True when nothing more can happen to the attempt: the cart is free again, or the sale is paid. */
export function isFinal(state: AttemptState): boolean {
  return NEXT[state].length === 0
}

/** What the cashier is told while an attempt runs. Hints from the phone: they never change money. */
export const ATTEMPT_STAGES = ['connecting', 'sent', 'seen', 'waiting-for-customer', 'asking-backend'] as const
export type AttemptStage = (typeof ATTEMPT_STAGES)[number]
