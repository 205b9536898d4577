import { expect, test } from 'vitest'
import { awaitingVoids } from '#main/payments/returned-holds.ts'
import type { HoldId, RequestId, SeatId, ShowtimeId } from '#shared/domain/ids.ts'
import { FakeBackend } from '../cinema/fake-backend.ts'

const HOLD = 'a'.repeat(32) as HoldId
const OTHER = 'b'.repeat(32) as HoldId
const SEATS = { showtimeId: 'show-1' as ShowtimeId, seats: ['A1' as SeatId] }
const REQUEST = 'c'.repeat(32) as RequestId

/** A backend in front of which the void of HOLD is on its way; `arrives`: the wait for the outbox gets it there. */
function counter(arrives: boolean) {
  const behind = new FakeBackend(0)
  const calls: string[] = []
  let isComing = true
  const backend = awaitingVoids(behind, {
    isComing: (holdId) => holdId === HOLD && isComing,
    flushOutbox: async () => {
      calls.push('flush')
      isComing = !arrives
    },
  })
  return { backend, calls, behind }
}

const CALLS = ['put', 'pin', 'delete'] as const
async function call(backend: ReturnType<typeof counter>['backend'], what: (typeof CALLS)[number], holdId: HoldId) {
  if (what === 'put') return backend.putHold({ holdId, ...SEATS })
  return what === 'pin' ? backend.pinHold(holdId, REQUEST) : backend.deleteHold(holdId)
}

test.each(CALLS)('%s of a hold that is to come waits for its void, and is offline while that is not heard', async (what) => {
  const { backend, calls } = counter(false)
  expect(await call(backend, what, HOLD)).toMatchObject({ ok: false, error: { code: 'offline' } })
  expect(calls).toEqual(['flush'])
})

test.each(CALLS)('%s of a hold whose void has arrived goes on, once', async (what) => {
  const { backend, calls, behind } = counter(true)
  const answer = await call(backend, what, HOLD)
  expect(answer).toEqual(await call(behind, what, HOLD))
  expect(calls).toEqual(['flush'])
  await call(backend, what, HOLD)
  expect(calls).toEqual(['flush'])
})

test.each(CALLS)('%s of any other hold waits for nothing', async (what) => {
  const { backend, calls, behind } = counter(false)
  expect(await call(backend, what, OTHER)).toEqual(await call(behind, what, OTHER))
  expect(calls).toEqual([])
})
