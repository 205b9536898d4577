/** A session with a band that goes wrong on our side: the radio has one connection, and it is free again. */
import { expect, test } from 'vitest'
import { BandSessions } from '#main/payments/band-session.ts'
import type { BandLink, Radio } from '#main/ports.ts'
import type { RequestId } from '#shared/domain/ids.ts'
import { ok } from '#shared/result.ts'
import { ManualClock } from '#test/support/manual-clock.ts'

test('a bug in the middle of a session hangs up, and the next session has its turn', async () => {
  const clock = new ManualClock()
  let closed = 0
  const link = {
    receive: async () => Promise.reject(new Error('a bug')),
    close: async () => {
      closed += 1
      return Promise.resolve()
    },
  } as unknown as BandLink
  const radio = { connect: async () => Promise.resolve(ok(link)) } as unknown as Radio
  const nowS = Math.floor(clock.nowMs() / 1_000)
  const standing = () =>
    ({ certificate: { from: nowS, until: nowS + 60 } }) as ReturnType<ConstructorParameters<typeof BandSessions>[0]['standing']>
  const sessions = new BandSessions({ radio, clock, standing, isClockOff: () => false, isRevoked: () => false })
  const run = async () =>
    sessions.run({
      address: 'aa:bb',
      requestId: 'a'.repeat(32) as RequestId,
      statementFor: async () => Promise.resolve(new Uint8Array()),
      persist: () => ok(),
      expiresMonotonicMs: () => clock.monotonicMs() + 1_000,
      onStage: () => {},
      cancelled: new Promise<void>(() => {}),
    })
  await expect(run()).rejects.toThrow('a bug')
  await expect(run()).rejects.toThrow('a bug')
  expect(closed).toBe(2)
})
