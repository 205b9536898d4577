/**
 * What a power cut in the middle of a write can leave behind. What was flushed is whole. Of what was not, any sector may have arrived,
 * not arrived, or be rubbish, in any order; the file may already have its new length. SQLite counts on two things the disk promises:
 * a flush holds, and bytes that were not written stay as they were (https://sqlite.org/psow.html).
 */
import type { Seeded } from '#test/support/seeded.ts'
import type { Files, Step } from './recording-store.ts'

/** What a disk writes as one piece, or tears. */
const SECTOR_BYTES = 512
/** https://sqlite.org/fileformat2.html#the_write_ahead_log */
const WAL_HEADER_BYTES = 32
/** Cuts in no order, besides the ones at every sector: for each changed file. */
const SHUFFLED_CUTS = 6
const JUNK_BYTES_MAX = 9_000

/** Files as found after the cut. `shm` is never flushed, so anything may stand in it. */
export type Left = Files & { readonly shm: Buffer | undefined; readonly how: string }

/** A change within one sector: nothing outside `from` to `to` was being written. */
type Change = { readonly from: number; readonly to: number }
type Fate = 'arrived' | 'lost' | 'rubbish'

/** Every state that a cut within this step can leave, as far as they are tried: at each sector, and in no order. */
export function* cutsOf(step: Step, seeded: Seeded): Generator<Left> {
  const { flushed, after } = step
  const shm = () => shmOf(seeded)
  // The log is flushed before the database is touched, and the database before the log is begun anew or emptied.
  if (step.kind === 'close') {
    for (const { file, how } of tornBetween(flushed.db, after.db, seeded))
      yield { db: file, wal: flushed.wal, shm: shm(), how: `db ${how}` }
    yield { db: after.db, wal: flushed.wal, shm: shm(), how: 'log not emptied' }
    yield { ...after, shm: shm(), how: 'whole' }
    return
  }
  const begun = yield* headerCuts(step, seeded)
  for (const { file, how } of tornBetween(begun, after.wal, seeded)) yield { db: flushed.db, wal: file, shm: shm(), how: `log ${how}` }
  for (const { file, how } of tornBetween(flushed.db, after.db, seeded)) yield { db: file, wal: after.wal, shm: shm(), how: `db ${how}` }
  yield { ...after, shm: shm(), how: 'whole' }
  yield { db: after.db, wal: Buffer.concat([after.wal, junk(after.wal, seeded)]), shm: shm(), how: 'junk after the end' }
}

/**
 * A log that begins anew has its header written and flushed before the first frame, or frames of its past could be read as if they were
 * the present (`syncHeader` in https://sqlite.org/src/file/src/wal.c). Cuts around that flush; the log as it stands behind it.
 */
function* headerCuts({ flushed, after }: Step, seeded: Seeded): Generator<Left, Buffer> {
  const [before, header] = [flushed.wal, after.wal.subarray(0, WAL_HEADER_BYTES)]
  if (header.equals(before.subarray(0, WAL_HEADER_BYTES))) return before
  for (const { file, how } of tornBetween(before.subarray(0, WAL_HEADER_BYTES), header, seeded)) {
    const wal = before.length <= file.length ? file : Buffer.concat([file, before.subarray(file.length)])
    yield { db: flushed.db, wal, shm: shmOf(seeded), how: `log's header ${how}` }
  }
  return Buffer.concat([header, before.subarray(header.length)])
}

function* tornBetween(before: Buffer, after: Buffer, seeded: Seeded): Generator<{ readonly file: Buffer; readonly how: string }> {
  const changes = changesBetween(before, after)
  if (changes.length === 0) return
  for (let count = 0; count < changes.length; count += 1) {
    const upTo =
      (last: Fate) =>
      (index: number): Fate =>
        index < count ? 'arrived' : index === count ? last : 'lost'
    const at = `at sector ${count} of ${changes.length}`
    yield { file: torn({ before, after, changes, fateOf: upTo('lost'), grown: false, seeded }), how: `cut ${at}` }
    yield { file: torn({ before, after, changes, fateOf: upTo('rubbish'), grown: seeded.below(2) === 0, seeded }), how: `garbled ${at}` }
    if (count % 4 === 0) yield { file: torn({ before, after, changes, fateOf: upTo('lost'), grown: true, seeded }), how: `zeros ${at}` }
  }
  for (let times = 0; times < SHUFFLED_CUTS; times += 1) {
    const fates = changes.map(() => seeded.pick<Fate>(['arrived', 'arrived', 'lost', 'rubbish']))
    const isWhole = fates.every((fate) => fate === 'arrived')
    const file = torn({ before, after, changes, fateOf: (index) => fates[index] ?? 'lost', grown: seeded.below(2) === 0, seeded })
    if (!isWhole) yield { file, how: `in no order: ${fates.map(([letter]) => letter).join('')}` }
  }
}

function changesBetween(before: Buffer, after: Buffer): Change[] {
  const changes: Change[] = []
  for (let at = 0; at < after.length; at += SECTOR_BYTES) {
    const end = Math.min(at + SECTOR_BYTES, after.length)
    const isSame = (index: number) => index < before.length && before[index] === after[index]
    let [from, to] = [at, end]
    while (from < end && isSame(from)) from += 1
    if (from === end) continue
    while (to > from && isSame(to - 1)) to -= 1
    changes.push({ from, to })
  }
  return changes
}

type Tear = {
  readonly before: Buffer
  readonly after: Buffer
  readonly changes: readonly Change[]
  readonly fateOf: (index: number) => Fate
  /** The file has its new length although not all of its content is there: zeros stand in. */
  readonly grown: boolean
  readonly seeded: Seeded
}

function torn({ before, after, changes, fateOf, grown, seeded }: Tear): Buffer {
  const file = Buffer.alloc(Math.max(before.length, after.length))
  before.copy(file)
  let length = grown ? file.length : before.length
  for (const [index, { from, to }] of changes.entries()) {
    const fate = fateOf(index)
    if (fate === 'lost') continue
    length = Math.max(length, to)
    if (fate === 'arrived') after.copy(file, from, from, to)
    else file.set(seeded.bytes(to - from), from)
  }
  return file.subarray(0, length)
}

/** Rubbish, or frames of the log's own past: both may stand behind its last commit. */
function junk(wal: Buffer, seeded: Seeded): Buffer {
  const length = 1 + seeded.below(JUNK_BYTES_MAX)
  const from = seeded.below(Math.max(1, wal.length - length))
  return seeded.below(2) === 0 ? Buffer.from(seeded.bytes(length)) : Buffer.from(wal.subarray(from, from + length))
}

function shmOf(seeded: Seeded): Buffer | undefined {
  return seeded.below(3) > 0 ? undefined : Buffer.from(seeded.bytes(32_768))
}
