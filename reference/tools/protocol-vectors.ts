/**
 * The worked example of docs/protocol.md: one payment with fixed keys, nonces and times, every message of it in hex. Run as a program
 * it writes the document's tables anew; with `--vectors` the example too (signatures and HPKE ephemeral keys differ each time).
 */
import { createECDH, createHash, createHmac } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { OFFER_GRACE_S } from '#reference/phone/offers.ts'
import { assert } from '#shared/assert.ts'
import { CAPTURE_DAYS } from '#shared/contracts/backend-api.ts'
import { encodeAdvert, ID_SLOT_MS } from '#shared/contracts/band-advert.ts'
import { fromHex, toBase64Url, toHex } from '#shared/contracts/bytes.ts'
import { segmentBytes, toFrames } from '#shared/contracts/frames.ts'
import * as messages from '#shared/contracts/radio-messages.ts'
import { type PrivateJwk, type Signer, sha256, signerOf } from '#shared/crypto/keys.ts'
import { openRequest, sealingKeyOf, sealRequest } from '#shared/crypto/sealing.ts'
import { sign1 } from '#shared/crypto/sign1.ts'
import { REASONS } from '#shared/domain/reasons.ts'
import { protocolTables, withBlocks } from './protocol-tables.ts'

const EXAMPLE_TIME_S = 1_900_000_000
const DAY_S = 86_400
const SLOT_S = ID_SLOT_MS / 1000
const SLOT = Math.floor(EXAMPLE_TIME_S / SLOT_S)
const WEEK = { from: EXAMPLE_TIME_S - DAY_S, until: EXAMPLE_TIME_S + 6 * DAY_S }
const YEAR = { from: EXAMPLE_TIME_S - 30 * DAY_S, until: EXAMPLE_TIME_S + 335 * DAY_S }
const MTU = 185
const HEX_PER_LINE = 96
export const PROTOCOL_DOCUMENT = new URL('../../docs/protocol.md', import.meta.url)

/** SHA-256 of this text is the private key of one part of the example. */
function examplePrivateKey(name: string): PrivateJwk {
  const secret = createHash('sha256').update(`bandtill example ${name}`).digest()
  const pair = createECDH('prime256v1')
  pair.setPrivateKey(secret)
  const point = pair.getPublicKey()
  return { kty: 'EC', crv: 'P-256', x: toBase64Url(point.subarray(1, 33)), y: toBase64Url(point.subarray(33)), d: toBase64Url(secret) }
}

/** The first bytes of SHA-256 of this text: nonces and ids of the example. */
export function exampleBytes(name: string, length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(createHash('sha256').update(`bandtill example ${name}`).digest().subarray(0, length))
}

async function exampleSigner(name: string): Promise<Signer> {
  return signerOf(examplePrivateKey(name))
}

/** What a band with this id key calls itself in this slot. */
export function rotatingIdOf(idKey: Uint8Array, slot: number): Buffer {
  const number = Buffer.alloc(8)
  number.writeBigUInt64BE(BigInt(slot))
  return createHmac('sha256', idKey).update(number).digest().subarray(0, 8)
}

/** The offer's one-time key pair. */
export async function exampleSealingKey() {
  return sealingKeyOf(examplePrivateKey('sealing'))
}

async function keysAndCertificates(vectors: Example) {
  const root = await exampleSigner('root')
  const [terminalCa, phoneCa, authorizer] = [
    await exampleSigner('terminal-ca'),
    await exampleSigner('phone-ca'),
    await exampleSigner('authorizer'),
  ]
  const [terminal, phone, band] = [await exampleSigner('terminal'), await exampleSigner('phone'), await exampleSigner('band')]
  vectors.set('root-point', Uint8Array.from(root.point))
  vectors.set('band-point', Uint8Array.from(band.point))
  const named = [['terminal-ca', terminalCa] as const, ['phone-ca', phoneCa] as const, ['authorizer', authorizer] as const]
  for (const [purpose, key] of named) {
    const statement = { purpose: messages.KEY_PURPOSES[purpose], kid: key.kid, point: key.point, ...YEAR }
    vectors.set(`key-${purpose}`, await sign1(messages.keyStatement, statement, root, { withKid: false }))
  }
  const certificate = {
    terminalId: 'aurora-1',
    merchantId: 'aurora',
    name: 'Aurora Cinema 极光影院',
    site: 'Riverside',
    latitudeE5: 3_123_590,
    longitudeE5: 12_149_100,
    point: terminal.point,
    ...WEEK,
  }
  vectors.set('terminal-certificate', await sign1(messages.terminalCertificate, certificate, terminalCa, { withKid: true }))
  const pseudonym = { pseudonym: exampleBytes('pseudonym', 8), point: phone.point, from: SLOT * SLOT_S, until: (SLOT + 1) * SLOT_S }
  vectors.set('phone-certificate', await sign1(messages.phoneCertificate, pseudonym, phoneCa, { withKid: true }))
  return { terminal, phone, band, authorizer }
}

type Example = Map<string, Uint8Array<ArrayBuffer>>

function made(vectors: Example, name: string): Uint8Array<ArrayBuffer> {
  const value = vectors.get(name)
  assert(value, `no vector ${name}`)
  return value
}

/** Makes the whole example. Each value is the bytes of the message or statement of that name. */
export async function makeVectors(): Promise<Example> {
  const vectors: Example = new Map()
  addAdvert(vectors)
  const signers = await keysAndCertificates(vectors)
  await addOffer(vectors, signers.phone)
  await addRequest(vectors, signers)
  await addAnswers(vectors, signers)
  await addEndings(vectors, signers)
  await addPresence(vectors, signers)
  return vectors
}

type Signers = Awaited<ReturnType<typeof keysAndCertificates>>
const BAND_NONCE = exampleBytes('band-nonce', 16)
const OFFER_ID = exampleBytes('offer-id', 8)
const REQUEST_ID = exampleBytes('request-id', 16)
const JOURNAL = { headSeq: 41, head: exampleBytes('journal-head', 16) }
const AMOUNT = { amount: 12_800, currency: 'CNY' }

function addAdvert(vectors: Example): void {
  const idKey = exampleBytes('id-key', 32)
  const rotatingId = rotatingIdOf(idKey, SLOT)
  vectors.set('id-key', idKey)
  vectors.set('advert', encodeAdvert({ flags: 7, rotatingId }))
}

async function addOffer(vectors: Example, phone: Signer): Promise<void> {
  const sealing = await exampleSealingKey()
  const statement = { offerId: OFFER_ID, sealingPoint: sealing.point, expires: (SLOT + 1) * SLOT_S + OFFER_GRACE_S }
  vectors.set('offer', await sign1(messages.phoneOffer, statement, phone, { withKid: false }))
  const offered = { offer: made(vectors, 'offer'), certificate: made(vectors, 'phone-certificate') }
  vectors.set('refill-message', messages.refillMessage.encode({ offerId: OFFER_ID, ...offered }))
  vectors.set('offer-message', messages.offerMessage.encode({ bandNonce: BAND_NONCE, flags: 7, ...offered }))
  const frames = toFrames({ kind: 'offer', body: made(vectors, 'offer-message') }, 1, segmentBytes(MTU, MTU))
  for (const [index, frame] of frames.entries()) vectors.set(`offer-frame-${index}`, frame)
}

async function addRequest(vectors: Example, { terminal, band }: Signers): Promise<void> {
  const pay = {
    requestId: REQUEST_ID,
    ...AMOUNT,
    linesDigest: exampleBytes('lines', 16),
    holds: [exampleBytes('hold', 16)],
    bandNonce: BAND_NONCE,
    knocks: 0,
    listAgeMinutes: 0,
    time: EXAMPLE_TIME_S,
    lifetime: 90,
    ...JOURNAL,
  }
  const statement = await sign1(messages.payStatement, pay, terminal, { withKid: false })
  vectors.set('pay-statement', statement)
  vectors.set('pay-statement-digest', await sha256(statement))
  const plaintext = messages.requestPlaintext.encode({ statement, certificate: made(vectors, 'terminal-certificate') })
  vectors.set('request-plaintext', plaintext)
  const { point } = await exampleSealingKey()
  const sealed = await sealRequest({ offer: made(vectors, 'offer'), bandNonce: BAND_NONCE, sealingPoint: point, plaintext })
  assert(sealed.ok, 'the example seals')
  const request = sealed.value.message
  vectors.set('request-message', request)
  const state = { bandNonce: BAND_NONCE, requestDigest: await sha256(request), counter: 1_033, epoch: 1, flags: 7, knocks: 0 }
  const proof = await sign1(messages.bandProof, state, band, { withKid: false })
  vectors.set('band-proof', proof)
  vectors.set('forward-message', messages.forwardMessage.encode({ offerId: OFFER_ID, bandNonce: BAND_NONCE, request, proof }))
}

async function addAnswers(vectors: Example, { authorizer, phone }: Signers): Promise<void> {
  const about = { requestId: REQUEST_ID, statementDigest: made(vectors, 'pay-statement-digest') }
  const at = EXAMPLE_TIME_S + 1
  const yes = {
    authorizationId: exampleBytes('authorization-id', 16),
    ...about,
    ...AMOUNT,
    merchantId: 'aurora',
    terminalId: 'aurora-1',
    approvedAt: at,
    captureBy: at + CAPTURE_DAYS * DAY_S,
    customer: exampleBytes('customer', 8),
    displayName: 'Customer',
    knocks: 0,
    mode: 1,
  }
  vectors.set('pending-message', messages.pendingMessage.encode({ stage: messages.PENDING_STAGES['asking-backend'] }))
  const signed = await sign1(messages.authorization, yes, authorizer, { withKid: true })
  vectors.set('authorization', signed)
  const no = { ...about, terminalId: 'aurora-1', reason: REASONS['wallet-refused'].code, at }
  vectors.set('decline', await sign1(messages.decline, no, authorizer, { withKid: true }))
  const refusal = { ...about, reason: REASONS['confirm-on-phone'].code, at }
  vectors.set('phone-refusal', await sign1(messages.phoneRefusal, refusal, phone, { withKid: false }))
  vectors.set('answer-plaintext', messages.answerPlaintext.encode({ kind: messages.ANSWER_KINDS.authorization, signed }))
}

async function addEndings(vectors: Example, { terminal, phone }: Signers): Promise<void> {
  const sealed = { offer: made(vectors, 'offer'), bandNonce: BAND_NONCE, message: made(vectors, 'request-message') }
  const opened = await openRequest({ ...sealed, ...(await exampleSealingKey()) })
  assert(opened.ok, 'the example opens')
  const { session } = opened.value
  vectors.set('answer-message', await session.sealAnswer(made(vectors, 'answer-plaintext')))
  const commit = { requestId: REQUEST_ID, receiptNumber: 'A1-000042' }
  const commitMac = await session.mac('commit', messages.commitMessage.encode(commit))
  vectors.set('commit-message', messages.commitMessage.encode({ ...commit, mac: commitMac }))
  const cancelMac = await session.mac('cancel', messages.cancelMessage.encode({ requestId: REQUEST_ID }))
  vectors.set('cancel-message', messages.cancelMessage.encode({ requestId: REQUEST_ID, mac: cancelMac }))
  vectors.set('error-message', messages.errorMessage.encode({ code: messages.ERROR_CODES.busy, retryAfterSeconds: 2 }))
  const about = { requestId: REQUEST_ID, firstDigest: made(vectors, 'pay-statement-digest') }
  const time = EXAMPLE_TIME_S + 5
  const query = { ...about, bandNonce: exampleBytes('band-nonce-2', 16), time, lifetime: 20, ...JOURNAL }
  vectors.set('query-statement', await sign1(messages.queryStatement, query, terminal, { withKid: false }))
  vectors.set('never-seen', await sign1(messages.neverSeen, { ...about, at: time }, phone, { withKid: false }))
}

/** Asked before the payment, by probe: who is there, and what was knocked. */
async function addPresence(vectors: Example, { terminal, phone }: Signers): Promise<void> {
  const requestId = exampleBytes('presence-id', 16)
  const time = EXAMPLE_TIME_S - 5
  const asked = { requestId, bandNonce: exampleBytes('band-nonce-3', 16), time, lifetime: 20, ...JOURNAL }
  const statement = await sign1(messages.presenceStatement, asked, terminal, { withKid: false })
  vectors.set('presence-statement', statement)
  const statementDigest = await sha256(statement)
  vectors.set('presence-statement-digest', statementDigest)
  const felt = { requestId, statementDigest, knocks: 3, at: time }
  vectors.set('presence-answer', await sign1(messages.presenceAnswer, felt, phone, { withKid: false }))
}

/** As the document holds them: a name on its own line, then its bytes in hex, indented. */
export function writtenVectors(vectors: ReadonlyMap<string, Uint8Array>): string {
  const lines = [...vectors].flatMap(([name, bytes]) => {
    const hex = toHex(bytes)
    const rows = Array.from({ length: Math.ceil(hex.length / HEX_PER_LINE) }, (_, row) =>
      hex.slice(row * HEX_PER_LINE, (row + 1) * HEX_PER_LINE),
    )
    return [`${name} (${bytes.length})`, ...rows.map((row) => `  ${row}`)]
  })
  return ['```text', ...lines, '```'].join('\n')
}

/** Reads what `writtenVectors` wrote. Throws when a length is not what it says. */
export function readVectors(text: string): ReadonlyMap<string, Uint8Array<ArrayBuffer>> {
  const vectors = new Map<string, Uint8Array<ArrayBuffer>>()
  for (const [, name = '', length, hex = ''] of text.matchAll(/^([\w-]+) \((\d+)\)\n((?: {2}[0-9a-f]+\n)+)/gm)) {
    const bytes = fromHex(hex.replaceAll(/\s/g, ''))
    assert(bytes?.length === Number(length), `vector ${name} is not ${length} bytes`)
    vectors.set(name, bytes)
  }
  return vectors
}

if (import.meta.main) {
  const document = readFileSync(PROTOCOL_DOCUMENT, 'utf8')
  const vectors = process.argv.includes('--vectors') ? [['vectors', writtenVectors(await makeVectors())] as const] : []
  writeFileSync(PROTOCOL_DOCUMENT, withBlocks(document, new Map([...protocolTables(), ...vectors])))
}
