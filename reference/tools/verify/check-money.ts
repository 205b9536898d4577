import type Database from 'better-sqlite3'
import { at, jsonObject, listAt } from './canonical-json.ts'
import { type Entry, sha256Hex } from './check-journal.ts'
import type { Findings } from './report.ts'

type Row = Readonly<Record<string, unknown>>

const ATTEMPTS = `SELECT a.*, r.kind AS receipt_kind, r.currency AS receipt_currency, r.receipt_json
FROM attempts a LEFT JOIN (SELECT id, kind, currency, receipt_json FROM receipts
  UNION ALL SELECT id, kind, currency, receipt_json FROM pulled_receipts) r ON r.id = a.receipt_id ORDER BY a.request_id`
const PAID_BY_ATTEMPTS = `SELECT r.id, r.total_minor,
  (SELECT COALESCE(SUM(a.amount_minor), 0) FROM attempts a WHERE a.receipt_id = r.id AND a.state = 'paid') AS paid
FROM receipts r WHERE r.kind = 'sale'`
const TWICE_AUTHORIZED = `SELECT authorization_id, COUNT(*) AS times FROM audit_payments
WHERE authorization_id IS NOT NULL GROUP BY authorization_id HAVING times > 1`

/** Attempts against receipts: each paid attempt is on one receipt, each sale is paid by its attempts, no authorization pays twice. */
export function checkAttempts(database: Database.Database, findings: Findings): void {
  findings.begin('attempts')
  for (const row of database.prepare<[], Row>(ATTEMPTS).iterate()) {
    findings.row()
    checkAttempt(row, findings)
  }
  for (const row of database.prepare<[], Row>(PAID_BY_ATTEMPTS).iterate()) {
    findings.same('receipts', row['id'], 'sum of its paid attempts', row['paid'], row['total_minor'])
  }
  for (const row of database.prepare<[], Row>(TWICE_AUTHORIZED).iterate()) {
    findings.bad('receipt_payments', row['authorization_id'], `this authorization pays ${String(row['times'])} times`)
  }
}

const TIMES = ['created_at', 'sent_at', 'expires_at', 'ended_at']
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/

function checkAttempt(row: Row, findings: Findings): void {
  const id = row['request_id']
  for (const name of TIMES) {
    const time = row[name]
    if (time !== null && !(typeof time === 'string' && INSTANT.test(time)))
      findings.bad('attempts', id, `${name} is no time: ${JSON.stringify(time)}`)
  }
  const isPaid = row['state'] === 'paid'
  if (!isPaid) {
    findings.same('attempts', id, 'receipt_id of an attempt that is not paid', row['receipt_id'], null)
    return
  }
  const receipt = jsonObject(row['receipt_json'])
  if (!receipt) {
    findings.bad('attempts', id, `is paid, and receipt ${String(row['receipt_id'])} is not here`)
    return
  }
  findings.same('attempts', id, 'currency', row['currency'], row['receipt_currency'])
  const tender = row['tender']
  const payment = listAt(receipt, 'payments').find(
    (candidate) => at(candidate, 'tender') === tender && (tender === 'cash' || at(candidate, 'requestId') === id),
  )
  if (!payment) findings.bad('attempts', id, `is paid, and receipt ${String(row['receipt_id'])} has no payment of it`)
  else findings.same('attempts', id, 'amount_minor', row['amount_minor'], at(payment, 'amount.amount'))
}

/** An attempt's end and its reversal are written in one transaction: with the reversal there, none of these can be. */
const OPEN_STATES: ReadonlySet<unknown> = new Set(['prepared', 'sent', 'in-doubt', 'waiting'])

const YESES = `SELECT y.*, r.kind AS receipt_kind, r.total_minor, r.authorization_id AS paid_authorization,
  p.id AS pulled_id FROM unknown_yeses y
  LEFT JOIN receipts r ON r.id = y.receipt_id LEFT JOIN pulled_receipts p ON p.id = y.receipt_id ORDER BY y.authorization_id`
const RECOVERED = `SELECT r.id, y.authorization_id FROM receipts r
  LEFT JOIN unknown_yeses y ON y.receipt_id = r.id AND y.authorization_id = r.authorization_id WHERE r.kind = 'recovered'`

/** Money that was found for requests this file had forgotten: each recovered one is on its receipt, and each such receipt has one. */
export function checkYeses(database: Database.Database, findings: Findings): void {
  findings.begin('unknown yeses')
  for (const row of database.prepare<[], Row>(YESES).iterate()) {
    findings.row()
    const id = row['authorization_id']
    const isRecovered = row['state'] === 'recovered'
    if (!isRecovered) findings.same('unknown_yeses', id, 'receipt_id of one that is not recovered', row['receipt_id'], null)
    // One that another hand has captured is on a receipt that came back, whatever its kind.
    if (!isRecovered || row['pulled_id'] !== null) continue
    findings.same('unknown_yeses', id, 'kind of its receipt', row['receipt_kind'], 'recovered')
    findings.same('unknown_yeses', id, 'amount_minor', row['amount_minor'], row['total_minor'])
    findings.same('unknown_yeses', id, 'authorization on its receipt', row['paid_authorization'], id)
  }
  for (const row of database.prepare<[], Row>(RECOVERED).iterate()) {
    if (row['authorization_id'] === null) findings.bad('receipts', row['id'], 'is a recovered receipt of nothing that was found')
  }
}

/** Reversals: in the journal and in the outbox alike, and never of a request that is on a receipt (I2). */
export function checkReversals(database: Database.Database, findings: Findings, entries: ReadonlyMap<number, Entry>): void {
  findings.begin('reversals')
  const journalled = new Map(
    [...entries.values()].flatMap((entry) => (entry.kind === 'attempt-reversed' ? [[String(entry.content['request_id']), entry]] : [])),
  )
  const unsent = new Set(journalled.keys())
  // A request that this file had forgotten, and that a manager ended: its yes stands for the attempt.
  const attempt = database.prepare<[string, string], Row>(`SELECT state, amount_minor, currency FROM attempts WHERE request_id = ?
    UNION ALL SELECT state, amount_minor, currency FROM unknown_yeses WHERE request_id = ?`)
  for (const row of database.prepare<[], Row>("SELECT id, body FROM outbox WHERE kind = 'reversal' ORDER BY seq").iterate()) {
    findings.row()
    const body = jsonObject(row['body'])
    const requestId = String(at(body, 'requestId'))
    if (!unsent.delete(requestId)) findings.bad('outbox', row['id'], `reversal of ${requestId} is not in the journal, or is there twice`)
    checkReversal(
      { id: row['id'], body, bodyText: String(row['body']), entry: journalled.get(requestId)?.content ?? {} },
      attempt.get(requestId, requestId),
      findings,
    )
  }
  for (const requestId of unsent) findings.bad('outbox', requestId, 'its reversal is in the journal and not here')
  const silent = "SELECT request_id FROM attempts WHERE state = 'reversed' AND sent_at IS NOT NULL ORDER BY request_id"
  for (const row of database.prepare<[], Row>(silent).iterate()) {
    if (!journalled.has(String(row['request_id'])))
      findings.bad('attempts', row['request_id'], 'is reversed, and the journal knows no reversal of it')
  }
}

type Reversal = {
  readonly id: unknown
  readonly body: unknown
  readonly bodyText: string
  readonly entry: Readonly<Record<string, unknown>>
}

function checkReversal({ id, body, bodyText, entry }: Reversal, attempt: Row | undefined, findings: Findings): void {
  if (!attempt) findings.bad('outbox', id, 'reverses a request that was never made')
  else if (attempt['state'] === 'paid' || attempt['state'] === 'recovered')
    findings.bad('outbox', id, 'reverses a request that is on a receipt')
  else if (OPEN_STATES.has(attempt['state'])) findings.bad('outbox', id, 'reverses a request that is said to be open still')
  const stated = { amount_minor: at(body, 'amount.amount'), currency: at(body, 'amount.currency'), reason: at(body, 'reason') }
  for (const [field, found] of Object.entries(stated)) findings.same('outbox', id, `${field} against the journal`, found, entry[field])
  if (attempt) {
    findings.same('outbox', id, 'amount against the attempt', stated.amount_minor, attempt['amount_minor'])
    findings.same('outbox', id, 'currency against the attempt', stated.currency, attempt['currency'])
  }
  const digest = entry['reversal_sha256']
  if (digest !== undefined) findings.same('outbox', id, 'digest against the journal', sha256Hex(bodyText), digest)
}

/** Outbox records: each id once, each acknowledged record with an outcome; heads that say what the journal says. */
export function checkOutbox(database: Database.Database, findings: Findings, entries: ReadonlyMap<number, Entry>): void {
  findings.begin('outbox')
  const seen = new Set<unknown>()
  const ofReceipts = new Set(database.prepare('SELECT outbox_seq FROM receipts').pluck().all())
  for (const row of database.prepare<[], Row>('SELECT * FROM outbox ORDER BY seq').iterate()) {
    findings.row()
    const id = row['id']
    if (seen.has(id)) findings.bad('outbox', id, 'this id is there twice')
    seen.add(id)
    if ((row['acked_at'] === null) !== (row['outcome'] === null))
      findings.bad('outbox', id, 'acknowledged without an outcome, or the reverse')
    if (row['kind'] === 'receipt' && !ofReceipts.has(row['seq'])) findings.bad('outbox', id, 'carries a receipt that is not here')
    if (row['kind'] === 'head') checkSentHead(row, entries, findings)
    else if (row['kind'] !== 'receipt' && row['kind'] !== 'reversal') findings.bad('outbox', id, `unknown kind ${String(row['kind'])}`)
  }
}

function checkSentHead(row: Row, entries: ReadonlyMap<number, Entry>, findings: Findings): void {
  const body = jsonObject(row['body'])
  findings.same(
    'outbox',
    row['id'],
    'hash of the head it carries',
    at(body, 'hash'),
    entries.get(Number(at(body, 'seq')))?.hash ?? 'no such entry',
  )
}
