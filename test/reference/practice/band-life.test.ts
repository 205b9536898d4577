/** A band's life besides paying, through the drawer's own line to a real world and a real backend. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { systemClock } from '#main/hosting/system-clock.ts'
import { createPracticeClient, type PracticeDesk } from '#main/practice/practice-client.ts'
import type { CustomerView, PracticeCommand } from '#shared/contracts/practice-desk.ts'
import { type PracticeProcesses, startPractice } from './support/processes.ts'
import { RealTill } from './support/real-till.ts'

const WHO = 'twin-a'
const DEADLINE_MS = 50_000

let practice: PracticeProcesses
let till: RealTill
let drawer: PracticeDesk

beforeAll(async () => {
  practice = await startPractice()
  till = await RealTill.enrol(practice)
  drawer = createPracticeClient({ where: { path: practice.desk }, clock: systemClock(0) })
})
afterEach(async () => {
  await steer({ type: 'back-to-normal', customer: WHO })
})
afterAll(async () => {
  drawer?.close()
  await till?.stop()
  await practice?.stop()
})

async function steer(command: PracticeCommand): Promise<void> {
  expect(await drawer.steer(command)).toEqual({ ok: true, value: undefined })
}

async function seen(id = WHO): Promise<CustomerView> {
  const view = await drawer.view()
  const found = view.ok ? view.value.customers.find((one) => one.id === id) : undefined
  if (!found) throw new Error(`no customer ${id}`)
  return found
}

/** Looks at the customer until it is so: every look is a question to the world. */
async function until(what: string, isSo: (customer: CustomerView) => boolean, id = WHO): Promise<void> {
  const deadlineMs = performance.now() + DEADLINE_MS
  while (!isSo(await seen(id))) if (performance.now() > deadlineMs) throw new Error(`never came true: ${what}`)
}

/** Charges once the band has an offer: one whose phone has only just come back says that it is busy. */
async function chargeReady(id = WHO): Promise<string> {
  await until('it has an offer', ({ offers }) => offers > 0, id)
  return charge(id)
}

async function charge(id = WHO): Promise<string> {
  const address = (await practice.customers()).find((one) => one.id === id)?.address ?? ''
  const charged = await till.charge(address, 5_800)
  await charged.link.close()
  return charged.ended
}

test('a band that was taken pays nothing and binds to nobody, also after a reset, and its owner is told', async () => {
  await steer({ type: 'steal', customer: WHO })
  expect(await seen()).toMatchObject({ worn: false, phoneReach: false, life: { hands: 'thief', lock: 'bound', told: [] } })
  expect(await charge()).toBe('not-worn')
  await until('the thief wears it', ({ worn }) => worn)
  expect(await charge()).toBe('not-armed')
  for (const resets of [0, 1]) {
    if (resets > 0) await steer({ type: 'reset-band', customer: WHO })
    await steer({ type: 'try-pairing', customer: WHO })
    const { life, lastEvent } = await seen()
    expect({ life, lastEvent }).toMatchObject({
      life: { lock: 'bound', tried: { byBand: 'refused', byBackend: 'refused' } },
      lastEvent: 'pairing-refused',
    })
    expect(life.told.filter(({ kind }) => kind === 'pairing-refused')).toHaveLength(resets + 1)
  }
  await steer({ type: 'back-to-normal', customer: WHO })
  expect(await seen()).toMatchObject({ armed: true, phoneReach: true, life: { hands: 'owner', lock: 'bound', told: [] } })
  expect(await chargeReady()).toBe('authorization')
})

test('a thief who has the phone as well cannot unlock it, and the band stays locked on the thief’s wrist', async () => {
  await steer({ type: 'steal', customer: WHO, withPhone: true })
  await until('the thief wears it', ({ worn }) => worn)
  expect(await seen()).toMatchObject({ armed: false, phoneReach: true, life: { hands: 'thief-with-phone' } })
  expect(await charge()).toBe('not-armed')
  expect(await drawer.steer({ type: 'unlock-phone', customer: WHO })).toMatchObject({ error: { subject: 'not-the-owner' } })
  expect(await drawer.steer({ type: 'pair', customer: WHO })).toMatchObject({ error: { subject: 'cannot-pair' } })
})

test('the owner freezes from another device while the phone has no network, and the next payment is declined', async () => {
  expect(await chargeReady()).toBe('authorization')
  await steer({ type: 'set', customer: WHO, network: false })
  await steer({ type: 'freeze', customer: WHO })
  await steer({ type: 'set', customer: WHO, network: true })
  const frozenMs = performance.now()
  expect(await chargeReady()).toBe('decline')
  expect(performance.now() - frozenMs).toBeLessThan(2_000)
  await steer({ type: 'freeze', customer: WHO, frozen: false })
  expect(await chargeReady()).toBe('authorization')
})

test('whom the operator froze the operator lets go on, and back to normal freezes them again', async () => {
  await steer({ type: 'freeze', customer: 'frozen', frozen: false })
  expect(await chargeReady('frozen')).toBe('authorization')
  await steer({ type: 'back-to-normal', customer: 'frozen' })
  expect(await chargeReady('frozen')).toBe('decline')
})

test('let go by its owner a band says nothing to anybody; bound anew by the right count of knocks it pays again', async () => {
  await steer({ type: 'release', customer: WHO })
  expect(await seen()).toMatchObject({ offers: 0, life: { lock: 'released', releaseWaits: false, told: [{ kind: 'band-released' }] } })
  expect((await practice.customers()).find(({ id }) => id === WHO)?.address).toBe('')
  expect(await drawer.steer({ type: 'release', customer: WHO })).toMatchObject({ error: { subject: 'cannot-release' } })

  await steer({ type: 'pair', customer: WHO })
  const first = (await seen()).life.knocks ?? 0
  expect([2, 3, 4]).toContain(first)
  await steer({ type: 'knock', customer: WHO, count: first + 1 })
  await until('the wrong count is refused', ({ lastEvent }) => lastEvent === 'pairing-failed')
  expect((await seen()).life).toEqual({
    lock: 'released',
    releaseWaits: false,
    hands: 'owner',
    told: [{ kind: 'band-released', at: expect.any(String) as string }],
  })

  await steer({ type: 'pair', customer: WHO })
  await steer({ type: 'knock', customer: WHO, count: (await seen()).life.knocks ?? 0 })
  await until('it is bound', ({ life }) => life.lock === 'bound' && life.knocks === undefined)
  await until('it is armed and has offers', ({ armed, offers }) => armed && offers > 0)
  expect(await chargeReady()).toBe('authorization')
})

test('a band that is let go while a thief has it hears of it when the phone is back', async () => {
  await steer({ type: 'steal', customer: WHO })
  await steer({ type: 'release', customer: WHO })
  expect((await seen()).life).toMatchObject({ lock: 'bound', releaseWaits: true })
  await steer({ type: 'try-pairing', customer: WHO })
  expect((await seen()).life.tried).toEqual({ byBand: 'refused', byBackend: 'not-asked' })
  await steer({ type: 'set', customer: WHO, phoneReach: true })
  expect((await seen()).life).toMatchObject({ lock: 'released', releaseWaits: false })
  await steer({ type: 'back-to-normal', customer: WHO })
  expect(await seen()).toMatchObject({ armed: true, life: { lock: 'bound', hands: 'owner' } })
  expect(await chargeReady()).toBe('authorization')
})

test('a world that is killed with a band let go binds it again at its next start, and its owner keeps the passkey', async () => {
  await steer({ type: 'release', customer: WHO })
  await practice.restartWorld('SIGKILL')
  await drawer.view()
  expect((await seen()).life).toMatchObject({ lock: 'bound' })
  expect(await chargeReady()).toBe('authorization')
  await steer({ type: 'freeze', customer: WHO })
  expect(await chargeReady()).toBe('decline')
})
