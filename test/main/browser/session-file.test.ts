import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { sessionFile } from '#main/browser/session-file.ts'
import { temporaryFolder } from '../hosting/support.ts'

const DIGEST = `${'A'.repeat(43)}=`
const NOW_MS = 1_800_000_000_000

test('what was saved is loaded for ten minutes, and not by a clock that went back', async () => {
  const folder = await temporaryFolder()
  sessionFile(folder, () => NOW_MS).save([DIGEST])
  const at = (offsetMs: number) => sessionFile(folder, () => NOW_MS + offsetMs).load()
  expect(at(0)).toEqual([DIGEST])
  expect(at(600_000)).toEqual([DIGEST])
  expect(at(600_001)).toEqual([])
  expect(at(-1)).toEqual([])
  sessionFile(folder, () => NOW_MS).clear()
  expect(at(0)).toEqual([])
})

test('a file that is damaged, foreign or missing gives no sessions', async () => {
  const folder = await temporaryFolder()
  const sessions = sessionFile(folder, () => NOW_MS)
  const file = join(folder, 'sessions.json')
  const many = JSON.stringify({ aliveAtMs: NOW_MS, digests: Array.from({ length: 9 }, () => DIGEST) })
  for (const text of [
    '',
    '{',
    'null',
    '[]',
    '{"aliveAtMs":"x","digests":[]}',
    '{"aliveAtMs":1e999,"digests":[]}',
    many,
    '{"__proto__":{}}',
  ]) {
    await writeFile(file, text)
    expect(sessions.load()).toEqual([])
  }
  await rm(file)
  expect(sessions.load()).toEqual([])
})

test('a folder that refuses costs no more than the sessions', async () => {
  const sessions = sessionFile(join(await temporaryFolder(), 'missing'), () => NOW_MS)
  sessions.save([DIGEST])
  expect(sessions.load()).toEqual([])
  sessions.clear()
})

test('saving again replaces the whole file', async () => {
  const folder = await temporaryFolder()
  const sessions = sessionFile(folder, () => NOW_MS)
  sessions.save([DIGEST, DIGEST])
  sessions.save([DIGEST])
  expect(JSON.parse(await readFile(join(folder, 'sessions.json'), 'utf8'))).toEqual({ aliveAtMs: NOW_MS, digests: [DIGEST] })
})
