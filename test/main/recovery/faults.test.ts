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

test.for(['kept', 'lost'] as const)('the disk is full from the nth write of the start on, mark %s', async (mark) => {
  await putBackFresh(mark)
  let isThrough = false
  for (let write = 1; !isThrough; write += 1) {
    expect(write).toBeLessThan(30)
    const made = await world.create({ isFull: (number) => number >= write })
    if (made.ok) {
      made.value.start()
      // It has come as far as it can: settled, or refused by the disk and waiting to try again.
      const tried = world.backend.calls.length
      await until('it has asked', () => world.backend.calls.slice(tried).some(({ path }) => path.startsWith('/v1/recovery')))
      isThrough = await settlesWithin(made.value)
    }
    await world.stop()
  }
  await world.start()
  await endsWell('B')
})

/** True when nothing of the recovery met the full disk: what is left is only what an outbox marks. */
async function settlesWithin(terminal: { readonly till: CounterWorld['till'] }): Promise<boolean> {
  const { store } = world
  const asked = () => world.backend.calls.filter(({ path }) => path.startsWith('/v1/recovery/authorizations')).length
  const before = asked()
  const refused = () => store.writes
  const writes = refused()
  for (let turn = 0; turn < 200 && asked() === before; turn += 1) await new Promise((resolve) => setImmediate(resolve))
  for (let turn = 0; turn < 200; turn += 1) await new Promise((resolve) => setImmediate(resolve))
  return asked() > before && terminal.till.recovery().unknownYeses.length === 1 && refused() >= writes
}

test.for(['kept', 'lost'] as const)('the answer to each call of the recovery is lost once, mark %s', async (mark) => {
  await putBackFresh(mark)
  for (const path of ['/v1/recovery/standing', '/v1/recovery/receipts', '/v1/recovery/authorizations']) {
    let lost = 0
    world.backend.fateOf = (call) => {
      if (!call.path.startsWith(path) || lost > 0) return 'answer'
      lost += 1
      return 'lose-answer'
    }
    await world.start()
    await until(`${path} was lost`, () => lost === 1 || world.state.status.backend.state === 'online')
    await world.stop()
  }
  world.backend.fateOf = () => 'answer'
  await world.start()
  await endsWell('B')
})

test('nothing is sent before everything is answered', async () => {
  await putBackFresh('lost')
  world.backend.fateOf = ({ path }) => (path.startsWith('/v1/recovery/authorizations') ? 'refuse' : 'answer')
  await world.start()
  const before = world.backend.calls.length
  await sellForCash(world)
  await until('it has asked twice', () => {
    world.clock.advance(5_000)
    return world.backend.calls.slice(before).filter(({ path }) => path.startsWith('/v1/recovery/authorizations')).length >= 2
  })
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
  // The mark still speaks of the lost file: each start takes this one for a copy, and opens the next series. Numbers never repeat.
  await world.restart()
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
  await world.start()
  const series = String(world.store.get("SELECT value FROM settings WHERE key = 'series'")?.['value'])
  expect(['B', 'C']).toContain(series)
  await endsWell(series)
})
