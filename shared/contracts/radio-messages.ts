/**
 * Every message and signed statement of the band protocol, each declared once. docs/protocol.md is this file in words.
 * Sizes are limits on what is accepted; times are whole seconds since 1970-01-01T00:00:00Z; points are compressed P-256 (33 bytes).
 */
import { blob, bytes, bytesList, int, optional, signedStructure, structure, text, uint, type ValueOfStructure } from './structure.ts'

export const PROTOCOL_VERSION = 1
/** Marks "this protocol, this version" in key derivations. */
export const SUITE_LABEL = 'bandtill/1'

export const REQUEST_LIFETIME_MAX_S = 90
export const MESSAGE_MAX_BYTES = 2_048
export const HPKE_ENC_BYTES = 65
export const AEAD_TAG_BYTES = 16
export const ID_BYTES = 16
export const NONCE_BYTES = 16
export const DIGEST_BYTES = 32
export const POINT_BYTES = 33
export const OFFER_ID_BYTES = 8
export const MAC_BYTES = 16
/** The journal head a request carries is cut to 128 bits: enough that nobody finds another chain with the same head. */
export const HEAD_BYTES = 16
/** The lines digest is cut to 128 bits as well: with it whole, a request of one hold takes a fourth segment at MTU 185. */
export const LINES_DIGEST_BYTES = 16
const HOLDS_MAX = 4
export const KNOCKS_MAX = 4
export const AMOUNT_MAX = 10_000_000
export const U32_MAX = 0xffff_ffff
export const NAME_MAX = 40
export const SLUG_MAX = 16
export const SIGN1_MAX = 512

/** Kinds in a frame header. 16 and up travel between band and phone only. */
export const MESSAGE_KINDS = {
  offer: 1,
  request: 2,
  pending: 3,
  answer: 4,
  commit: 5,
  cancel: 6,
  error: 7,
  /** A REQUEST that moves no money (`query`, `presence`, `identify`): sealed alike; the band keeps its run of knocks. */
  probe: 8,
  forward: 16,
  refill: 17,
  // Binding, arming and parting (link-messages.ts).
  'link-nonce': 18,
  'link-proof': 19,
  'pair-ask': 20,
  'pair-offer': 21,
  'pair-bind': 22,
  bound: 23,
  'arm-ask': 24,
  'arm-nonce': 25,
  arm: 26,
  armed: 27,
  release: 28,
  released: 29,
  'link-refused': 30,
  // Slots of an offline allowance (slot-messages.ts).
  'slot-open': 31,
  'slot-lease': 32,
  'slot-ask': 33,
  'slot-proof': 34,
  'slot-refused': 35,
  // What a phone must know of its own band (link-messages.ts).
  'offers-wanted': 40,
  'band-status': 41,
} as const
export type MessageKind = keyof typeof MESSAGE_KINDS
const KIND_NAMES = new Map<number, MessageKind>(Object.entries(MESSAGE_KINDS).map(([name, code]) => [code, name as MessageKind]))
export function messageKindOf(code: number): MessageKind | undefined {
  return KIND_NAMES.get(code)
}

/** Bits of the flags byte in adverts, offers and proofs. */
export const FLAG_WORN = 1
export const FLAG_ARMED = 2
export const FLAG_PHONE_LINKED = 4
export const FLAG_LOW_BATTERY = 8
export const FLAGS_ALL = 15
/** Of a band that can pay. */
export const FLAGS_READY = FLAG_WORN | FLAG_ARMED | FLAG_PHONE_LINKED
/** In a proof only: what was relayed came as a `probe`, so it cannot stand behind a payment. */
export const FLAG_PROBE = 16
const PROOF_FLAGS_ALL = FLAGS_ALL | FLAG_PROBE

// --- Keys and certificates -----------------------------------------------------------------------------------------------------

export const KEY_PURPOSES = {
  'terminal-ca': 1,
  'phone-ca': 2,
  authorizer: 3,
  release: 4,
  allowance: 5,
  'room-key': 6,
  ticket: 7,
  /**
   * Says who somebody is, and moves no money. Not the authorizer's work: web services outside take these keys from a public list and believe
   * whatever they sign, so a key that says who somebody is must never be one that can spend, nor the other way round.
   */
  identity: 8,
} as const
export type KeyPurpose = keyof typeof KEY_PURPOSES

/** One key the root vouches for. A key set is a list of these, each signed by the root on its own. */
export const keyStatement = signedStructure('bt1k', {
  purpose: uint(1, 32),
  kid: bytes(2, 8),
  point: bytes(3, POINT_BYTES),
  from: uint(4, U32_MAX),
  until: uint(5, U32_MAX),
})
export type KeyStatement = ValueOfStructure<typeof keyStatement>

/** Signed by the terminal CA (kid in the header). What the customer's phone shows comes from here, never from the terminal. */
export const terminalCertificate = signedStructure('bt1t', {
  terminalId: text(1, SLUG_MAX),
  merchantId: text(2, SLUG_MAX),
  name: text(3, NAME_MAX),
  site: text(4, NAME_MAX),
  latitudeE5: int(5, -9_000_000, 9_000_000),
  longitudeE5: int(6, -18_000_000, 18_000_000),
  point: bytes(7, POINT_BYTES),
  from: uint(8, U32_MAX),
  until: uint(9, U32_MAX),
})
export type TerminalCertificate = ValueOfStructure<typeof terminalCertificate>

/** Signed by the phone CA (kid in the header). A pseudonym for one id slot: it names no account. */
export const phoneCertificate = signedStructure('bt1p', {
  pseudonym: bytes(1, 8),
  point: bytes(2, POINT_BYTES),
  from: uint(3, U32_MAX),
  until: uint(4, U32_MAX),
})
export type PhoneCertificate = ValueOfStructure<typeof phoneCertificate>

// --- OFFER ---------------------------------------------------------------------------------------------------------------------

/** A one-time sealing key, signed by the key of the phone certificate beside it. */
export const phoneOffer = signedStructure('bt1o', {
  offerId: bytes(1, OFFER_ID_BYTES),
  sealingPoint: bytes(2, POINT_BYTES),
  expires: uint(3, U32_MAX),
})
export type PhoneOffer = ValueOfStructure<typeof phoneOffer>

/** What the phone leaves on the band: an offer and the certificate that vouches for it, both as received bytes. */
export const refillMessage = structure({ offerId: bytes(1, OFFER_ID_BYTES), offer: blob(2, SIGN1_MAX), certificate: blob(3, SIGN1_MAX) })
export type RefillMessage = ValueOfStructure<typeof refillMessage>

export const offerMessage = structure({
  bandNonce: bytes(1, NONCE_BYTES),
  flags: uint(2, FLAGS_ALL),
  offer: blob(3, SIGN1_MAX),
  certificate: blob(4, SIGN1_MAX),
})
export type OfferMessage = ValueOfStructure<typeof offerMessage>

// --- REQUEST -------------------------------------------------------------------------------------------------------------------

/** A year, in minutes: the oldest a terminal's list of revocations is called. */
export const LIST_AGE_MINUTES_MAX = 525_600

/** The terminal asks to be paid. Signed by the certified terminal key. */
export const payStatement = signedStructure('bt1r', {
  requestId: bytes(1, ID_BYTES),
  amount: uint(2, AMOUNT_MAX),
  currency: text(3, 3),
  linesDigest: bytes(4, LINES_DIGEST_BYTES),
  holds: bytesList(5, ID_BYTES, HOLDS_MAX),
  bandNonce: bytes(6, NONCE_BYTES),
  knocks: uint(7, KNOCKS_MAX),
  /** Minutes since the terminal last heard of revocations. */
  listAgeMinutes: uint(8, LIST_AGE_MINUTES_MAX),
  time: uint(9, U32_MAX),
  /** Seconds after `time` at which the request expires. */
  lifetime: uint(10, REQUEST_LIFETIME_MAX_S),
  headSeq: uint(11, U32_MAX),
  head: bytes(12, HEAD_BYTES),
})
export type PayStatement = ValueOfStructure<typeof payStatement>

/** The terminal asks again about a request it already made. It never creates anything. Signed by the certified terminal key. */
export const queryStatement = signedStructure('bt1q', {
  requestId: bytes(1, ID_BYTES),
  firstDigest: bytes(2, DIGEST_BYTES),
  bandNonce: bytes(3, NONCE_BYTES),
  time: uint(4, U32_MAX),
  lifetime: uint(5, REQUEST_LIFETIME_MAX_S),
  headSeq: uint(6, U32_MAX),
  head: bytes(7, HEAD_BYTES),
})
export type QueryStatement = ValueOfStructure<typeof queryStatement>

/** The terminal asks who is there and what they knocked. It moves no money. Signed by the certified terminal key. */
export const presenceStatement = signedStructure('bt1s', {
  requestId: bytes(1, ID_BYTES),
  bandNonce: bytes(2, NONCE_BYTES),
  time: uint(3, U32_MAX),
  lifetime: uint(4, REQUEST_LIFETIME_MAX_S),
  headSeq: uint(5, U32_MAX),
  head: bytes(6, HEAD_BYTES),
})
export type PresenceStatement = ValueOfStructure<typeof presenceStatement>

/** The plaintext of a REQUEST. On the air it is HPKE enc (65 bytes), then the ciphertext. */
export const requestPlaintext = structure({ statement: blob(1, SIGN1_MAX), certificate: blob(2, SIGN1_MAX) })
export type RequestPlaintext = ValueOfStructure<typeof requestPlaintext>

/** The band's signature over what it relayed and the state it was in. `counter` never repeats with different content. */
export const bandProof = signedStructure('bt1b', {
  bandNonce: bytes(1, NONCE_BYTES),
  requestDigest: bytes(2, DIGEST_BYTES),
  counter: uint(3, Number.MAX_SAFE_INTEGER),
  epoch: uint(4, U32_MAX),
  flags: uint(5, PROOF_FLAGS_ALL),
  knocks: uint(6, 15),
})
export type BandProof = ValueOfStructure<typeof bandProof>

/** Band to phone: the request as received, with the band's proof. */
export const forwardMessage = structure({
  offerId: bytes(1, OFFER_ID_BYTES),
  bandNonce: bytes(2, NONCE_BYTES),
  request: blob(3, MESSAGE_MAX_BYTES),
  proof: blob(4, SIGN1_MAX),
})
export type ForwardMessage = ValueOfStructure<typeof forwardMessage>

// --- ANSWER --------------------------------------------------------------------------------------------------------------------

/** Signed by an authorizer key (kid in the header): the money is held for this terminal and this request. */
export const authorization = signedStructure('bt1a', {
  authorizationId: bytes(1, ID_BYTES),
  requestId: bytes(2, ID_BYTES),
  statementDigest: bytes(3, DIGEST_BYTES),
  amount: uint(4, AMOUNT_MAX),
  currency: text(5, 3),
  merchantId: text(6, SLUG_MAX),
  terminalId: text(7, SLUG_MAX),
  approvedAt: uint(8, U32_MAX),
  captureBy: uint(9, U32_MAX),
  customer: bytes(10, 8),
  displayName: text(11, NAME_MAX),
  knocks: uint(12, KNOCKS_MAX),
  /** 1 online (held by the backend). Other modes are reserved. */
  mode: uint(13, 1),
})
export type Authorization = ValueOfStructure<typeof authorization>

/** Signed by an authorizer key: no, with a reason the counter may hear. */
export const decline = signedStructure('bt1d', {
  requestId: bytes(1, ID_BYTES),
  statementDigest: bytes(2, DIGEST_BYTES),
  terminalId: text(3, SLUG_MAX),
  reason: uint(4, 255),
  at: uint(5, U32_MAX),
})
export type Decline = ValueOfStructure<typeof decline>

/** Signed by the phone's pseudonymous key: the phone said no before asking anyone. */
export const phoneRefusal = signedStructure('bt1f', {
  requestId: bytes(1, ID_BYTES),
  statementDigest: bytes(2, DIGEST_BYTES),
  reason: uint(3, 255),
  at: uint(4, U32_MAX),
})
export type PhoneRefusal = ValueOfStructure<typeof phoneRefusal>

/** Signed by the phone's pseudonymous key: it never saw the request, and refuses that request id from now on. */
export const neverSeen = signedStructure('bt1n', {
  requestId: bytes(1, ID_BYTES),
  firstDigest: bytes(2, DIGEST_BYTES),
  at: uint(3, U32_MAX),
})
export type NeverSeen = ValueOfStructure<typeof neverSeen>

/** Signed by the phone's pseudonymous key: the band's last run of knocks as its proof carried it, 0 when there is none that is fresh. */
export const presenceAnswer = signedStructure('bt1w', {
  requestId: bytes(1, ID_BYTES),
  statementDigest: bytes(2, DIGEST_BYTES),
  knocks: uint(3, 15),
  at: uint(4, U32_MAX),
})
export type PresenceAnswer = ValueOfStructure<typeof presenceAnswer>

export const ANSWER_KINDS = { authorization: 1, decline: 2, refusal: 3, 'never-seen': 4, presence: 5, identity: 6, offline: 7 } as const
export type AnswerKind = keyof typeof ANSWER_KINDS

/**
 * The plaintext of an ANSWER. On the air it is the response nonce (16 bytes), then the ciphertext. `slot` and `slotProof` come with an
 * offline authorization and with nothing else (slot-messages.ts).
 */
export const answerPlaintext = structure({
  kind: int(1, 1, 7),
  signed: blob(2, SIGN1_MAX),
  slot: optional(blob(3, SIGN1_MAX)),
  slotProof: optional(blob(4, SIGN1_MAX)),
})
export type AnswerPlaintext = ValueOfStructure<typeof answerPlaintext>

// --- Hints and endings ---------------------------------------------------------------------------------------------------------

export const PENDING_STAGES = { seen: 1, 'waiting-for-customer': 2, 'asking-backend': 3 } as const
export type PendingStage = keyof typeof PENDING_STAGES
export const pendingMessage = structure({ stage: int(1, 1, 3) })

/** The receipt is on disk: the band vibrates twice. The MAC covers the map without key 3. */
export const commitMessage = structure({ requestId: bytes(1, ID_BYTES), receiptNumber: text(2, 24), mac: optional(bytes(3, MAC_BYTES)) })
/** The terminal's wish to stop. Never changes money. The MAC covers the map without key 3. */
export const cancelMessage = structure({ requestId: bytes(1, ID_BYTES), mac: optional(bytes(3, MAC_BYTES)) })

export const ERROR_CODES = {
  malformed: 1,
  'out-of-order': 2,
  'altered-segment': 3,
  oversized: 4,
  timeout: 5,
  busy: 6,
  version: 7,
  'not-worn': 8,
  'not-armed': 9,
  'phone-not-linked': 10,
  'nonce-used': 11,
} as const
export type ErrorCode = keyof typeof ERROR_CODES
export const errorMessage = structure({ code: int(1, 1, 11), retryAfterSeconds: uint(2, 600) })
