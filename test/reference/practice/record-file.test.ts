import { appendFile, mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { RecordFile } from '#reference/practice/record-file.ts'
import { openBandStore, openPhoneStore } from '#reference/practice/stores.ts'
import { openWorldState } from '#reference/practice/world-state.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bandtill-records-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

test('lines come back in order, and a torn last line is cut off before the next goes in', async () => {
  const path = join(folder, 'lines')
  const first = await RecordFile.open(path)
  expect(first.lines).toEqual([])
  await Promise.all(['a', 'b', 'c'].map(async (line) => first.file.append(line)))
  await first.file.close()
  await appendFile(path, 'torn')
  const second = await RecordFile.open(path)
  expect(second.lines).toEqual(['a', 'b', 'c'])
  await second.file.append('d')
  await second.file.close()
  expect(await readFile(path, 'utf8')).toBe('a\nb\nc\nd\n')
})

test('a file that cannot be written refuses', async () => {
  const { file } = await RecordFile.open(join(folder, 'lines'))
  await file.close()
  expect(await file.append('late')).toEqual({ ok: false, error: 'storage-failed' })
})

test('a band goes on above the last ceiling it saved', async () => {
  const band = await openBandStore(folder, 'rich')
  expect(band.ceiling).toBe(0)
  await band.store.saveCounter(32)
  await band.store.saveCounter(64)
  await band.close()
  const again = await openBandStore(folder, 'rich')
  expect(again.ceiling).toBe(64)
  await again.close()
})

test('a phone gets its records back as they were', async () => {
  const digest = new Uint8Array(32).fill(3)
  const base = { digest, atS: 1_900_000_000, counter: 7 }
  const submission = {
    statement: new Uint8Array(9),
    certificate: new Uint8Array(8),
    requestDigest: digest,
    proof: new Uint8Array(7),
    act: 'none' as const,
  }
  const records = [
    { ...base, key: 'aurora-1:00', outcome: { state: 'asked' as const, submission } },
    { ...base, key: 'aurora-1:00', outcome: { state: 'authorization' as const, signed: new Uint8Array(5).fill(1) } },
    { ...base, key: 'aurora-1:01', outcome: { state: 'refusal' as const, reason: 'expired' as const } },
    { ...base, key: 'aurora-1:02', outcome: { state: 'never-seen' as const } },
  ]
  const phone = await openPhoneStore(folder, 'rich')
  for (const record of records) expect((await phone.store.save(record)).ok).toBe(true)
  await phone.close()
  const again = await openPhoneStore(folder, 'rich')
  expect(again.records).toEqual(records)
  await again.close()
})

test('the world keeps its keys in a file of its owner alone, and finds them again', async () => {
  const made = await openWorldState(join(folder, 'world'))
  expect(await openWorldState(join(folder, 'world'))).toEqual(made)
  expect((await stat(join(folder, 'world', 'world-state.json'))).mode & 0o077).toBe(0)
  expect(Object.keys(made.customers)).toHaveLength(10)
})
