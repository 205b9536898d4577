/** What the backend is told at its start: where owners find their page, and what wallets earn. */
import { expect, test } from 'vitest'
import { parseOptions } from '#reference/backend/options.ts'

function ownerPage(...args: string[]) {
  const options = parseOptions(args, {})
  return options.ok ? options.value.ownerPage : options.error
}

test('left out, the page is on this machine', () => {
  expect(ownerPage()).toBeUndefined()
})

test('passkeys are for the host of the page, or for a domain above it', () => {
  expect(ownerPage('--owner-origin', 'https://pay.wallet.example/page')).toEqual({
    rpId: 'pay.wallet.example',
    origin: 'https://pay.wallet.example',
  })
  expect(ownerPage('--owner-origin', 'https://pay.wallet.example', '--owner-rp-id', 'wallet.example')).toEqual({
    rpId: 'wallet.example',
    origin: 'https://pay.wallet.example',
  })
  expect(ownerPage('--owner-origin', 'http://localhost:8790')).toEqual({ rpId: 'localhost', origin: 'http://localhost:8790' })
})

test.each([
  [['--owner-origin', 'http://wallet.example'], /https/u],
  [['--owner-origin', 'https://wallet.example', '--owner-rp-id', 'example.org'], /domain above/u],
  [['--owner-origin', 'https://notwallet.example', '--owner-rp-id', 'wallet.example'], /domain above/u],
  [['--owner-rp-id', 'wallet.example'], /goes with/u],
  [['--owner-origin', 'ftp://wallet.example'], /owner-origin/u],
])('%j is refused', (args, why) => {
  expect(ownerPage(...args)).toMatch(why)
})

test('practice is for this machine only', () => {
  expect(parseOptions(['--practice'], {})).toMatchObject({ ok: true, value: { isPractice: true } })
  expect(parseOptions([], {})).toMatchObject({ ok: true, value: { isPractice: false } })
  expect(parseOptions(['--practice', '--https-terminated'], {})).toMatchObject({ ok: false })
  expect(parseOptions(['--practice', '--host', '0.0.0.0', '--https-terminated'], {})).toMatchObject({ ok: false })
})

test('interest is 1.5 % a year in Shanghai days unless it is said otherwise, and nothing when the rate is 0', () => {
  expect(parseOptions([], {})).toMatchObject({ ok: true, value: { interest: { basisPoints: 150, timeZone: 'Asia/Shanghai' } } })
  const env = { BANDTILL_INTEREST_BPS: '0', BANDTILL_INTEREST_TIME_ZONE: 'Europe/Berlin' }
  expect(parseOptions([], env)).toMatchObject({ ok: true, value: { interest: { basisPoints: 0, timeZone: 'Europe/Berlin' } } })
})

test.each([
  ['BANDTILL_INTEREST_BPS', '-1'],
  ['BANDTILL_INTEREST_BPS', '1.5'],
  ['BANDTILL_INTEREST_BPS', '5001'],
  ['BANDTILL_INTEREST_BPS', 'much'],
  ['BANDTILL_INTEREST_TIME_ZONE', 'Mars/Olympus'],
])('%s=%s is refused in words', (name, value) => {
  const parsed = parseOptions([], { [name]: value })
  expect(parsed.ok).toBe(false)
  expect(parsed).toMatchObject({ error: expect.stringContaining(name) as unknown })
})
