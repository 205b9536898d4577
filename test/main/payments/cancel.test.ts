import { afterEach, expect, test } from 'vitest'
import { refuseLateYes } from '#main/payments/settle.ts'
import { type CounterOptions, CounterWorld, demand, PAYER, POPCORN_PRICE } from '#test/support/counter-world.ts'
import { until } from '#test/support/until.ts'

let world: CounterWorld
afterEach(async () => world.close())

async function open(options?: CounterOptions): Promise<void> {
  world = await CounterWorld.open(options)
  await world.popcorn()
}

/** The cart is free at once, with the reversal already on disk; afterwards it is paid in cash and the two sides agree. */
async function freeAndPaidInCash(): Promise<void> {
  expect(world.state.cart.state).toBe('open')
  expect(world.state.status.inDoubt).toBe(0)
  demand(await world.till.startCash())
  demand(await world.till.takeCash({ tenderedMinor: POPCORN_PRICE }))
  expect(world.receiptCount()).toBe(1)
  expect(await world.disagreements()).toEqual([])
  expect(world.receiptCount()).toBe(1)
}

test('while connecting: nothing was sent, nothing is owed', async () => {
  await open()
  const connecting = Promise.withResolvers<void>()
  world.hooks.fateOf = () => {
    connecting.resolve()
    return { lateMs: 200 }
  }
  const requestId = await world.charge()
  await connecting.promise
  demand(await world.till.cancelPayment())
  expect(world.attemptState(requestId)).toBe('not-asked')
  expect(world.payment).toMatchObject({ state: 'not-asked', reason: 'cancelled' })
  await freeAndPaidInCash()
  expect((await world.authorizations()).size).toBe(0)
})

test('cancelled while connecting, charged again: the second waits for the radio, and is paid', async () => {
  await open()
  const connecting = Promise.withResolvers<void>()
  world.hooks.fateOf = () => {
    connecting.resolve()
    return { lateMs: 20 }
  }
  await world.charge()
  await connecting.promise
  demand(await world.till.cancelPayment())
  world.hooks.fateOf = () => 'deliver'
  expect(await world.settled(await world.charge())).toBe('paid')
  expect(await world.disagreements()).toEqual([])
})

test('while waiting for the customer: the phone is told, and the later yes is never a receipt', async () => {
  await open({ customers: [{ ...PAYER, confirmAbove: 0, confirmAfterMs: 5_000 }] })
  const requestId = await world.charge()
  await until('the customer is asked', () => world.events.some(({ event }) => event === 'asked-to-confirm'))
  demand(await world.till.cancelPayment())
  // The reversal is on disk before the cart is free.
  expect(world.attemptState(requestId)).toBe('reversed')
  expect(world.store.get("SELECT COUNT(*) AS n FROM outbox WHERE kind = 'reversal'")).toEqual({ n: 1 })
  await until('the phone was told', () => world.events.some(({ event, detail }) => event === 'refused' && detail === 'cancelled'))
  world.clock.advance(5_000)
  await freeAndPaidInCash()
})

test('while the backend approves: the late yes is ignored, and the backend ends reversed', async () => {
  await open()
  let letGo = () => {}
  const held = new Promise<void>((resolve) => {
    letGo = resolve
  })
  world.hooks.fateOf = (_band, direction, pdu) => (direction === 'to-terminal' && pdu[3] === 4 ? { lateMs: 60_000 } : 'deliver')
  const requestId = await world.charge()
  await until('the backend approved', () => world.events.some(({ event }) => event === 'approved'))
  expect(world.attemptState(requestId)).toBe('sent')
  demand(await world.till.cancelPayment())
  letGo()
  await held
  world.clock.advance(60_000)
  await freeAndPaidInCash()
  expect((await world.authorizations()).get(requestId)?.state).toBe('reversed')
})

test('while in doubt: reversal first, then the cart is free; what the queries bring later changes nothing', async () => {
  await open()
  world.fault('cut-on-answer')
  const requestId = await world.charge()
  await world.until('it is in doubt', () => world.payment?.state === 'in-doubt')
  demand(await world.till.cancelPayment())
  expect(world.attemptState(requestId)).toBe('reversed')
  world.clock.advance(70_000)
  await freeAndPaidInCash()
  expect((await world.authorizations()).get(requestId)?.state).toBe('reversed')
})

test('while a query runs: the yes it brings comes too late', async () => {
  await open()
  world.fault('cut-on-answer')
  const requestId = await world.charge()
  await world.until('it is in doubt', () => world.payment?.state === 'in-doubt')
  const asking = Promise.withResolvers<void>()
  world.hooks.onSend = async ({ kind }) => {
    if (kind === 'request' || kind === 'probe') asking.resolve()
  }
  world.hooks.fateOf = (_band, direction, pdu) => (direction === 'to-terminal' && pdu[3] === 4 ? { lateMs: 3_000 } : 'deliver')
  world.clock.advance(2_000)
  await asking.promise
  demand(await world.till.cancelPayment())
  world.hooks.fateOf = () => 'deliver'
  world.clock.advance(3_000)
  await freeAndPaidInCash()
  expect((await world.authorizations()).get(requestId)?.state).toBe('reversed')
})

test('while the backend answers: the yes is kept as refused, once, and never a receipt', async () => {
  await open()
  world.fault('cut-on-answer')
  const requestId = await world.charge()
  await world.until('it is in doubt', () => world.payment?.state === 'in-doubt')
  world.customer().set({ distance: 1_000, unlocks: false })
  const cancelled = Promise.withResolvers<void>()
  world.backend.fateOf = ({ path }) => {
    // The reversal is held up, so that the backend still says yes.
    if (path === '/v1/outbox') return 'refuse'
    if (path.includes('/v1/attempts/')) void world.till.cancelPayment().then(() => cancelled.resolve())
    return 'answer'
  }
  world.clock.advance(2_000)
  await cancelled.promise
  const refused = () => world.store.all("SELECT entry_json FROM journal WHERE kind = 'late-yes-refused'")
  await until('the yes was refused', () => refused().length > 0)
  const authorization = (await world.authorizations()).get(requestId)
  expect(authorization?.state).toBe('held')
  expect(refused().map((row) => JSON.parse(String(row['entry_json'])) as unknown)).toMatchObject([
    { request_id: requestId, authorization_id: authorization?.id },
  ])
  expect(world.attemptState(requestId)).toBe('reversed')
  expect(world.payment).toMatchObject({ state: 'reversed', why: 'late-yes', isPromise: true })
  world.backend.fateOf = () => 'answer'
  world.clock.advance(60_000)
  await freeAndPaidInCash()
  expect(refused()).toHaveLength(1)
  // The same yes by another way: the radio and the backend may both bring it.
  const row = await world.backend.db.selectFrom('attempts').select('answer').where('request_id', '=', requestId).executeTakeFirst()
  const ledger = { appendEvent: () => expect.unreachable('it was refused before') } as unknown as Parameters<
    typeof refuseLateYes
  >[0]['ledger']
  const deps = { store: world.store, ledger } as unknown as Parameters<typeof refuseLateYes>[0]
  const yes = { authorizationId: new Uint8Array(16) } as Parameters<typeof refuseLateYes>[2]
  expect(refuseLateYes(deps, requestId, yes, new Uint8Array(row?.answer ?? []))).toBe(false)
  expect((await world.authorizations()).get(requestId)?.state).toBe('reversed')
})

test('while the terminal is offline: the reversal is a promise, kept when it is back', async () => {
  await open()
  world.fault('cut-on-answer')
  const requestId = await world.charge()
  await world.until('it is in doubt', () => world.payment?.state === 'in-doubt')
  world.backend.fateOf = ({ caller }) => (caller === 'phone' ? 'answer' : 'refuse')
  demand(await world.till.cancelPayment())
  await until('the terminal knows it is offline', () => world.state.status.backend.state === 'offline')
  expect((await world.authorizations()).get(requestId)?.state).toBe('held')
  expect(world.payment).toMatchObject({ state: 'reversed', why: 'cancelled', isPromise: true })
  expect(world.state.status.exposure).toMatchObject({ sales: 0, promises: 1, inDoubt: 0 })
  demand(await world.till.startCash())
  demand(await world.till.takeCash({ tenderedMinor: POPCORN_PRICE }))
  world.backend.fateOf = () => 'answer'
  world.clock.advance(20_000)
  expect(await world.disagreements()).toEqual([])
  expect((await world.authorizations()).get(requestId)?.state).toBe('reversed')
})

test('what has ended cannot be cancelled, only put away', async () => {
  await open()
  expect(await world.till.cancelPayment()).toEqual({ ok: false, error: { code: 'no-payment' } })
  await world.settled(await world.charge())
  expect(await world.till.cancelPayment()).toEqual({ ok: false, error: { code: 'no-payment' } })
  world.customer().set({ network: false, unlocks: false })
  // More than any slot of an offline allowance is worth.
  await world.popcorn(3)
  await world.settled(await world.charge())
  expect(world.payment?.state).toBe('refused')
  demand(await world.till.cancelPayment())
  expect(world.payment).toBeUndefined()
  expect(world.state.cart.lines).toHaveLength(1)
})

test('cancelled at the very moment the yes arrives: a receipt or a reversal, whichever came first, and never both', async () => {
  world = await CounterWorld.open()
  const ends = new Set<string>()
  for (let turns = 0; turns < 12; turns += 1) {
    await world.popcorn()
    const cancelled = Promise.withResolvers<void>()
    world.hooks.onReceive = ({ kind }) => {
      if (kind !== 'answer') return
      void later(turns)
        .then(async () => world.till.cancelPayment())
        .then(() => cancelled.resolve())
    }
    const requestId = await world.charge()
    await cancelled.promise
    ends.add(await world.settled(requestId))
    expect(await world.disagreements()).toEqual([])
  }
  expect(ends).toContain('reversed')
  expect(world.warnings.filter(({ message }) => message === 'bug')).toEqual([])
})

/** So many turns of the event loop later. */
async function later(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) {
    const { promise, resolve } = Promise.withResolvers<void>()
    setImmediate(resolve)
    await promise
  }
}
