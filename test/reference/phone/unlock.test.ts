import { expect, test } from 'vitest'
import { FREE_TRIES, type PinRecord, Unlock, WAITS_S } from '#reference/phone/unlock.ts'
import { err, ok } from '#shared/result.ts'
import { ManualClock } from '#test/support/manual-clock.ts'

/** Few: the delays are looked at here, not how long a guess takes. */
const ROUNDS = 10
const PIN = '024680'

async function phone(options: { isOwner?: boolean } = {}) {
  const clock = new ManualClock()
  const disk: { kept: PinRecord | undefined; isFull: boolean } = { kept: undefined, isFull: false }
  const start = () =>
    new Unlock({
      clock,
      rounds: ROUNDS,
      kept: disk.kept,
      store: {
        savePin: async (record) => {
          if (disk.isFull) return err('storage-failed')
          disk.kept = record
          return ok()
        },
      },
      ...(options.isOwner === undefined ? {} : { biometrics: { recognise: async () => options.isOwner === true } }),
    })
  const unlock = start()
  expect((await unlock.setPin(PIN)).ok).toBe(true)
  return { clock, disk, unlock, start }
}

test('the right PIN unlocks, a wrong one does not, and the PIN is nowhere on the disk', async () => {
  const { unlock, disk } = await phone()
  expect(await unlock.withPin(PIN)).toEqual({ ok: true, value: undefined })
  expect(await unlock.withPin('024681')).toEqual({ ok: false, error: { code: 'wrong-pin', waitMs: 0 } })
  expect(JSON.stringify(disk.kept)).not.toContain(PIN)
})

test('after three wrong tries each next one waits longer, over a restart, and never longer than the longest', async () => {
  const { unlock, clock, start } = await phone()
  const waits: number[] = []
  let device = unlock
  for (let wrong = 0; wrong < FREE_TRIES + WAITS_S.length + 2; wrong += 1) {
    const tried = await device.withPin('111111')
    if (tried.ok || tried.error.code !== 'wrong-pin') throw new Error(JSON.stringify(tried))
    waits.push(tried.error.waitMs / 1_000)
    // Pulling the battery gives nobody another try.
    device = start()
    if (tried.error.waitMs > 0)
      expect(await device.withPin(PIN)).toEqual({ ok: false, error: { code: 'wait', waitMs: tried.error.waitMs } })
    await clock.advance(tried.error.waitMs)
  }
  const longest = WAITS_S.at(-1)
  expect(waits).toEqual([0, 0, ...WAITS_S, longest, longest, longest])
  expect((await device.withPin(PIN)).ok).toBe(true)
  expect(await device.withPin('111111')).toEqual({ ok: false, error: { code: 'wrong-pin', waitMs: 0 } })
})

test('a hundred tries at once are a hundred tries', async () => {
  const { unlock } = await phone()
  const tries = await Promise.all(Array.from({ length: 100 }, async (_, index) => unlock.withPin(String(100_000 + index))))
  const judged = tries.filter((tried) => !tried.ok && tried.error.code === 'wrong-pin')
  expect(judged).toHaveLength(FREE_TRIES)
})

test('a try that cannot be counted is not judged', async () => {
  const { unlock, disk } = await phone()
  disk.isFull = true
  expect(await unlock.withPin(PIN)).toEqual({ ok: false, error: { code: 'storage-failed' } })
})

test('a new PIN asks for the old one; four digits are none', async () => {
  const { unlock } = await phone()
  expect(await unlock.setPin('999999')).toMatchObject({ ok: false })
  expect(await unlock.setPin('999999', PIN)).toEqual({ ok: true, value: undefined })
  expect((await unlock.withPin('999999')).ok).toBe(true)
  expect(await unlock.setPin('1234', '999999')).toEqual({ ok: false, error: { code: 'not-a-pin' } })
})

test('biometrics unlock for the owner; a phone that has none, or another face, does not', async () => {
  expect((await (await phone({ isOwner: true })).unlock.withBiometrics()).ok).toBe(true)
  expect((await (await phone({ isOwner: false })).unlock.withBiometrics()).ok).toBe(false)
  expect((await (await phone()).unlock.withBiometrics()).ok).toBe(false)
})
