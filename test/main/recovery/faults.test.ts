/** Restores that are cut off: at every write, at every answer, with a mark that cannot be written. Each ends as if nothing had happened. */
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createMarkFile } from '#main/hosting/mark-file.ts'
import { type CounterWorld, demand, POPCORN_PRICE } from '#test/support/counter-world.ts'
import { signInManager } from '#test/support/staff.ts'
import { until } from '#test/support/until.ts'
import {
  backUp,
  chargeAndLose,
  healRadio,
  openMarked,
  problemsOf,
  putBack,
  receiptsOf,
  recovered,
  sellForCash,
  sellToBand,
  startAgain,
} from './restoring.ts'

let world: CounterWorld

/** A backup; two sales after it; a third that was approved and never heard of; the till is lost, and the copy lies ready. */
beforeEach(async () => {
  world = await openMarked()
  await sellForCash(world)
  await world.synced()
  backUp(world)
  await sellToBand(world)
  await sellForCash(world, 2)
  await world.synced()
  await world.popcorn()
  await chargeAndLose(world)
  await world.stop()
  copyFileSync(join(world.folder, 'records-mark.json'), join(world.folder, 'mark-at-loss'))
  healRadio(world)
})
afterEach(async () => world.close())

async function putBackFresh(mark: 'kept' | 'lost'): Promise<void> {
  copyFileSync(join(world.folder, 'mark-at-loss'), join(world.folder, 'records-mark.json'))
  await putBack(world, { mark })
}

async function endsWell(seriesNow: string): Promise<void> {
  await recovered(world)
  expect(world.store.get("SELECT value FROM settings WHERE key = 'series'")?.['value']).toBe(seriesNow)
  expect(receiptsOf(world).filter((receipt) => receipt.startsWith('A'))).toEqual([
    `A-1 ${POPCORN_PRICE}`,
    `A-2 ${POPCORN_PRICE}`,
    `A-3 ${2 * POPCORN_PRICE}`,
  ])
  await signInManager(world.till)
  const [yes, ...more] = world.till.recovery().unknownYeses
  expect(more).toEqual([])
  if (yes?.state === 'waiting') demand(await world.till.endUnknownYes({ authorizationId: yes.authorizationId, how: 'reverse' }))
  expect(yes).toBeDefined()
  expect(await world.disagreements()).toEqual([])
  expect(problemsOf(world)).toEqual([])
}

/** More writes than a start makes until everything is answered and sent. */
const WRITES_OF_A_START = 14

test.for(['kept', 'lost'] as const)('the disk is full from the nth write of the start on, mark %s', async (mark) => {
  await putBackFresh(mark)
  const refusedAt: number[] = []
  for (let write = 1; write <= WRITES_OF_A_START; write += 1) {
    const made = await world.create({ isFull: (number) => number >= write })
    if (!made.ok) {
      expect(made.error.code).toBe('storage-failed')
      refusedAt.push(write)
      continue
    }
    made.value.start()
    await until('the disk was full, or all is asked and sent', () => world.store.writes >= write || isDone())
    await world.stop()
  }
  // Until the copy has been opened as one, nothing is sold from it.
  if (mark === 'kept') expect(refusedAt).toEqual([1])
  await startAgain(world)
  await endsWell('B')
})

function isDone(): boolean {
  return world.till.recovery().unknownYeses.length > 0 && world.state.status.outbox.pending === 0
}

/** Batches of the outbox that reached the backend since the copy was put back. */
let sentBefore = 0
const batchesSent = () => world.backend.calls.slice(sentBefore).filter(({ path }) => path === '/v1/outbox')

test.for(['kept', 'lost'] as const)('the answer to each call of the recovery is lost once, mark %s', async (mark) => {
  await putBackFresh(mark)
  sentBefore = world.backend.calls.length
  for (const path of ['/v1/recovery/standing', '/v1/recovery/receipts', '/v1/recovery/authorizations']) {
    let lost = 0
    world.backend.fateOf = (call) => {
      if (!call.path.startsWith(path) || lost > 0) return 'answer'
      lost += 1
      return 'lose-answer'
    }
    await world.start()
    await until(`${path} was lost`, () => lost === 1)
    expect(batchesSent()).toEqual([])
    await world.stop()
  }
  world.backend.fateOf = () => 'answer'
  await startAgain(world)
  await endsWell('B')
})

test('nothing is sent before everything is answered, and old numbers are not used while it is unknown whose they are', async () => {
  await putBackFresh('lost')
  world.backend.fateOf = ({ path }) => (path.startsWith('/v1/recovery/authorizations') ? 'refuse' : 'answer')
  const before = world.backend.calls.length
  await world.start()
  await sellForCash(world)
  expect(receiptsOf(world)).toContain(`B-1 ${POPCORN_PRICE}`)
  const asks = () => world.backend.calls.slice(before).filter(({ path }) => path.startsWith('/v1/recovery/authorizations')).length
  await until('it has asked', () => asks() >= 1)
  world.clock.advance(5_000)
  await until('it has asked again', () => asks() >= 2)
  expect(world.backend.calls.slice(before).filter(({ path }) => path === '/v1/outbox')).toEqual([])
  world.backend.fateOf = () => 'answer'
  world.clock.advance(5_000)
  await endsWell('B')
})

test('a mark that can never be written: the backend alone tells', async () => {
  const marks = createMarkFile(world.folder)
  await putBackFresh('kept')
  world.hooks.marks = () => ({ read: () => marks.read(), write: () => false })
  await world.start()
  await recovered(world)
  expect(marks.read()?.series).toBe('A')
  // The mark still speaks of the lost file: each start takes this one for a copy, and opens the next series. Numbers never repeat.
  await world.stop()
  await startAgain(world)
  await endsWell('C')
})

test.for([1, 2, 3, 4] as const)('the mark cannot be written any more from the nth time on: %i', async (nth) => {
  await putBackFresh('kept')
  const marks = createMarkFile(world.folder)
  let writes = 0
  world.hooks.marks = () => ({
    read: () => marks.read(),
    write(mark) {
      writes += 1
      return writes < nth && marks.write(mark)
    },
  })
  await world.start()
  await recovered(world)
  await world.stop()
  world.hooks.marks = () => marks
  await startAgain(world)
  const series = String(world.store.get("SELECT value FROM settings WHERE key = 'series'")?.['value'])
  expect(['B', 'C']).toContain(series)
  await endsWell(series)
})
