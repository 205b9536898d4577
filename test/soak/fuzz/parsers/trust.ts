/** What stands behind a signature or a seal: altered statements are signed again, so that more than the signature check is reached. */
import { createHash } from 'node:crypto'
import { p256 } from '@noble/curves/nist.js'
import { type Asked, readAnswer } from '#main/payments/answers.ts'
import { fromHex } from '#shared/contracts/bytes.ts'
import { encodeCbor } from '#shared/contracts/cbor.ts'
import { encodeSign1, protectedHeader, toBeSigned } from '#shared/contracts/cose.ts'
import {
  AEAD_TAG_BYTES,
  ANSWER_KINDS,
  answerPlaintext,
  authorization,
  decline,
  HPKE_ENC_BYTES,
  KEY_PURPOSES,
  keyStatement,
  NONCE_BYTES,
  neverSeen,
  phoneRefusal,
  terminalCertificate,
} from '#shared/contracts/radio-messages.ts'
import { offlineAuthorization, slot, slotProof } from '#shared/contracts/slot-messages.ts'
import type { SignedStructure } from '#shared/contracts/structure.ts'
import { KeySet } from '#shared/crypto/key-set.ts'
import { importVerifyKey } from '#shared/crypto/keys.ts'
import { offlineAuthorizationId } from '#shared/crypto/offline.ts'
import { openRequest, sealingKeyOf } from '#shared/crypto/sealing.ts'
import type { RequestId } from '#shared/domain/ids.ts'
import { Seeded } from '#test/support/seeded.ts'
import { byteFaults, withFaults } from '../byte-faults.ts'
import { changed, valueOf } from '../cbor-faults.ts'
import { judged, type Parser } from '../parser.ts'
import { joinPieces, piecesOf } from '../pieces.ts'

const NOW_S = 1_900_000_000
const UNTIL_S = NOW_S + 1_000_000
/** Altered statements that are signed again, of each kind; made once, because signing takes longer than everything else. */
const SIGNED_AGAIN = 48
/** Of so many inputs one is under a sound signature throughout: those take the longest by far, and each of a pool comes up many times. */
const SOUND_ONE_IN = 16
const POOL_SEED = 20_301_102
const SIGN1_ERRORS = ['malformed', 'wrong-algorithm', 'bad-signature']
const TRUST_ERRORS = [...SIGN1_ERRORS, 'unknown-key', 'not-valid-now', 'bad-point']
const ANSWER_ERRORS = [
  ...TRUST_ERRORS,
  'other-request',
  'other-statement',
  'other-amount',
  'other-currency',
  'other-merchant',
  'other-terminal',
  'other-knocks',
  'other-mode',
  'wrong-time',
  'unknown-reason',
]

/** A key whose signatures are the same in every run (RFC 6979), so that a seed brings the same bytes back. */
class FuzzKey {
  readonly point: Uint8Array
  readonly kid: Uint8Array
  readonly #secret: Uint8Array

  constructor(name: string) {
    this.#secret = createHash('sha256').update(`bandtill fuzz key ${name}`).digest()
    this.point = p256.getPublicKey(this.#secret)
    this.kid = createHash('sha256').update(this.point).digest().subarray(0, 8)
  }

  signPayload(payload: Uint8Array, withKid: boolean): Uint8Array {
    const header = protectedHeader(withKid ? Uint8Array.from(this.kid) : undefined)
    return encodeSign1(header, payload, p256.sign(toBeSigned(header, payload), this.#secret))
  }

  /** The statement as it should be, and copies with other content under a sound signature. */
  pool<T>(statement: SignedStructure<T>, value: T, withKid: boolean): readonly Uint8Array[] {
    const payload = statement.encode(value)
    const seeded = new Seeded(POOL_SEED)
    const content = valueOf(payload)
    const altered = Array.from({ length: SIGNED_AGAIN }, () => {
      const next = changed(seeded, content)
      // What is not our CBOR at all is the other parsers' matter.
      return this.signPayload(next instanceof Map ? encodeCbor(next) : payload, withKid)
    })
    return [this.signPayload(payload, withKid), ...altered]
  }
}

const root = new FuzzKey('root')
const authorizer = new FuzzKey('authorizer')
const terminalCa = new FuzzKey('terminal-ca')
const phone = new FuzzKey('phone')
const allowance = new FuzzKey('allowance')
const slotBand = new FuzzKey('band of a slot')

export async function trustParsers(): Promise<readonly Parser[]> {
  const keys = await KeySet.open(root.point, [
    vouched('authorizer', authorizer),
    vouched('terminal-ca', terminalCa),
    vouched('allowance', allowance),
  ])
  if (!keys.ok) throw new Error(`the fuzzing's own key set: ${keys.error}`)
  return [keySet(), certificate(keys.value), await answer(keys.value), await offline(keys.value), ...(await sealed())]
}

function statementOf(purpose: keyof typeof KEY_PURPOSES, key: FuzzKey) {
  return { purpose: KEY_PURPOSES[purpose], kid: key.kid, point: key.point, from: 0, until: UNTIL_S }
}

function vouched(purpose: keyof typeof KEY_PURPOSES, key: FuzzKey): Uint8Array {
  return root.signPayload(keyStatement.encode(statementOf(purpose, key)), false)
}

/** A set of a few statements of the root. What is altered comes first: one bad entry refuses the whole set, and nothing after it is read. */
function keySet(): Parser {
  const pool = root.pool(keyStatement, statementOf('authorizer', authorizer), false)
  const honest = [vouched('authorizer', authorizer), vouched('terminal-ca', terminalCa)]
  const faults = byteFaults(pool)
  return {
    name: 'key set',
    specimens: [joinPieces(honest), joinPieces([])],
    make: (seeded) => {
      if (seeded.below(16) === 0) return withFaults(seeded, joinPieces(honest))
      return joinPieces([seeded.below(8) === 0 ? seeded.pick(pool) : faults(seeded), ...pool.slice(0, seeded.below(3))])
    },
    run: async (input) => judged(await KeySet.open(root.point, piecesOf(input)), [...SIGN1_ERRORS, 'bad-point', 'too-many-keys']),
  }
}

function certificate(keys: KeySet): Parser {
  const value = {
    terminalId: 'aurora-1',
    merchantId: 'aurora',
    name: 'Aurora 影院',
    site: 'Main hall',
    latitudeE5: 4_000_000,
    longitudeE5: 11_600_000,
    point: phone.point,
    from: 0,
    until: UNTIL_S,
  }
  const pool = terminalCa.pool(terminalCertificate, value, true)
  const specimens = pool.slice(0, 1)
  const faults = byteFaults(pool)
  return {
    name: 'terminal certificate, trusted',
    specimens,
    make: (seeded) => (seeded.below(SOUND_ONE_IN) === 0 ? seeded.pick(pool) : faults(seeded)),
    run: async (input) => judged(await keys.openTerminalCertificate(input, NOW_S), TRUST_ERRORS),
  }
}

const asked: Asked = {
  requestId: '11'.repeat(16) as RequestId,
  statementDigest: new Uint8Array(32).fill(2),
  amount: { amount: 12_800, currency: 'CNY' },
  merchantId: 'aurora',
  terminalId: 'aurora-1',
  knocks: 0,
  requestDigest: new Uint8Array(32).fill(5),
  bandNonce: new Uint8Array(16).fill(6),
  sentAtS: NOW_S,
  expiresAtS: NOW_S + 90,
}

/** The plaintext of an ANSWER, as the terminal reads it. */
async function answer(keys: KeySet): Promise<Parser> {
  const phoneKey = await importVerifyKey(phone.point)
  if (!phoneKey.ok) throw new Error(phoneKey.error)
  const { statementDigest, terminalId, merchantId, knocks } = asked
  const requestId = new Uint8Array(16).fill(0x11)
  const common = { requestId, statementDigest }
  const approved = {
    ...common,
    authorizationId: new Uint8Array(16).fill(3),
    amount: 12_800,
    currency: 'CNY',
    merchantId,
    terminalId,
    approvedAt: NOW_S,
    captureBy: UNTIL_S,
    customer: new Uint8Array(8),
    displayName: 'Silver Heron',
    knocks,
    mode: 1,
  }
  const pools = [
    ['authorization', authorizer.pool(authorization, approved, true)],
    ['decline', authorizer.pool(decline, { ...common, terminalId, reason: 1, at: NOW_S }, true)],
    ['refusal', phone.pool(phoneRefusal, { ...common, reason: 1, at: NOW_S }, false)],
    ['never-seen', phone.pool(neverSeen, { requestId, firstDigest: statementDigest, at: NOW_S }, false)],
  ] as const
  const plain = pools.map(([kind, pool]) => pool.map((signed) => answerPlaintext.encode({ kind: ANSWER_KINDS[kind], signed })))
  const pool = plain.flat()
  const faults = byteFaults(pool)
  return {
    name: 'answer, opened',
    specimens: plain.flatMap((of) => of.slice(0, 1)),
    make: (seeded) => (seeded.below(SOUND_ONE_IN) === 0 ? seeded.pick(pool) : faults(seeded)),
    run: async (input) =>
      judged(await readAnswer(input, asked, { keys, phoneKey: phoneKey.value, nowS: NOW_S, isRevoked: () => false }), ANSWER_ERRORS),
  }
}

/** The evidence of a payment without a network, one of its three statements altered and signed again. */
async function offline(keys: KeySet): Promise<Parser> {
  const slotPool = allowance.pool(
    slot,
    {
      allowanceId: new Uint8Array(16).fill(4),
      counter: 7,
      cap: 20_000,
      currency: 'CNY',
      bandPoint: slotBand.point,
      phonePoint: phone.point,
      displayName: 'Silver Heron',
      from: NOW_S,
      until: UNTIL_S,
      settleBy: UNTIL_S,
    },
    true,
  )
  const { requestDigest, bandNonce, statementDigest, merchantId, terminalId, knocks } = asked
  const proofPool = slotBand.pool(slotProof, { requestDigest, bandNonce, counter: 7, flags: 7, knocks: 0 }, false)
  const said = { requestId: new Uint8Array(16).fill(0x11), statementDigest, requestDigest, amount: 12_800, currency: 'CNY' }
  const authorizationId = await offlineAuthorizationId(slotPool[0] ?? new Uint8Array(0), statementDigest)
  const yes = { ...said, authorizationId, merchantId, terminalId, approvedAt: NOW_S, knocks }
  const yesPool = phone.pool(offlineAuthorization, yes, false)
  const whole = (signed = yesPool[0], slotBytes = slotPool[0], proof = proofPool[0]) =>
    answerPlaintext.encode({
      kind: ANSWER_KINDS.offline,
      signed: signed ?? new Uint8Array(1),
      slot: slotBytes ?? new Uint8Array(1),
      slotProof: proof ?? new Uint8Array(1),
    })
  const pool = [
    ...yesPool.map((signed) => whole(signed)),
    ...slotPool.map((signed) => whole(undefined, signed)),
    ...proofPool.map((signed) => whole(undefined, undefined, signed)),
  ]
  const faults = byteFaults(pool)
  const phoneKey = await importVerifyKey(phone.point)
  if (!phoneKey.ok) throw new Error(phoneKey.error)
  const trust = { keys, phoneKey: phoneKey.value, nowS: NOW_S, isRevoked: () => false }
  return {
    name: 'offline answer, opened',
    specimens: [whole()],
    make: (seeded) => (seeded.below(SOUND_ONE_IN) === 0 ? seeded.pick(pool) : faults(seeded)),
    run: async (input) => judged(await readAnswer(input, asked, trust), [...ANSWER_ERRORS, 'other-slot', 'over-cap', 'not-armed']),
  }
}

/** A phone's one-time key, and messages sealed to it and answered once: sealing them anew would give others in each run. */
const SEALED = {
  jwk: {
    kty: 'EC',
    crv: 'P-256',
    x: 'hFNhsFgjuqHR2pp-C0lXA0ztzy7M7XHrY6sIcVC3Fxg',
    y: 'bGutvnImyoxC48AJlZ8HvVt7-02MT-F5zH5e0X4Evuo',
    d: 'MzhJfcutcUSbLTPdPbZfpBi2exU4k5wCfixe0VGInqo',
  },
  request:
    '041b2d50e2303c878ad77c139d47c0e4e79a5d702e15d4b6b59a8c4b0bb97cc4750f1b6cbe4bcbfb63f26d11e7f46c3c8d816b76405a2d4a6afe52855c73c668d88ab664a13fe5bf611b83a94295d0153443ea9bac233ff19f255d55074bdef4964b2b40bc46a1649d',
  answer: 'ac4d4555261763957f9cc21fedd0fc34da2efb5e661a2e11db0a30662f94cff600ed11d03d4569ff07dd92cb0abfc75a91c533ef51930066',
} as const
const OFFER = new Uint8Array(100).fill(4)
const BAND_NONCE = new Uint8Array(NONCE_BYTES).fill(5)

/** Sealed messages: opened, or `cannot-open`. Most inputs fall at the first step (too short, no point), which is the part that parses. */
async function sealed(): Promise<readonly Parser[]> {
  const { privateKey } = await sealingKeyOf(SEALED.jwk)
  const [request, answered] = [fromHex(SEALED.request), fromHex(SEALED.answer)]
  const opened = await openRequest({ offer: OFFER, bandNonce: BAND_NONCE, privateKey, message: request ?? new Uint8Array(0) })
  if (!request || !answered || !opened.ok) throw new Error('the sealed specimen does not open')
  const { session } = opened.value
  const shortest = HPKE_ENC_BYTES + AEAD_TAG_BYTES
  const faults = byteFaults([request])
  return [
    {
      name: 'request, sealed',
      specimens: [request],
      make: (seeded) => {
        if (seeded.below(40) === 0) return faults(seeded)
        if (seeded.below(2) === 0) return request.slice(0, seeded.below(shortest + 1))
        // Anything but a point of the curve.
        const message = Uint8Array.from(request)
        message.set(seeded.bytes(1 + seeded.below(32)), seeded.below(33))
        return message
      },
      run: async (message) => judged(await openRequest({ offer: OFFER, bandNonce: BAND_NONCE, privateKey, message }), ['cannot-open']),
    },
    {
      name: 'answer, sealed',
      specimens: [answered],
      make: (seeded) =>
        seeded.below(8) === 0 ? byteFaults([answered])(seeded) : answered.slice(0, seeded.below(NONCE_BYTES + AEAD_TAG_BYTES + 2)),
      run: async (message) => judged(await session.openAnswer(message), ['cannot-open']),
    },
  ]
}
