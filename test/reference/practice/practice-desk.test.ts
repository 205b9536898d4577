import { statSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '#main/hosting/system-clock.ts'
import { createPracticeClient, type PracticeDesk, type PracticeRefusal } from '#main/practice/practice-client.ts'
import { encodeReceipt } from '#main/printing/receipt-escpos.ts'
import { CUSTOMERS } from '#reference/practice/customers.ts'
import type { CustomerView, PracticeView } from '#shared/contracts/practice-desk.ts'
import type { Result } from '#shared/result.ts'
import { bandPayment, sampleReceipt, yuan } from '#test/main/printing/sample-receipts.ts'
import { until } from '#test/support/until.ts'
import { printRaw } from './support/print-raw.ts'
import { type PracticeProcesses, startPractice } from './support/processes.ts'
import { RealTill } from './support/real-till.ts'

let practice: PracticeProcesses
let till: RealTill
let drawer: PracticeDesk

beforeAll(async () => {
  practice = await startPractice()
  till = await RealTill.enrol(practice)
  drawer = createPracticeClient({ where: { path: practice.desk }, clock: systemClock(0) })
})
afterAll(async () => {
  drawer?.close()
  await till?.stop()
  await practice?.stop()
})

function given<T>(result: Result<T, PracticeRefusal>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.error))
  return result.value
}
const view = async (): Promise<PracticeView> => given(await drawer.view())
async function customer(id: string): Promise<CustomerView> {
  const found = (await view()).customers.find((one) => one.id === id)
  if (!found) throw new Error(`no customer ${id}`)
  return found
}
async function charge(id: string, amount = 5_800): Promise<string> {
  const address = (await practice.customers()).find((one) => one.id === id)?.address ?? ''
  const charged = await till.charge(address, amount)
  await charged.link.close()
  return charged.ended
}

test('the drawer sees everybody and a printer that is ready', async () => {
  const seen = await view()
  expect(seen.customers.map(({ id }) => id)).toEqual(CUSTOMERS.map(({ id }) => id))
  expect(seen.customers[0]).toMatchObject({ id: 'rich', displayName: 'Golden Carp', distance: 0.3, worn: true, network: true, faults: {} })
  expect(seen.printer).toEqual({ paper: true, online: true, papers: [] })
})

test('what the drawer does, the till feels: band off, phone lost, network cut, answer lost, frozen', async () => {
  given(await drawer.steer({ type: 'set', customer: 'twin-a', worn: false }))
  expect(await charge('twin-a')).toBe('not-worn')
  given(await drawer.steer({ type: 'set', customer: 'twin-a', worn: true, phoneReach: false }))
  expect(await charge('twin-a')).toBe('phone-not-linked')
  given(await drawer.steer({ type: 'set', customer: 'twin-a', phoneReach: true, network: false }))
  expect(await charge('twin-a')).toBe('refusal')
  given(await drawer.steer({ type: 'set', customer: 'twin-a', network: true }))
  given(await drawer.steer({ type: 'fault', customer: 'twin-a', fault: 'cut-on-answer', count: 2 }))
  expect((await customer('twin-a')).faults).toEqual({ 'cut-on-answer': 2 })
  expect(await charge('twin-a')).toBe('link-lost')
  expect((await customer('twin-a')).faults).toEqual({ 'cut-on-answer': 1 })
  given(await drawer.steer({ type: 'fault', customer: 'twin-a', fault: 'cut-on-answer', count: 0 }))
  expect((await customer('twin-a')).faults).toEqual({})
  given(await drawer.steer({ type: 'freeze', customer: 'twin-a' }))
  expect(await charge('twin-a')).toBe('decline')
  expect(await customer('twin-a')).toMatchObject({ frozen: true, lastEvent: 'declined' })
})

test('somebody who walks away is seen there, and one who leaves hearing altogether ends the link', async () => {
  const rich = (await practice.customers()).find(({ id }) => id === 'rich')?.address ?? ''
  await until('the band is heard', () => till.sightings.has(rich))
  const link = await till.connect(rich)
  await link.receive(1_000)
  const waiting = link.receive(60_000)
  given(await drawer.steer({ type: 'set', customer: 'rich', distance: 2 }))
  expect(await customer('rich')).toMatchObject({ distance: 2 })
  given(await drawer.steer({ type: 'set', customer: 'rich', distance: 500 }))
  expect(await waiting).toEqual({ ok: false, error: 'link-lost' })
  given(await drawer.steer({ type: 'set', customer: 'rich', distance: 0.3 }))
})

test('what cannot be done is refused with what is the matter', async () => {
  given(await drawer.steer({ type: 'set', customer: 'off-wrist', worn: false }))
  expect(await drawer.steer({ type: 'unlock-phone', customer: 'off-wrist' })).toMatchObject({
    error: { code: 'practice-refused', subject: 'cannot-unlock' },
  })
  expect(await drawer.steer({ type: 'knock', customer: 'nobody', count: 1 })).toEqual({
    ok: false,
    error: { code: 'practice-refused', subject: 'customer-unknown' },
  })
})

test('a receipt comes out of the printer, once it has paper', async () => {
  const receipt = sampleReceipt({ practice: true, payments: [bandPayment(yuan(12_600), '小雨')] })
  const profile = { model: 'generic', columns: 32, encoding: 'gb18030', cut: true, drawerPulse: true } as const
  const { bytes } = await encodeReceipt(receipt, profile, { language: 'zh-CN' })
  given(await drawer.steer({ type: 'printer', paper: false }))
  await printRaw(practice.printer, bytes)
  expect((await view()).printer).toEqual({ paper: false, online: true, papers: [] })
  given(await drawer.steer({ type: 'printer', paper: true }))
  let seen = await view()
  while (seen.printer.papers.length === 0) seen = await view()
  const [paper] = seen.printer.papers
  expect(paper).toMatchObject({ cut: true, drawerOpened: false })
  for (const part of ['极光影城', '练习', 'A-000042', '小雨', '126.00']) expect(paper?.text).toContain(part)
  given(await drawer.steer({ type: 'printer', online: false }))
  await expect(printRaw(practice.printer, bytes)).rejects.toThrow(/ENOENT|ECONNREFUSED/)
  given(await drawer.steer({ type: 'printer', online: true }))
  await printRaw(practice.printer, bytes)
})

test('after the world was killed and started again the drawer works as before', async () => {
  if (process.platform !== 'win32')
    for (const path of [practice.socket, practice.desk, practice.printer]) expect(statSync(path).mode & 0o777).toBe(0o600)
  await practice.restartWorld('SIGKILL')
  let seen = await drawer.view()
  // The connection to the old world may end with the first question; the one after it finds the new world.
  if (!seen.ok) seen = await drawer.view()
  expect(given(seen).customers).toHaveLength(CUSTOMERS.length)
  given(await drawer.steer({ type: 'knock', customer: 'rich', count: 3 }))
  expect(await practice.world.end('SIGTERM')).toBe(0)
  expect(await drawer.view()).toEqual({ ok: false, error: { code: 'practice-gone' } })
})
