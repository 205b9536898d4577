import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { MIGRATIONS } from '#main/store/migrations/index.ts'
import { ATTEMPT_STATES } from '#shared/domain/attempt.ts'
import { RECEIPT_KINDS, TENDERS } from '#shared/domain/receipt.ts'
import { newFolder, openLedger, saleOf, sell, testKeys, valueOf } from '../ledger/sample-sales.ts'

/** Columns an outsider's script relies on, in their order. */
const AUDIT_VIEWS = {
  audit_receipts: ['number', 'series', 'id', 'kind', 'total_minor', 'currency', 'paid_minor', 'tender', 'authorization_id', 'issued_at'],
  audit_payments: ['receipt_id', 'tender', 'amount_minor', 'authorization_id'],
  audit_journal: ['seq', 'entry_json', 'prev_hash', 'hash'],
  audit_heads: ['seq', 'hash', 'signature', 'kid'],
  audit_attempts: ['request_id', 'state', 'amount_minor', 'currency', 'receipt_id'],
  audit_outbox: ['id', 'kind', 'created_at', 'acked_at'],
}

async function withSales(work: (world: ReturnType<typeof openLedger>) => void): Promise<void> {
  const folder = newFolder()
  const world = openLedger(join(folder.path, 'terminal.sqlite'), await testKeys())
  try {
    valueOf(world.store.write((tx) => sell(tx, world.ledger, saleOf([{ quantity: 2, price: 4_500 }], [9_000]))))
    valueOf(world.store.write((tx) => sell(tx, world.ledger, saleOf([{ quantity: 1, price: 1_000 }], [300, 500]))))
    work(world)
  } finally {
    world.store.close()
    folder.remove()
  }
}

test('steps are numbered from 1 without a gap', () => {
  expect(MIGRATIONS.map((migration) => migration.version)).toEqual(MIGRATIONS.map((_, index) => index + 1))
})

test('the audit views have exactly their columns, and show the sales', async () => {
  await withSales(({ store }) => {
    for (const [view, columns] of Object.entries(AUDIT_VIEWS)) {
      expect(store.all('SELECT name FROM pragma_table_info(?) ORDER BY cid', view).map((row) => row['name'])).toEqual(columns)
    }
    expect(store.all('SELECT number, series, kind, total_minor, currency, paid_minor, tender, issued_at FROM audit_receipts')).toEqual([
      {
        number: 1,
        series: 'A',
        kind: 'sale',
        total_minor: 9_000,
        currency: 'CNY',
        paid_minor: 9_000,
        tender: 'band',
        issued_at: '2026-11-22T12:00:00.000Z',
      },
      {
        number: 2,
        series: 'A',
        kind: 'sale',
        total_minor: 1_000,
        currency: 'CNY',
        paid_minor: 1_000,
        tender: 'mixed',
        issued_at: '2026-11-22T12:00:00.000Z',
      },
    ])
    expect(store.all('SELECT tender, amount_minor FROM audit_payments ORDER BY amount_minor')).toEqual([
      { tender: 'cash', amount_minor: 200 },
      { tender: 'band', amount_minor: 300 },
      { tender: 'band', amount_minor: 500 },
      { tender: 'band', amount_minor: 9_000 },
    ])
    expect(store.all('SELECT authorization_id IS NULL AS none, tender FROM audit_receipts ORDER BY number')).toEqual([
      { none: 0, tender: 'band' },
      { none: 1, tender: 'mixed' },
    ])
    expect(store.all('SELECT seq, length(hash) AS hash, length(signature) AS signature, length(kid) AS kid FROM audit_heads')).toEqual(
      [1, 2, 3].map((seq) => ({ seq, hash: 64, signature: 86, kid: 11 })),
    )
  })
})

test('words of the domain and of the schema are the same', () => {
  const sql = MIGRATIONS.map((migration) => migration.sql).join('\n')
  for (const list of [ATTEMPT_STATES, RECEIPT_KINDS, TENDERS]) {
    expect(sql).toContain(`IN (${list.map((word) => `'${word}'`).join(', ')})`)
  }
})

test.for(['receipts', 'receipt_payments', 'journal'])('%s can be added to and read, nothing else', async (table) => {
  await withSales(({ store }) => {
    const column = String(store.get('SELECT name FROM pragma_table_info(?) LIMIT 1', table)?.['name'])
    expect(() => store.write((tx) => tx.run(`UPDATE ${table} SET ${column} = ${column}`))).toThrow(`${table} is append-only`)
    expect(() => store.write((tx) => tx.run(`DELETE FROM ${table}`))).toThrow(`${table} is append-only`)
  })
})

test('the schema refuses gaps, rewritten records, second acknowledgements and second ends', async () => {
  await withSales(({ store }) => {
    const refused = (sql: string, words: string) => expect(() => store.write((tx) => tx.run(sql))).toThrow(words)
    refused('INSERT INTO journal SELECT 9, kind, at, entry_json, prev_hash, hash, signature, kid FROM journal WHERE seq = 1', 'no gap')
    refused(
      "INSERT INTO receipts SELECT 1, 'x', series, 7, kind, issued_at, total_minor, currency, tender, NULL, receipt_json, 1, NULL FROM receipts LIMIT 1",
      'no gap',
    )
    refused('DELETE FROM outbox', 'never removed')
    refused("UPDATE outbox SET body = '{}'", 'never rewritten')
    valueOf(store.write((tx) => tx.run("UPDATE outbox SET acked_at = '2026-11-22T12:00:01.000Z', outcome = 'applied'")))
    refused('UPDATE outbox SET acked_at = NULL, outcome = NULL', 'acknowledged once')
    refused("UPDATE attempts SET state = 'reversed', receipt_id = NULL", 'ends once')
    refused('DELETE FROM attempts', 'never removed')
  })
})

test('an authorization pays once', async () => {
  await withSales(({ store, ledger }) => {
    const draft = saleOf([{ quantity: 1, price: 500 }], [500])
    valueOf(store.write((tx) => sell(tx, ledger, draft)))
    const head = ledger.head()
    expect(() => store.write((tx) => ledger.commitReceipt(tx, draft))).toThrow(/UNIQUE/)
    expect(ledger.head()).toEqual(head)
  })
})

test('a step that has been released is never edited', () => {
  const digests = MIGRATIONS.map(({ sql }) => createHash('sha256').update(sql).digest('hex'))
  expect(digests).toEqual([
    '65009e50081d7425b252ca6d350171ea4b5e32503ae53d7c617b4a075bd2aa07',
    '20195310a5ca37e319f075f831098cf41b1551185f4813c760654b7474f45c6b',
    '108b42beef6b55831f9f92ef3e3b2c4aa78b2508626ee17f55326dbce1ce7259',
    'f91c90838b915b36155e238d3f8934880ecd951a6189e3419d9c7e8d96a7ea7e',
  ])
})

function hasSqliteTool(): boolean {
  try {
    execFileSync('sqlite3', ['--version'])
    return true
  } catch {
    return false
  }
}

test.runIf(hasSqliteTool())('the machine’s own sqlite3 reads every audit view', async () => {
  await withSales(({ file }) => {
    for (const view of Object.keys(AUDIT_VIEWS)) {
      const rows: unknown = JSON.parse(execFileSync('sqlite3', ['-readonly', '-json', file, `SELECT * FROM ${view}`], { encoding: 'utf8' }))
      expect(rows).not.toHaveLength(0)
    }
  })
})
