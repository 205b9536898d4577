/**
 * Random schedules: sales through an air, a backend and a till that fail at random. Whatever happened, once everything works again and
 * the outbox is empty, both sides tell the same story and every attempt has ended: I1, I2, I3, I4, I6 and I7 of the design.
 */
import { afterEach, expect, test } from 'vitest'
import type { Fate } from '#reference/practice/air-link.ts'
import type { RequestId } from '#shared/domain/ids.ts'
import { disagreementsOfTerminal } from '#test/support/agreement.ts'
import type { CallFate } from '#test/support/counter-backend.ts'
import { CounterWorld, PAYER } from '#test/support/counter-world.ts'
import { Seeded } from '#test/support/seeded.ts'

/** Each seed is a world; each world lives through so many schedules. */
const SEEDS = [11, 22, 33, 44]
const SCHEDULES = 8
const SALES_MAX = 3
/** Real time between two looks, milliseconds, and how far the clock moves at each in bad times and in good ones. */
const LOOK_MS = 4
const BAD_TIMES_STEP_MS = 250
const GOOD_TIMES_STEP_MS = 40
/** Past the end of a request and the minute in which nobody touches the till. */
const LONG_AWAY_MS = 160_000
const HEALED_WITHIN_MS = 30_000
const WHILE_MAX_MS = 40
const ROWS = 10
const SEATS = 20

let world: CounterWorld
let pump: NodeJS.Timeout | undefined
afterEach(async () => {
  clearInterval(pump)
  await world.close()
})

function run(stepMs: number): void {
  clearInterval(pump)
  pump = setInterval(() => world.clock.advance(stepMs), LOOK_MS)
}

async function turn(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  setImmediate(resolve)
  await promise
}

/** Up to the time a sale takes, so that what comes next comes at any moment of it. */
async function aWhile(seeded: Seeded): Promise<void> {
  const untilMs = performance.now() + seeded.below(WHILE_MAX_MS)
  while (performance.now() < untilMs) await turn()
}

function badAir(seeded: Seeded): void {
  const perMille = seeded.pick([0, 10, 30, 80])
  world.hooks.fateOf = (_band, _direction, pdu): Fate => {
    if (seeded.below(1_000) >= perMille) return 'deliver'
    const garbled = pdu.map((byte, index) => (index === pdu.length - 1 ? byte ^ (1 << seeded.below(8)) : byte))
    return seeded.pick<Fate>(['lose', 'twice', 'cut', { garbled }, { lateMs: seeded.below(3_000) }])
  }
  const planned = seeded.pick(['none', 'lose-answer', 'cut-on-answer', 'cut-on-request', 'none', 'duplicate'] as const)
  if (planned !== 'none') world.fault(planned, { count: 1 + seeded.below(2) })
}

function badBackend(seeded: Seeded): void {
  const perCent = seeded.pick([0, 0, 10, 30, 100])
  const whom = seeded.pick(['terminal', 'phone', 'both'] as const)
  world.backend.fateOf = ({ caller }): CallFate => {
    if (whom !== 'both' && caller !== whom) return 'answer'
    return seeded.below(100) < perCent ? seeded.pick(['refuse', 'lose-answer'] as const) : 'answer'
  }
}

function healed(): void {
  world.hooks.fateOf = () => 'deliver'
  world.backend.fateOf = () => 'answer'
  for (const kind of ['lose-answer', 'cut-on-answer', 'cut-on-request', 'duplicate'] as const) world.fault(kind, { count: 0 })
  world.customer().set({ network: true, worn: true, phoneReach: true, distance: PAYER.distanceM, unlocks: true })
}

/** One sale as a hurried cashier makes it: refusals are shrugged off. */
async function sell(seeded: Seeded): Promise<void> {
  const { till } = world
  await till.nextSale()
  const row = String.fromCharCode(65 + seeded.below(ROWS))
  if (seeded.below(2) === 0) await world.seats(`${row}${1 + seeded.below(SEATS)}`)
  await till.setProduct({ productId: 'popcorn', quantity: 1 + seeded.below(5) })
  if (seeded.below(5) === 0) {
    const started = await till.startCash()
    if (started.ok) await till.takeCash({ tenderedMinor: 100_000 })
    return
  }
  const [band] = world.state.bands
  if (band) await till.chargeBand({ sightingId: band.id })
}

/** Something that happens while a payment runs. */
async function disturb(seeded: Seeded): Promise<void> {
  const { till } = world
  switch (seeded.below(13)) {
    case 0:
      await till.cancelPayment()
      return
    case 1:
      await world.restart()
      return
    case 2:
      await world.cutPower()
      return
    case 3:
      world.dropLinks()
      return
    case 4:
      world.customer().set({ network: seeded.below(2) === 0, unlocks: true })
      return
    case 5:
      await Promise.all([sell(seeded), till.cancelPayment()])
      return
    case 6:
      badBackend(seeded)
      return
    case 7:
      await world.backend.stop()
      await aWhile(seeded)
      await world.backend.listen()
      return
    case 8:
      // The cashier has gone for a walk.
      world.clock.advance(seeded.pick([30_000, LONG_AWAY_MS]))
      return
    case 9:
      till.touched()
      return
    case 10:
      await world.cutPower()
      await aWhile(seeded)
      await world.till.finishInterrupted()
      return
    case 11:
      await world.cutPower()
      await aWhile(seeded)
      await Promise.all([world.till.undoInterrupted(), world.till.finishInterrupted()])
      return
    default:
      await till.clearCart()
  }
}

async function schedule(seeded: Seeded): Promise<void> {
  run(BAD_TIMES_STEP_MS)
  badAir(seeded)
  badBackend(seeded)
  for (let sale = 1 + seeded.below(SALES_MAX); sale > 0; sale -= 1) {
    await sell(seeded)
    await aWhile(seeded)
    if (seeded.below(3) > 0) await disturb(seeded)
    await aWhile(seeded)
    expect(disagreementsOfTerminal(world.store)).toEqual([])
  }
}

function openAttempts(): readonly string[] {
  return world.store
    .all("SELECT request_id, state FROM attempts WHERE state IN ('prepared', 'sent', 'in-doubt')")
    .map((row) => `${String(row['request_id'])} ${String(row['state'])}`)
}

/** An interrupted sale as its cashier ends it: finished, undone, or left alone until the till does it. */
async function endInterrupted(seeded: Seeded): Promise<void> {
  const { till } = world
  await world.until(
    'the sale may be ended',
    () => till.state().interrupted?.canUndo !== false || till.state().interrupted?.canFinish === true,
  )
  const choice = seeded.below(3)
  if (choice === 0) await till.undoInterrupted()
  else if (choice === 1) await till.finishInterrupted()
}

/** Everything works again: what is open ends by itself, or the cashier takes the one way out. */
async function drain(seeded: Seeded): Promise<void> {
  healed()
  run(GOOD_TIMES_STEP_MS)
  if (seeded.below(4) === 0) await world.till.cancelPayment()
  const deadlineMs = performance.now() + HEALED_WITHIN_MS
  let lookMs = 0
  while (openAttempts().length > 0 || world.state.status.outbox.pending > 0) {
    if (performance.now() > deadlineMs) throw new Error(`not drained: ${openAttempts().join()}, payment ${JSON.stringify(world.payment)}`)
    await turn()
    if (performance.now() < lookMs) continue
    lookMs = performance.now() + 30
    const { payment } = world
    if (world.state.interrupted) await endInterrupted(seeded)
    if (payment?.tender === 'cash' && payment.state === 'prepared') await world.till.cancelPayment()
    // Nobody waits in a test for the next question, the end of a request, or the next try of the outbox.
    else world.clock.advance(5_000)
  }
}

test.each(SEEDS)(`seed %i: ${SCHEDULES} schedules, and both sides agree after each`, async (seed) => {
  const seeded = new Seeded(seed)
  world = await CounterWorld.open({ seats: { rows: ROWS, seats: SEATS } })
  const ends = new Map<string, number>()
  for (let index = 0; index < SCHEDULES; index += 1) {
    await schedule(seeded)
    await drain(seeded)
    expect(await world.disagreements(), `seed ${seed}, schedule ${index}`).toEqual([])
    await world.restart()
    await world.until('bands are heard again', () => world.state.bands.length > 0)
  }
  // A reversal and a receipt exclude each other, also where a yes came late, waited for its cashier, or found nobody.
  const refused = world.store.all("SELECT json_extract(entry_json, '$.request_id') AS id FROM journal WHERE kind = 'late-yes-refused'")
  for (const { id } of refused) expect(world.attemptState(id as RequestId)).toBe('reversed')
  expect(new Set(refused.map(({ id }) => id)).size).toBe(refused.length)
  for (const row of world.store.all('SELECT request_id AS id FROM attempts')) {
    const state = world.attemptState(row['id'] as RequestId)
    ends.set(state, (ends.get(state) ?? 0) + 1)
  }
  // Bad times, but not so bad that nothing was ever sold: the schedules above did try something.
  expect(ends.get('paid') ?? 0).toBeGreaterThan(0)
  expect(world.warnings.filter(({ message }) => message === 'bug')).toEqual([])
})
