/** Design §4.4: an attempt in doubt on a till that nobody touches is undone after a minute, and from then on even a yes is reversed. */
import { afterEach, expect, test } from 'vitest'
import { UNATTENDED_AFTER_MS, UNDO_RETRY_MS, Unattended } from '#main/payments/unattended.ts'
import type { RequestId } from '#shared/domain/ids.ts'
import { CounterWorld } from '#test/support/counter-world.ts'
import { ManualClock } from '#test/support/manual-clock.ts'

/** REQUEST_LIFETIME_MAX_S, then UNATTENDED_AFTER_MS. */
const EXPIRES_MS = 90_000
const UNDONE_MS = EXPIRES_MS + UNATTENDED_AFTER_MS
const HOUR_MS = 3_600_000

let world: CounterWorld | undefined
afterEach(async () => {
  await world?.close()
  world = undefined
})

/** A payment in doubt whose band has left, on a till that cannot reach the backend; the phone's yes is held there. */
async function openInDoubt(): Promise<{ readonly world: CounterWorld; readonly requestId: RequestId }> {
  const opened = await CounterWorld.open()
  world = opened
  await opened.popcorn()
  opened.fault('cut-on-answer')
  opened.backend.fateOf = ({ caller }) => (caller === 'phone' ? 'answer' : 'refuse')
  const requestId = await opened.charge()
  await opened.until('it is in doubt', () => opened.payment?.state === 'in-doubt')
  opened.customer().set({ distance: 1_000, unlocks: false })
  return { world: opened, requestId }
}

const undoneInMs = ({ payment, now }: CounterWorld['state']) =>
  payment?.tender === 'band' ? Date.parse(payment.undoneAt ?? '') - Date.parse(now) : Number.NaN

test('nobody there for a minute after it expired: undone by the till itself, and the yes that comes later is reversed', async () => {
  const { world: till, requestId } = await openInDoubt()
  expect(undoneInMs(till.state)).toBeGreaterThan(UNDONE_MS - 10_000)
  expect(undoneInMs(till.state)).toBeLessThanOrEqual(UNDONE_MS)
  till.clock.advance(UNDONE_MS - 10_000)
  await till.until('time has passed', () => undoneInMs(till.state) < 11_000)
  expect(till.attemptState(requestId)).toBe('in-doubt')
  till.clock.advance(10_000)
  expect(await till.settled(requestId)).toBe('reversed')
  expect(till.payment).toMatchObject({ state: 'reversed', reason: 'expired', why: 'unattended', isPromise: true })
  expect(till.payment).not.toHaveProperty('undoneAt')
  expect(till.store.get('SELECT why FROM attempts')).toEqual({ why: 'unattended' })
  // The cart is free, and its lines are still there for whoever comes back.
  expect(till.state.cart).toMatchObject({ state: 'open', lines: [{ quantity: 1 }] })
  expect((await till.authorizations()).get(requestId)?.state).toBe('held')
  till.backend.fateOf = () => 'answer'
  till.clock.advance(70_000)
  expect(await till.disagreements()).toEqual([])
  expect((await till.authorizations()).get(requestId)?.state).toBe('reversed')
  expect(till.receiptCount()).toBe(0)
  expect(till.payment).not.toHaveProperty('isPromise')
})

test.each(['touched', 'a call that changes something'] as const)(
  '%s: the minute begins anew, and the yes becomes a receipt',
  async (how) => {
    const { world: till, requestId } = await openInDoubt()
    for (let minutes = 0; minutes < 4; minutes += 1) {
      till.clock.advance(UNATTENDED_AFTER_MS - 5_000)
      if (how === 'touched') till.till.touched()
      else expect(await till.till.setProduct({ productId: 'popcorn', quantity: 9 })).toMatchObject({ error: { code: 'cart-locked' } })
    }
    expect(till.attemptState(requestId)).toBe('in-doubt')
    till.backend.fateOf = () => 'answer'
    till.clock.advance(20_000)
    expect(await till.settled(requestId)).toBe('paid')
    expect(till.state.status.inDoubt).toBe(0)
    expect(await till.disagreements()).toEqual([])
  },
)

test('looking is not touching: pushed states and pages of receipts keep nobody at the till', async () => {
  const { world: till, requestId } = await openInDoubt()
  for (let asked = 0; asked < 4; asked += 1) {
    till.clock.advance(UNDONE_MS / 4)
    till.till.receipts({ limit: 5 })
    expect(till.state.cart.lines).toHaveLength(1)
  }
  expect(await till.settled(requestId)).toBe('reversed')
})

test('a wall clock that is set undoes nothing, and saves nothing', async () => {
  const { world: till, requestId } = await openInDoubt()
  till.hooks.skewMs = HOUR_MS
  till.clock.advance(EXPIRES_MS)
  await till.until('timers have fired', () => undoneInMs(till.state) <= UNATTENDED_AFTER_MS)
  expect(till.attemptState(requestId)).toBe('in-doubt')
  till.hooks.skewMs = -HOUR_MS
  till.clock.advance(UNATTENDED_AFTER_MS)
  expect(await till.settled(requestId)).toBe('reversed')
})

test('the disk is full at that moment: no touch and no yes turns it back, and the reversal is written when there is room', async () => {
  const { world: till, requestId } = await openInDoubt()
  till.store.isFull = () => true
  till.clock.advance(UNDONE_MS)
  await till.until('it was tried', () => till.warnings.some(({ message }) => message === 'end-not-written'))
  till.till.touched()
  expect(till.attemptState(requestId)).toBe('in-doubt')
  till.store.isFull = () => false
  till.backend.fateOf = () => 'answer'
  till.clock.advance(70_000)
  expect(await till.settled(requestId)).toBe('reversed')
  expect(till.receiptCount()).toBe(0)
  expect(await till.disagreements()).toEqual([])
  expect((await till.authorizations()).get(requestId)?.state).toBe('reversed')
})

test('a yes that comes when the minute is over finds nobody: it is reversed, and kept as refused', async () => {
  const { world: till, requestId } = await openInDoubt()
  till.store.isFull = () => true
  till.clock.advance(UNDONE_MS)
  await till.until('it was tried', () => till.warnings.some(({ message }) => message === 'end-not-written'))
  // There is room again only when the answer is on its way, so that it is the answer which finds the till unattended.
  till.backend.fateOf = ({ path }) => {
    if (path.includes('/v1/attempts/')) till.store.isFull = () => false
    return 'answer'
  }
  till.clock.advance(UNDO_RETRY_MS - 1_000)
  till.clock.advance(15_000)
  expect(await till.settled(requestId)).toBe('reversed')
  const refused = till.store.all("SELECT entry_json FROM journal WHERE kind = 'late-yes-refused'")
  expect(refused.map((row) => JSON.parse(String(row['entry_json'])) as unknown)).toMatchObject([{ request_id: requestId }])
  expect(till.receiptCount()).toBe(0)
  till.clock.advance(70_000)
  expect(await till.disagreements()).toEqual([])
})

test('the watch itself: counted from the later of its start and the last touch, once over always over, forgotten when it ends', async () => {
  const clock = new ManualClock()
  let lastTouchMs = clock.monotonicMs()
  let mayUndo = false
  const undone: RequestId[] = []
  const undo = (requestId: RequestId) => {
    if (mayUndo) undone.push(requestId)
    return mayUndo
  }
  const unattended = new Unattended({ clock, lastTouchMs: () => lastTouchMs, undo })
  const [one, other] = ['1'.repeat(32) as RequestId, '2'.repeat(32) as RequestId]
  unattended.watch(one, clock.monotonicMs() + 10_000)
  unattended.watch(other, clock.monotonicMs())
  expect(Date.parse(unattended.undoneAt(one) ?? '') - clock.nowMs()).toBe(70_000)
  await clock.advance(59_999)
  expect([unattended.isOver(one), unattended.isOver(other)]).toEqual([false, false])
  unattended.forget(other)
  lastTouchMs = clock.monotonicMs()
  await clock.advance(59_999)
  expect(unattended.isOver(one)).toBe(false)
  await clock.advance(1)
  expect(unattended.isOver(one)).toBe(true)
  lastTouchMs = clock.monotonicMs()
  expect(unattended.isOver(one)).toBe(true)
  expect(undone).toEqual([])
  mayUndo = true
  await clock.advance(2 * UNATTENDED_AFTER_MS)
  expect(undone).toEqual([one])
  unattended.stop()
  expect(clock.waiting).toBe(0)
})
