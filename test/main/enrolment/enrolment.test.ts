import { afterEach, beforeEach, expect, test } from 'vitest'
import { type EnrolmentDesk, openEnrolment } from '#main/enrolment/enrolment.ts'
import type { BackendClient, Enrolment } from '#main/ports.ts'
import { openStore } from '#main/store/open-store.ts'
import { terminalCertificate } from '#shared/contracts/radio-messages.ts'
import type { Signer } from '#shared/crypto/keys.ts'
import { sign1 } from '#shared/crypto/sign1.ts'
import { err, ok } from '#shared/result.ts'
import { newFolder, valueOf } from '#test/main/ledger/sample-sales.ts'
import { FaultyStore } from '#test/support/faulty-store.ts'
import { ManualClock } from '#test/support/manual-clock.ts'
import { testSigner, vouchFor } from '#test/support/test-keys.ts'
import { until } from '#test/support/until.ts'

const DAY_S = 86_400
const DAY_MS = 86_400_000
const CODE = 'code-of-aurora-1'
const words = (text: string) => ({ en: text, 'zh-CN': text })

let folder: ReturnType<typeof newFolder>
let store: FaultyStore
let clock: ManualClock
let root: Signer
let ca: Signer
let terminal: Signer
let backend: FakeEnroller
let desk: EnrolmentDesk | undefined
const warnings: unknown[] = []

/** Only the two calls of enrolment; the desk makes no other. */
class FakeEnroller {
  readonly calls: string[] = []
  answer: Awaited<ReturnType<BackendClient['enrol']>> = err({ code: 'offline', message: 'nobody answers' })
  /** What the next calls wait for. */
  gate: Promise<void> = Promise.resolve()

  enrol = async ({ code }: { code: string }) => this.#call(`enrol ${code}`)
  renewCertificate = async () => this.#call('renew')

  async #call(what: string) {
    this.calls.push(what)
    await this.gate
    return this.answer
  }
}

beforeEach(async () => {
  folder = newFolder()
  warnings.length = 0
  store = new FaultyStore(valueOf(openStore({ file: `${folder.path}/terminal.sqlite` })))
  clock = new ManualClock()
  ;[root, ca, terminal] = await Promise.all([testSigner('root'), testSigner('terminal-ca'), testSigner('terminal')])
  backend = new FakeEnroller()
})
afterEach(() => {
  desk?.stop()
  desk = undefined
  store.close()
  folder.remove()
})

const nowS = () => Math.floor(clock.nowMs() / 1_000)

async function enrolment(
  change: { terminalId?: string; point?: Uint8Array; ca?: Signer; root?: Signer; fromS?: number } = {},
): Promise<Enrolment> {
  const from = change.fromS ?? nowS()
  const certificate = {
    terminalId: change.terminalId ?? 'aurora-1',
    merchantId: 'aurora',
    name: 'Aurora Cinema',
    site: 'Riverside',
    latitudeE5: 0,
    longitudeE5: 0,
    point: change.point ?? terminal.point,
    from,
    until: from + 7 * DAY_S,
  }
  const site = {
    id: 'aurora',
    name: words('Riverside'),
    address: words('1 River Road'),
    timeZone: 'Asia/Shanghai',
    latitudeE5: 0,
    longitudeE5: 0,
  }
  const window = { from: from - DAY_S, until: from + 300 * DAY_S }
  return {
    certificate: await sign1(terminalCertificate, certificate, change.ca ?? ca, { withKid: true }),
    keySet: [await vouchFor(change.root ?? root, 'terminal-ca', ca, window)],
    profile: { terminalId: 'aurora-1', merchant: { id: 'aurora', name: words('Aurora Cinema') }, site, currency: 'CNY' },
  }
}

async function open(options: { code?: string } = { code: CODE }) {
  const opened = await openEnrolment({
    store,
    clock,
    log: { warn: (message, fields) => warnings.push({ message, ...fields }) },
    // The cast: a desk that made any other call would fail here.
    backend: backend as unknown as BackendClient,
    rootPoint: root.point,
    terminalId: 'aurora-1',
    terminalPoint: terminal.point,
    ...options,
  })
  if (opened.ok) desk = opened.value
  return opened
}

test('the first start enrols with the code; the second needs neither code nor backend', async () => {
  backend.answer = ok(await enrolment())
  expect(valueOf(await open()).standing()).toMatchObject({ certificate: { terminalId: 'aurora-1' }, profile: { currency: 'CNY' } })
  desk?.stop()
  backend.answer = err({ code: 'offline', message: '' })
  const again = valueOf(await open({}))
  expect(again.standing().certificate).toMatchObject({ merchantId: 'aurora' })
  expect(again.standing().profile.site.name).toEqual(words('Riverside'))
  expect(backend.calls).toEqual([`enrol ${CODE}`])
})

test('a first start without code or without backend says what is missing, and keeps nothing', async () => {
  expect(await open({})).toMatchObject({ error: { code: 'backend-needed' } })
  expect(await open()).toMatchObject({ error: { code: 'backend-needed', detail: 'nobody answers' } })
  backend.answer = err({ code: 'not-allowed', message: 'this code was used' })
  expect(await open()).toMatchObject({ error: { code: 'code-refused', detail: 'this code was used' } })
  expect(store.get("SELECT value FROM settings WHERE key = 'enrolment'")).toBeUndefined()
})

test.each([
  ['another root signed the key set', async () => enrolment({ root: await testSigner('wrong root') })],
  ['a key outside the set signed the certificate', async () => enrolment({ ca: await testSigner('wrong ca') })],
  ['the root itself signed the certificate', async () => enrolment({ ca: root })],
  ['the certificate is for another terminal', async () => enrolment({ terminalId: 'aurora-2' })],
  ['the certificate is for another key', async () => enrolment({ point: (await testSigner('other terminal')).point })],
  ['the certificate has ended', async () => enrolment({ fromS: nowS() - 8 * DAY_S })],
  ['the certificate has not begun', async () => enrolment({ fromS: nowS() + DAY_S })],
  ['the certificate is cut short', async () => ({ ...(await enrolment()), certificate: (await enrolment()).certificate.slice(0, 60) })],
  ['the key set is empty', async () => ({ ...(await enrolment()), keySet: [] })],
])('not trusted: %s', async (_what, make) => {
  backend.answer = ok(await make())
  expect(await open()).toMatchObject({ error: { code: 'not-trusted' } })
  expect(store.get("SELECT value FROM settings WHERE key = 'enrolment'")).toBeUndefined()
})

test('what is kept is checked at every start: another root, another key', async () => {
  backend.answer = ok(await enrolment())
  valueOf(await open())
  desk?.stop()
  backend.answer = err({ code: 'offline', message: '' })
  const right = { root, terminal }
  root = await testSigner('wrong root')
  expect(await open()).toMatchObject({ error: { code: 'not-trusted' } })
  root = right.root
  terminal = await testSigner('other terminal')
  expect(await open()).toMatchObject({ error: { code: 'not-trusted' } })
  terminal = right.terminal
  expect(await open()).toMatchObject({ ok: true })
})

test('renewed when half of its life has passed, not before; after a failure soon again', async () => {
  backend.answer = ok(await enrolment())
  valueOf(await open())
  const first = desk?.standing().certificate.until
  await clock.advance(3 * DAY_MS)
  expect(backend.calls).toEqual([`enrol ${CODE}`])
  backend.answer = err({ code: 'offline', message: '' })
  await clock.advance(DAY_MS)
  const tries = backend.calls.length
  expect(tries).toBeGreaterThan(100)
  backend.answer = ok(await enrolment())
  await clock.advance(60_000)
  await until('it has been renewed', () => desk?.standing().certificate.until !== first)
  const renewals = backend.calls.length
  await clock.advance(DAY_MS)
  expect(backend.calls).toHaveLength(renewals)
  // The new one is on disk: a start without the backend uses it.
  desk?.stop()
  backend.answer = err({ code: 'offline', message: '' })
  await clock.advance(4 * DAY_MS)
  expect(await open({})).toMatchObject({ ok: true })
})

test('a renewal that does not verify is not taken', async () => {
  backend.answer = ok(await enrolment())
  valueOf(await open())
  const before = desk?.standing()
  backend.answer = ok(await enrolment({ terminalId: 'aurora-2' }))
  await clock.advance(4 * DAY_MS)
  await until('it was asked for', () => backend.calls.includes('renew'))
  await clock.advance(60_000)
  expect(desk?.standing()).toBe(before)
})

test('kept too long: renewed before it is used; with nobody to renew it, it still says who this terminal is', async () => {
  const first = await enrolment()
  backend.answer = ok(first)
  valueOf(await open())
  desk?.stop()
  await clock.advance(8 * DAY_MS)
  backend.answer = err({ code: 'offline', message: '' })
  const outdated = valueOf(await open({})).standing()
  expect(outdated.certificateBytes).toEqual(first.certificate)
  expect(outdated.certificate.until).toBeLessThan(nowS())
  desk?.stop()
  backend.answer = err({ code: 'not-allowed', message: 'suspended' })
  expect(await open({})).toMatchObject({ error: { code: 'not-trusted' } })
  backend.answer = ok(await enrolment())
  expect(valueOf(await open({})).standing().certificate.until).toBe(nowS() + 7 * DAY_S)
})

test.each([-1, 1, -30, 30])('a clock that is %i days off: the kept certificate still says who this terminal is', async (days) => {
  const first = await enrolment()
  backend.answer = ok(first)
  valueOf(await open())
  desk?.stop()
  // Whatever is signed by this clock is refused by the backend's.
  backend.answer = err({ code: 'bad-signature', message: 'signature refused: bad-signature' })
  clock = new ManualClock(clock.nowMs() + days * DAY_MS)
  expect(valueOf(await open({})).standing().certificateBytes).toEqual(first.certificate)
})

test.each(['', '{', 'null', '{"certificate":"AA"}', '{"certificate":"*","keySet":[],"profile":{}}'])(
  'a kept standing that is damaged (%s) is replaced by the backend; without one the start is refused by name',
  async (damage) => {
    backend.answer = ok(await enrolment())
    valueOf(await open())
    desk?.stop()
    valueOf(store.write((tx) => tx.run("UPDATE settings SET value = ? WHERE key = 'enrolment'", damage)))
    backend.answer = err({ code: 'offline', message: 'nobody answers' })
    expect(await open({})).toMatchObject({ error: { code: 'backend-needed' } })
    expect(warnings).toEqual([{ message: 'cache-damaged', what: 'enrolment' }])
    backend.answer = ok(await enrolment())
    expect(await open({})).toMatchObject({ ok: true })
    expect(backend.calls.at(-1)).toBe('renew')
    desk?.stop()
    backend.answer = err({ code: 'offline', message: '' })
    expect(await open({})).toMatchObject({ ok: true })
  },
)

test('a disk that refuses: no terminal without its standing on disk', async () => {
  backend.answer = ok(await enrolment())
  store.isFull = () => true
  expect(await open()).toMatchObject({ error: { code: 'storage-failed' } })
})

test('stopped while a renewal is under way: nothing is written any more', async () => {
  backend.answer = ok(await enrolment())
  valueOf(await open())
  const gate = Promise.withResolvers<void>()
  backend.gate = gate.promise
  await clock.advance(4 * DAY_MS)
  await until('it was asked for', () => backend.calls.includes('renew'))
  const { writes } = store
  desk?.stop()
  gate.resolve()
  await clock.advance(DAY_MS)
  expect([store.writes, clock.waiting]).toEqual([writes, 0])
})
