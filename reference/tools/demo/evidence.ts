/**
 * What the demo proves before it says "held": everything is read from the two databases with plain SQL through the audit views, hashes
 * and signatures are recomputed with Node's own cryptography, and nothing of the terminal's code takes part.
 */
import { createHash, createPublicKey, verify } from 'node:crypto'
import Database from 'better-sqlite3'
import { fromBase64Url, toBase64Url } from '#shared/contracts/bytes.ts'
import { decodeSign1, toBeSigned } from '#shared/contracts/cose.ts'
import { authorization } from '#shared/contracts/radio-messages.ts'
import { offlineAuthorization, slot } from '#shared/contracts/slot-messages.ts'
import { publicKeyOf } from '../verify/check-journal.ts'
import { verifyDatabase } from '../verify/verify.ts'
import type { Doubted } from './trouble.ts'

export type Jwk = { readonly kty: string; readonly crv: string; readonly x: string; readonly y: string; readonly kid: string }
export type Finding = { readonly claim: string; readonly held: boolean; readonly detail: string }

type Row = Readonly<Record<string, string | number | null>>

/** Examines the databases at rest. Each finding is one claim, and whether it held. */
export function examine(
  files: { readonly terminal: string; readonly backend: string },
  jwks: readonly Jwk[],
  {
    sales,
    refunds,
    doubted,
  }: { readonly sales: readonly SaleRecord[]; readonly refunds: readonly RefundRecord[]; readonly doubted: readonly Doubted[] },
): { readonly findings: readonly Finding[]; readonly inDoubt: readonly DoubtRecord[] } {
  const terminal = new Database(files.terminal, { readonly: true, fileMustExist: true })
  const backend = new Database(files.backend, { readonly: true, fileMustExist: true })
  try {
    const rows = (database: Database.Database, sql: string) => database.prepare(sql).all() as Row[]
    const inDoubt = doubted.map((doubt) => ({ ...doubt, charges: chargesOf(backend, doubt.requestId) }))
    const findings = [
      ...journalFindings(
        rows(terminal, 'SELECT * FROM audit_journal ORDER BY seq'),
        rows(terminal, 'SELECT * FROM audit_heads ORDER BY seq'),
      ),
      ...receiptFindings(
        rows(terminal, 'SELECT * FROM audit_receipts ORDER BY number'),
        rows(terminal, 'SELECT * FROM audit_payments'),
        sales,
        refunds,
      ),
      emptyFinding('every outbox record is acknowledged', rows(terminal, 'SELECT id FROM audit_outbox WHERE acked_at IS NULL')),
      emptyFinding(
        'no attempt is left open',
        rows(terminal, "SELECT request_id FROM audit_attempts WHERE state IN ('prepared', 'sent', 'in-doubt')"),
      ),
      emptyFinding('no authorization is left held', rows(backend, "SELECT id FROM audit_authorizations WHERE state = 'held'")),
      emptyFinding(
        'every posting sums to zero',
        rows(backend, 'SELECT posting_id FROM audit_ledger GROUP BY posting_id, currency HAVING SUM(amount_minor) <> 0'),
      ),
      verifyFinding(terminal),
      ...agreementFindings(terminal, backend),
      ...inDoubt.map((doubt) => doubtFinding(terminal, doubt)),
      ...sales.flatMap((sale) => {
        if (!sale.authorization) return []
        return [sale.authorizationKind === 'offline' ? offlineFinding(terminal, sale) : signatureFinding(sale, jwks)]
      }),
    ]
    return { findings, inDoubt }
  } finally {
    terminal.close()
    backend.close()
  }
}

export type SaleRecord = {
  readonly receiptNumber: number
  readonly receiptId: string
  readonly total: { readonly amount: number; readonly currency: string }
  readonly tender: 'band' | 'cash' | 'mixed'
  readonly requestId?: string
  readonly authorization?: string
  readonly authorizationKind?: 'online' | 'offline'
}

export type RefundRecord = {
  readonly receiptId: string
  readonly ofReceiptId: string
  readonly total: { readonly amount: number; readonly currency: string }
}

/** A void takes back exactly what the sale it names was. */
function refundFinding(receipts: readonly Row[], { receiptId, ofReceiptId, total }: RefundRecord): Finding {
  const voided = receipts.find((row) => row['id'] === receiptId)
  const sale = receipts.find((row) => row['id'] === ofReceiptId)
  const held = voided?.['kind'] === 'void' && voided['total_minor'] === total.amount && total.amount === -Number(sale?.['total_minor'])
  return finding('the void takes back exactly its sale', held, `${voided?.['number']} of ${sale?.['number']}`)
}

/** How a payment in doubt ended, and how often the wallet paid for it in the end. */
export type DoubtRecord = Doubted & { readonly charges: number }

function chargesOf(backend: Database.Database, requestId: string): number {
  const row = backend.prepare("SELECT COUNT(*) AS n FROM audit_authorizations WHERE request_id = ? AND state = 'captured'").get(requestId)
  return (row as { n: number }).n
}

/** A doubt that ended as a receipt was charged once and is on one receipt; one that ended as a reversal was not charged and is on none. */
function doubtFinding(terminal: Database.Database, { requestId, outcome, charges }: DoubtRecord): Finding {
  const row = terminal.prepare('SELECT state, receipt_id FROM audit_attempts WHERE request_id = ?').get(requestId) as Row | undefined
  const isReceipt = outcome === 'receipt'
  const held =
    charges === (isReceipt ? 1 : 0) && row?.['state'] === (isReceipt ? 'paid' : 'reversed') && (row['receipt_id'] !== null) === isReceipt
  return finding(
    `the payment in doubt that ended as a ${outcome} was charged ${isReceipt ? 'once' : 'never'}`,
    held,
    `${row?.['state']}, ${charges} charges`,
  )
}

function finding(claim: string, held: boolean, detail: string): Finding {
  return { claim, held, detail }
}

function emptyFinding(claim: string, offending: readonly Row[]): Finding {
  return finding(claim, offending.length === 0, offending.length === 0 ? 'no exception' : JSON.stringify(offending.slice(0, 5)))
}

function verifyFinding(terminal: Database.Database): Finding {
  const { sound, checks, problems } = verifyDatabase(terminal)
  const rows = checks.reduce((count, check) => count + check.rows, 0)
  return finding(
    '`npm run verify` finds the terminal’s records sound',
    sound,
    sound ? `${rows} rows` : JSON.stringify(problems.slice(0, 3)),
  )
}

function journalFindings(journal: readonly Row[], heads: readonly Row[]): Finding[] {
  let previous = '0'.repeat(64)
  let broken: number | undefined
  for (const [index, { seq, entry_json: entry, prev_hash: prevHash, hash }] of journal.entries()) {
    const computed = createHash('sha256').update(`${prevHash}${entry}`, 'utf8').digest('hex')
    if (broken === undefined && (seq !== index + 1 || prevHash !== previous || hash !== computed)) broken = Number(seq)
    previous = String(hash)
  }
  const last = heads.at(-1)
  return [
    finding(
      'the journal’s hash chain recomputes',
      broken === undefined,
      broken === undefined ? `${journal.length} entries` : `broken at ${broken}`,
    ),
    finding(
      'the newest journal entry has a signed head',
      last?.['seq'] === journal.length && last['hash'] === previous,
      `head at ${last?.['seq']}`,
    ),
  ]
}

function receiptFindings(
  receipts: readonly Row[],
  payments: readonly Row[],
  sales: readonly SaleRecord[],
  refunds: readonly RefundRecord[],
): Finding[] {
  const numbers = receipts.map((row) => Number(row['number']))
  const unbalanced = receipts.filter((row) => row['paid_minor'] !== row['total_minor'])
  const paid = new Map<string, number>()
  for (const row of payments) paid.set(String(row['receipt_id']), (paid.get(String(row['receipt_id'])) ?? 0) + Number(row['amount_minor']))
  const differing = receipts.filter((row) => paid.get(String(row['id'])) !== row['total_minor'])
  const told = sales.filter((sale) => {
    const row = receipts.find((each) => each['id'] === sale.receiptId)
    return row?.['number'] !== sale.receiptNumber || row['total_minor'] !== sale.total.amount || row['tender'] !== sale.tender
  })
  return [
    finding(
      'receipt numbers run from 1 without a gap',
      numbers.every((number, index) => number === index + 1),
      numbers.join(', '),
    ),
    emptyFinding('what was paid equals each receipt’s total', [...unbalanced, ...differing]),
    finding(
      'the story’s sales are the receipts on file',
      told.length === 0 && receipts.length === sales.length + refunds.length,
      `${receipts.length} receipts`,
    ),
    ...refunds.map((refund) => refundFinding(receipts, refund)),
  ]
}

/** The two sides agree: every receipt was received, every band payment is captured for exactly its amount, sold seats have receipts. */
function agreementFindings(terminal: Database.Database, backend: Database.Database): Finding[] {
  const receipts = terminal.prepare('SELECT id, number, total_minor FROM audit_receipts ORDER BY id').all()
  const received = backend.prepare('SELECT receipt_id AS id, number, total_minor FROM audit_received ORDER BY receipt_id').all()
  const paid = terminal
    .prepare('SELECT authorization_id AS id, amount_minor FROM audit_payments WHERE authorization_id IS NOT NULL ORDER BY 1')
    .all()
  const captured = backend.prepare("SELECT id, amount_minor FROM audit_authorizations WHERE state = 'captured' ORDER BY 1").all()
  const merchant = backend.prepare("SELECT SUM(amount_minor) AS total FROM audit_ledger WHERE account LIKE 'merchant:%'").get() as Row
  const bands = terminal.prepare("SELECT SUM(amount_minor) AS total FROM audit_payments WHERE tender = 'band'").get() as Row
  const owed = Number(bands['total'] ?? 0)
  const sold = backend.prepare("SELECT receipt_id FROM audit_seats WHERE state = 'sold' AND receipt_id IS NOT NULL").all() as Row[]
  const ids = new Set((receipts as Row[]).map((row) => row['id']))
  return [
    finding(
      'the backend received exactly the terminal’s receipts',
      JSON.stringify(receipts) === JSON.stringify(received),
      `${received.length} received`,
    ),
    finding(
      'captured authorizations are exactly the band payments',
      JSON.stringify(paid) === JSON.stringify(captured),
      `${captured.length} captured`,
    ),
    finding('the merchant was paid exactly that, less what was voided', Number(merchant['total'] ?? 0) === owed, `${owed} minor units`),
    finding(
      'every sold seat has a receipt of this terminal',
      sold.length > 0 && sold.every((row) => ids.has(row['receipt_id'] ?? '')),
      `${sold.length} seats`,
    ),
  ]
}

/** An authorization given without a network verifies with the phone's key that its slot names, and says this sale's amount within the cap. */
function offlineFinding(terminal: Database.Database, sale: SaleRecord): Finding {
  const claim = `the offline authorization of receipt ${sale.receiptNumber} verifies by its slot and names its amount`
  const row = terminal.prepare("SELECT body FROM outbox WHERE kind = 'receipt' AND body LIKE ?").get(`%"id":"${sale.receiptId}"%`)
  const { captures } = JSON.parse((row as { body: string }).body) as { captures: readonly { offline?: { slot: string } }[] }
  const slotParts = decodeSign1(fromBase64Url(captures[0]?.offline?.slot ?? '') ?? new Uint8Array())
  const said = slotParts.ok ? slot.decode(slotParts.value.payload) : slotParts
  const parts = decodeSign1(fromBase64Url(sale.authorization ?? '') ?? new Uint8Array())
  const value = parts.ok ? offlineAuthorization.decode(parts.value.payload) : parts
  if (!said.ok || !parts.ok || !value.ok) return finding(claim, false, 'its evidence cannot be read')
  const { protectedHeader, payload, signature } = parts.value
  const phone = publicKeyOf(toBase64Url(said.value.phonePoint))
  if (!phone) return finding(claim, false, 'its slot names no P-256 key')
  const signed = verify('sha256', toBeSigned(protectedHeader, payload), { key: phone.key, dsaEncoding: 'ieee-p1363' }, signature)
  const { amount, currency } = value.value
  const names = amount === sale.total.amount && currency === sale.total.currency && amount <= said.value.cap
  return finding(claim, signed && names, signed ? 'ES256' : 'the signature does not verify')
}

/** The authorization verifies with the published key alone, and says this sale's amount. */
function signatureFinding(sale: SaleRecord, jwks: readonly Jwk[]): Finding {
  const claim = `the authorization of receipt ${sale.receiptNumber} verifies and names its amount`
  const parts = decodeSign1(fromBase64Url(sale.authorization ?? '') ?? new Uint8Array())
  if (!parts.ok) return finding(claim, false, parts.error)
  const { protectedHeader, payload, signature, kid } = parts.value
  const jwk = jwks.find((each) => each.kid === Buffer.from(kid ?? []).toString('base64url'))
  if (!jwk) return finding(claim, false, 'its key is not published')
  const key = createPublicKey({ key: { kty: jwk.kty, crv: jwk.crv, x: jwk.x, y: jwk.y }, format: 'jwk' })
  const signed = verify('sha256', toBeSigned(protectedHeader, payload), { key, dsaEncoding: 'ieee-p1363' }, signature)
  const value = authorization.decode(payload)
  const names = value.ok && value.value.amount === sale.total.amount && value.value.currency === sale.total.currency
  return finding(claim, signed && names, signed ? 'ES256' : 'the signature does not verify')
}
