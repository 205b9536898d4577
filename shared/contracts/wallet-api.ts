/** What a wallet's owner reads of it: the balance, and what moved it. Calls are signed by a phone of the account. */
import * as z from 'zod'
import { RECEIPT_KINDS } from '#shared/domain/receipt.ts'
import { CART_LINES_MAX } from '#shared/domain/sale-line.ts'
import { currency, instant, machineId, reversalBody, submit, terminalProfile } from './backend-api.ts'

/** Every way money moves through the ledger, each with its own reference: an account, an authorization, or an account and a day. */
export const POSTING_KINDS = ['opening', 'hold', 'release', 'capture', 'void', 'interest', 'set-aside', 'slot', 'set-aside-back'] as const
export type PostingKind = (typeof POSTING_KINDS)[number]

/** Lines of one page of a statement. */
export const STATEMENT_PAGE_MAX = 100
/** Open holds named in a statement, oldest first. What is held in all stands in the wallet. */
export const OPEN_HOLDS_MAX = 50

const money = reversalBody.shape.amount
const { name } = terminalProfile.shape.site.shape
/** Words of a receipt's line; its detail may be none. */
const printed = z.strictObject({ en: z.string().max(200), 'zh-CN': z.string().max(200) })
/** A calendar day such as `2026-05-01`, in the time zone that interest is reckoned in. */
const day = z.iso.date()
/** Within these a day has a day before and after it that are written alike. */
const askedDay = day.refine((text) => text >= '1970-01-01' && text <= '2999-12-31', 'a day from 1970 to 2999')

export const getWallet = {
  reply: z.strictObject({
    balance: money,
    /** Authorized, and neither captured nor reversed: no longer in the balance, not yet the merchant's. */
    held: money,
    /** Set aside for payments without a network: no longer in the balance, and back in it when it was not spent. */
    setAside: money,
    interest: z.strictObject({
      /** Credited for the days of this calendar year. */
      earned: money,
      year: z.int(),
      /** The rate in force, in hundredths of a percent a year: 150 is 1.5 %. */
      basisPoints: z.int().min(0),
    }),
  }),
}

const payment = z.strictObject({
  authorizationId: machineId,
  state: z.enum(['held', 'captured', 'reversed']),
  merchant: name,
  site: name,
  /** What the receipt took, minor units, and that receipt; once captured. */
  captured: z.int().optional(),
  receiptId: machineId.optional(),
  /** The void that gave it back, once it did. */
  voidedBy: machineId.optional(),
})

/** `from` and `to`: the first and the last day, both included. `after`: the cursor of the last line seen, 0 to begin. */
export const getStatement = {
  query: z.strictObject({
    from: askedDay,
    to: askedDay,
    after: z.coerce.number().int().min(0).default(0),
    limit: z.coerce.number().int().min(1).max(STATEMENT_PAGE_MAX).default(STATEMENT_PAGE_MAX),
  }),
  reply: z.strictObject({
    from: day,
    to: day,
    timeZone: z.string().max(64),
    currency,
    /** Minor units, before the first and after the last line of the whole range, whichever page this is. */
    opening: z.int(),
    closing: z.int(),
    lines: z
      .array(
        z.strictObject({
          cursor: z.int().positive(),
          at: instant,
          kind: z.enum(POSTING_KINDS),
          /** Minor units, negative when they left the wallet. */
          amount: z.int(),
          /** Minor units in the wallet after this line. */
          balance: z.int(),
          /** Of a line about a payment. */
          payment: payment.optional(),
          /** Of interest: the day that earned it. */
          day: day.optional(),
        }),
      )
      .max(STATEMENT_PAGE_MAX),
    more: z.boolean(),
    /** As of now, whatever the range. */
    openHolds: z
      .array(
        z.strictObject({
          authorizationId: machineId,
          amount: z.int().positive(),
          merchant: name,
          site: name,
          at: instant,
          captureBy: instant,
        }),
      )
      .max(OPEN_HOLDS_MAX),
  }),
}

/** Requests of one answer, newest first. */
export const REQUESTS_MAX = 100

/** Who asked what: every request that reached the backend through a phone of this account, and why it was not paid when it was not. */
export const listRequests = {
  reply: z.strictObject({
    requests: z
      .array(
        z.strictObject({
          requestId: machineId,
          at: instant,
          amount: z.strictObject({ amount: z.int().positive(), currency }),
          merchant: name,
          site: name,
          answer: z.enum(['authorization', 'decline']),
          /** For the owner's eyes, not the counter's: a policy's no by its rule. */
          hint: submit.reply.shape.hint,
          /** The terminal took it back, whatever the answer was. */
          isReversed: z.boolean(),
        }),
      )
      .max(REQUESTS_MAX),
  }),
}

/** As printed on the receipt, of what is the owner's affair: other people's payments on it are left out. */
export const getReceipt = {
  reply: z.strictObject({
    receiptId: machineId,
    kind: z.enum(RECEIPT_KINDS),
    series: z.string().max(4),
    number: z.int().positive(),
    issuedAt: instant,
    merchant: name,
    site: name,
    address: name,
    timeZone: z.string().max(64),
    lines: z.array(z.strictObject({ name, detail: printed, quantity: z.int().min(1), total: money })).max(CART_LINES_MAX),
    total: money,
    tax: money,
    /** What this account paid of it; negative on a void: what came back. */
    paid: money,
    practice: z.boolean(),
  }),
}

export const WALLET_PATHS = { wallet: '/v1/wallet', statement: '/v1/wallet/statement' } as const
/** The same for an owner who is signed in, and what only an owner reads. */
export const OWNER_WALLET_PATHS = {
  wallet: '/v1/owner/wallet',
  statement: '/v1/owner/wallet/statement',
  requests: '/v1/owner/requests',
  receipt: '/v1/owner/receipts/{receiptId}',
} as const
