/** A file that was copied back holds attempts as they once stood. What the lost file had settled is never settled a second time. */
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { Standing } from '#main/enrolment/enrolment.ts'
import { DoubtDesk } from '#main/payments/in-doubt.ts'
import { ok } from '#shared/result.ts'
import { CounterWorld, demand } from '#test/support/counter-world.ts'
import { ManualClock } from '#test/support/manual-clock.ts'

let world: CounterWorld
afterEach(async () => world.close())

test('copied while a band was asked, paid in the file that was lost: shown as charged, and never charged or reversed again', async () => {
  world = await CounterWorld.open()
  demand(await world.seats('A1'))
  const file = join(world.folder, 'terminal.sqlite')
  // The copy is made when the answer is there and nothing has been done with it.
  world.hooks.onReceive = ({ kind }) => {
    if (kind === 'answer') for (const suffix of ['', '-wal']) copyFileSync(`${file}${suffix}`, `${file}.copy${suffix}`)
  }
  const requestId = await world.charge()
  expect(await world.settled(requestId)).toBe('paid')
  await world.synced()
  await world.stop()
  for (const suffix of ['', '-wal']) copyFileSync(`${file}.copy${suffix}`, `${file}${suffix}`)
  await world.start()
  expect(world.state.interrupted).toMatchObject({ requestId, canFinish: false })
  await world.until('its receipt is back', () => world.state.interrupted?.charged === 'yes')
  expect(world.attemptState(requestId)).toBe('paid')
  expect(world.state.interrupted).toMatchObject({ seats: 'sold', canFinish: true, canUndo: false })
  expect(world.state).not.toHaveProperty('payment')
  expect(await world.till.undoInterrupted()).toEqual({ ok: false, error: { code: 'already-ended' } })
  demand(await world.till.finishInterrupted())
  expect(world.state).not.toHaveProperty('interrupted')
  expect(world.state.status.inDoubt).toBe(0)
  world.clock.advance(200_000)
  await world.synced()
  expect((await world.authorizations()).get(requestId)?.state).toBe('captured')
  expect(world.receiptCount()).toBe(0)
  expect(world.state.cart).toMatchObject({ state: 'open', lines: [] })
})

test('captured by the word of the backend, and no receipt here: nothing is written, a person is told, and it is asked again', async () => {
  world = await CounterWorld.open()
  await world.popcorn()
  world.fault('cut-on-answer')
  world.backend.fateOf = ({ caller }) => (caller === 'phone' ? 'answer' : 'refuse')
  const requestId = await world.charge()
  await world.until('it is in doubt', () => world.payment?.state === 'in-doubt')
  const clock = new ManualClock(world.clock.nowMs())
  const faults: string[] = []
  const settled: string[] = []
  const row = await world.backend.db.selectFrom('attempts').select('answer').where('request_id', '=', requestId).executeTakeFirst()
  const desk = new DoubtDesk({
    store: world.store,
    clock,
    keys: world.keys,
    sessions: { run: async () => Promise.reject(new Error('no band is asked')) } as unknown as ConstructorParameters<
      typeof DoubtDesk
    >[0]['sessions'],
    ledger: { head: () => ({ seq: 1, hash: '0'.repeat(64) }) } as ConstructorParameters<typeof DoubtDesk>[0]['ledger'],
    standing: () => ({ profile: { merchant: { id: 'aurora' }, terminalId: 'aurora-1' }, keys: {} }) as Standing,
    attemptAtBackend: async () => Promise.resolve(ok({ state: 'captured' as const, signed: new Uint8Array(row?.answer ?? []) })),
    isRevoked: () => false,
    settleOutcome: async (_attempt, { kind }) => {
      settled.push(kind)
      return Promise.resolve('ended')
    },
    endAsReversed: () => {
      settled.push('reversed')
      return 'ended'
    },
    maySettle: () => true,
    bandsInSight: () => [],
    bandAddress: () => undefined,
    onNext: () => {},
    onFault: (what) => faults.push(what),
  })
  desk.watch(requestId)
  await clock.advance(2_000)
  await clock.advance(5_000)
  expect([settled, faults]).toEqual([[], ['captured-elsewhere', 'captured-elsewhere']])
  expect(desk.count()).toBe(1)
  await desk.stop()
  expect(clock.waiting).toBe(0)
})
