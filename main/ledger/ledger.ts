import type { Clock, Keys, ReadStore, Store, StoreFault, WriteStore } from '#main/ports.ts'
import { assert } from '#shared/assert.ts'
import { toBase64Url } from '#shared/contracts/bytes.ts'
import type { ReceiptId, TerminalId } from '#shared/domain/ids.ts'
import { imbalanceOf, type Receipt, tenderOf } from '#shared/domain/receipt.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { canonical, sha256Hex } from './canonical.ts'
import { openEpoch } from './epochs.ts'
import { createJournal, type Journal } from './journal.ts'
import { addPayments, receiptColumns } from './payment-columns.ts'
import type { Capture, Enqueue, Head, Ledger, ReceiptDraft } from './ports.ts'
import { pullReceipt } from './pull.ts'
import { findReceipt, pageOfReceipts } from './receipt-rows.ts'
import { FIRST_SERIES } from './series.ts'
import { readSetting, writeSetting } from './settings.ts'

const OPEN_ENTRY = `SELECT entry_json FROM journal WHERE kind = 'open' ORDER BY seq DESC LIMIT 1`
const LAST_NUMBER = 'SELECT MAX(number) AS number FROM receipts WHERE series = ?'
const ADD_RECEIPT = `INSERT INTO receipts
  (id, series, number, kind, issued_at, total_minor, currency, tender, authorization_id, of_receipt_id, receipt_json, journal_seq, outbox_seq)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
const ADD_PAYMENT = `INSERT INTO receipt_payments
  (receipt_id, position, tender, amount_minor, authorization_id, returned_authorization_id) VALUES (?, ?, ?, ?, ?, ?)`
const VOID_OF = `SELECT id FROM receipts WHERE kind = 'void' AND of_receipt_id = ?
  UNION ALL SELECT id FROM pulled_receipts WHERE kind = 'void' AND of_receipt_id = ?`
const COUNT_PRINT = `INSERT INTO print_counts (receipt_id, prints) VALUES (?, 1)
  ON CONFLICT (receipt_id) DO UPDATE SET prints = prints + 1`
const PRINTS = 'SELECT prints FROM print_counts WHERE receipt_id = ?'

export type { Ledger }

export type LedgerInput = {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  /** 32 lower-case hex digits, a new one each time. */
  readonly newId: () => string
  readonly terminalId: TerminalId
  readonly enqueue: Enqueue
  /** The journal has grown, or will have when the transaction under way is committed. */
  readonly onGrowth?: () => void
}

/** `foreign-journal`: the journal in this file was begun by another terminal, or with a key this terminal no longer has. */
export type LedgerFault = StoreFault | { readonly code: 'foreign-journal'; readonly detail: string }

/** The receipts and the journal of one terminal. Begins the journal when there is none. */
export function createLedger(input: LedgerInput): Result<Ledger, LedgerFault> {
  const { store, enqueue } = input
  const journal = watched(createJournal(input), input.onGrowth)
  const begun = begin(input, journal)
  if (!begun.ok) return begun

  const head = (reads: ReadStore): Head => {
    const last = journal.last(reads)
    assert(last, 'the journal begins with an entry')
    return last
  }
  const isHeadDue = (reads: ReadStore): boolean => Number(readSetting(reads, 'journal-head-sent') ?? 0) < head(reads).seq

  return ok({
    series: () => currentSeries(store),
    epoch: () => currentEpoch(store),
    openEpoch: (tx, restore) => openEpoch(tx, { journal, enqueue }, restore),
    pullReceipt: (tx, body) => pullReceipt(tx, journal, input.terminalId, body),
    voidOf(id) {
      const row = store.get(VOID_OF, id, id)
      return row && (String(row['id']) as ReceiptId)
    },
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
      return enqueue(tx, 'reversal', text)
    },
    appendEvent: (tx, kind, fields) => journal.append(tx, { kind, fields, at: journal.now() }),
    head: () => head(store),
    isHeadDue: () => isHeadDue(store),
    enqueueHead(tx) {
      if (!isHeadDue(tx)) return
      const signed = journal.signedHead(tx)
      enqueue(tx, 'head', canonical({ ...signed, ...epochPart(tx) }))
      writeSetting(tx, 'journal-head-sent', String(signed.seq))
    },
    receipt: (id) => findReceipt(store, id),
    receipts: (page) => pageOfReceipts(store, page),
    countPrint(tx, id) {
      tx.run(COUNT_PRINT, id)
      return Number(tx.get(PRINTS, id)?.['prints'])
    },
  })
}

function currentSeries(reads: ReadStore): string {
  const series = readSetting(reads, 'series')
  assert(series, 'a ledger has a series from its first entry on')
  return series
}

function currentEpoch(reads: ReadStore): number {
  return Number(readSetting(reads, 'epoch') ?? 1)
}

/** What a record says of its epoch: nothing while it is the first. */
function epochPart(reads: ReadStore): { readonly epoch?: number } {
  const epoch = currentEpoch(reads)
  return epoch === 1 ? {} : { epoch }
}

function watched(journal: Journal, onGrowth: (() => void) | undefined): Journal {
  if (!onGrowth) return journal
  return {
    ...journal,
    append(tx, entry) {
      const head = journal.append(tx, entry)
      onGrowth()
      return head
    },
  }
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
    writeSetting(tx, 'series', FIRST_SERIES)
    writeSetting(tx, 'incarnation', incarnation)
    const fields = { terminal: terminalId, series: FIRST_SERIES, incarnation, point, kid: toBase64Url(keys.signer.kid) }
    journal.append(tx, { kind: 'open', at: journal.now(), fields })
  })
}

/** A void takes back what the receipt it names was paid: each band payment by one void, and it captures and sells nothing. */
function assertVoided({ payments, captures, sells, voids = [], returns = [], of, total }: ReceiptDraft): void {
  const bands = payments.filter((payment) => payment.tender === 'band')
  assert(of && total.amount < 0, 'a void names what it takes back')
  assert(captures.length === 0 && sells.length === 0, 'a void captures and sells nothing')
  assert(bands.length === voids.length, 'each band payment of a void has one void')
  for (const band of bands) {
    const part = voids.find((candidate) => candidate.authorizationId === band.authorizationId)
    assert(part?.requestId === band.requestId, 'a void belongs to the request that was authorized')
    assert(part.amount.amount === -band.amount.amount && part.amount.currency === band.amount.currency, 'a void is of the amount paid')
  }
  const named = [...voids, ...returns].map((part) => part.ofReceiptId)
  assert(
    named.every((id) => id === of.receiptId),
    'a void takes back one receipt',
  )
}

/** Captures are exactly the band payments: what the backend captures is what the receipt says a band paid. */
function assertCaptured({ payments, captures, voids, returns }: ReceiptDraft): void {
  assert(voids === undefined && returns === undefined, 'only a void takes something back')
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
  const { captures, sells, voids, returns, ...stated } = draft
  const imbalance = imbalanceOf(stated)
  assert(imbalance === undefined, `a receipt that does not balance: ${imbalance}`)
  if (draft.kind === 'void') assertVoided(draft)
  else assertCaptured(draft)

  const series = currentSeries(tx)
  const number = Number(tx.get(LAST_NUMBER, series)?.['number'] ?? 0) + 1
  const issuedAt = journal.now()
  const id = input.newId() as ReceiptId
  const receipt: Receipt = { ...stated, id, series, number, issuedAt, terminalId: input.terminalId, tender: tenderOf(stated.payments) }
  const receiptJson = canonical(receipt)
  const capturesJson = canonical(captures.map(sentCapture))
  const sellsJson = canonical(sells)
  const voidsJson = voids && canonical(voids)
  const returnsJson = returns && canonical(returns)

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
      // With the receipt and the journal's own place, these are all that goes to the backend: see the body below.
      captures_sha256: sha256Hex(capturesJson),
      sells_sha256: sha256Hex(sellsJson),
      ...(voidsJson === undefined ? {} : { voids_sha256: sha256Hex(voidsJson) }),
      ...(returnsJson === undefined ? {} : { returns_sha256: sha256Hex(returnsJson) }),
    },
  })
  // ReceiptBody of the backend's contract. Its parts are canonical and in order, so the whole is too.
  const returnsPart = returnsJson === undefined ? '' : `,"returns":${returnsJson}`
  const voidsPart = voidsJson === undefined ? '' : `,"voids":${voidsJson}`
  const journalJson = canonical({ seq, hash, ...epochPart(tx) })
  const body = `{"captures":${capturesJson},"journal":${journalJson},"receipt":${receiptJson}${returnsPart},"sells":${sellsJson}${voidsPart}}`
  const outboxSeq = input.enqueue(tx, 'receipt', body, seq)
  insertReceipt(tx, receipt, { receiptJson, seq, outboxSeq })
  return receipt
}

/** A capture as it is sent: signed statements as base64url. */
function sentCapture({ authorization, offline, ...rest }: Capture) {
  const evidence = offline && {
    offline: {
      slot: toBase64Url(offline.slot),
      slotProof: toBase64Url(offline.slotProof),
      statement: toBase64Url(offline.statement),
    },
  }
  return { ...rest, authorization: toBase64Url(authorization), ...evidence }
}

function insertReceipt(
  tx: WriteStore,
  receipt: Receipt,
  stored: { readonly receiptJson: string; readonly seq: number; readonly outboxSeq: number },
): void {
  tx.run(ADD_RECEIPT, ...receiptColumns(receipt), stored.receiptJson, stored.seq, stored.outboxSeq)
  addPayments(tx, ADD_PAYMENT, receipt)
}
