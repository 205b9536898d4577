import { expect, test } from 'vitest'
import { toHex } from '#shared/contracts/bytes.ts'
import { KEY_PURPOSES, keyStatement, phoneCertificate, phoneOffer, terminalCertificate } from '#shared/contracts/radio-messages.ts'
import { CLOCK_TOLERANCE_S, isValidAt, KeySet } from '#shared/crypto/key-set.ts'
import { sign1 } from '#shared/crypto/sign1.ts'
import { testSigner, vouchFor } from '#test/support/test-keys.ts'

const NOW_S = 1_900_000_000
const DAY_S = 86_400
const YEAR = { from: NOW_S - 30 * DAY_S, until: NOW_S + 300 * DAY_S }
const WEEK = { from: NOW_S - DAY_S, until: NOW_S + 6 * DAY_S }

const root = await testSigner('root')
const terminalCa = await testSigner('terminal ca')
const phoneCa = await testSigner('phone ca')
const authorizer = await testSigner('authorizer')
const terminal = await testSigner('terminal')
const phone = await testSigner('phone')

const statements = [
  await vouchFor(root, 'terminal-ca', terminalCa, YEAR),
  await vouchFor(root, 'phone-ca', phoneCa, YEAR),
  await vouchFor(root, 'authorizer', authorizer, YEAR),
]
const names = { terminalId: 'aurora-1', merchantId: 'aurora', name: 'Aurora Cinema', site: 'Hall road 1', latitudeE5: 0, longitudeE5: 0 }

async function keySet(): Promise<KeySet> {
  const opened = await KeySet.open(root.point, statements)
  if (!opened.ok) throw new Error(opened.error)
  return opened.value
}

const terminalBytes = async (by = terminalCa, window = WEEK, point = terminal.point) =>
  sign1(terminalCertificate, { ...names, point, ...window }, by, { withKid: true })
const phoneBytes = async (by = phoneCa, window = WEEK) =>
  sign1(phoneCertificate, { pseudonym: new Uint8Array(8), point: phone.point, ...window }, by, { withKid: true })

test('certificates under the right key open, and their keys check signatures', async () => {
  const keys = await keySet()
  const certified = await keys.openTerminalCertificate(await terminalBytes(), NOW_S)
  if (!certified.ok) throw new Error(certified.error)
  expect(certified.value.certificate).toMatchObject(names)
  const data = new Uint8Array(5)
  expect(await certified.value.key.verify(await terminal.sign(data), data)).toBe(true)
  expect((await keys.openPhoneCertificate(await phoneBytes(), NOW_S)).ok).toBe(true)
  expect(keys.points('authorizer').map(toHex)).toEqual([toHex(authorizer.point)])
  expect(keys.points('ticket')).toEqual([])
})

test('a key set under another root is refused', async () => {
  const other = await testSigner('other root')
  expect(await KeySet.open(other.point, statements)).toEqual({ ok: false, error: 'bad-signature' })
  expect(await KeySet.open(new Uint8Array(33), statements)).toEqual({ ok: false, error: 'bad-point' })
})

test('one bad entry refuses the whole set', async () => {
  const [first = new Uint8Array(0)] = statements
  const lying = { purpose: KEY_PURPOSES.release, kid: terminal.kid, point: phone.point, ...YEAR }
  const noPoint = { purpose: KEY_PURPOSES.release, kid: terminal.kid, point: new Uint8Array(33), ...YEAR }
  const bad = [
    ['bad-signature', first.with(first.length - 1, (first.at(-1) ?? 0) ^ 1)],
    ['malformed', new Uint8Array(0)],
    ['malformed', await terminalBytes(root)],
    ['malformed', await sign1(keyStatement, lying, root, { withKid: false })],
    ['bad-point', await sign1(keyStatement, noPoint, root, { withKid: false })],
  ] as const
  for (const [error, entry] of bad) expect(await KeySet.open(root.point, [...statements, entry])).toEqual({ ok: false, error })
  expect(
    await KeySet.open(
      root.point,
      Array.from({ length: 65 }, () => first),
    ),
  ).toEqual({ ok: false, error: 'too-many-keys' })
})

test('a certificate by an unknown key, a key of another purpose, the terminal itself or the root is refused', async () => {
  const keys = await keySet()
  for (const by of [await testSigner('stranger'), authorizer, phoneCa, terminal, root]) {
    expect(await keys.openTerminalCertificate(await terminalBytes(by), NOW_S)).toEqual({ ok: false, error: 'unknown-key' })
  }
  const withoutKid = await sign1(terminalCertificate, { ...names, point: terminal.point, ...WEEK }, terminalCa, { withKid: false })
  expect(await keys.openTerminalCertificate(withoutKid, NOW_S)).toEqual({ ok: false, error: 'unknown-key' })
})

test('a certificate of one sort is never taken for the other', async () => {
  const keys = await keySet()
  expect(await keys.openPhoneCertificate(await terminalBytes(), NOW_S)).toEqual({ ok: false, error: 'malformed' })
  const offer = await sign1(phoneOffer, { offerId: new Uint8Array(8), sealingPoint: phone.point, expires: NOW_S }, phoneCa, {
    withKid: true,
  })
  expect(await keys.openPhoneCertificate(offer, NOW_S)).toEqual({ ok: false, error: 'malformed' })
})

test('the kid of one key with the signature of another is refused', async () => {
  const keys = await keySet()
  const impostor = { ...(await testSigner('impostor')), kid: terminalCa.kid }
  expect(await keys.openTerminalCertificate(await terminalBytes(impostor), NOW_S)).toEqual({ ok: false, error: 'bad-signature' })
})

test('certificates and keys count only in their time, give or take the tolerance', async () => {
  const keys = await keySet()
  const at = async (nowS: number) => keys.openTerminalCertificate(await terminalBytes(), nowS)
  expect((await at(WEEK.from - CLOCK_TOLERANCE_S)).ok).toBe(true)
  expect(await at(WEEK.from - CLOCK_TOLERANCE_S - 1)).toEqual({ ok: false, error: 'not-valid-now' })
  expect((await at(WEEK.until + CLOCK_TOLERANCE_S)).ok).toBe(true)
  expect(await at(WEEK.until + CLOCK_TOLERANCE_S + 1)).toEqual({ ok: false, error: 'not-valid-now' })
  const long = await terminalBytes(terminalCa, { from: 0, until: 0xffff_ffff })
  expect(await keys.openTerminalCertificate(long, YEAR.until + CLOCK_TOLERANCE_S + 1)).toEqual({ ok: false, error: 'not-valid-now' })
  expect([WEEK.from, WEEK.until].map((atS) => isValidAt(WEEK, atS))).toEqual([true, true])
})

test('a certificate for a point that is none is refused', async () => {
  const keys = await keySet()
  const bytes = await terminalBytes(terminalCa, WEEK, new Uint8Array(33).fill(0xff).with(0, 2))
  expect(await keys.openTerminalCertificate(bytes, NOW_S)).toEqual({ ok: false, error: 'bad-point' })
})
