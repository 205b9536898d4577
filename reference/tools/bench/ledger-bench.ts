/**
 * Receipts per second, each with one durable commit, against bare transactions that write the same rows as opaque bytes. Both take
 * turns on files in the same folder, with the same settings, so that the disk and the machine are the same for both.
 */

import { generateKeyPairSync, sign } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { createLedger } from '#main/ledger/ledger.ts'
import type { Ledger, ReceiptDraft } from '#main/ledger/ports.ts'
import type { Keys, Store } from '#main/ports.ts'
import { openStore } from '#main/store/open-store.ts'
import { createEnqueue } from '#main/sync/enqueue.ts'
import { assert } from '#shared/assert.ts'
import { type PrivateJwk, signerOf } from '#shared/crypto/keys.ts'
import type { LineId, ProductId, ReceiptId, TerminalId } from '#shared/domain/ids.ts'
import { money } from '#shared/domain/money.ts'
import type { Receipt } from '#shared/domain/receipt.ts'
import { priceLine } from '#shared/domain/sale-line.ts'
import { percentile } from './statistics.ts'

const COMMITS_PER_ROUND = 250

export async function measureLedger(
  say: (line: string) => void,
  rounds: number,
): Promise<{ readonly ratio: number; readonly commitMsP99: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'bandtill-ledger-'))
  try {
    const ours = await openLedger(join(folder, 'ours.sqlite'))
    const rows = rowsOfOneReceipt(ours.store, ours.commit())
    const bare = openBare(join(folder, 'bare.sqlite'), rows)
    say(`${rounds * COMMITS_PER_ROUND} receipts, and as many bare commits of the same ${rows.length} rows`)
    const commitTimes: number[] = []
    const ratios: number[] = []
    for (let round = 0; round < rounds; round += 1) {
      const bareMs = timed(() => repeat(bare.commit))
      const oursMs = timed(() => repeat(() => commitTimes.push(timed(() => void ours.commit()))))
      ratios.push(bareMs / oursMs)
    }
    ours.store.close()
    bare.close()
    return { ratio: percentile(ratios, 0.5), commitMsP99: percentile(commitTimes, 0.99) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function repeat(work: () => unknown): void {
  for (let count = 0; count < COMMITS_PER_ROUND; count += 1) work()
}

function timed(work: () => void): number {
  const startedMs = performance.now()
  work()
  return performance.now() - startedMs
}

async function openLedger(file: string): Promise<{ readonly store: Store; readonly commit: () => Receipt }> {
  const opened = openStore({ file })
  assert(opened.ok, 'a new file opens')
  const store = opened.value
  let ids = 0
  const newId = () => (ids += 1).toString(16).padStart(32, '0')
  const clock = { nowMs: () => Date.now(), monotonicMs: () => performance.now(), after: () => () => {} }
  const ledger = createLedger({
    store,
    keys: await newKeys(),
    clock,
    newId,
    terminalId: 'bench-1' as TerminalId,
    enqueue: createEnqueue({ clock, newId }),
  })
  assert(ledger.ok, 'a new ledger begins')
  const draft = sampleDraft()
  return { store, commit: () => commitOne(store, ledger.value, draft) }
}

function commitOne(store: Store, ledger: Ledger, draft: ReceiptDraft): Receipt {
  const committed = store.write((tx) => ledger.commitReceipt(tx, draft))
  assert(committed.ok, 'a receipt commits')
  return committed.value
}

async function newKeys(): Promise<Keys> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = privateKey.export({ format: 'jwk' }) as PrivateJwk
  return { signer: await signerOf(jwk), signNow: (data) => sign('sha256', data, { key: privateKey, dsaEncoding: 'ieee-p1363' }) }
}

/** Two snacks, paid in cash: the same for every commit. */
function sampleDraft(): ReceiptDraft {
  const lines = ['popcorn', 'cola'].map((id, index) =>
    priceLine({
      id: `line-${index}` as LineId,
      subject: { kind: 'product', productId: id as ProductId },
      name: { en: id, 'zh-CN': '爆米花' },
      detail: { en: '', 'zh-CN': '' },
      quantity: 1,
      unitPrice: money(1_800, 'CNY'),
      taxBasisPoints: 1_300,
    }),
  )
  const total = money(3_600, 'CNY')
  const name = { en: 'Bench', 'zh-CN': '测量' }
  return {
    kind: 'sale',
    practice: true,
    merchant: { id: 'bench' as Receipt['merchant']['id'], name },
    site: { id: 'bench' as Receipt['site']['id'], name, address: name, timeZone: 'Asia/Shanghai' },
    cashierName: 'Bench',
    lines,
    payments: [{ tender: 'cash', amount: total, tendered: money(5_000, 'CNY'), change: money(1_400, 'CNY') }],
    total,
    tax: money(
      lines.reduce((tax, line) => tax + line.tax.amount, 0),
      'CNY',
    ),
    captures: [],
    sells: [],
  }
}

/** Every row one receipt writes, as the bytes it amounts to: what the baseline writes without knowing what they mean. */
function rowsOfOneReceipt(store: Store, receipt: Receipt): readonly Uint8Array[] {
  const reads: readonly (readonly [string, string | number])[] = [
    ['SELECT * FROM receipts WHERE id = ?', receipt.id satisfies ReceiptId],
    ['SELECT * FROM receipt_payments WHERE receipt_id = ?', receipt.id],
    ['SELECT j.* FROM journal j JOIN receipts r ON r.journal_seq = j.seq WHERE r.id = ?', receipt.id],
    ['SELECT o.* FROM outbox o JOIN receipts r ON r.outbox_seq = o.seq WHERE r.id = ?', receipt.id],
  ]
  const rows = reads.flatMap(([sql, value]) => store.all(sql, value))
  assert(rows.length >= 4, 'a receipt writes at least four rows')
  return rows.map((row) => new TextEncoder().encode(Object.values(row).join('')))
}

function openBare(file: string, rows: readonly Uint8Array[]): { readonly commit: () => void; readonly close: () => void } {
  const database = new Database(file)
  database.pragma('journal_mode = WAL')
  database.pragma('synchronous = FULL')
  // One table for each of the ledger's, so that both spread their rows over as many pages.
  const inserts = rows.map((bytes, table) => {
    database.exec(`CREATE TABLE bare_${table} (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT`)
    return { statement: database.prepare(`INSERT INTO bare_${table} (bytes) VALUES (?)`), bytes }
  })
  assert(database.pragma('synchronous', { simple: true }) === 2, 'the baseline is as durable as the ledger')
  const commit = database.transaction(() => {
    for (const { statement, bytes } of inserts) statement.run(bytes)
  })
  return { commit: () => commit.immediate(), close: () => database.close() }
}
