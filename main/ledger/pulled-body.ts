/**
 * A receipt's body as the backend gives it back. This terminal made it, but it has been in other hands: all that is read from it here,
 * on the screens or on paper is checked, and what else it may hold is content that has a canonical form.
 */
import * as z from 'zod'
import { receiptBody } from '#shared/contracts/backend-api.ts'
import type { TerminalId } from '#shared/domain/ids.ts'
import { CURRENCIES } from '#shared/domain/money.ts'
import { RECEIPT_KINDS, type Receipt, TENDERS } from '#shared/domain/receipt.ts'

/** A receipt nests 5 deep. Beyond this a text only means to use up the stack. */
const DEPTH_MAX = 32

const words = z.looseObject({ en: z.string(), 'zh-CN': z.string() })
const money = z.looseObject({ amount: z.int(), currency: z.enum(CURRENCIES) })
const named = z.looseObject({ id: z.string(), name: words })
const payment = z.discriminatedUnion('tender', [
  z.looseObject({
    tender: z.literal('band'),
    amount: money,
    requestId: z.string(),
    authorizationId: z.string(),
    payerName: z.string(),
  }),
  z.looseObject({ tender: z.literal('cash'), amount: money, tendered: money, change: money }),
])
const line = z.looseObject({
  id: z.string(),
  subject: z.looseObject({ kind: z.string() }),
  name: words,
  detail: words,
  quantity: z.int(),
  unitPrice: money,
  total: money,
  taxBasisPoints: z.int(),
  tax: money,
})
const receiptShape = z.looseObject({
  kind: z.enum(RECEIPT_KINDS),
  issuedAt: z.iso.datetime(),
  practice: z.boolean(),
  merchant: named,
  site: named.extend({ address: words, timeZone: z.string() }),
  terminalId: z.string(),
  cashierName: z.string(),
  lines: z.array(line),
  payments: z.array(payment).min(1),
  total: money,
  tax: money,
  tender: z.enum(TENDERS),
  of: z.looseObject({ receiptId: z.string(), printedNumber: z.string(), reason: z.string() }).optional(),
})

/** The body of a receipt as this terminal once sent it, or undefined: it is not one. */
export function readBody(text: string, terminalId: TerminalId) {
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!hasCanonicalForm(content, DEPTH_MAX)) return undefined
  const body = receiptBody.safeParse(content)
  if (!body.success || !receiptShape.safeParse(body.data.receipt).success) return undefined
  // The cast: both schemas have checked every field; the brands are all they cannot give.
  const receipt = body.data.receipt as unknown as Receipt
  return receipt.terminalId === terminalId ? { receipt, journal: body.data.journal } : undefined
}

/** JSON has texts for numbers that no double holds, for halves of characters, and for nesting that no stack does. */
function hasCanonicalForm(content: unknown, depthLeft: number): boolean {
  if (typeof content === 'number') return Number.isFinite(content)
  if (typeof content === 'string') return content.isWellFormed()
  if (typeof content !== 'object' || content === null) return true
  return depthLeft > 0 && Object.entries(content).every(([key, item]) => key.isWellFormed() && hasCanonicalForm(item, depthLeft - 1))
}
