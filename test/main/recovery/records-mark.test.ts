/** The mark beside the keys: what it proves, what a cut leaves of it, and files that are none. */
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createMarkFile, MARK_FILE } from '#main/hosting/mark-file.ts'
import type { Clock, MarkKeeper, RecordsMark } from '#main/ports.ts'
import { openRecords } from '#main/recovery/open-records.ts'
import { RecordsMarker, verdictOf } from '#main/recovery/records-mark.ts'
import { type LedgerWorld, newFolder, newId, newJwk, openLedger, saleOf, sell, testKeys, valueOf } from '../ledger/sample-sales.ts'

let folder: ReturnType<typeof newFolder>
beforeEach(() => {
  folder = newFolder()
})
afterEach(() => folder.remove())

const MARK: RecordsMark = { incarnation: 'a'.repeat(32), seq: 3, hash: 'b'.repeat(64), epoch: 1, series: 'A' }
const path = () => join(folder.path, MARK_FILE)

test('a mark is kept whole, for its owner alone, and replaced', () => {
  const marks = createMarkFile(folder.path)
  expect(marks.read()).toBeUndefined()
  expect(marks.write(MARK)).toBe(true)
  expect(marks.read()).toEqual(MARK)
  expect(statSync(path()).mode & 0o777).toBe(0o600)
  const next = { ...MARK, next: 'c'.repeat(32), seq: 4 }
  expect(marks.write(next)).toBe(true)
  expect(marks.read()).toEqual(next)
  expect(existsSync(`${path()}.new`)).toBe(false)
})

test.each([
  ['nothing', ''],
  ['half of it', JSON.stringify(MARK).slice(0, 60)],
  ['another thing', '[]'],
  ['a field more', JSON.stringify({ ...MARK, more: 1 })],
  ['a field less', JSON.stringify({ ...MARK, hash: undefined })],
  ['a wrong hash', JSON.stringify({ ...MARK, hash: 'B'.repeat(64) })],
  ['a wrong place', JSON.stringify({ ...MARK, seq: 0 })],
  ['a series that is none', JSON.stringify({ ...MARK, series: 'a' })],
  ['too much', `${JSON.stringify(MARK)}${' '.repeat(5_000)}`],
])('a file with %s is no mark, and is written over', (_what, text) => {
  writeFileSync(path(), text)
  const marks = createMarkFile(folder.path)
  expect(marks.read()).toBeUndefined()
  expect(marks.write(MARK)).toBe(true)
  expect(marks.read()).toEqual(MARK)
})

test('what a cut left behind, and a link somebody put there, are not written into', () => {
  const elsewhere = join(folder.path, 'elsewhere')
  writeFileSync(elsewhere, 'mine')
  symlinkSync(elsewhere, `${path()}.new`)
  const marks = createMarkFile(folder.path)
  expect(marks.write(MARK)).toBe(true)
  expect(readFileSync(elsewhere, 'utf8')).toBe('mine')
  expect(marks.read()).toEqual(MARK)
})

test('a place that cannot be written or is a folder: no mark, no fault', () => {
  mkdirSync(path())
  const marks = createMarkFile(folder.path)
  expect(marks.read()).toBeUndefined()
  expect(marks.write(MARK)).toBe(false)
  expect(createMarkFile(join(folder.path, 'nowhere')).write(MARK)).toBe(false)
  chmodSync(folder.path, 0o700)
})

/** A keeper in memory whose writes stop after `allowed`. */
function keeper(start?: RecordsMark): MarkKeeper & { allowed: number; kept: RecordsMark | undefined } {
  return {
    allowed: Number.POSITIVE_INFINITY,
    kept: start,
    read() {
      return this.kept
    },
    write(mark) {
      if (this.allowed <= 0) return false
      this.allowed -= 1
      this.kept = mark
      return true
    },
  }
}
const still: Clock = { nowMs: () => 0, monotonicMs: () => 0, after: () => () => {} }

// Goal: no start of the file that was left is ever taken for a copy, wherever the starts before it were cut.
// Method: starts, sales and marks in any order; each start may be cut after any of its writes (mark, file, mark).
test('the file that was left is never taken for a copy, wherever its starts were cut', async () => {
  const keys = await testKeys(newJwk())
  const step = fc.oneof(
    fc.record({ do: fc.constant('start' as const), markWrites: fc.nat(3), fileFails: fc.boolean() }),
    fc.constant({ do: 'sell' as const }),
    fc.constant({ do: 'mark' as const }),
  )
  let run = 0
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 20 }), (steps) => {
      run += 1
      const world = openLedger(join(folder.path, `${run}.sqlite`), keys)
      const marks = keeper()
      for (const each of steps) {
        const marker = markerOf(world, marks)
        if (each.do === 'sell') valueOf(world.store.write((tx) => sell(tx, world.ledger, saleOf([{ quantity: 1, price: 100 }], []))))
        if (each.do === 'mark') marker.write()
        if (each.do !== 'start') continue
        expect(verdictOf(world.store, marks.read())).not.toBe('restored')
        marks.allowed = each.markWrites
        if (each.fileFails) world.store.get('PRAGMA max_page_count = 1')
        openRecords({ store: world.store, ledger: world.ledger, marker, newId })
        world.store.get('PRAGMA max_page_count = 1000000')
        marks.allowed = Number.POSITIVE_INFINITY
      }
      expect(verdictOf(world.store, marks.read())).not.toBe('restored')
      expect(world.ledger.epoch()).toBe(1)
      world.store.close()
    }),
    { numRuns: 25 },
  )
})

test.each([
  ['in the first run, which has nothing in the file yet', { earlierRuns: 0, checkpointAfter: undefined }],
  ['in a later run', { earlierRuns: 2, checkpointAfter: undefined }],
  ['when SQLite had copied a part of it into the file', { earlierRuns: 1, checkpointAfter: 2 }],
])('the log beside the file is deleted %s: the lost head is missed at the start', async (_when, { earlierRuns, checkpointAfter }) => {
  const keys = await testKeys(newJwk())
  const file = join(folder.path, 'terminal.sqlite')
  const marks = keeper()
  for (let run = 0; run <= earlierRuns; run += 1) {
    const world = openLedger(file, keys)
    const marker = markerOf(world, marks)
    openRecords({ store: world.store, ledger: world.ledger, marker, newId })
    for (let sale = 1; sale <= 4; sale += 1) {
      valueOf(world.store.write((tx) => sell(tx, world.ledger, saleOf([{ quantity: 1, price: 100 }], []))))
      if (sale === checkpointAfter) world.store.get('PRAGMA wal_checkpoint(PASSIVE)')
    }
    marker.write()
    // The power goes in the last run; whoever tidies up afterwards takes the log for rubbish.
    if (run === earlierRuns) copyFileSync(file, `${file}.left`)
    world.store.close()
  }
  const left = openLedger(`${file}.left`, keys)
  expect(left.ledger.head().seq).toBeLessThan(marks.kept?.seq ?? 0)
  expect(verdictOf(left.store, marks.read())).toBe('restored')
  const { epoch = 0, series } = marks.kept ?? {}
  expect(openRecords({ store: left.store, ledger: left.ledger, marker: markerOf(left, marks), newId })).toMatchObject({
    ok: true,
    value: { verdict: 'restored' },
  })
  expect(left.ledger.epoch()).toBe(epoch + 1)
  expect(left.ledger.series()).not.toBe(series)
  left.store.close()
})

function markerOf(world: LedgerWorld, marks: MarkKeeper): RecordsMarker {
  return new RecordsMarker({ marks, store: world.store, ledger: world.ledger, clock: still })
}

test('the mark follows the journal soon, once, and never ahead of what is committed', async () => {
  const due: (() => void)[] = []
  const clock: Clock = { ...still, after: (_ms, callback) => (due.push(callback), () => {}) }
  const world = openLedger(join(folder.path, 'terminal.sqlite'), await testKeys(newJwk()))
  const marks = keeper()
  const marker = new RecordsMarker({ marks, store: world.store, ledger: world.ledger, clock })
  marker.follow()
  marker.follow()
  expect(due).toHaveLength(1)
  expect(marks.kept).toBeUndefined()
  valueOf(world.store.write((tx) => sell(tx, world.ledger, saleOf([{ quantity: 1, price: 100 }], []))))
  due.shift()?.()
  expect(marks.kept).toMatchObject({ ...world.ledger.head(), epoch: 1, series: 'A' })
  expect(() =>
    world.store.write((tx) => {
      sell(tx, world.ledger, saleOf([{ quantity: 1, price: 100 }], []))
      marker.follow()
      throw new Error('cut')
    }),
  ).toThrow('cut')
  due.shift()?.()
  expect(marks.kept).toMatchObject({ seq: 2 })
  world.store.close()
})
