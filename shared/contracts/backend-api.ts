/**
 * The backend's HTTP API, each call declared once: the backend derives validation and OpenAPI from it, terminals and phones their types.
 * Bodies are JSON; signed statements travel as base64url. Calls marked `terminal` or `phone` are signed with that key (RFC 9421);
 * `operator` calls carry the operator's bearer token.
 */
import * as z from 'zod'
import { CURRENCIES } from '#shared/domain/money.ts'
import { POLICY_RULE_LIST } from '#shared/domain/policy-rules.ts'
import { SEAT_STATES } from '#shared/domain/programme.ts'
import { readableText } from './text.ts'
import { walletLimits } from './wallet-limits-api.ts'

export const OUTBOX_BATCH_MAX = 50
/** Characters of one outbox body. Sixty ticket lines with the longest names in two languages come to about 84,000. */
export const OUTBOX_BODY_MAX = 262_144
/** Bytes of one batch: what a sender's limits can amount to when every character needs three. */
export const OUTBOX_REQUEST_MAX_BYTES = 4 * 1024 * 1024
/** A seat hold ends this long after it was last set, by the backend's clock, milliseconds. */
export const HOLD_LIFETIME_MS = 8 * 60_000
/** A terminal certificate lives this long, days; the terminal renews it when half has passed. */
export const TERMINAL_CERTIFICATE_DAYS = 7
/** A hold of money is reversed by the backend itself when this has passed, days. */
export const CAPTURE_DAYS = 30

export const machineId = z.string().regex(/^[0-9a-f]{32}$/)
const slug = z.string().regex(/^[a-z0-9][a-z0-9-]{0,15}$/)
export const base64url = (max: number) =>
  z
    .string()
    .max(max)
    .regex(/^[A-Za-z0-9_-]+$/)
/** A signed statement: its 512 bytes at most, as text. */
export const signedText = base64url(700)
export const instant = z.iso.datetime()
const words = z.strictObject({ en: readableText(200), 'zh-CN': readableText(200) })
export const currency = z.enum(CURRENCIES)
const moneySchema = z.strictObject({ amount: z.int(), currency })
export const point = base64url(44)
const seatId = z.string().regex(/^[A-Z]{1,2}[0-9]{1,3}$/)

/** Error answers, all of this shape: a closed code, and words for a person reading a log. */
export const apiError = z.strictObject({
  code: z.enum([
    'malformed', // the body or a parameter is not what the contract says
    'unsigned', // no or incomplete signature headers, no operator token, or nobody signed in
    'bad-signature', // the signature does not verify, is stale, or its nonce was seen before
    'not-allowed', // signed, but this key may not do this
    'not-fresh', // signed in, but this needs a passkey shown just now
    'owner-needed', // only the owner, freshly signed in, may do this
    'unknown', // no such thing
    'conflict', // exists with other content
    'seat-taken', // `seats` names them
    'hold-gone', // the hold ran out or was given back
    'showtime-closed',
    'too-many', // rate limit or size limit
    'unavailable', // stopping, overloaded or out of storage: try again later
    'internal',
  ]),
  message: z.string(),
  seats: z.array(seatId).optional(),
})
export type ApiError = z.output<typeof apiError>
export type ApiErrorCode = ApiError['code']

export const hallSchema = z.strictObject({
  id: slug,
  name: words,
  columns: z.int().min(1).max(60),
  rows: z
    .array(
      z.strictObject({
        label: z.string().regex(/^[A-Z]{1,2}$/),
        seats: z.array(z.strictObject({ id: seatId, column: z.int().min(1).max(60), accessible: z.boolean() })).max(60),
      }),
    )
    .max(40),
})
const ticketType = z.strictObject({ id: slug, name: words, price: moneySchema, taxBasisPoints: z.int().min(0).max(10_000) })
export const showtimeSchema = z.strictObject({
  id: readableText(40),
  hallId: slug,
  title: words,
  format: words,
  startsAt: instant,
  minutes: z.int().min(1).max(600),
  rating: z.string().max(10),
  ticketTypes: z.array(ticketType).min(1).max(12),
})
export const productSchema = z.strictObject({
  id: slug,
  name: words,
  group: z.enum(['popcorn', 'drink', 'snack', 'combo']),
  price: moneySchema,
  taxBasisPoints: z.int().min(0).max(10_000),
})
export const programmeSchema = z.strictObject({
  version: z.string().max(64),
  currency,
  halls: z.array(hallSchema).max(40),
  showtimes: z.array(showtimeSchema).max(500),
  products: z.array(productSchema).max(500),
})

/** Who a terminal is, as printed on receipts. */
export const terminalProfile = z.strictObject({
  terminalId: slug,
  merchant: z.strictObject({ id: slug, name: words }),
  site: z.strictObject({ id: slug, name: words, address: words, timeZone: readableText(64), latitudeE5: z.int(), longitudeE5: z.int() }),
  currency,
})
export type TerminalProfile = z.output<typeof terminalProfile>

/** Everything a terminal or phone needs to check others: key statements signed by the root, base64url. */
const keySet = z.array(base64url(700)).max(64)

export const enrolTerminal = {
  body: z.strictObject({ terminalId: slug, code: z.string().min(8).max(64), point }),
  reply: z.strictObject({ certificate: base64url(700), keySet, profile: terminalProfile }),
}
export const renewCertificate = { reply: z.strictObject({ certificate: base64url(700), keySet, profile: terminalProfile }) }
export const getKeySet = { reply: z.strictObject({ keySet, rootPoint: point }) }
export const getProgramme = { reply: programmeSchema }

export const getSeats = {
  reply: z.strictObject({
    showtimeId: z.string(),
    seats: z.record(seatId, z.enum(SEAT_STATES)),
    /** Seats of the asking terminal's own holds. */
    own: z.array(seatId),
  }),
}

/** Sets exactly these seats on a hold: all or none, one transaction. The same call again renews the hold. */
export const putHold = {
  body: z.strictObject({ showtimeId: z.string().min(1).max(40), seats: z.array(seatId).min(1).max(20) }),
  reply: z.strictObject({ holdId: machineId, seats: z.array(seatId), expiresAt: instant }),
}
/** Pins a hold for one attempt: it no longer expires; it ends with the receipt, the reversal, or `unpin` by the same attempt. */
export const pinHold = {
  body: z.strictObject({ requestId: machineId }),
  reply: z.strictObject({ holdId: machineId, state: z.literal('pinned') }),
}
export const unpinHold = {
  body: z.strictObject({ requestId: machineId }),
  reply: z.strictObject({ holdId: machineId, expiresAt: instant }),
}

/** SUBMIT: what the phone sends for an authorization. */
export const submit = {
  body: z.strictObject({
    statement: base64url(700),
    certificate: base64url(700),
    requestDigest: base64url(43),
    proof: base64url(700),
    act: z.enum(['none', 'confirmed']),
    place: z.strictObject({ latitudeE5: z.int(), longitudeE5: z.int() }).optional(),
  }),
  /** The signed AUTHORIZATION or DECLINE; `hint` is for the phone's own screen and never leaves it. A policy's no is named by its rule. */
  reply: z.strictObject({
    kind: z.enum(['authorization', 'decline']),
    signed: base64url(700),
    hint: z.enum(['none', 'funds', 'frozen', 'band', 'terminal', 'seats', 'expired', 'taken', ...POLICY_RULE_LIST]).default('none'),
  }),
}
export type SubmitHint = z.output<typeof submit.reply>['hint']

/** A batch of pseudonymous certificates, one per id slot. */
export const certifyPhone = {
  body: z.strictObject({
    keys: z
      .array(z.strictObject({ point, slot: z.int().min(0) }))
      .min(1)
      .max(32),
  }),
  reply: z.strictObject({ certificates: z.array(base64url(700)), keySet }),
}

/** What became of a request, asked by the terminal that made it. */
export const attemptStatus = {
  reply: z.strictObject({
    requestId: machineId,
    state: z.enum(['unknown', 'held', 'captured', 'reversed', 'declined']),
    /** The signed statement, when there is one: AUTHORIZATION (held, captured, reversed) or DECLINE. */
    signed: base64url(700).optional(),
  }),
}

// --- Recovery: what a terminal asks after a start, and after a restore ------------------------------------------------------------

export const RECOVERY_PAGE_MAX = 50

/** How far the backend knows this terminal's journal: the newest epoch it heard of, and the last entry and receipt in it. */
export const terminalStanding = {
  reply: z.strictObject({
    /** 1 until a restore was reported. */
    epoch: z.int().min(1),
    /** The newest journal entry the backend has a full head of, in that epoch. */
    head: z.strictObject({ seq: z.int().positive(), hash: z.string().regex(/^[0-9a-f]{64}$/) }).optional(),
    /** The last receipt number in each series, such as `{ A: 42 }`. */
    series: z.record(z.string().max(4), z.int().positive()),
  }),
}
/** This terminal's own receipts as the backend took them, oldest first. `after`: the cursor of the last one seen, 0 to begin. */
export const ownReceipts = {
  query: z.strictObject({ after: z.coerce.number().int().min(0).default(0) }),
  reply: z.strictObject({
    receipts: z.array(z.strictObject({ cursor: z.int().positive(), body: z.string().max(OUTBOX_BODY_MAX) })).max(RECOVERY_PAGE_MAX),
    more: z.boolean(),
  }),
}
/** Money held for this terminal, oldest first: each authorization that is neither captured nor reversed. */
export const ownAuthorizations = {
  query: z.strictObject({ after: z.coerce.number().int().min(0).default(0) }),
  reply: z.strictObject({
    authorizations: z
      .array(
        z.strictObject({
          cursor: z.int().positive(),
          requestId: machineId,
          /** The AUTHORIZATION as signed. */
          signed: base64url(700),
          /** Seats that are pinned for this request. */
          holds: z.array(z.strictObject({ holdId: machineId, showtimeId: z.string().max(40), seats: z.array(seatId).max(20) })).max(4),
        }),
      )
      .max(RECOVERY_PAGE_MAX),
    more: z.boolean(),
  }),
}

export const OUTBOX_KINDS = ['receipt', 'reversal', 'head'] as const
export type OutboxKind = (typeof OUTBOX_KINDS)[number]

/** One record from a terminal. `body` is text, kept and compared byte for byte: same id with other bytes is quarantined. */
export const outboxEntry = z.strictObject({ id: machineId, kind: z.enum(OUTBOX_KINDS), body: z.string().min(2).max(OUTBOX_BODY_MAX) })
export type OutboxEntry = z.output<typeof outboxEntry>
export const postOutbox = {
  body: z.strictObject({ entries: z.array(outboxEntry).min(1).max(OUTBOX_BATCH_MAX) }),
  reply: z.strictObject({
    results: z.array(
      z.strictObject({
        id: machineId,
        /** `applied` now, `repeat` of one applied before, `quarantined` (other bytes or impossible content: a person must look). */
        outcome: z.enum(['applied', 'repeat', 'quarantined']),
        /** Set when applying found something a person must see, its kind first (contracts/alarms.ts): `capture-refused: …`. */
        alarm: z.string().max(200).optional(),
      }),
    ),
  }),
}

/** Bodies of outbox entries, inside their text. The receipt is `Receipt` of shared/domain. */
export const reversalBody = z.strictObject({
  requestId: machineId,
  statementDigest: base64url(43).optional(),
  amount: moneySchema,
  reason: z.enum(['refused-by-phone', 'declined', 'cancelled', 'expired', 'unattended', 'late-yes']),
  holdIds: z.array(machineId).max(4),
  at: instant,
})
export type ReversalBody = z.output<typeof reversalBody>
export const receiptBody = z.strictObject({
  /** `Receipt` of shared/domain/receipt.ts. */
  receipt: z.looseObject({ id: machineId, kind: z.string(), number: z.int().positive(), series: z.string(), total: moneySchema }),
  /** `epoch` is left out while it is 1. */
  journal: z.strictObject({ epoch: z.int().min(2).optional(), seq: z.int().positive(), hash: z.string().regex(/^[0-9a-f]{64}$/) }),
  /** Every band authorization that paid a part, as the COSE_Sign1 received, with the part to capture. */
  captures: z
    .array(
      z.strictObject({
        requestId: machineId,
        authorizationId: machineId,
        amount: moneySchema,
        authorization: signedText,
        /** With an authorization that was given without a network: what it stands on, and the statement it answers. */
        offline: z.strictObject({ slot: signedText, slotProof: signedText, statement: signedText }).optional(),
      }),
    )
    .max(8),
  /** Holds whose seats this receipt sells. */
  sells: z.array(z.strictObject({ holdId: machineId, showtimeId: z.string(), seats: z.array(seatId).max(20) })).max(4),
  /** On a void: the captured authorizations whose money goes back to the wallet it came from. */
  voids: z
    .array(z.strictObject({ requestId: machineId, authorizationId: machineId, amount: moneySchema, ofReceiptId: machineId }))
    .max(8)
    .optional(),
  /** On a void: sold seats that come back as a hold of this terminal, under a new hold id. */
  returns: z
    .array(z.strictObject({ holdId: machineId, showtimeId: z.string(), seats: z.array(seatId).max(20), ofReceiptId: machineId }))
    .max(4)
    .optional(),
})
export type ReceiptBody = z.output<typeof receiptBody>
export const headBody = z.strictObject({
  seq: z.int().positive(),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  signature: base64url(90),
  kid: z.string().max(16),
  at: instant,
  /** Left out while it is 1. The first head of a later epoch says what was restored; receipts of it come after. */
  epoch: z.int().min(2).optional(),
  restored: z.strictObject({ incarnation: machineId, previousIncarnation: machineId, series: z.string().max(4) }).optional(),
})

// --- Registry (operator) -------------------------------------------------------------------------------------------------------

export const putMerchant = { body: z.strictObject({ name: words }) }
export const putSite = {
  body: z.strictObject({
    merchantId: slug,
    name: words,
    address: words,
    timeZone: readableText(64),
    latitudeE5: z.int(),
    longitudeE5: z.int(),
    currency,
  }),
}
/** The enrolment code is shown once to whoever sets the terminal up; only its hash is stored. */
export const putTerminal = { body: z.strictObject({ siteId: slug, enrolmentCode: z.string().min(8).max(64) }) }
export const putAccount = {
  body: z.strictObject({
    displayName: z.string().min(1).max(40),
    currency,
    openingBalance: z.int().min(0).max(100_000_000),
    /** What a new account begins with; left out, the defaults of its currency. From then on its owner's affair. */
    limits: walletLimits.optional(),
  }),
}
export const patchAccount = { body: z.strictObject({ frozen: z.boolean() }) }
export const putPhone = { body: z.strictObject({ accountId: machineId, point }) }
export const putProgramme = { body: programmeSchema }
export const done = z.strictObject({ ok: z.literal(true) })

/** Where each call lives. Parameters in braces. */
export const BACKEND_PATHS = {
  health: '/health',
  ready: '/ready',
  metrics: '/metrics',
  docs: '/docs',
  /** Keys that sign who somebody is, for web services. */
  jwks: '/.well-known/jwks.json',
  /** Keys that sign authorizations. */
  authorizerJwks: '/v1/keys/authorizers.json',
  keySet: '/v1/keys',
  enrolTerminal: '/v1/terminals/enrol',
  renewCertificate: '/v1/terminals/certificate',
  programme: '/v1/programme',
  seats: '/v1/showtimes/{showtimeId}/seats',
  hold: '/v1/holds/{holdId}',
  pin: '/v1/holds/{holdId}/pin',
  attempt: '/v1/attempts/{requestId}',
  outbox: '/v1/outbox',
  standing: '/v1/recovery/standing',
  ownReceipts: '/v1/recovery/receipts',
  ownAuthorizations: '/v1/recovery/authorizations',
  certifyPhone: '/v1/phones/certificates',
  submit: '/v1/authorizations',
  merchant: '/v1/registry/merchants/{merchantId}',
  site: '/v1/registry/sites/{siteId}',
  terminal: '/v1/registry/terminals/{terminalId}',
  account: '/v1/registry/accounts/{accountId}',
  phoneInvitation: '/v1/registry/accounts/{accountId}/phone-invitations',
  phone: '/v1/registry/phones/{phoneId}',
  siteProgramme: '/v1/registry/sites/{siteId}/programme',
} as const
