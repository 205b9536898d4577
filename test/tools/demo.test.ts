/**
 * `npm run demo` as an outsider runs it, and what an outsider's script may rely on afterwards. The folder it leaves is read with SQL,
 * JSON, a CBOR library and Node's cryptography; no code of ours takes part but the commands themselves.
 */
import { createPublicKey, verify } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { decode, encode } from 'cborg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Ended, npm } from './npm.ts'

/** What the demo promises; it takes about three quarters of a minute. */
const DEMO_TIMEOUT_MS = 180_000
const VERIFY_TIMEOUT_MS = 30_000
/** The marks their files begin with: ESC/POS's "initialize", and a PNG's signature. */
const ESC_AT = Buffer.from([0x1b, 0x40])
const PNG_SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
/** COSE's label of the key's id in a header, and its number for ES256. */
const COSE = { alg: 1, kid: 4, es256: -7 } as const
const ID = /^[0-9a-f]{32}$/
const FOREIGN = 'not of the demo\n'

type Total = { readonly amount: number; readonly currency: string }
type Sale = {
  readonly receiptNumber: number
  readonly receiptId: string
  readonly total: Total
  readonly tender: 'band' | 'cash' | 'mixed'
  readonly requestId?: string
  readonly authorization?: string
  readonly authorizationKind?: 'online' | 'offline'
  readonly attRequests?: number
  readonly ms?: number
}
type Jwk = { readonly kty: string; readonly crv: string; readonly x: string; readonly y: string; readonly kid: string }
type Summary = {
  readonly terminals: readonly { readonly id: string; readonly file: string }[]
  readonly sales: readonly Sale[]
  readonly refunds: readonly { readonly receiptId: string; readonly ofReceiptId: string; readonly total: Total }[]
  readonly declines: readonly unknown[]
  readonly inDoubt: readonly { readonly requestId: string; readonly outcome: string; readonly charges: number }[]
  readonly identity: { readonly asked: number; readonly given: number; readonly refused: readonly string[] }
  readonly lost: { readonly paymentsAfterDisarm: number; readonly paymentsAfterFreeze: number }
  readonly offline: { readonly spent: number; readonly settled: number; readonly doubleSpendCaught: boolean }
  readonly jwks: { readonly keys: readonly Jwk[] }
}
type Row = Readonly<Record<string, string | number | null>>

const out = mkdtempSync(join(tmpdir(), 'bandtill-demo-test-'))
const file = (name: string) => join(out, name)
let ended: Ended
let summary: Summary

beforeAll(async () => {
  writeFileSync(file('holiday.txt'), FOREIGN)
  // Left by an earlier run, and by a reader that did not close: both are the demo's own names, and are replaced.
  for (const name of ['summary.json', 'terminal.sqlite-wal']) writeFileSync(file(name), FOREIGN)
  ended = await npm(['run', 'demo', '--', '--out', out], DEMO_TIMEOUT_MS)
  expect(ended.code, ended.errors).toBe(0)
  summary = JSON.parse(readFileSync(file('summary.json'), 'utf8')) as Summary
}, DEMO_TIMEOUT_MS + VERIFY_TIMEOUT_MS)
afterAll(() => rmSync(out, { recursive: true, force: true }))

function rows(name: 'terminal' | 'backend', sql: string): readonly Row[] {
  const database = new Database(file(`${name}.sqlite`), { readonly: true, fileMustExist: true })
  try {
    return database.prepare(sql).all() as Row[]
  } finally {
    database.close()
  }
}

test('it ends well and in time, leaves its files and the databases closed, and touches nothing else', () => {
  expect(ended.ms).toBeLessThan(DEMO_TIMEOUT_MS)
  expect(readFileSync(file('holiday.txt'), 'utf8')).toBe(FOREIGN)
  rows('terminal', 'SELECT * FROM audit_receipts')
  rows('backend', 'SELECT * FROM audit_received')
  expect(readdirSync(out).sort()).toEqual(
    ['backend.sqlite', 'holiday.txt', 'receipt.bin', 'receipt.png', 'story.md', 'summary.json', 'terminal.sqlite'].sort(),
  )
  expect(readFileSync(file('receipt.bin')).subarray(0, ESC_AT.length)).toEqual(ESC_AT)
  expect(readFileSync(file('receipt.bin')).includes('A-000001', 0, 'latin1')).toBe(true)
  expect(readFileSync(file('receipt.png')).subarray(0, PNG_SIGNATURE.length)).toEqual(PNG_SIGNATURE)
  const story = readFileSync(file('story.md'), 'utf8')
  expect(ended.printed).toContain(story)
  expect(story).toContain('Everything held.')
  expect(story).not.toContain('BROKEN')
})

test('the summary says what was sold and given back, as the databases have it', () => {
  expect(Object.keys(summary).sort()).toEqual([
    'declines',
    'identity',
    'inDoubt',
    'jwks',
    'lost',
    'offline',
    'refunds',
    'sales',
    'terminals',
  ])
  expect(summary.terminals).toEqual([{ id: expect.stringMatching(/./) as string, file: 'terminal.sqlite' }])
  for (const sale of summary.sales) expect(sale).toEqual(expectedSale(sale))
  expect(new Set(summary.sales.map(({ tender }) => tender))).toEqual(new Set(['band', 'cash']))
  // Connected, asked and answered without trouble: seven requests on the radio, and no more.
  expect(summary.sales[0]).toMatchObject({ attRequests: 7 })
  for (const { receiptId, ofReceiptId, total } of summary.refunds) {
    const sale = summary.sales.find((each) => each.receiptId === ofReceiptId)
    expect(total).toEqual({ amount: -(sale?.total.amount ?? Number.NaN), currency: 'CNY' })
    expect(receiptId).toMatch(ID)
  }
  expect(summary.refunds).toHaveLength(1)
  expect(summary.lost).toEqual({ paymentsAfterDisarm: 0, paymentsAfterFreeze: 0 })
  expect(summary.identity).toEqual({ asked: 3, given: 2, refused: ['wallet-refused'] })
  const offline = summary.sales.filter(({ authorizationKind }) => authorizationKind === 'offline')
  const spent = offline.reduce((sum, { total }) => sum + total.amount, 0)
  expect(offline).toHaveLength(2)
  expect(summary.offline).toEqual({ spent, settled: spent, doubleSpendCaught: true })
  const receipt = ({ receiptId: id, total: { amount, currency } }: Pick<Sale, 'receiptId' | 'total'>, kind: string, tender: string) => ({
    id,
    kind,
    tender,
    total_minor: amount,
    currency,
  })
  const told = [
    ...summary.sales.map((sale) => receipt(sale, 'sale', sale.tender)),
    ...summary.refunds.map((refund) => receipt(refund, 'void', 'band')),
  ]
  const byId = (a: { readonly id: string }, b: { readonly id: string }) => a.id.localeCompare(b.id)
  expect(rows('terminal', 'SELECT id, kind, tender, total_minor, currency FROM audit_receipts ORDER BY id')).toEqual(told.toSorted(byId))
})

function expectedSale({ tender, attRequests, ms }: Sale): unknown {
  const number = expect.any(Number) as number
  const common = {
    receiptNumber: number,
    receiptId: expect.stringMatching(ID) as string,
    total: { amount: number, currency: 'CNY' },
    tender,
  }
  if (tender !== 'band') return common
  return {
    ...common,
    requestId: expect.stringMatching(ID) as string,
    authorization: expect.stringMatching(/^[\w-]+$/) as string,
    authorizationKind: expect.stringMatching(/^(online|offline)$/) as string,
    // Not counted for an answer that came by the backend alone; not timed where the scene is not about time.
    ...(attRequests === undefined ? {} : { attRequests: number }),
    ...(ms === undefined ? {} : { ms: number }),
  }
}

test('every refusal has its reason and a sentence in each language; each payment in doubt is charged once or never', () => {
  expect(summary.declines).toEqual([
    { ending: 'not-asked', reason: 'not-worn', words: { en: expect.any(String) as string, 'zh-CN': expect.any(String) as string } },
    { ending: 'declined', reason: 'wallet-refused', words: { en: expect.any(String) as string, 'zh-CN': expect.any(String) as string } },
    { ending: 'declined', reason: 'wallet-refused', words: { en: expect.any(String) as string, 'zh-CN': expect.any(String) as string } },
  ])
  // An empty wallet and a frozen account sound the same at the counter.
  expect(summary.declines[2]).toEqual(summary.declines[1])
  for (const { words } of summary.declines as { words: Record<string, string> }[]) {
    expect(words['en']).toMatch(/^[A-Z][\x20-\x7e]+$/)
    expect(words['zh-CN']).toMatch(/\p{Script=Han}/u)
  }
  expect(new Set(summary.inDoubt.map(({ outcome }) => outcome))).toEqual(new Set(['receipt', 'reversal']))
  for (const { requestId, outcome, charges } of summary.inDoubt) {
    const captured = rows('backend', `SELECT id FROM audit_authorizations WHERE state = 'captured' AND request_id = '${requestId}'`)
    expect({ requestId, charges, captured: captured.length }).toEqual({
      requestId,
      charges: outcome === 'receipt' ? 1 : 0,
      captured: outcome === 'receipt' ? 1 : 0,
    })
  }
})

test('each authorization verifies with the published keys, by Node’s cryptography alone, and names its sale’s amount', () => {
  for (const { kty, crv, ...key } of summary.jwks.keys) {
    expect({ kty, crv, ...key }).toMatchObject({ kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig' })
    expect(Object.keys(key)).not.toContain('d')
  }
  // What was paid without a network the customer's phone has signed for.
  const paidByBand = summary.sales.filter(({ authorizationKind }) => authorizationKind === 'online')
  expect(paidByBand.length).toBeGreaterThanOrEqual(8)
  for (const { receiptNumber, authorization = '', total } of paidByBand) {
    const { isSigned, payload } = openSigned(authorization)
    expect({ receiptNumber, isSigned, isNamed: [...payload.values()].includes(total.amount) }).toEqual({
      receiptNumber,
      isSigned: true,
      isNamed: true,
    })
  }
  // The check itself can fail: another payload under the same signature does not pass.
  const [first, second] = paidByBand.map(({ authorization = '' }) => partsOf(authorization))
  const mixed = encode([first?.[0], new Map(), second?.[2], first?.[3]])
  expect(openSigned(Buffer.from(mixed).toString('base64url')).isSigned).toBe(false)
})

type Sign1 = readonly [Uint8Array, unknown, Uint8Array, Uint8Array]

function partsOf(authorization: string): Sign1 {
  return decode(Buffer.from(authorization, 'base64url'), { useMaps: true }) as Sign1
}

/** RFC 9052, section 4.4: what is signed is the array of context, protected header, external data and payload. */
function openSigned(authorization: string): { readonly isSigned: boolean; readonly payload: ReadonlyMap<number, unknown> } {
  const [protectedHeader, , payload, signature] = partsOf(authorization)
  const header = decode(protectedHeader, { useMaps: true }) as ReadonlyMap<number, unknown>
  const kid = Buffer.from(header.get(COSE.kid) as Uint8Array).toString('base64url')
  const jwk = summary.jwks.keys.find((key) => key.kid === kid)
  if (jwk === undefined) throw new Error(`the key ${kid} is not published`)
  expect(header.get(COSE.alg)).toBe(COSE.es256)
  const key = createPublicKey({ key: { kty: jwk.kty, crv: jwk.crv, x: jwk.x, y: jwk.y }, format: 'jwk' })
  const signed = encode(['Signature1', protectedHeader, new Uint8Array(0), payload])
  return {
    isSigned: verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, signature),
    payload: decode(payload, { useMaps: true }) as ReadonlyMap<number, unknown>,
  }
}

test('the audit views agree: numbers without gaps, money paid in full, each authorization on one receipt or one reversal, nothing waiting', () => {
  for (const { series } of rows('terminal', 'SELECT DISTINCT series FROM audit_receipts')) {
    const numbers = rows('terminal', `SELECT number FROM audit_receipts WHERE series = '${series}' ORDER BY number`)
    expect(numbers.map(({ number }) => number)).toEqual(numbers.map((_, index) => index + 1))
  }
  const unpaid = `SELECT number, total_minor, paid_minor, (SELECT SUM(amount_minor) FROM audit_payments WHERE receipt_id = id) AS paid
    FROM audit_receipts WHERE total_minor IS NOT paid_minor OR total_minor IS NOT paid`
  expect(rows('terminal', unpaid)).toEqual([])
  const onReceipts = rows('terminal', 'SELECT authorization_id FROM audit_payments WHERE authorization_id IS NOT NULL')
  const reversed = rows('terminal', "SELECT request_id FROM audit_attempts WHERE state = 'reversed'")
  const authorizations = rows('backend', 'SELECT id, request_id, state FROM audit_authorizations')
  expect(authorizations).toHaveLength(onReceipts.length + reversed.length)
  for (const { id, request_id: requestId, state } of authorizations) {
    const receipts = onReceipts.filter((row) => row['authorization_id'] === id).length
    const reversals = reversed.filter((row) => row['request_id'] === requestId).length
    expect({ id, state, receipts, reversals }).toEqual(
      state === 'captured' ? { id, state, receipts: 1, reversals: 0 } : { id, state: 'reversed', receipts: 0, reversals: 1 },
    )
  }
  expect(rows('terminal', 'SELECT id FROM audit_outbox WHERE acked_at IS NULL')).toEqual([])
  const held = rows('terminal', 'SELECT id, number, total_minor FROM audit_receipts ORDER BY id')
  expect(rows('backend', 'SELECT receipt_id AS id, number, total_minor FROM audit_received ORDER BY receipt_id')).toEqual(held)
  const sold = rows('backend', "SELECT seat, receipt_id FROM audit_seats WHERE state = 'sold'")
  expect(sold.filter(({ receipt_id: receiptId }) => !held.some(({ id }) => id === receiptId))).toEqual([])
  const unbalanced = 'SELECT posting_id FROM audit_ledger GROUP BY posting_id, currency HAVING SUM(amount_minor) <> 0'
  expect(rows('backend', unbalanced)).toEqual([])
})

test('`npm run verify` finds each terminal’s file sound', async () => {
  for (const { file: name } of summary.terminals) {
    const { code, printed } = await npm(['run', 'verify', '--', file(name)], VERIFY_TIMEOUT_MS)
    expect(code, printed).toBe(0)
  }
})
