import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '#test/support/until.ts'
import { type PracticeProcesses, startPractice } from './support/processes.ts'
import { RealTill } from './support/real-till.ts'

/** A stop is asked for, and this much later it is over, machine load included. */
const STOP_WITHIN_MS = 1_000

let practice: PracticeProcesses
let till: RealTill

beforeAll(async () => {
  practice = await startPractice()
  till = await RealTill.enrol(practice)
})
afterAll(async () => {
  await till?.stop()
  await practice?.stop()
})

async function addressOf(id: string): Promise<string> {
  const found = (await practice.customers()).find((customer) => customer.id === id)
  return found?.address ?? ''
}

async function charge(id: string, amount = 5_800): Promise<string> {
  const charged = await till.charge(await addressOf(id), amount)
  await charged.link.close()
  return charged.ended
}

test('the rich customer is nearest by more than 10 dB, and pays in seven ATT requests', async () => {
  const rich = await addressOf('rich')
  await until('everyone in range is heard', () => till.sightings.size >= 9)
  const others = [...till.sightings.values()].filter(({ address }) => address !== rich)
  const nearest = Math.max(...others.map(({ rssi }) => rssi))
  expect((till.sightings.get(rich)?.rssi ?? -100) - nearest).toBeGreaterThan(10)
  const charged = await till.charge(rich, 12_800)
  expect(charged).toMatchObject({ ended: 'authorization', attRequests: 7 })
  await charged.link.close()
})

test.for([
  ['broke', 'decline'],
  ['frozen', 'decline'],
  ['twin-b', 'authorization'],
  ['confirmer', 'authorization'],
  ['far-away', 'authorization'],
  ['off-wrist', 'not-worn'],
  ['phone-away', 'phone-not-linked'],
] as const)('%s: %s', async ([id, ended]) => {
  expect(await charge(id)).toBe(ended)
})

test('a customer is steered: band off, band on, band on without an unlock, no network, frozen and thawed', async () => {
  await practice.tell({ type: 'set', customer: 'twin-a', worn: false })
  expect(await charge('twin-a')).toBe('not-worn')
  await practice.tell({ type: 'set', customer: 'twin-a', worn: true })
  expect(await charge('twin-a')).toBe('authorization')
  await practice.tell({ type: 'set', customer: 'twin-a', network: false })
  expect(await charge('twin-a')).toBe('refusal')
  await practice.tell({ type: 'set', customer: 'twin-a', network: true })
  await practice.tell({ type: 'freeze', customer: 'twin-a' })
  expect(await charge('twin-a')).toBe('decline')
  await practice.tell({ type: 'freeze', customer: 'twin-a', frozen: false })
  expect(await charge('twin-a')).toBe('authorization')
})

test('an answer lost in the air: the query over the band brings it', async () => {
  await practice.tell({ type: 'fault', customer: 'twin-b', fault: 'cut-on-answer' })
  const address = await addressOf('twin-b')
  const charged = await till.charge(address, 3_000)
  await charged.link.close()
  expect(charged.ended).toBe('link-lost')
  expect(await till.query(address, charged.requestId, charged.digest ?? new Uint8Array())).toBe('authorization')
})

test('a request lost in the air was never seen, and stays that way after the world was killed', async () => {
  await practice.tell({ type: 'fault', customer: 'twin-b', fault: 'cut-on-request' })
  const charged = await till.charge(await addressOf('twin-b'), 3_000)
  await charged.link.close()
  const digest = charged.digest ?? new Uint8Array(32)
  expect(await till.query(await addressOf('twin-b'), charged.requestId, digest)).toBe('never-seen')
  await practice.restartWorld('SIGKILL')
  expect(await till.query(await addressOf('twin-b'), charged.requestId, digest)).toBe('never-seen')
  const again = await till.charge(await addressOf('twin-b'), 3_000, { requestId: charged.requestId })
  await again.link.close()
  expect(again.ended).toBe('refusal')
  // The same people with the same keys, further on: proofs made after the kill are still accepted.
  expect(await charge('rich')).toBe('authorization')
})

test('a message that is none is refused and changes nothing', async () => {
  const before = await practice.customers()
  const from = practice.world.messages.length
  for (const message of [null, 'set', {}, { type: 'set', customer: 'nobody' }, { type: 'set', customer: 'rich', distance: -1 }]) {
    practice.world.child.send(message ?? { type: null })
  }
  await until(
    'each is refused',
    () => practice.world.messages.slice(from).filter((message) => JSON.stringify(message).includes('refused')).length === 5,
  )
  expect(await practice.customers()).toEqual(before)
})

test('SIGTERM ends the world with code 0, in time, and so does the loss of its supervisor', async () => {
  const asked = performance.now()
  expect(await practice.world.end('SIGTERM')).toBe(0)
  expect(performance.now() - asked).toBeLessThan(STOP_WITHIN_MS)
  await practice.restartWorld('SIGKILL')
  practice.world.child.disconnect()
  expect(await practice.world.exited).toBe(0)
})
