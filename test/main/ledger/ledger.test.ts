import { createHash, createPublicKey, verify } from 'node:crypto'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createLedger } from '#main/ledger/ledger.ts'
import type { Keys } from '#main/ports.ts'
import { createEnqueue } from '#main/sync/enqueue.ts'
import { openForReading } from '#reference/tools/verify/open-file.ts'
import { verifyDatabase } from '#reference/tools/verify/verify.ts'
import { receiptBody } from '#shared/contracts/backend-api.ts'
import type { ReceiptId, TerminalId } from '#shared/domain/ids.ts'
import { money } from '#shared/domain/money.ts'
import { endChildren, nextLine, startChild } from '../store/child-process.ts'
import { anySale, newFolder, newId, newJwk, numbered, openLedger, saleOf, sell, TERMINAL, testKeys, valueOf } from './sample-sales.ts'

let folder: ReturnType<typeof newFolder>
let file: string
let keys: Keys
const jwk = newJwk()
beforeEach(async () => {
  folder = newFolder()
  file = join(folder.path, 'terminal.sqlite')
  keys = await testKeys(jwk)
})
afterEach(async () => {
  await endChildren()
  folder.remove()
})

function problems(): readonly unknown[] {
  const database = valueOf(openForReading(file))
  try {
    return verifyDatabase(database).problems
  } finally {
    database.close()
  }
}

test('a journal begins with whose it is, and its head is signed by that key', () => {
  const { store, ledger } = openLedger(file, keys)
  const [entry] = store.all('SELECT entry_json, prev_hash, hash, signature FROM journal')
  const text = String(entry?.['entry_json'])
  expect(JSON.parse(text)).toEqual({
    at: '2026-11-22T12:00:00.000Z',
    incarnation: store.get("SELECT value FROM settings WHERE key = 'incarnation'")?.['value'],
    kid: Buffer.from(keys.signer.kid).toString('base64url'),
    kind: 'open',
    point: Buffer.from(keys.signer.point).toString('base64url'),
    seq: 1,
    series: 'A',
    terminal: TERMINAL,
  })
  const hash = createHash('sha256')
    .update('0'.repeat(64) + text)
    .digest('hex')
  expect(ledger.head()).toEqual({ seq: 1, hash })
  const key = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x: jwk.x, y: jwk.y }, format: 'jwk' })
  const signature = Buffer.from(String(entry?.['signature']), 'base64url')
  expect(verify('sha256', Buffer.from(`bt1h\n1\n${hash}`), { key, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true)
  store.close()
})

test('a journal of another terminal or another key is refused', async () => {
  const { store, clock } = openLedger(file, keys)
  const begin = (other: { keys?: Keys; terminalId?: TerminalId }) =>
    createLedger({ store, clock, newId, keys, terminalId: TERMINAL, enqueue: createEnqueue({ clock, newId }), ...other })
  expect(begin({})).toMatchObject({ ok: true })
  expect(begin({ terminalId: 'aurora-2' as TerminalId })).toMatchObject({ ok: false, error: { code: 'foreign-journal' } })
  expect(begin({ keys: await testKeys(newJwk()) })).toMatchObject({ ok: false, error: { code: 'foreign-journal' } })
  store.close()
})

test('a receipt is stored as returned, and its outbox record is what the contract says', () => {
  const { store, ledger } = openLedger(file, keys)
  const draft = saleOf(
    [
      { quantity: 2, price: 4_500 },
      { quantity: 1, price: 3_800 },
    ],
    [12_800],
  )
  const receipt = valueOf(store.write((tx) => ledger.commitReceipt(tx, draft)))
  const { captures, sells, ...stated } = draft
  expect(receipt).toEqual({
    ...stated,
    id: receipt.id,
    series: 'A',
    number: 1,
    issuedAt: '2026-11-22T12:00:00.000Z',
    terminalId: TERMINAL,
    tender: 'band',
  })
  expect(ledger.receipt(receipt.id)).toEqual({ receipt, synced: false, prints: 0, head: ledger.head().hash })
  const body = receiptBody.parse(JSON.parse(String(store.get("SELECT body FROM outbox WHERE kind = 'receipt'")?.['body'])))
  expect(body).toEqual({
    receipt,
    journal: ledger.head(),
    captures: captures.map((capture) => ({ ...capture, authorization: Buffer.from(capture.authorization).toString('base64url') })),
    sells,
  })
  store.close()
})

test('I1: numbers have no gap and no repeat, whatever fails and however often the terminal restarts', async () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant('sell' as const), sale: anySale }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('fail' as const), sale: anySale }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('full' as const), sale: anySale }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
  )
  let run = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
      run += 1
      file = join(folder.path, `${run}.sqlite`)
      let world = openLedger(file, keys)
      const sold: { id: ReceiptId; number: number }[] = []
      for (const next of steps) {
        if (next.do === 'restart') {
          world.store.close()
          world = openLedger(file, keys)
          continue
        }
        const { store, ledger } = world
        const work = () =>
          store.write((tx) => {
            const receipt = sell(tx, ledger, next.sale)
            if (next.do === 'fail') throw new Error('after the receipt, before the commit')
            return receipt
          })
        if (next.do === 'fail') expect(work).toThrow('before the commit')
        if (next.do === 'full') store.get('PRAGMA max_page_count = 1')
        if (next.do !== 'fail') {
          const done = work()
          if (done.ok) sold.push({ id: done.value.id, number: done.value.number })
        }
        store.get('PRAGMA max_page_count = 1000000')
      }
      expect(sold.map(({ number }) => number)).toEqual(sold.map((_, index) => index + 1))
      expect(numbered(world.store)).toEqual(sold)
      world.store.close()
      expect(problems()).toEqual([])
    }),
    { numRuns: 15 },
  )
})

test('I1: a terminal killed at any moment has every receipt it spoke of, and no gap', async () => {
  const spoken: { id: string; number: number }[] = []
  for (const rounds of [1, 7, 20, 3]) {
    const child = startChild('../ledger/child-sells.ts', [file, JSON.stringify(jwk)])
    for (let line = 0; line < rounds; line += 1) {
      const [number, id] = (await nextLine(child)).split(' ')
      spoken.push({ id: String(id), number: Number(number) })
    }
    await child.kill()
    for (let line = await child.lines.next(); !line.done; line = await child.lines.next()) {
      const [number, id] = line.value.split(' ')
      spoken.push({ id: String(id), number: Number(number) })
    }
    const { store } = openLedger(file, keys)
    const kept = numbered(store)
    store.close()
    expect(kept.map(({ number }) => number)).toEqual(kept.map((_, index) => index + 1))
    expect(kept.filter(({ id }) => spoken.some((one) => one.id === id))).toEqual(spoken)
    expect(kept.length - spoken.length).toBeLessThanOrEqual(4)
    expect(problems()).toEqual([])
  }
})

test('I3: what does not balance is never a receipt', () => {
  const { store, ledger } = openLedger(file, keys)
  const skew = fc.integer({ min: -500, max: 500 }).filter((by) => by !== 0)
  fc.assert(
    fc.property(anySale, skew, fc.constantFrom('total', 'tax', 'line', 'payment', 'capture', 'no-capture'), (sale, by, where) => {
      const moved = (amount: number) => money(amount + by, 'CNY')
      const wrong = {
        total: { ...sale, total: moved(sale.total.amount) },
        tax: { ...sale, tax: moved(sale.tax.amount) },
        line: { ...sale, lines: sale.lines.map((line, index) => (index === 0 ? { ...line, total: moved(line.total.amount) } : line)) },
        payment: {
          ...sale,
          payments: sale.payments.map((one, index) => (index === 0 ? { ...one, amount: moved(one.amount.amount) } : one)),
        },
        capture: {
          ...sale,
          captures: sale.captures.map((one, index) => (index === 0 ? { ...one, amount: moved(one.amount.amount) } : one)),
        },
        'no-capture': { ...sale, captures: [] },
      }[where]
      fc.pre(!where.endsWith('capture') || sale.captures.length > 0)
      const before = ledger.head()
      expect(() => store.write((tx) => ledger.commitReceipt(tx, wrong))).toThrow(/balance|capture/)
      expect(ledger.head()).toEqual(before)
      const right = valueOf(store.write((tx) => ledger.commitReceipt(tx, sale)))
      const audit = store.get('SELECT total_minor, paid_minor FROM audit_receipts WHERE id = ?', right.id)
      expect(audit).toEqual({ total_minor: sale.total.amount, paid_minor: sale.total.amount })
    }),
    { numRuns: 120 },
  )
  store.close()
})

test('receipts are found by number, by printed number, by id, and page by page', () => {
  const { store, ledger } = openLedger(file, keys)
  const receipts = Array.from({ length: 25 }, () =>
    valueOf(store.write((tx) => ledger.commitReceipt(tx, saleOf([{ quantity: 2, price: 900 }], [])))),
  )
  const newestFirst = receipts.toReversed()
  const seen: unknown[] = []
  let before: number | undefined
  do {
    const page = ledger.receipts({ limit: 10, before })
    expect(page.rows.length).toBeLessThanOrEqual(10)
    seen.push(...page.rows.map((row) => row.id))
    before = page.nextBefore
  } while (before !== undefined)
  expect(seen).toEqual(newestFirst.map((receipt) => receipt.id))

  const [first, second] = receipts
  const found = (find: string) => ledger.receipts({ limit: 10, find }).rows.map((row) => row.id)
  for (const typed of ['1', '000001', 'A-000001', 'a1', ' A-1 ']) expect(found(typed)).toEqual([first?.id])
  expect(found(String(second?.id.slice(0, 12)))).toEqual([second?.id])
  for (const nothing of ['B-1', '26', 'zz', '%', "' OR 1=1 --", '9'.repeat(64)]) expect(found(nothing)).toEqual([])
  expect(ledger.receipts({ limit: 1 }).rows[0]).toEqual({
    id: newestFirst[0]?.id,
    printedNumber: 'A-000025',
    issuedAt: '2026-11-22T12:00:00.000Z',
    total: money(1_800, 'CNY'),
    tender: 'cash',
    kind: 'sale',
    summary: { en: 'Popcorn × 2', 'zh-CN': '爆米花 × 2' },
    synced: false,
  })
  expect(ledger.receipt(newId() as ReceiptId)).toBeUndefined()
  store.close()
})

test('a receipt is found by what was sold, in either language, the newest first', () => {
  const { store, ledger } = openLedger(file, keys)
  const sellNamed = (en: string, zh: string) => {
    const draft = saleOf([{ quantity: 1, price: 900 }], [])
    const lines = draft.lines.map((line) => ({ ...line, name: { en, 'zh-CN': zh } }))
    return valueOf(store.write((tx) => ledger.commitReceipt(tx, { ...draft, lines }))).id
  }
  const tea = sellNamed('Iced lemon tea', '冰柠檬茶')
  const corn = sellNamed('Caramel popcorn', '焦糖爆米花')
  const more = sellNamed('Popcorn, large', '爆米花 大份')
  const found = (find: string) => ledger.receipts({ limit: 10, find }).rows.map((row) => row.id)
  expect(found('popcorn')).toEqual([more, corn])
  expect(found('LEMON')).toEqual([tea])
  expect(found('爆米花')).toEqual([more, corn])
  expect(found('柠檬')).toEqual([tea])
  expect(found('Aurora')).toEqual([])
  store.close()
})

test('prints are counted, and the head goes to the outbox once per growth of the journal', () => {
  const { store, ledger } = openLedger(file, keys)
  const receipt = valueOf(store.write((tx) => ledger.commitReceipt(tx, saleOf([{ quantity: 1, price: 900 }], []))))
  expect([1, 2].map(() => valueOf(store.write((tx) => ledger.countPrint(tx, receipt.id))))).toEqual([1, 2])
  expect(ledger.receipt(receipt.id)?.prints).toBe(2)

  expect(ledger.isHeadDue()).toBe(true)
  valueOf(store.write((tx) => ledger.enqueueHead(tx)))
  expect(ledger.isHeadDue()).toBe(false)
  valueOf(store.write((tx) => ledger.enqueueHead(tx)))
  valueOf(store.write((tx) => ledger.appendEvent(tx, 'sale-cancelled', { cart_id: newId() })))
  expect(ledger.isHeadDue()).toBe(true)
  valueOf(store.write((tx) => ledger.enqueueHead(tx)))
  const heads = store
    .all("SELECT body FROM outbox WHERE kind = 'head' ORDER BY seq")
    .map((row) => JSON.parse(String(row['body'])) as { seq: number })
  expect(heads.map((head) => head.seq)).toEqual([2, 3])
  store.close()
  expect(problems()).toHaveLength(1) // The receipt above has no attempt that paid it, and nothing else is wrong.
})
