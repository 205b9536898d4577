/** Records that were copied back, before the backend has told what the lost file did: nothing of an earlier run is ended on a guess. */
import { copyFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { UNATTENDED_AFTER_MS, UNDO_RETRY_MS } from '#main/payments/unattended.ts'
import type { RequestId } from '#shared/domain/ids.ts'
import { type CounterWorld, demand, POPCORN_PRICE } from '#test/support/counter-world.ts'
import {
  backUp,
  chargeAndLose,
  copiedInDoubtAndPaid,
  healRadio,
  openMarked,
  putBack,
  receiptsOf,
  recovered,
  sellForCash,
  startAgain,
  taken,
} from './restoring.ts'

const MINUTE_MS = UNATTENDED_AFTER_MS + 2 * UNDO_RETRY_MS

let world: CounterWorld
afterEach(async () => world.close())

/** A sale was in doubt when the copy was taken; the file that was lost has paid it since, and sent the receipt. */
async function paidInLostFile(): Promise<RequestId> {
  world = await openMarked()
  await sellForCash(world)
  await world.synced()
  return copiedInDoubtAndPaid(world)
}

async function foundPaid(requestId: RequestId): Promise<void> {
  world.clock.advance(20_000)
  await recovered(world)
  expect(world.attemptState(requestId)).toBe('paid')
  expect(receiptsOf(world)).toEqual([`A-1 ${POPCORN_PRICE}`, `A-2 ${POPCORN_PRICE}`])
  expect((await world.authorizations()).get(requestId)?.state).toBe('captured')
  expect(await world.disagreements()).toEqual([])
}

test.each(['kept', 'lost'] as const)(
  'started twice without the backend, and nobody there, mark %s: the sale waits for what comes back',
  async (mark) => {
    const requestId = await paidInLostFile()
    await putBack(world, { mark })
    await world.backend.stop()
    await startAgain(world)
    await world.restart()
    await world.until('the backend is known to be away', () => world.state.status.backend.state === 'offline')
    world.clock.advance(MINUTE_MS)
    await world.until('a minute has passed', () => world.state.interrupted !== undefined)
    world.clock.advance(MINUTE_MS)
    await world.until('and another', () => world.state.interrupted?.charged === 'unknown')
    expect(world.attemptState(requestId)).toBe('in-doubt')
    await world.backend.listen()
    await foundPaid(requestId)
  },
)

test('undo and cancel wait until it is known what the lost file did', async () => {
  const requestId = await paidInLostFile()
  await putBack(world)
  await world.backend.stop()
  await startAgain(world)
  expect(world.state.interrupted).toMatchObject({ canFinish: false, canUndo: false })
  expect(await world.till.undoInterrupted()).toEqual({ ok: false, error: { code: 'backend-offline' } })
  expect(await world.till.cancelPayment()).toEqual({ ok: false, error: { code: 'backend-offline' } })
  expect(world.attemptState(requestId)).toBe('in-doubt')
  await world.backend.listen()
  await foundPaid(requestId)
})

/** A copy of the file, taken when the attempt was written and nothing of it had been sent. */
function copyAtOffer(): void {
  const file = join(world.folder, 'terminal.sqlite')
  world.hooks.onReceive = ({ kind }) => {
    if (kind !== 'offer') return
    for (const suffix of ['', '-wal']) copyFileSync(`${file}${suffix}`, `${file}.copy${suffix}`)
    world.hooks.onReceive = () => {}
  }
}

async function startFromCopy(): Promise<void> {
  const file = join(world.folder, 'terminal.sqlite')
  await world.stop()
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true })
  for (const suffix of ['', '-wal']) copyFileSync(`${file}.copy${suffix}`, `${file}${suffix}`)
  await startAgain(world)
}

test.each([false, true])(
  'a copy from just before the request left, paid since, seats %s: shown as charged, and charged once',
  async (hasSeats) => {
    world = await openMarked()
    await sellForCash(world)
    await world.synced()
    await world.popcorn()
    if (hasSeats) demand(await world.seats('A1'))
    copyAtOffer()
    const requestId = await world.charge()
    expect(await world.settled(requestId)).toBe('paid')
    await world.synced()
    const before = await taken(world)
    await startFromCopy()
    await recovered(world)
    expect(world.attemptState(requestId)).toBe('paid')
    expect(world.state.interrupted).toMatchObject({ charged: 'yes' })
    expect(world.state.cart.lines).toEqual([])
    expect(await taken(world)).toBe(before)
    expect(await world.disagreements()).toEqual([])
  },
)

test('a copy from just before the request left, approved and never settled: a manager ends it', async () => {
  world = await openMarked()
  await sellForCash(world)
  await world.synced()
  await world.popcorn()
  copyAtOffer()
  const requestId = await chargeAndLose(world)
  healRadio(world)
  await startFromCopy()
  await recovered(world)
  await world.until('the attempt is given up', () => world.attemptState(requestId) === 'not-asked')
  expect(world.till.recovery().unknownYeses).toMatchObject([{ requestId, state: 'waiting' }])
  expect((await world.authorizations()).get(requestId)?.state).toBe('held')
})

test('a sale voided in the lost file is not voided again from the copy', async () => {
  world = await openMarked()
  await world.popcorn()
  const requestId = await world.charge()
  expect(await world.settled(requestId)).toBe('paid')
  const { lastReceiptId } = world.state
  if (!lastReceiptId) throw new Error('no receipt')
  demand(await world.till.nextSale())
  await world.synced()
  backUp(world)
  demand(await world.till.voidSale({ receiptId: lastReceiptId }))
  demand(await world.till.clearCart())
  await world.synced()
  await putBack(world)
  await world.backend.stop()
  await startAgain(world)
  expect(await world.till.voidSale({ receiptId: lastReceiptId })).toEqual({ ok: false, error: { code: 'backend-offline' } })
  await world.backend.listen()
  world.clock.advance(20_000)
  await recovered(world)
  expect(await world.till.voidSale({ receiptId: lastReceiptId })).toEqual({ ok: false, error: { code: 'not-voidable' } })
  expect(receiptsOf(world)).toEqual([`A-1 ${POPCORN_PRICE}`, `A-2 -${POPCORN_PRICE}`])
  expect(await taken(world)).toBe(0)
  expect(await world.disagreements()).toEqual([])
})
