import type { Clock, Keys, ReadStore, Store, StoreFault, WriteStore } from '#main/ports.ts'
import { assert } from '#shared/assert.ts'
import { toBase64Url } from '#shared/contracts/bytes.ts'
import type { ReceiptId, TerminalId } from '#shared/domain/ids.ts'
import { imbalanceOf, type Receipt, tenderOf } from '#shared/domain/receipt.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { canonical, sha256Hex } from './canonical.ts'
import { createJournal, type Journal } from './journal.ts'
import type { Enqueue, Head, Ledger, ReceiptDraft } from './ports.ts'
import { findReceipt, pageOfReceipts } from './receipt-rows.ts'

/** The series a new terminal numbers its receipts in. A restore will open the next one. */
const FIRST_SERIES = 'A'

const READ_SETTING = 'SELECT value FROM settings WHERE key = ?'
const WRITE_SETTING = 'INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value'
const OPEN_ENTRY = `SELECT entry_json FROM journal WHERE kind = 'open' ORDER BY seq DESC LIMIT 1`
const LAST_NUMBER = 'SELECT MAX(number) AS number FROM receipts WHERE series = ?'
const ADD_RECEIPT = `INSERT INTO receipts
  (id, series, number, kind, issued_at, total_minor, currency, tender, authorization_id, receipt_json, journal_seq, outbox_seq)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
const ADD_PAYMENT = 'INSERT INTO receipt_payments (receipt_id, position, tender, amount_minor, authorization_id) VALUES (?, ?, ?, ?, ?)'
const COUNT_PRINT = `INSERT INTO print_counts (receipt_id, prints) VALUES (?, 1)
  ON CONFLICT (receipt_id) DO UPDATE SET prints = prints + 1`
const PRINTS = 'SELECT prints FROM print_counts WHERE receipt_id = ?'
const HEAD_SENT = 'journal-head-sent'

export type { Ledger }

export type LedgerInput = {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  /** 32 lower-case hex digits, a new one each time. */
  readonly newId: () => string
  readonly terminalId: TerminalId
  readonly enqueue: Enqueue
}

/** `foreign-journal`: the journal in this file was begun by another terminal, or with a key this terminal no longer has. */
export type LedgerFault = StoreFault | { readonly code: 'foreign-journal'; readonly detail: string }

/** The receipts and the journal of one terminal. Begins the journal when there is none. */
export function createLedger(input: LedgerInput): Result<Ledger, LedgerFault> {
  const { store, enqueue } = input
  const journal = createJournal(input)
  const begun = begin(input, journal)
  if (!begun.ok) return begun

  const head = (reads: ReadStore): Head => {
    const last = journal.last(reads)
    assert(last, 'the journal begins with an entry')
    return last
  }
  const isHeadDue = (reads: ReadStore): boolean => Number(setting(reads, HEAD_SENT) ?? 0) < head(reads).seq

  return ok({
    series: () => currentSeries(store),
    commitReceipt: (tx, draft) => commitReceipt({ tx, draft, input, journal }),
    commitReversal(tx, body) {
      const { requestId, amount, reason } = body
      const text = canonical(body)
      const fields = {
        request_id: requestId,
        amount_minor: amount.amount,
        currency: amount.currency,
        reason,
        reversal_sha256: sha256Hex(text),
      }
      journal.append(tx, { kind: 'attempt-reversed', fields, at: journal.now() })
      enqueue(tx, 'reversal', text)
    },
    appendEvent: (tx, kind, fields) => journal.append(tx, { kind, fields, at: journal.now() }),
    head: () => head(store),
    isHeadDue: () => isHeadDue(store),
    enqueueHead(tx) {
      if (!isHeadDue(tx)) return
      const signed = journal.signedHead(tx)
      enqueue(tx, 'head', canonical(signed))
      tx.run(WRITE_SETTING, HEAD_SENT, String(signed.seq))
    },
    receipt: (id) => findReceipt(store, id),
    receipts: (page) => pageOfReceipts(store, page),
    countPrint(tx, id) {
      tx.run(COUNT_PRINT, id)
      return Number(tx.get(PRINTS, id)?.['prints'])
    },
  })
}

function setting(reads: ReadStore, key: string): string | undefined {
  const row = reads.get(READ_SETTING, key)
  return row && String(row['value'])
}

function currentSeries(reads: ReadStore): string {
  const series = setting(reads, 'series')
  assert(series, 'a ledger has a series from its first entry on')
  return series
}

/** First start: the entry that says whose journal this is. Later starts: checks that it is still ours. */
function begin({ store, keys, terminalId, newId }: LedgerInput, journal: Journal): Result<void, LedgerFault> {
  const point = toBase64Url(keys.signer.point)
  const opened = store.get(OPEN_ENTRY)
  if (opened) {
    // The cast: our own entry, canonical JSON of plain fields.
    const entry = JSON.parse(String(opened['entry_json'])) as { readonly terminal: string; readonly point: string }
    if (entry.terminal !== terminalId) return err({ code: 'foreign-journal', detail: `begun by terminal ${entry.terminal}` })
    if (entry.point !== point) return err({ code: 'foreign-journal', detail: 'begun with another signing key' })
    return ok()
  }
  return store.write((tx) => {
    const incarnation = newId()
    tx.run(WRITE_SETTING, 'series', FIRST_SERIES)
    tx.run(WRITE_SETTING, 'incarnation', incarnation)
    const fields = { terminal: terminalId, series: FIRST_SERIES, incarnation, point, kid: toBase64Url(keys.signer.kid) }
    journal.append(tx, { kind: 'open', at: journal.now(), fields })
  })
}

/** Captures are exactly the band payments: what the backend captures is what the receipt says a band paid. */
function assertCaptured({ payments, captures }: ReceiptDraft): void {
  const bands = payments.filter((payment) => payment.tender === 'band')
  assert(bands.length === captures.length, 'each band payment has one capture')
  for (const band of bands) {
    const capture = captures.find((candidate) => candidate.authorizationId === band.authorizationId)
    assert(capture?.requestId === band.requestId, 'a capture belongs to the request that was authorized')
    assert(
      capture.amount.amount === band.amount.amount && capture.amount.currency === band.amount.currency,
      'a capture is of the amount paid',
    )
  }
}

type Commit = { readonly tx: WriteStore; readonly draft: ReceiptDraft; readonly input: LedgerInput; readonly journal: Journal }

function commitReceipt({ tx, draft, input, journal }: Commit): Receipt {
  const { captures, sells, ...stated } = draft
  const imbalance = imbalanceOf(stated)
  assert(imbalance === undefined, `a receipt that does not balance: ${imbalance}`)
  assertCaptured(draft)

  const series = currentSeries(tx)
  const number = Number(tx.get(LAST_NUMBER, series)?.['number'] ?? 0) + 1
  const issuedAt = journal.now()
  const id = input.newId() as ReceiptId
  const receipt: Receipt = { ...stated, id, series, number, issuedAt, terminalId: input.terminalId, tender: tenderOf(stated.payments) }
  const receiptJson = canonical(receipt)
  const capturesJson = canonical(captures.map(({ authorization, ...rest }) => ({ ...rest, authorization: toBase64Url(authorization) })))
  const sellsJson = canonical(sells)

  const { seq, hash } = journal.append(tx, {
    kind: 'receipt',
    at: issuedAt,
    fields: {
      id: receipt.id,
      receipt_kind: receipt.kind,
      number,
      series,
      total_minor: receipt.total.amount,
      currency: receipt.total.currency,
      receipt_sha256: sha256Hex(receiptJson),
      // With the receipt and the journal's own place, these two are all that goes to the backend: see the body below.
      captures_sha256: sha256Hex(capturesJson),
      sells_sha256: sha256Hex(sellsJson),
    },
  })
  // ReceiptBody of the backend's contract. Its parts are canonical and in order, so the whole is too.
  const body = `{"captures":${capturesJson},"journal":${canonical({ seq, hash })},"receipt":${receiptJson},"sells":${sellsJson}}`
  const outboxSeq = input.enqueue(tx, 'receipt', body, seq)
  insertReceipt(tx, receipt, { receiptJson, seq, outboxSeq })
  return receipt
}

function insertReceipt(
  tx: WriteStore,
  receipt: Receipt,
  stored: { readonly receiptJson: string; readonly seq: number; readonly outboxSeq: number },
): void {
  const { id, series, number, kind, issuedAt, total, tender, payments } = receipt
  const only = payments.length === 1 ? payments[0] : undefined
  const authorizationId = only?.tender === 'band' ? only.authorizationId : null
  tx.run(
    ADD_RECEIPT,
    id,
    series,
    number,
    kind,
    issuedAt,
    total.amount,
    total.currency,
    tender,
    authorizationId,
    stored.receiptJson,
    stored.seq,
    stored.outboxSeq,
  )
  for (const [position, payment] of payments.entries()) {
    const authorization = payment.tender === 'band' ? payment.authorizationId : null
    tx.run(ADD_PAYMENT, id, position, payment.tender, payment.amount.amount, authorization)
  }
}
