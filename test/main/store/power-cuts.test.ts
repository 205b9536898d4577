/**
 * The power goes at any moment: whatever the disk had not flushed is cut off, torn or rubbish. Nothing acknowledged is lost, nothing is
 * half there. The soak (`npm run soak -- --only power`) does the same for ten minutes.
 */
import { copyFileSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { openStore } from '#main/store/open-store.ts'
import { createSqliteStore } from '#main/store/sqlite-store.ts'
import { valueOf } from '#test/main/ledger/sample-sales.ts'
import { checkCuts } from '#test/soak/power/check-cuts.ts'
import { recordDay } from '#test/soak/power/day.ts'
import { RecordingStore, type Step } from '#test/soak/power/recording-store.ts'
import { withFolder } from '#test/support/disk.ts'

const SEED = 20_260_102
/** The soak goes through days of many more. */
const SALES = 1
const SECTOR_BYTES = 512
const TIMEOUT_MS = 240_000

test(
  'a day at the counter, cut at every sector of every write',
  async () => {
    const { steps, wrong } = await recordDay(SEED, SALES)
    expect(wrong, `seed ${SEED}`).toEqual([])
    const checked = await withFolder(async (folder) => checkCuts({ steps, folder: join(folder, 'cut'), seed: SEED }))
    expect(checked.wrong, `seed ${SEED}`).toEqual([])
    expect(checked.points).toBeGreaterThan(500)
    // The log was emptied at the end at the latest, so the database itself was cut while it was written, too.
    expect(steps.some(({ kind }) => kind !== 'write')).toBe(true)
  },
  TIMEOUT_MS,
)

/** Five writes with the log copied between, over a connection with this `PRAGMA synchronous`. */
async function fiveWrites(folder: string, synchronous: 'FULL' | 'NORMAL' | 'OFF'): Promise<readonly Step[]> {
  const file = join(folder, 'terminal.sqlite')
  valueOf(openStore({ file })).close()
  const database = new Database(file)
  database.pragma('journal_mode = WAL')
  database.pragma(`synchronous = ${synchronous}`)
  const steps: Step[] = []
  let writes = 0
  const store = new RecordingStore(
    createSqliteStore(database, () => {}),
    file,
    {
      steps,
      copiesNow: () => writes === 2,
      look: () => {
        writes += 1
      },
    },
  )
  for (let index = 0; index < 5; index += 1) {
    store.write((tx) => tx.run('INSERT INTO settings (key, value) VALUES (?, ?)', `key-${index}`, 'value'.repeat(60)))
  }
  store.close()
  return steps
}

test('what is flushed at each commit survives', async () => {
  await withFolder(async (folder) => {
    const steps = await fiveWrites(folder, 'FULL')
    expect((await checkCuts({ steps, folder: join(folder, 'cut'), seed: SEED })).wrong).toEqual([])
  })
})

test.each(['NORMAL', 'OFF'] as const)(
  'what is not is found missing: with synchronous = %s these very cuts lose acknowledged writes',
  async (setting) => {
    await withFolder(async (folder) => {
      const steps = await fiveWrites(folder, setting)
      const { wrong } = await checkCuts({ steps, folder: join(folder, 'cut'), seed: SEED })
      expect(wrong.length).toBeGreaterThan(0)
      expect(wrong.join()).toContain('the records are neither')
    })
  },
)

test('a flushed write that is not there is found', async () => {
  await withFolder(async (folder) => {
    const steps = await fiveWrites(folder, 'FULL')
    const [first, second] = steps
    if (!first || !second) throw new Error('two writes were recorded')
    const forgetful: Step = { ...second, after: first.after }
    expect((await checkCuts({ steps: [forgetful], folder: join(folder, 'cut'), seed: SEED })).wrong.join()).toContain(
      'a flushed write is lost',
    )
  })
})

test('cut while the database is being made: the next start completes it', async () => {
  await withFolder(async (folder) => {
    const [born, file] = [join(folder, 'born.sqlite'), join(folder, 'terminal.sqlite')]
    const store = valueOf(openStore({ file: born }))
    const [db, log] = [readFileSync(born), `${born}-wal`]
    for (let length = 0; length <= statSync(log).size; length += SECTOR_BYTES) {
      writeFileSync(file, db)
      copyFileSync(log, `${file}-wal`)
      truncateSync(`${file}-wal`, length)
      const reopened = valueOf(openStore({ file }))
      expect(reopened.get('PRAGMA integrity_check')).toEqual({ integrity_check: 'ok' })
      expect(reopened.get('SELECT COUNT(*) AS n FROM sqlite_schema')).toEqual(store.get('SELECT COUNT(*) AS n FROM sqlite_schema'))
      reopened.close()
    }
    store.close()
  })
})
