/** Where owners find their page, as the backend is told at its start. */
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
