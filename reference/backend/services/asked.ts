/** What an owner reads of the counter: who asked what, and the receipts of what was paid. Reads only; whose it is, the caller knows. */
import * as z from 'zod'
import { receiptBody } from '#shared/contracts/backend-api.ts'
import { readKept } from '#shared/contracts/kept-json.ts'
import { getReceipt, REQUESTS_MAX } from '#shared/contracts/wallet-api.ts'
import { CART_LINES_MAX } from '#shared/domain/sale-line.ts'
import { ok } from '#shared/result.ts'
import type { Database } from '../database/tables.ts'
import { type Refusable, refuse } from '../refusal.ts'
import { paidByReceipt, type RequestRecord, requestsOf } from '../repositories/asked-repository.ts'
import { findReceipt } from '../repositories/outbox-repository.ts'

type ReceiptView = z.output<typeof getReceipt.reply>
const { kind, issuedAt, merchant, site, address, timeZone, lines, tax, practice } = getReceipt.reply.shape

/** Of what a terminal sent, the parts that are shown. A terminal sends more with each, such as who else paid: that is not shown. */
const shown = receiptBody.shape.receipt.extend({
  kind,
  issuedAt,
  practice,
  merchant: z.object({ name: merchant }),
  site: z.object({ name: site, address, timeZone }),
  lines: z.array(z.object(lines.element.shape)).max(CART_LINES_MAX),
  tax,
})

export class Asked {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  async requests(accountId: string): Promise<readonly RequestRecord[]> {
    return requestsOf(this.#db, accountId, REQUESTS_MAX)
  }

  /** `unknown`: there is no such receipt, it is not this account's, or its terminal said too little to print it again. */
  async receipt(accountId: string, receiptId: string): Promise<Refusable<ReceiptView>> {
    return this.#db.transaction().execute(async (tx) => {
      const paid = await paidByReceipt(tx, accountId, receiptId)
      const found = paid.length === 0 ? undefined : await findReceipt(tx, receiptId)
      const body = found && readKept(receiptBody.extend({ receipt: shown }), found.body)
      if (!body) return refuse('unknown', 'no such receipt of this account')
      const { receipt } = body
      return ok({
        receiptId,
        kind: receipt.kind,
        series: receipt.series,
        number: receipt.number,
        issuedAt: receipt.issuedAt,
        merchant: receipt.merchant.name,
        site: receipt.site.name,
        address: receipt.site.address,
        timeZone: receipt.site.timeZone,
        lines: receipt.lines.map(({ name, detail, quantity, total }) => ({ name, detail, quantity, total })),
        total: receipt.total,
        tax: receipt.tax,
        paid: { amount: paid.reduce((sum, amount) => sum + amount, 0), currency: receipt.total.currency },
        practice: receipt.practice,
      })
    })
  }
}
