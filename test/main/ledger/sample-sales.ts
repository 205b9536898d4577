/** Sales to commit: a ledger over a real file, a clock that stands still unless moved, ids that count. */
import { createPrivateKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { createLedger } from '#main/ledger/ledger.ts'
import type { Ledger, ReceiptDraft } from '#main/ledger/ports.ts'
import type { Clock, Keys, Store, WriteStore } from '#main/ports.ts'
import { openStore } from '#main/store/open-store.ts'
import { createEnqueue } from '#main/sync/enqueue.ts'
import { type PrivateJwk, signerOf } from '#shared/crypto/keys.ts'
import type { AuthorizationId, LineId, MerchantId, ProductId, ReceiptId, RequestId, SiteId, TerminalId } from '#shared/domain/ids.ts'
import { type Money, money, sum } from '#shared/domain/money.ts'
import { type Payment, printedNumber, type Receipt } from '#shared/domain/receipt.ts'
import { priceLine, type SaleLine } from '#shared/domain/sale-line.ts'
import type { Result } from '#shared/result.ts'

export const TERMINAL = 'aurora-1' as TerminalId

export function newId(): string {
  return randomBytes(16).toString('hex')
}

/** The value of a result that must be one. */
export function valueOf<T, E>(result: Result<T, E>): T {
  if (!result.ok) throw new Error(`refused: ${JSON.stringify(result.error)}`)
  return result.value
}

/** Wall time stands at noon until it is set; timers run on real time, for tests of real processes. */
export function testClock(startMs = Date.UTC(2026, 10, 22, 12)): Clock & { setMs(nowMs: number): void } {
  let nowMs = startMs
  return {
    nowMs: () => nowMs,
    monotonicMs: () => performance.now(),
    after(delayMs, callback) {
      const timer = setTimeout(callback, delayMs)
      return () => clearTimeout(timer)
    },
    setMs(next) {
      nowMs = next
    },
  }
}

export async function testKeys(jwk: PrivateJwk = newJwk()): Promise<Keys> {
  const key = createPrivateKey({ key: { ...jwk }, format: 'jwk' })
  return { signer: await signerOf(jwk), signNow: (data) => sign('sha256', data, { key, dsaEncoding: 'ieee-p1363' }) }
}

export function newJwk(): PrivateJwk {
  const { x, y, d } = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' })
  return { kty: 'EC', crv: 'P-256', x: x ?? '', y: y ?? '', d: d ?? '' }
}

/** A folder of the test's own. `remove` when done. */
export function newFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'bandtill-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

export type LedgerWorld = {
  readonly store: Store
  readonly ledger: Ledger
  readonly clock: ReturnType<typeof testClock>
  readonly file: string
}

/** A ledger over the database at `file`, new or as an earlier one left it. */
export function openLedger(file: string, keys: Keys): LedgerWorld {
  const store = valueOf(openStore({ file }))
  const clock = testClock()
  const ledger = valueOf(createLedger({ store, keys, clock, newId, terminalId: TERMINAL, enqueue: createEnqueue({ clock, newId }) }))
  return { store, ledger, clock, file }
}

function lineOf(index: number, quantity: number, price: number): SaleLine {
  return priceLine({
    id: `line-${index}` as LineId,
    subject: { kind: 'product', productId: 'popcorn' as ProductId },
    name: { en: 'Popcorn', 'zh-CN': '爆米花' },
    detail: { en: 'large', 'zh-CN': '大' },
    quantity,
    unitPrice: money(price, 'CNY'),
    taxBasisPoints: 600,
  })
}

/** A sale of these lines, paid by bands for the parts given, the rest in cash with some change. */
export function saleOf(lines: readonly { quantity: number; price: number }[], bandParts: readonly number[]): ReceiptDraft {
  const priced = lines.map(({ quantity, price }, index) => lineOf(index, quantity, price))
  const total = sum(
    priced.map((line) => line.total),
    'CNY',
  )
  const rest = total.amount - bandParts.reduce((a, b) => a + b, 0)
  const bands = bandParts.map((part): Payment & { tender: 'band' } => ({
    tender: 'band',
    amount: money(part, 'CNY'),
    requestId: newId() as RequestId,
    authorizationId: newId() as AuthorizationId,
    payerName: '小李',
  }))
  const cash: Payment[] =
    rest > 0 || bands.length === 0
      ? [{ tender: 'cash', amount: money(rest, 'CNY'), tendered: money(rest + 50, 'CNY'), change: money(50, 'CNY') }]
      : []
  return {
    kind: 'sale',
    practice: true,
    merchant: { id: 'aurora' as MerchantId, name: { en: 'Aurora', 'zh-CN': '极光' } },
    site: {
      id: 'aurora-west' as SiteId,
      name: { en: 'Aurora West', 'zh-CN': '极光西店' },
      address: { en: '1 West Road', 'zh-CN': '西路1号' },
      timeZone: 'Asia/Shanghai',
    },
    cashierName: 'Practice cashier',
    lines: priced,
    payments: [...bands, ...cash],
    total,
    tax: sum(
      priced.map((line) => line.tax),
      'CNY',
    ),
    captures: bands.map(({ requestId, authorizationId, amount }) => ({
      requestId,
      authorizationId,
      amount,
      authorization: randomBytes(224),
    })),
    sells: [],
  }
}

/** Sales of one to four lines, by band, by cash, or by several bands and cash. */
export const anySale: fc.Arbitrary<ReceiptDraft> = fc
  .record({
    lines: fc.array(fc.record({ quantity: fc.integer({ min: 1, max: 9 }), price: fc.integer({ min: 1, max: 9_999 }) }), {
      minLength: 1,
      maxLength: 4,
    }),
    tender: fc.constantFrom('band', 'cash', 'mixed'),
  })
  .map(({ lines, tender }) => {
    const total = lines.reduce((amount, { quantity, price }) => amount + quantity * price, 0)
    if (tender === 'cash') return saleOf(lines, [])
    if (tender === 'band' || total < 3) return saleOf(lines, [total])
    return saleOf(lines, [1, total - 2])
  })

/** The sale with the attempts that paid it, as the terminal writes them: all in the caller's transaction. */
export function sell(tx: WriteStore, ledger: Ledger, draft: ReceiptDraft): Receipt {
  const receipt = ledger.commitReceipt(tx, draft)
  const cartId = newId()
  tx.run("INSERT INTO carts (id, state, created_at) VALUES (?, 'paid', ?)", cartId, receipt.issuedAt)
  for (const payment of receipt.payments) insertPaid(tx, { cartId, payment, receipt })
  return receipt
}

function insertPaid(tx: WriteStore, { cartId, payment, receipt }: { cartId: string; payment: Payment; receipt: Receipt }): void {
  const requestId = payment.tender === 'band' ? payment.requestId : newId()
  tx.run(
    `INSERT INTO attempts (request_id, cart_id, tender, state, amount_minor, currency, receipt_id, created_at, ended_at)
     VALUES (?, ?, ?, 'paid', ?, ?, ?, ?, ?)`,
    requestId,
    cartId,
    payment.tender,
    payment.amount.amount,
    payment.amount.currency,
    receipt.id,
    receipt.issuedAt,
    receipt.issuedAt,
  )
}

/** Ids and numbers of all receipts, in order of number. */
export function numbered(store: Store): readonly { readonly id: ReceiptId; readonly number: number }[] {
  return store
    .all('SELECT id, number FROM receipts ORDER BY number')
    .map((row) => ({ id: String(row['id']) as ReceiptId, number: Number(row['number']) }))
}

/** A document that takes the whole of a sale back, as its bands paid it. */
export function voidOf(receipt: Receipt): ReceiptDraft {
  const turned = (amount: Money): Money => money(-amount.amount, amount.currency)
  const { id, practice, merchant, site, cashierName } = receipt
  const bands = receipt.payments.filter((payment) => payment.tender === 'band')
  return {
    practice,
    merchant,
    site,
    cashierName,
    kind: 'void',
    lines: receipt.lines.map((line) => ({ ...line, unitPrice: turned(line.unitPrice), total: turned(line.total), tax: turned(line.tax) })),
    payments: receipt.payments.map((payment) =>
      payment.tender === 'band'
        ? { ...payment, amount: turned(payment.amount) }
        : { ...payment, amount: turned(payment.amount), tendered: turned(payment.amount), change: money(0, payment.amount.currency) },
    ),
    total: turned(receipt.total),
    tax: turned(receipt.tax),
    of: { receiptId: id, printedNumber: printedNumber(receipt), reason: 'wrong-person' },
    captures: [],
    sells: [],
    voids: bands.map(({ requestId, authorizationId, amount }) => ({ requestId, authorizationId, amount, ofReceiptId: id })),
  }
}
