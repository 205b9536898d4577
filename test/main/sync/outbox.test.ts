import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { BackendRefusal, OutboxOutcome, Store } from '#main/ports.ts'
import { openStore } from '#main/store/open-store.ts'
import { backOffMs } from '#main/sync/back-off.ts'
import { createEnqueue } from '#main/sync/enqueue.ts'
import { BACK_OFF_FIRST_MS, BACK_OFF_MAX_MS, createOutbox, SET_ASIDE_MS } from '#main/sync/outbox.ts'
import { OUTBOX_BATCH_MAX, type OutboxEntry } from '#shared/contracts/backend-api.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { newFolder, newId, openLedger, saleOf, testKeys, valueOf } from '../ledger/sample-sales.ts'

type Answer = Result<readonly OutboxOutcome[], BackendRefusal>
const OFFLINE: Answer = err({ code: 'offline', message: 'no answer' })

/** A backend as the contract has it: applies each record once, keeps the bytes, answers `repeat` to the same again. */
class Intake {
  readonly applied = new Map<string, string>()
  readonly order: string[] = []
  readonly batches: number[] = []
  inFlight = 0
  mostInFlight = 0

  apply(entries: readonly { id: string; body: string }[]): OutboxOutcome[] {
    return entries.map(({ id, body }) => {
      const known = this.applied.get(id)
      if (known !== undefined) return { id, outcome: known === body ? 'repeat' : 'quarantined' }
      this.applied.set(id, body)
      this.order.push(id)
      return { id, outcome: 'applied' }
    })
  }
}

let folder: ReturnType<typeof newFolder>
let store: Store
let clock: ManualClock
let intake: Intake
let changes: number
let faults: string[]
beforeEach(() => {
  folder = newFolder()
  store = valueOf(openStore({ file: join(folder.path, 'terminal.sqlite') }))
  clock = new ManualClock()
  intake = new Intake()
  changes = 0
  faults = []
})
afterEach(() => {
  store.close()
  folder.remove()
})

function add(count: number, body = '{"a":1}'): void {
  const enqueue = createEnqueue({ clock, newId })
  valueOf(
    store.write((tx) => {
      for (let index = 0; index < count; index += 1) enqueue(tx, 'reversal', body)
    }),
  )
}

const idsInOrder = () => store.all('SELECT id FROM outbox ORDER BY seq').map((row) => String(row['id']))

/** An outbox whose backend answers what `fate` makes of the intake's answer. */
function newOutbox(fate: (entries: readonly OutboxEntry[]) => Answer | Promise<Answer> = (entries) => ok(intake.apply(entries))) {
  return createOutbox({
    store,
    clock,
    random: () => 0.5,
    onChange: () => {
      changes += 1
    },
    onFault: (what) => faults.push(what),
    backend: {
      async postOutbox(entries) {
        intake.batches.push(entries.length)
        intake.inFlight += 1
        intake.mostInFlight = Math.max(intake.mostInFlight, intake.inFlight)
        const answer = await fate(entries as readonly OutboxEntry[])
        intake.inFlight -= 1
        return answer
      },
    },
  })
}

test('everything leaves in order of creation, in batches, and is marked, never removed', async () => {
  add(OUTBOX_BATCH_MAX * 2 + 1)
  const outbox = newOutbox()
  expect(outbox.pending()).toBe(101)
  outbox.start()
  await clock.advance(0)
  expect(await outbox.drained(1_000)).toBe(true)
  expect(intake.batches).toEqual([50, 50, 1])
  expect(intake.order).toEqual(idsInOrder())
  expect(outbox.pending()).toBe(0)
  expect(store.get('SELECT COUNT(*) AS n, COUNT(acked_at) AS acked FROM outbox')).toEqual({ n: 101, acked: 101 })
  expect(changes).toBe(3)
  await outbox.stop()
})

test('bodies that are long make smaller batches, and one is always sent', async () => {
  add(3, `{"a":"${'x'.repeat(400_000)}"}`)
  const outbox = newOutbox()
  outbox.start()
  expect(await outbox.drained(1_000)).toBe(true)
  expect(intake.batches).toEqual([1, 1, 1])
  await outbox.stop()
})

test('I5, sender: lost, repeated, partial, foreign and reordered answers never lose a record and never mark one twice', async () => {
  const fates = ['well', 'lost-before', 'lost-after', 'partial', 'reversed', 'foreign', 'nothing', 'unavailable'] as const
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...fates), { maxLength: 12 }), fc.integer({ min: 1, max: 70 }), async (plan, count) => {
      intake = new Intake()
      const left = [...plan]
      valueOf(store.write((tx) => tx.run("UPDATE outbox SET acked_at = 'earlier', outcome = 'applied' WHERE acked_at IS NULL")))
      const earlier = idsInOrder().length
      add(count)
      const outbox = newOutbox((entries) => {
        const fate = left.shift() ?? 'well'
        if (fate === 'lost-before') return OFFLINE
        const outcomes = intake.apply(entries)
        if (fate === 'lost-after') return OFFLINE
        if (fate === 'unavailable') return err({ code: 'unavailable', message: 'stopping' })
        if (fate === 'partial') return ok(outcomes.slice(0, Math.ceil(outcomes.length / 2)))
        if (fate === 'reversed') return ok(outcomes.toReversed())
        if (fate === 'foreign') return ok([{ id: newId(), outcome: 'applied' }])
        return ok(fate === 'nothing' ? [] : [...outcomes, ...outcomes])
      })
      outbox.start()
      for (let turns = 0; outbox.pending() > 0 && turns < 40; turns += 1) await clock.advance(BACK_OFF_MAX_MS)
      await outbox.stop()
      expect(outbox.pending()).toBe(0)
      expect(intake.order).toEqual(idsInOrder().slice(earlier))
      expect(intake.mostInFlight).toBe(1)
      expect(store.all('SELECT DISTINCT outcome FROM outbox WHERE acked_at IS NULL OR outcome = ?', 'quarantined')).toEqual([])
    }),
    { numRuns: 60 },
  )
})

test('a record of a start that was killed after the backend had it is a repeat, acknowledged once', async () => {
  add(2)
  intake.apply(store.all('SELECT id, body FROM outbox').map((row) => ({ id: String(row['id']), body: String(row['body']) })))
  const outbox = newOutbox()
  outbox.start()
  expect(await outbox.drained(1_000)).toBe(true)
  expect(store.all('SELECT outcome FROM outbox')).toEqual([{ outcome: 'repeat' }, { outcome: 'repeat' }])
  await outbox.stop()
})

test('while the backend is away the outbox waits longer and longer, and a kick does not hurry it; coming back does', async () => {
  add(1)
  let isOnline = false
  const outbox = newOutbox((entries) => (isOnline ? ok(intake.apply(entries)) : OFFLINE))
  outbox.start()
  await clock.advance(0)
  expect(intake.batches).toHaveLength(1)
  outbox.kick()
  await clock.advance(400)
  expect(intake.batches).toHaveLength(1)
  await clock.advance(100)
  expect(intake.batches).toHaveLength(2)
  await clock.advance(1_000)
  expect(intake.batches).toHaveLength(3)
  expect(await Promise.all([outbox.drained(500), clock.advance(500)])).toEqual([false, undefined])
  isOnline = true
  outbox.backOnline()
  await clock.advance(0)
  expect(outbox.pending()).toBe(0)
  await outbox.stop()
  expect(clock.waiting).toBe(0)
})

test('stop waits for the call in flight, and nothing is sent after it', async () => {
  add(60)
  const answer = Promise.withResolvers<Answer>()
  const outbox = newOutbox(() => answer.promise)
  outbox.start()
  await clock.advance(0)
  const stopped = outbox.stop()
  answer.resolve(
    ok(
      intake.apply(store.all('SELECT id, body FROM outbox LIMIT 50').map((row) => ({ id: String(row['id']), body: String(row['body']) }))),
    ),
  )
  await stopped
  outbox.kick()
  await clock.advance(BACK_OFF_MAX_MS * 2)
  expect(intake.batches).toEqual([50])
  expect(outbox.pending()).toBe(10)
})

test('quarantine and alarms are acknowledged and shown', async () => {
  add(2)
  const [first = '', second = ''] = idsInOrder()
  const outbox = newOutbox(() =>
    ok([
      { id: first, outcome: 'quarantined' },
      { id: second, outcome: 'applied', alarm: 'captured after reversal' },
    ]),
  )
  outbox.start()
  expect(await outbox.drained(1_000)).toBe(true)
  const at = new Date(clock.nowMs()).toISOString()
  expect(outbox.alarms()).toEqual([
    { id: second, at, kind: 'reversal', alarm: 'captured after reversal', acked: true },
    { id: first, at, kind: 'reversal', alarm: 'quarantined: ', acked: true },
  ])
  await outbox.stop()
})

test('one record that the backend will not take does not hold up the others, and is offered again later', async () => {
  add(40)
  const poison = idsInOrder()[17] ?? ''
  let isMended = false
  const outbox = newOutbox((entries) => {
    if (!isMended && entries.some(({ id }) => id === poison)) return err({ code: 'malformed', message: 'no' })
    return ok(intake.apply(entries))
  })
  outbox.start()
  await clock.advance(0)
  expect(outbox.pending()).toBe(1)
  const at = new Date(clock.nowMs()).toISOString()
  expect(outbox.alarms()).toEqual([{ id: poison, at, kind: 'reversal', alarm: 'not-taken: malformed', acked: false }])
  expect(intake.batches.length).toBeLessThan(20)
  isMended = true
  outbox.kick()
  await clock.advance(0)
  expect(outbox.pending()).toBe(1)
  // By itself: an idle till has nobody to kick it.
  await clock.advance(SET_ASIDE_MS)
  expect(outbox.pending()).toBe(0)
  await outbox.stop()
})

test('a disk that takes no marks sends again later; nothing is lost and nothing spins', async () => {
  add(5)
  const outbox = newOutbox()
  const write = store.write.bind(store)
  let isFull = true
  store.write = (work) => (isFull ? err({ code: 'storage-failed', trouble: 'full', detail: 'SQLITE_FULL' }) : write(work))
  outbox.start()
  await clock.advance(0)
  expect(intake.batches).toEqual([5])
  expect(outbox.pending()).toBe(5)
  isFull = false
  await clock.advance(BACK_OFF_MAX_MS)
  expect(outbox.pending()).toBe(0)
  expect(intake.order).toHaveLength(5)
  await outbox.stop()
})

test('a disk that does not read for a moment costs a pause, and nothing else', async () => {
  add(2)
  const reads = store
  let isBroken = true
  store = {
    ...reads,
    all: (sql, ...values) => {
      if (isBroken) throw new Error('disk I/O error')
      return reads.all(sql, ...values)
    },
  }
  const outbox = newOutbox()
  outbox.start()
  await clock.advance(0)
  expect(faults).toEqual(['outbox-failed'])
  isBroken = false
  await clock.advance(BACK_OFF_FIRST_MS)
  expect(intake.order).toEqual(idsInOrder())
  await outbox.stop()
})

test('what is due is added before a batch is taken, and only then', async () => {
  const world = openLedger(join(folder.path, 'sales.sqlite'), await testKeys())
  for (const price of [900, 1_100]) valueOf(world.store.write((tx) => world.ledger.commitReceipt(tx, saleOf([{ quantity: 1, price }], []))))
  const outbox = createOutbox({
    store: world.store,
    clock,
    random: Math.random,
    onChange: () => undefined,
    onFault: () => undefined,
    before: { isDue: () => world.ledger.isHeadDue(), add: (tx) => world.ledger.enqueueHead(tx) },
    backend: { postOutbox: async (entries) => Promise.resolve(ok(intake.apply(entries))) },
  })
  outbox.start()
  await clock.advance(0)
  expect(world.store.all('SELECT kind FROM outbox ORDER BY seq').map((row) => row['kind'])).toEqual(['receipt', 'receipt', 'head'])
  expect(outbox.pending()).toBe(0)
  await outbox.stop()
  world.store.close()
})

test('waiting for an empty outbox ends at once when nothing will leave soon: offline, in a pause, stopped', async () => {
  add(1)
  const answer = Promise.withResolvers<Answer>()
  let isOnline = true
  const outbox = newOutbox((entries) => (isOnline ? answer.promise : ok(intake.apply(entries))))
  outbox.start()
  const [first, second] = [outbox.drained(60_000), outbox.drained(60_000)]
  isOnline = false
  answer.resolve(OFFLINE)
  expect(await Promise.all([first, second])).toEqual([false, false])
  // In the pause after the failure nothing is even tried.
  const tried = intake.batches.length
  expect(await outbox.drained(60_000)).toBe(false)
  expect(intake.batches).toHaveLength(tried)
  await outbox.stop()
  expect(await outbox.drained(60_000)).toBe(false)
  expect(clock.waiting).toBe(0)
})

test('stopping sends away who waits for the outbox', async () => {
  add(1)
  const answer = Promise.withResolvers<Answer>()
  const outbox = newOutbox(() => answer.promise)
  outbox.start()
  const drained = outbox.drained(60_000)
  const stopped = outbox.stop()
  expect(await drained).toBe(false)
  answer.resolve(OFFLINE)
  await stopped
  expect(clock.waiting).toBe(0)
})

test('back-off doubles up to its bound, and jitter keeps it between nothing and that', () => {
  const at = (failures: number, random: number) => backOffMs({ failures, firstMs: 1_000, maxMs: 60_000, random: () => random })
  expect([1, 2, 3, 6, 7, 100, 1e9].map((failures) => at(failures, 0.999_999))).toEqual([
    1_000, 2_000, 4_000, 32_000, 60_000, 60_000, 60_000,
  ])
  expect(at(50, 0)).toBe(0)
})
