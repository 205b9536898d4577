import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { selfTest } from '#reference/backend/self-test.ts'
import { openSigningKeys } from '#reference/backend/signing-keys.ts'
import { toHex } from '#shared/contracts/bytes.ts'

const NOW_S = 1_780_000_000
const DAY_S = 86_400
let dir: string
let file: string

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'bandtill-keys-'))
  file = join(dir, 'keys.json')
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

test('the same keys come back at the next start, and pass the self-test', async () => {
  const first = await openSigningKeys(file, NOW_S)
  const second = await openSigningKeys(file, NOW_S + DAY_S)
  expect(toHex(second.rootPoint)).toBe(toHex(first.rootPoint))
  expect(second.statements.map(toHex)).toEqual(first.statements.map(toHex))
  expect(second.customerOf('a', 'm')).toEqual(first.customerOf('a', 'm'))
  await expect(selfTest(second)).resolves.toBeUndefined()
})

test('a key that ends soon gets a successor; both are published, the newer signs', async () => {
  const first = await openSigningKeys(file, NOW_S)
  const later = NOW_S + 310 * DAY_S
  const second = await openSigningKeys(file, later)
  expect(second.keySet.points('authorizer')).toHaveLength(2)
  expect(second.statements).toHaveLength(12)
  expect(second.signer('authorizer', later).kid).not.toEqual(first.signer('authorizer', NOW_S).kid)
  expect((await openSigningKeys(file, later)).statements).toHaveLength(12)
})

test('a key whose time is over signs nothing', async () => {
  const keys = await openSigningKeys(file, NOW_S)
  expect(() => keys.signer('authorizer', NOW_S + 366 * DAY_S)).toThrow('no valid authorizer key')
})

test('a damaged key file stops the start: half a key is no key', async () => {
  await openSigningKeys(file, NOW_S)
  const whole = readFileSync(file, 'utf8')
  writeFileSync(file, whole.slice(0, -20))
  await expect(openSigningKeys(file, NOW_S)).rejects.toThrow()
  const other = JSON.parse(whole) as { root: unknown }
  rmSync(file)
  await openSigningKeys(file, NOW_S)
  const mixed = { ...(JSON.parse(readFileSync(file, 'utf8')) as object), root: other.root }
  writeFileSync(file, JSON.stringify(mixed))
  await expect(openSigningKeys(file, NOW_S)).rejects.toThrow('contradicts itself')
})

test('keys do not print themselves', async () => {
  const keys = await openSigningKeys(file, NOW_S)
  expect(JSON.stringify({ keys })).toBe('{"keys":"[signing keys]"}')
})
