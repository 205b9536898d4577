/** The sale that was under way when the till died: what is known of it is shown, and the cashier ends it, once. */
import { afterEach, expect, test } from 'vitest'
import { createMarkFile } from '#main/hosting/mark-file.ts'
import type { RequestId } from '#shared/domain/ids.ts'
import { disagreementsOfTerminal } from '#test/support/agreement.ts'
import { newId } from '#test/support/backend-world.ts'
import { type CounterOptions, CounterWorld, demand, PAYER, POPCORN_PRICE, TICKET_PRICE } from '#test/support/counter-world.ts'
import { until } from '#test/support/until.ts'
import { openMarked } from '../recovery/restoring.ts'

const UNATTENDED_MS = 60_000
/** Well below the three seconds after which a silent band is forgotten; and real time for the adverts to come in. */
const STEP_MS = 500
const STEP_REAL_MS = 25

let world: CounterWorld
afterEach(async () => world.close())

const cutTerminal = () => {
  world.backend.fateOf = ({ caller }) => (caller === 'phone' ? 'answer' : 'refuse')
}

/** A till that died after the request had left and before any receipt; the backend has approved it. */
async function diedApproved(options?: CounterOptions): Promise<RequestId> {
  world = await CounterWorld.open(options)
  demand(await world.seats('A1'))
  world.hooks.fateOf = (_band, direction, pdu) => (direction === 'to-terminal' && pdu[3] === 4 ? 'lose' : 'deliver')
  const requestId = await world.charge()
  await until('the backend approved', () => world.events.some(({ event }) => event === 'approved'))
  await world.cutPower()
  world.hooks.fateOf = () => 'deliver'
  return requestId
}

const known = async () => world.until('the answer is known', () => world.state.interrupted?.charged === 'yes')

test('killed between the approval and the receipt: the yes waits, and finishing writes exactly one receipt', async () => {
  world = await CounterWorld.open()
  demand(await world.seats('A1'))
  world.hooks.onReceive = ({ kind }) => {
    if (kind === 'answer') world.store.isFull = () => true
  }
  const requestId = await world.charge()
  await world.until('the receipt could not be written', () => world.payment?.state === 'in-doubt')
  expect((await world.authorizations()).get(requestId)?.state).toBe('held')
  await world.cutPower()
  // Until the backend has said that these records are the newest, nobody can end it.
  expect(world.state.interrupted).toMatchObject({ tender: 'band', requestId, charged: 'asking', canFinish: false, canUndo: false })
  expect(await world.till.finishInterrupted()).toEqual({ ok: false, error: { code: 'backend-offline' } })
  await known()
  expect(world.state.interrupted).toEqual({
    tender: 'band',
    total: { amount: TICKET_PRICE, currency: 'CNY' },
    startedAt: expect.any(String) as string,
    requestId,
    payerName: PAYER.displayName,
    charged: 'yes',
    seats: 'pinned',
    printed: 'not-needed',
    canFinish: true,
    canUndo: true,
    undoneAt: expect.any(String) as string,
  })
  // Nothing is a receipt by itself, and nothing else is begun.
  expect(world.receiptCount()).toBe(0)
  expect(world.state.status.inDoubt).toBe(1)
  expect(await world.till.setProduct({ productId: 'popcorn', quantity: 1 })).toEqual({ ok: false, error: { code: 'cart-locked' } })
  expect(await world.till.chargeBand({ sightingId: await world.sightingOf() })).toEqual({ ok: false, error: { code: 'cart-locked' } })
  const finished = await Promise.all([world.till.finishInterrupted(), world.till.finishInterrupted(), world.till.undoInterrupted()])
  expect(finished.map((each) => (each.ok ? 'done' : each.error.code))).toEqual(['done', 'nothing-interrupted', 'nothing-interrupted'])
  expect(world.attemptState(requestId)).toBe('paid')
  expect(world.state).toMatchObject({ status: { inDoubt: 0 }, cart: { state: 'open', lines: [] } })
  expect(world.state.lastReceiptId).toBeDefined()
  expect(world.state).not.toHaveProperty('interrupted')
  expect(world.state).not.toHaveProperty('payment')
  expect(world.receiptCount()).toBe(1)
  expect(await world.disagreements()).toEqual([])
  expect((await world.authorizations()).get(requestId)?.state).toBe('captured')
})

test.each(['before the answer is known', 'when it was a yes'] as const)('undone %s: reversed, and the sale is free', async (when) => {
  const requestId = await diedApproved()
  if (when === 'when it was a yes') await known()
  await world.until('it may be ended', () => world.state.interrupted?.canUndo === true)
  demand(await world.till.undoInterrupted())
  expect(world.attemptState(requestId)).toBe('reversed')
  expect(world.state).not.toHaveProperty('interrupted')
  expect(world.state).toMatchObject({ cart: { state: 'open' }, payment: { state: 'reversed', reason: 'cancelled', why: 'cancelled' } })
  expect(await world.till.undoInterrupted()).toEqual({ ok: false, error: { code: 'nothing-interrupted' } })
  demand(await world.till.startCash())
  demand(await world.till.takeCash({ tenderedMinor: TICKET_PRICE }))
  expect(await world.disagreements()).toEqual([])
  expect((await world.authorizations()).get(requestId)?.state).toBe('reversed')
})

test('nobody comes: undone a minute after the start, though the answer was a yes', async () => {
  const requestId = await diedApproved()
  await known()
  world.clock.advance(UNATTENDED_MS - 1_000)
  await world.until('time has passed', () => Date.parse(world.state.interrupted?.undoneAt ?? '') - Date.parse(world.state.now) < 2_000)
  expect(world.attemptState(requestId)).toBe('in-doubt')
  world.clock.advance(1_000)
  expect(await world.settled(requestId)).toBe('reversed')
  expect(world.store.get('SELECT why FROM attempts')).toEqual({ why: 'unattended' })
  // The wallet had said yes: nobody may read here that it was never asked.
  expect(world.state.interrupted).toMatchObject({ charged: 'reversed', payerName: PAYER.displayName, canFinish: true, canUndo: false })
  expect(world.state.interrupted).not.toHaveProperty('undoneAt')
  expect(await world.till.undoInterrupted()).toEqual({ ok: false, error: { code: 'already-ended' } })
  // To finish is now to go on with the sale, whose seat is still its own.
  demand(await world.till.finishInterrupted())
  expect(world.state).not.toHaveProperty('interrupted')
  expect(world.state).not.toHaveProperty('payment')
  await world.synced()
  expect((await world.authorizations()).get(requestId)?.state).toBe('reversed')
  expect(await world.settled(await world.charge())).toBe('paid')
  expect(await world.disagreements()).toEqual([])
})

test('somebody is there: it waits as long as it is touched', async () => {
  const requestId = await diedApproved()
  await known()
  for (let minutes = 0; minutes < 5; minutes += 1) {
    world.clock.advance(UNATTENDED_MS - 1_000)
    world.till.touched()
  }
  demand(await world.till.finishInterrupted())
  expect(world.attemptState(requestId)).toBe('paid')
  expect(await world.disagreements()).toEqual([])
})

test('offline: nobody can say whether it was charged; it can be undone, and the reversal is a promise', async () => {
  world = await openMarked()
  await world.popcorn()
  world.fault('cut-on-answer')
  const requestId = await world.charge()
  await world.until('it is in doubt', () => world.payment?.state === 'in-doubt')
  cutTerminal()
  await world.cutPower()
  await world.until('it cannot be known, and may be ended', () => world.state.interrupted?.canUndo === true)
  expect(world.state.interrupted).toMatchObject({ charged: 'unknown', seats: 'none', canFinish: false })
  demand(await world.till.undoInterrupted())
  expect(world.payment).toMatchObject({ state: 'reversed', isPromise: true })
  expect(world.state.status.exposure).toMatchObject({ promises: 1 })
  world.backend.fateOf = () => 'answer'
  world.clock.advance(20_000)
  expect(await world.disagreements()).toEqual([])
  expect(world.payment).not.toHaveProperty('isPromise')
  expect((await world.authorizations()).get(requestId)?.state).toBe('reversed')
})

test('undone with nobody there while the backend is away: shown as a promise until it has heard', async () => {
  const requestId = await diedApproved()
  await known()
  cutTerminal()
  world.clock.advance(UNATTENDED_MS)
  expect(await world.settled(requestId)).toBe('reversed')
  expect(world.state.interrupted).toMatchObject({ charged: 'reversed', isPromise: true, canFinish: true, canUndo: false })
  world.backend.fateOf = () => 'answer'
  world.clock.advance(60_000)
  await world.synced()
  expect(world.state.interrupted).toMatchObject({ charged: 'reversed' })
  expect(world.state.interrupted).not.toHaveProperty('isPromise')
  expect((await world.authorizations()).get(requestId)?.state).toBe('reversed')
})

test('a proven no ends it at once, and the sale goes on', async () => {
  world = await CounterWorld.open({ customers: [{ ...PAYER, openingBalance: 100 }] })
  await world.popcorn()
  world.fault('cut-on-answer')
  const requestId = await world.charge()
  await world.until('it is in doubt', () => world.payment?.state === 'in-doubt')
  await world.cutPower()
  expect(await world.settled(requestId)).toBe('declined')
  expect(world.state.interrupted).toMatchObject({ requestId, charged: 'declined', canFinish: true, canUndo: false })
  expect(world.state.interrupted).not.toHaveProperty('undoneAt')
  // Over: the cashier need not press anything to go on.
  await world.popcorn(2)
  expect(world.state).not.toHaveProperty('interrupted')
  demand(await world.till.startCash())
  demand(await world.till.takeCash({ tenderedMinor: 2 * POPCORN_PRICE }))
  expect(await world.disagreements()).toEqual([])
})

test('connecting when it died: nothing was asked, shown so, and the sale goes on', async () => {
  world = await CounterWorld.open()
  await world.popcorn()
  const connecting = Promise.withResolvers<void>()
  world.hooks.fateOf = () => {
    connecting.resolve()
    return 'lose'
  }
  const requestId = await world.charge()
  await connecting.promise
  await world.cutPower()
  world.hooks.fateOf = () => 'deliver'
  expect(await world.settled(requestId)).toBe('not-asked')
  expect(world.state.interrupted).toMatchObject({
    requestId,
    charged: 'no',
    seats: 'none',
    printed: 'not-needed',
    canFinish: true,
    canUndo: false,
  })
  demand(await world.till.finishInterrupted())
  expect(world.state).not.toHaveProperty('interrupted')
  expect(world.state.cart).toMatchObject({ state: 'open', lines: [{ quantity: 1 }] })
  expect(await world.till.finishInterrupted()).toEqual({ ok: false, error: { code: 'nothing-interrupted' } })
})

test('the disk is full at the start: what cannot be ended is shown, and ends when there is room', async () => {
  world = await CounterWorld.open()
  await world.popcorn()
  const { requestId } = demand(await world.till.startCash())
  await world.stop()
  demand(await world.create({ isFull: () => true })).start()
  await world.until('it may be ended', () => world.state.interrupted?.charged === 'no')
  expect(world.attemptState(requestId)).toBe('prepared')
  expect(world.state.interrupted).toMatchObject({ charged: 'no', canFinish: true, canUndo: false })
  expect(await world.till.startCash()).toMatchObject({ error: { code: 'cart-locked' } })
  expect(await world.till.finishInterrupted()).toMatchObject({ error: { code: 'storage-failed' } })
  world.store.isFull = () => false
  demand(await world.till.finishInterrupted())
  expect(world.attemptState(requestId)).toBe('not-asked')
  expect(world.payment).toBeUndefined()
  demand(await world.till.startCash())
})

test('the disk is full at the finish: nothing is lost, and the second try writes one receipt', async () => {
  const requestId = await diedApproved()
  await known()
  world.store.isFull = () => true
  expect(await world.till.finishInterrupted()).toMatchObject({ error: { code: 'storage-failed' } })
  expect(await world.till.undoInterrupted()).toMatchObject({ error: { code: 'storage-failed' } })
  expect(world.state.interrupted).toMatchObject({ charged: 'yes', canFinish: true, canUndo: true })
  world.store.isFull = () => false
  demand(await world.till.finishInterrupted())
  expect(world.attemptState(requestId)).toBe('paid')
  expect(await world.disagreements()).toEqual([])
})

test('it dies again before the cashier has decided: asked again, and one receipt in the end', async () => {
  const requestId = await diedApproved()
  for (let starts = 0; starts < 3; starts += 1) {
    await known()
    await world.cutPower()
    expect(world.attemptState(requestId)).toBe('in-doubt')
    expect(disagreementsOfTerminal(world.store)).toEqual([])
  }
  await known()
  demand(await world.till.finishInterrupted())
  await world.cutPower()
  expect(world.receiptCount()).toBe(1)
  expect(await world.disagreements()).toEqual([])
})

/**
 * Two attempts in doubt in one file: no run of the till makes them, but a disk may have kept what a run had lost sight of. The second was
 * asked of a phone that is not here.
 */
async function twoInDoubt(): Promise<readonly [RequestId, RequestId]> {
  const first = await diedApproved()
  await world.stop()
  demand(await world.create())
  const second = newId() as RequestId
  const cart = newId()
  world.store.write((tx) => {
    tx.run(
      "INSERT INTO carts (id, state, created_at, revision) SELECT ?, 'in-doubt', '2999-01-01T00:00:00.000Z', 1 FROM carts WHERE state <> 'open'",
      cart,
    )
    tx.run(
      `INSERT INTO attempts (request_id, cart_id, tender, state, amount_minor, currency, hold_ids_json, statement, statement_digest,
         offer_certificate, created_at, sent_at, expires_at, band_letter)
       SELECT ?, ?, tender, 'in-doubt', amount_minor, currency, '[]', statement, statement_digest, x'00',
         '2999-01-01T00:00:00.000Z', sent_at, expires_at, band_letter FROM attempts WHERE request_id = ?`,
      second,
      cart,
      first,
    )
  })
  await world.stop()
  await world.start()
  return [first, second]
}

test('two open attempts: one is shown at a time, the oldest first, and each ends by itself', async () => {
  const [first, second] = await twoInDoubt()
  expect(world.state.status.inDoubt).toBe(2)
  expect(world.state.interrupted).toMatchObject({ requestId: first })
  await known()
  demand(await world.till.finishInterrupted())
  expect(world.state).toMatchObject({ interrupted: { requestId: second, charged: 'asking' }, payment: { requestId: second } })
  // Paid or not, nothing is begun while the second has no end.
  expect(await world.till.setProduct({ productId: 'popcorn', quantity: 1 })).toMatchObject({ error: { code: 'cart-locked' } })
  demand(await world.till.undoInterrupted())
  expect([world.attemptState(first), world.attemptState(second)]).toEqual(['paid', 'reversed'])
  expect(world.state).not.toHaveProperty('interrupted')
  await world.popcorn()
  expect(await world.disagreements()).toEqual([])
})

test('two open attempts and nobody there: both are undone', async () => {
  const [first, second] = await twoInDoubt()
  world.clock.advance(UNATTENDED_MS)
  expect([await world.settled(first), await world.settled(second)]).toEqual(['reversed', 'reversed'])
  demand(await world.till.nextSale())
  expect(world.state).not.toHaveProperty('interrupted')
  expect(world.state.cart.state).toBe('open')
})

/** As above, with the mark of the records kept, and no backend for the till from then on. */
async function diedApprovedOffline(options?: CounterOptions): Promise<RequestId> {
  world = await CounterWorld.build(options)
  world.hooks.marks = () => createMarkFile(world.folder)
  await world.start()
  await world.ready(options?.customers?.length ?? 1)
  await world.popcorn()
  world.hooks.fateOf = (_band, direction, pdu) => (direction === 'to-terminal' && pdu[3] === 4 ? 'lose' : 'deliver')
  const requestId = await world.charge()
  await until('the backend approved', () => world.events.some(({ event }) => event === 'approved'))
  cutTerminal()
  await world.cutPower()
  world.hooks.fateOf = () => 'deliver'
  return requestId
}

/** Time goes by in steps in which bands are heard again, with somebody at the till, until something is so. */
async function passing(what: string, isSo: () => boolean): Promise<void> {
  const pace = setInterval(() => {
    world.clock.advance(STEP_MS)
    world.till.touched()
  }, STEP_REAL_MS)
  try {
    await world.until(what, isSo)
  } finally {
    clearInterval(pace)
  }
}

test('killed after the approval, the till offline, the customer still here: the band is found again and knows the yes', async () => {
  const requestId = await diedApprovedOffline()
  await passing('the answer is known', () => world.state.interrupted?.charged === 'yes')
  expect(world.receiptCount()).toBe(0)
  expect(await world.till.finishInterrupted()).toMatchObject({ ok: true })
  expect(world.attemptState(requestId)).toBe('paid')
  world.backend.fateOf = () => 'answer'
  world.clock.advance(60_000)
  expect(await world.disagreements()).toEqual([])
  expect(world.receiptCount()).toBe(1)
})

test('another customer who stands here is looked at and asked nothing: what is not known stays unknown', async () => {
  const other = { ...PAYER, id: 'twin-a', displayName: 'Silver Carp', distanceM: 5 } as const
  const requestId = await diedApprovedOffline({ customers: [PAYER, other] })
  // The payer has gone; the other one's phone has never seen that request, and would sign so.
  world.customer().set({ unlocks: true, distance: 500 })
  const requests: string[] = []
  world.hooks.onSend = ({ kind }) => void requests.push(kind)
  let offers = 0
  world.hooks.onReceive = ({ kind }) => {
    if (kind === 'offer') offers += 1
  }
  await until('the other band is in sight', () => world.state.bands.length > 0)
  const held = world.customer('twin-a').band.offerCount
  await passing('it was looked at twice', () => offers > 1)
  expect(requests).toEqual([])
  expect(world.customer('twin-a').band.offerCount).toBe(held)
  expect(world.attemptState(requestId)).not.toBe('refused')
  expect(world.state.interrupted?.charged).not.toBe('no')
})

test('its minute was over while the disk was full: no touch brings it back, and the yes is reversed', async () => {
  const requestId = await diedApproved()
  await known()
  world.store.isFull = () => true
  world.clock.advance(UNATTENDED_MS)
  await world.until('it could not be undone', () => world.warnings.some(({ message }) => message === 'end-not-written'))
  world.store.isFull = () => false
  expect(await world.till.finishInterrupted()).toEqual({ ok: false, error: { code: 'already-ended' } })
  expect(world.attemptState(requestId)).toBe('reversed')
  expect(world.store.get("SELECT COUNT(*) AS n FROM journal WHERE kind = 'late-yes-refused'")).toEqual({ n: 1 })
  expect(world.receiptCount()).toBe(0)
  expect(await world.disagreements()).toEqual([])
})
