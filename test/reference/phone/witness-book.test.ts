/** What a phone remembers of tills: little enough to be kept, and enough to tell that a journal was changed. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { WitnessedHead } from '#reference/phone/ports.ts'
import { WITNESSED_HEADS_MAX, WitnessBook } from '#reference/phone/witness-book.ts'
import { openWitnessBook } from '#reference/practice/stores.ts'
import { toHex } from '#shared/contracts/bytes.ts'
import { witnessFile } from '#shared/contracts/witness.ts'
import { randomBytes } from '#shared/crypto/keys.ts'
import { err, ok } from '#shared/result.ts'
import { until } from '#test/support/until.ts'
import { phoneWorld } from './support/phone-world.ts'

const DAY_S = 86_400
const MORNING_S = 1_900_022_400
const HEAD_BYTES = 16

function bookOf(kept: readonly WitnessedHead[] = []) {
  const saved: WitnessedHead[] = []
  const store = {
    save: async (head: WitnessedHead) => {
      saved.push(head)
      return ok()
    },
  }
  return { book: new WitnessBook(store, kept), saved }
}
const head = (letter: number) => new Uint8Array(HEAD_BYTES).fill(letter)
const kept = (book: WitnessBook) => book.heads.map(({ terminalId, seq, head: hex }) => `${terminalId} ${seq} ${hex.slice(0, 2)}`)

test('the newest head of each day and terminal is kept, and what contradicts it as well', () => {
  const { book, saved } = bookOf()
  book.saw('aurora-1', { headSeq: 4, head: head(4) }, MORNING_S)
  book.saw('aurora-1', { headSeq: 9, head: head(9) }, MORNING_S + 60)
  book.saw('borealis', { headSeq: 5, head: head(5) }, MORNING_S + 120)
  expect(kept(book)).toEqual(['aurora-1 9 09', 'borealis 5 05'])
  book.saw('aurora-1', { headSeq: 12, head: head(12) }, MORNING_S + DAY_S)
  expect(kept(book)).toEqual(['aurora-1 9 09', 'borealis 5 05', 'aurora-1 12 0c'])
  // The same place once more, as it was: nothing new. As it was not, or a place before: somebody changed the journal, or restored it.
  book.saw('aurora-1', { headSeq: 12, head: head(12) }, MORNING_S + DAY_S + 60)
  book.saw('aurora-1', { headSeq: 12, head: head(13) }, MORNING_S + DAY_S + 60)
  book.saw('aurora-1', { headSeq: 11, head: head(11) }, MORNING_S + DAY_S + 90)
  expect(kept(book)).toEqual(['aurora-1 9 09', 'borealis 5 05', 'aurora-1 12 0c', 'aurora-1 12 0d', 'aurora-1 11 0b'])
  expect(saved).toHaveLength(6)
  // A restart remembers the same.
  expect(kept(bookOf(saved).book)).toEqual(kept(book))
  expect(witnessFile.parse(book.file()).heads[0]).toEqual({
    terminalId: 'aurora-1',
    seq: 9,
    head: '09'.repeat(HEAD_BYTES),
    at: new Date((MORNING_S + 60) * 1_000).toISOString(),
  })
})

test('the oldest days go first, and the newest of a terminal stays while another has older ones to give', () => {
  const { book } = bookOf()
  book.saw('once', { headSeq: 1, head: head(1) }, MORNING_S)
  for (let day = 1; day <= WITNESSED_HEADS_MAX + 50; day += 1)
    book.saw('daily', { headSeq: day, head: head(day % 256) }, MORNING_S + day * DAY_S)
  expect(book.heads).toHaveLength(WITNESSED_HEADS_MAX)
  expect(book.heads[0]).toMatchObject({ terminalId: 'once', seq: 1 })
  expect(book.heads[1]).toMatchObject({ terminalId: 'daily', seq: 52 })
  for (let terminal = 0; terminal < WITNESSED_HEADS_MAX + 50; terminal += 1)
    book.saw(`t-${terminal}`, { headSeq: 1, head: head(1) }, MORNING_S + DAY_S)
  expect(book.heads).toHaveLength(WITNESSED_HEADS_MAX)
})

test('a phone is a witness to each kind of request whose terminal is beyond doubt, and to no other', async () => {
  const { book } = bookOf()
  const world = await phoneWorld({ witness: book })
  const till = world.till()
  const heads = [randomBytes(HEAD_BYTES), randomBytes(HEAD_BYTES)] as const
  await till.pay({ headSeq: 7, head: heads[0] })
  await till.answer()
  expect(book.heads).toEqual([{ terminalId: 'aurora-1', seq: 7, head: toHex(heads[0]), atS: Math.floor(world.clock.nowMs() / 1_000) }])
  await till.presence({ headSeq: 8, head: heads[1] })
  await till.answer(2)
  expect(book.heads).toMatchObject([{ seq: 8, head: toHex(heads[1]) }])
  await till.pay({ headSeq: 9, signer: world.keys.signer('stranger') })
  expect(await till.answer(3)).toEqual({ kind: 'refusal', reason: 'terminal-not-trusted' })
  expect(book.heads).toMatchObject([{ seq: 8 }])
})

test('a full disk costs the memory of a witness, and no payment', async () => {
  const book = new WitnessBook({ save: async () => err('storage-failed') }, [])
  const world = await phoneWorld({ witness: book })
  const till = world.till()
  await till.pay({ headSeq: 7 })
  expect(await till.answer()).toEqual({ kind: 'authorization' })
  expect(book.heads).toHaveLength(1)
})

test('a practice phone keeps its heads in a file, which does not grow for ever', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bandtill-witness-'))
  try {
    const lines = () => readFileSync(join(folder, 'witness-mei.jsonl'), 'utf8').trim().split('\n')
    const first = await openWitnessBook(folder, 'mei')
    first.book.saw('aurora-1', { headSeq: 3, head: head(3) }, MORNING_S)
    first.book.saw('aurora-1', { headSeq: 4, head: head(4) }, MORNING_S)
    await until('both are on disk', () => lines().length === 2)
    await first.close()
    const again = await openWitnessBook(folder, 'mei')
    expect(kept(again.book)).toEqual(['aurora-1 4 04'])
    await again.close()

    const one = (seq: number) => JSON.stringify({ terminalId: 'aurora-1', seq, head: '0a'.repeat(HEAD_BYTES), atS: MORNING_S })
    const many = Array.from({ length: 2 * WITNESSED_HEADS_MAX + 1 }, (_, seq) => one(seq))
    writeFileSync(join(folder, 'witness-mei.jsonl'), `${many.join('\n')}\n`)
    await (await openWitnessBook(folder, 'mei')).close()
    expect(lines()).toEqual([one(2 * WITNESSED_HEADS_MAX)])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
