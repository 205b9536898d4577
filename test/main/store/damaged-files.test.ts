/** Files that lost or changed some of their bytes, or never were ours: the start says so, and nothing throws. */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { openStore } from '#main/store/open-store.ts'
import { Seeded } from '#test/support/seeded.ts'
import { newFolder, valueOf } from '../ledger/sample-sales.ts'

const SEED = 20_261_128
/** Of each kind of damage. */
const FILES = 24
const HEADER_BYTES = 100
/** Format numbers, page size, schema format, text encoding, user_version, application_id: https://sqlite.org/fileformat.html#the_database_header */
const MEANINGFUL = [16, 17, 18, 19, 20, 21, 44, 47, 56, 59, 60, 61, 62, 63, 68, 71]
const PAGE_BYTES = 4_096
const ROWS = 120

type Bytes = Uint8Array<ArrayBuffer>
/** A sound store: everything in one file; and the same still with its log beside it, as a power cut leaves it. */
let whole: Bytes
let main: Bytes
let log: Bytes
/** The log of another terminal's file. */
let foreignLog: Bytes
let samples: string

beforeAll(() => {
  samples = mkdtempSync(join(tmpdir(), 'bandtill-damaged-'))
  const made = makeStore('own')
  main = made.main
  log = made.log
  whole = made.whole
  foreignLog = makeStore('foreign').log
})
afterAll(() => rmSync(samples, { recursive: true, force: true }))

function makeStore(name: string) {
  const path = join(samples, name)
  const store = valueOf(openStore({ file: path }))
  for (let row = 0; row < ROWS; row += 1) {
    valueOf(store.write((tx) => tx.run('INSERT INTO settings VALUES (?, ?)', `${name}-${row}`, 'x'.repeat(row))))
  }
  copyFileSync(path, `${path}.main`)
  copyFileSync(`${path}-wal`, `${path}.log`)
  store.close()
  return { whole: read(path), main: read(`${path}.main`), log: read(`${path}.log`) }
}

function read(path: string): Bytes {
  return Uint8Array.from(readFileSync(path))
}

let folder: ReturnType<typeof newFolder>
let file: string
beforeEach(() => {
  folder = newFolder()
  file = join(folder.path, 'terminal.sqlite')
})
afterEach(() => folder.remove())

/** What opening it says. A store that opens is read and written as a start would, and lets go of the file. */
function openingOf(): string {
  const opened = openStore({ file })
  if (!opened.ok) return opened.error.code
  const written = opened.value.write((tx) => tx.run("INSERT OR REPLACE INTO settings VALUES ('a', 'b')"))
  opened.value.close()
  return written.ok ? 'opened' : written.error.code
}

/** Some bytes within `from` and `until` are replaced. */
function garbled(random: Seeded, bytes: Bytes, from: number, until: number): Bytes {
  const copy = bytes.slice()
  for (let count = 1 + random.below(16); count > 0; count -= 1) copy[from + random.below(until - from)] = random.below(256)
  return copy
}

/** Each leaves a file at the place of the records, with or without a log. */
const DAMAGES: Readonly<Record<string, (random: Seeded) => void>> = {
  'cut short': (random) => writeFileSync(file, whole.slice(0, random.below(whole.length))),
  'a header with other bytes': (random) => writeFileSync(file, garbled(random, whole, 0, HEADER_BYTES)),
  'a header with one byte that means something else': (random) => {
    const bytes = whole.slice()
    bytes[random.pick(MEANINGFUL)] = random.pick([0, 1, 2, 3, 4, 128, 255])
    writeFileSync(file, bytes)
  },
  'a first page with other bytes': (random) => writeFileSync(file, garbled(random, whole, HEADER_BYTES, PAGE_BYTES)),
  'pages with other bytes': (random) => writeFileSync(file, garbled(random, whole, PAGE_BYTES, whole.length)),
  'pages that were never written': (random) => {
    const page = random.below(whole.length / PAGE_BYTES)
    writeFileSync(file, whole.slice().fill(0, page * PAGE_BYTES, (page + 1) * PAGE_BYTES))
  },
  'a log with other bytes': (random) => {
    writeFileSync(file, main)
    writeFileSync(`${file}-wal`, garbled(random, log, 0, log.length))
  },
  'a log without its file': (random) => writeFileSync(`${file}-wal`, log.slice(0, random.below(log.length))),
  'the log of another file': (random) => {
    writeFileSync(file, random.below(2) === 0 ? main : whole)
    writeFileSync(`${file}-wal`, foreignLog.slice(0, random.below(foreignLog.length)))
  },
  'bytes that are none of ours': (random) => writeFileSync(file, random.bytes(random.below(3 * PAGE_BYTES))),
}

test.each(Object.keys(DAMAGES))(`%s: refused by name or opened, ${FILES} times (seed ${SEED})`, (what) => {
  const random = new Seeded(SEED)
  const said = new Map<string, number>()
  for (let count = 0; count < FILES; count += 1) {
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true })
    DAMAGES[what]?.(random)
    const opening = openingOf()
    said.set(opening, (said.get(opening) ?? 0) + 1)
  }
  expect([...said.keys()].filter((one) => !['opened', 'cannot-open', 'newer-schema', 'storage-failed'].includes(one))).toEqual([])
})

test.each([0, 1])('a file that says it has schema %i, and has the newest, is refused', (version) => {
  const bytes = whole.slice()
  bytes[63] = version
  writeFileSync(file, bytes)
  expect(openStore({ file })).toMatchObject({ ok: false, error: { code: 'cannot-open' } })
})

test.each([
  ['a text', () => writeFileSync(file, 'These are the receipts of May.\n'.repeat(500))],
  ['a folder', () => mkdirSync(file)],
  [
    'a folder where the log should be',
    () => {
      writeFileSync(file, whole)
      mkdirSync(`${file}-wal`)
    },
  ],
  [
    'a folder where the lock should be',
    () => {
      writeFileSync(file, whole)
      mkdirSync(`${file}.lock`)
    },
  ],
  [
    'a lock that is a text',
    () => {
      writeFileSync(file, whole)
      writeFileSync(`${file}.lock`, 'locked')
    },
  ],
])('%s is refused', (_what, make) => {
  make()
  expect(openingOf()).toBe('cannot-open')
})
