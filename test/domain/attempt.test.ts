import { expect, test } from 'vitest'
import { ATTEMPT_STATES, type AttemptState, isFinal, mayBecome } from '#shared/domain/attempt.ts'

/** The picture in the source, said again: whatever is not here is forbidden. */
const ALLOWED: Readonly<Record<AttemptState, readonly AttemptState[]>> = {
  // `prepared → paid` is cash, `prepared → reversed` a cash panel that was given up with seats pinned.
  prepared: ['sent', 'paid', 'not-asked', 'reversed'],
  sent: ['in-doubt', 'paid', 'refused', 'declined', 'reversed'],
  'in-doubt': ['paid', 'refused', 'declined', 'reversed'],
  paid: [],
  'not-asked': [],
  refused: [],
  declined: [],
  reversed: [],
}

test.each(ATTEMPT_STATES.flatMap((from) => ATTEMPT_STATES.map((to) => [from, to] as const)))('%s → %s', (from, to) => {
  expect(mayBecome(from, to)).toBe(ALLOWED[from].includes(to))
})

test('final is what nothing leaves, and every state that is not final reaches an end', () => {
  expect(ATTEMPT_STATES.filter(isFinal)).toEqual(['paid', 'not-asked', 'refused', 'declined', 'reversed'])
  for (const state of ATTEMPT_STATES) {
    if (!isFinal(state)) expect(ATTEMPT_STATES.some((end) => isFinal(end) && mayBecome(state, end))).toBe(true)
  }
})

test('no way leads back, and a reversal never becomes a receipt', () => {
  const reachable = (from: AttemptState): Set<AttemptState> => {
    const found = new Set<AttemptState>()
    const visit = (state: AttemptState) => {
      for (const next of ATTEMPT_STATES) {
        if (mayBecome(state, next) && !found.has(next)) {
          found.add(next)
          visit(next)
        }
      }
    }
    visit(from)
    return found
  }
  for (const state of ATTEMPT_STATES) expect(reachable(state).has(state)).toBe(false)
  expect(reachable('reversed').size).toBe(0)
  // Once the request left, "nothing was asked" cannot be said any more.
  expect(reachable('sent').has('not-asked')).toBe(false)
})
