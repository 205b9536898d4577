import { chmod, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openFileKeys } from '#main/hosting/file-keys.ts'
import { importVerifyKey } from '#shared/crypto/keys.ts'
import { temporaryFolder } from './support.ts'

const KEY = 'terminal-key.json'
const STATEMENT = Uint8Array.from([1, 2, 3, 4])

async function keysIn(folder: string) {
  const keys = await openFileKeys(folder)
  if (!keys.ok) throw new Error(keys.error.code)
  return keys.value
}

test('the first start makes a key for its owner alone, and the next start finds the same one', async () => {
  const folder = await temporaryFolder()
  const first = await keysIn(folder)
  expect((await stat(join(folder, KEY))).mode & 0o777).toBe(0o600)
  expect(await readdir(folder)).toEqual([KEY])
  const second = await keysIn(folder)
  expect(second.signer.point).toEqual(first.signer.point)
  expect(second.signer.kid).toEqual(first.signer.kid)
})

test('both ways of signing make signatures that the public key verifies, 64 bytes long', async () => {
  const keys = await keysIn(await temporaryFolder())
  const key = await importVerifyKey(keys.signer.point)
  if (!key.ok) throw new Error(key.error)
  for (const signature of [await keys.signer.sign(STATEMENT), keys.signNow(STATEMENT)]) {
    expect(signature.length).toBe(64)
    expect(await key.value.verify(signature, STATEMENT)).toBe(true)
    expect(await key.value.verify(signature, Uint8Array.from([1, 2, 3, 5]))).toBe(false)
  }
})

test('several first starts at once end with one key', async () => {
  const folder = await temporaryFolder()
  const all = await Promise.all(Array.from({ length: 8 }, async () => keysIn(folder)))
  expect(new Set(all.map((keys) => Buffer.from(keys.signer.point).toString('hex'))).size).toBe(1)
  expect(await readdir(folder)).toEqual([KEY])
})

test.runIf(process.platform !== 'win32')('a key that others may read is refused and left as it is', async () => {
  const folder = await temporaryFolder()
  await keysIn(folder)
  const file = join(folder, KEY)
  const before = await readFile(file, 'utf8')
  for (const mode of [0o640, 0o604, 0o660, 0o777]) {
    await chmod(file, mode)
    expect(await openFileKeys(folder)).toMatchObject({ ok: false, error: { code: 'exposed', file } })
  }
  expect(await readFile(file, 'utf8')).toBe(before)
  await chmod(file, 0o600)
  const elsewhere = join(folder, 'elsewhere.json')
  await writeFile(elsewhere, before, { mode: 0o600 })
  await rm(file)
  await symlink(elsewhere, file)
  expect(await openFileKeys(folder)).toMatchObject({ ok: false, error: { code: 'exposed' } })
})

test('a damaged key is refused in words that show nothing of it, and is never replaced', async () => {
  const folder = await temporaryFolder()
  await keysIn(folder)
  const file = join(folder, KEY)
  const good = await readFile(file, 'utf8')
  const { d, ...withoutSecret } = JSON.parse(good) as Record<string, string>
  const other = JSON.parse(
    await readFile(
      join(
        await (async () => {
          const second = await temporaryFolder()
          await keysIn(second)
          return second
        })(),
        KEY,
      ),
      'utf8',
    ),
  ) as Record<string, string>
  const damaged = [
    '',
    good.slice(0, 60),
    'null',
    '[]',
    '"x"',
    JSON.stringify(withoutSecret),
    JSON.stringify({ ...withoutSecret, d: '' }),
    JSON.stringify({ ...withoutSecret, d, extra: 1 }),
    JSON.stringify({ ...withoutSecret, d, crv: 'P-384' }),
    JSON.stringify({ ...withoutSecret, d, x: 'A'.repeat(43) }),
    JSON.stringify({ ...withoutSecret, d: other['d'] }),
    JSON.stringify({ ...withoutSecret, d: 'A'.repeat(43) }),
    'x'.repeat(100_000),
  ]
  for (const text of damaged) {
    await writeFile(file, text, { mode: 0o600 })
    const refused = await openFileKeys(folder)
    expect(refused).toMatchObject({ ok: false, error: { code: 'damaged' } })
    expect(JSON.stringify(refused)).not.toContain(d)
    expect(await readFile(file, 'utf8')).toBe(text)
  }
})

test('a folder that is missing, or is a file, is a refusal', async () => {
  const folder = await temporaryFolder()
  expect(await openFileKeys(join(folder, 'missing'))).toMatchObject({ ok: false, error: { code: 'unwritable', detail: 'ENOENT' } })
  await writeFile(join(folder, 'file'), '')
  expect(await openFileKeys(join(folder, 'file'))).toMatchObject({ ok: false, error: { code: 'unwritable', detail: 'ENOTDIR' } })
})
