/** The records of a terminal whose file was copied back, with all that comes of it, as an image that opens in memory. */
import { copyFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Ledger } from '#main/ledger/ports.ts'
import type { WriteStore } from '#main/ports.ts'
import type { PrivateJwk } from '#shared/crypto/keys.ts'
import type { LineId, RequestId } from '#shared/domain/ids.ts'
import { money } from '#shared/domain/money.ts'
import { priceLine } from '#shared/domain/sale-line.ts'
import { newId, openLedger, saleOf, sell, testKeys, valueOf, voidOf } from '../main/ledger/sample-sales.ts'

/** The bytes of a database at rest, its header set so that it opens in memory. */
export function imageOf(name: string): Buffer {
  const bytes = readFileSync(name)
  bytes[18] = 1
  bytes[19] = 1
  return bytes
}

/**
 * Three sales; a copy; then the one goes on with two more sales and a void, and is lost. The copy opens its own epoch, takes those back,
 * ends two yeses nobody can place, sells on, and voids both a sale of its own and one that came back.
 */
export async function restoredImage(folder: string, jwk: PrivateJwk): Promise<Buffer> {
  const [lost, copy] = [join(folder, 'lost.sqlite'), join(folder, 'copy.sqlite')]
  const keys = await testKeys(jwk)
  const sale = (...parts: number[]) => saleOf([{ quantity: 1, price: 4_500 }], parts)
  const before = openLedger(lost, keys)
  const first = valueOf(before.store.write((tx) => sell(tx, before.ledger, sale(4_500))))
  valueOf(before.store.write((tx) => sell(tx, before.ledger, sale())))
  before.store.close()
  copyFileSync(lost, copy)
  const gone = openLedger(lost, keys)
  valueOf(gone.store.write((tx) => sell(tx, gone.ledger, sale(1_000, 2_000))))
  const later = valueOf(gone.store.write((tx) => sell(tx, gone.ledger, sale(4_500))))
  valueOf(gone.store.write((tx) => gone.ledger.commitReceipt(tx, voidOf(first))))
  const bodies = gone.store.all("SELECT body FROM outbox WHERE kind = 'receipt' ORDER BY seq").map((row) => String(row['body']))
  gone.store.close()

  const { store, ledger } = openLedger(copy, keys)
  valueOf(
    store.write((tx) => {
      ledger.openEpoch(tx, { incarnation: newId(), why: 'backend', known: { epoch: 1, series: ['A'], seq: 6 } })
      for (const body of bodies) ledger.pullReceipt(tx, body)
      endedYeses(tx, ledger)
      const receipt = sell(tx, ledger, sale(4_500))
      ledger.commitReceipt(tx, voidOf(receipt))
      ledger.commitReceipt(tx, voidOf(later))
      ledger.enqueueHead(tx)
    }),
  )
  store.close()
  return imageOf(copy)
}

/** One recovered on a receipt, one reversed, as a manager ends them. */
function endedYeses(tx: WriteStore, ledger: Ledger): void {
  const [capture] = saleOf([{ quantity: 1, price: 700 }], [700]).captures
  if (!capture) throw new Error('a band sale has a capture')
  const { requestId, authorizationId, amount } = capture
  const line = priceLine({
    id: 'line-1' as LineId,
    subject: { kind: 'recovered', authorizationId },
    name: { en: 'Recovered payment', 'zh-CN': '找回的付款' },
    detail: { en: 'x', 'zh-CN': 'x' },
    quantity: 1,
    unitPrice: amount,
    taxBasisPoints: 0,
  })
  const draft = saleOf([{ quantity: 1, price: 700 }], [700])
  const payments = draft.payments.map((payment) => ({ ...payment, requestId, authorizationId }))
  const recovered = { ...draft, kind: 'recovered' as const, lines: [line], tax: money(0, 'CNY'), payments, captures: [capture] }
  const receipt = ledger.commitReceipt(tx, recovered)
  const reversed = newId() as RequestId
  ledger.commitReversal(tx, { requestId: reversed, amount, reason: 'late-yes', holdIds: [], at: receipt.issuedAt })
  for (const [id, request, state, receiptId] of [
    [authorizationId, requestId, 'recovered', receipt.id],
    [newId(), reversed, 'reversed', null],
    [newId(), newId(), 'waiting', null],
  ] as const) {
    const ended = state === 'waiting' ? null : receipt.issuedAt
    tx.run(
      `INSERT INTO unknown_yeses VALUES (?, ?, x'00', 700, 'CNY', 'Mei', ?, ?, '[]', ?, ?, ?, NULL, ?)`,
      id,
      request,
      receipt.issuedAt,
      receipt.issuedAt,
      receipt.issuedAt,
      state,
      ended,
      receiptId,
    )
  }
}
