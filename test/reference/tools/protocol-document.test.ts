import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { blocksOf, protocolTables, withBlocks } from '#reference/tools/protocol-tables.ts'
import {
  exampleBytes,
  exampleSealingKey,
  makeVectors,
  PROTOCOL_DOCUMENT,
  readVectors,
  writtenVectors,
} from '#reference/tools/protocol-vectors.ts'
import { decodeAdvert } from '#shared/contracts/band-advert.ts'
import { toHex } from '#shared/contracts/bytes.ts'
import { decodeSign1 } from '#shared/contracts/cose.ts'
import { Reassembler } from '#shared/contracts/frames.ts'
import * as messages from '#shared/contracts/radio-messages.ts'
import type { SignedStructure, Structure } from '#shared/contracts/structure.ts'
import { KeySet } from '#shared/crypto/key-set.ts'
import { importVerifyKey, sha256, type VerifyKey } from '#shared/crypto/keys.ts'
import { macMatches, openRequest } from '#shared/crypto/sealing.ts'
import { openSign1 } from '#shared/crypto/sign1.ts'
import { REASONS } from '#shared/domain/reasons.ts'
import type { Result } from '#shared/result.ts'
import { STRUCTURES } from '#test/support/structures.ts'

const document = readFileSync(PROTOCOL_DOCUMENT, 'utf8')
const blocks = blocksOf(document)
const vectors = readVectors(blocks.get('vectors') ?? '')
const tables = protocolTables()
const NOW_S = 1_900_000_000

function vector(name: string): Uint8Array<ArrayBuffer> {
  const bytes = vectors.get(name)
  if (!bytes) throw new Error(`the document has no ${name}`)
  return bytes
}

function value<T>(result: Result<T, unknown>): T {
  if (!result.ok) throw new Error(String(result.error))
  return result.value
}

const decoded = <T>(structure: Structure<T>, name: string): T => value(structure.decode(vector(name)))
const signed = async <T>(statement: SignedStructure<T>, name: string, key: VerifyKey): Promise<T> =>
  value(await openSign1(statement, vector(name), key))

async function trust() {
  const set = value(
    await KeySet.open(
      vector('root-point'),
      ['terminal-ca', 'phone-ca', 'authorizer'].map((purpose) => vector(`key-${purpose}`)),
    ),
  )
  const terminal = value(await set.openTerminalCertificate(vector('terminal-certificate'), NOW_S))
  const phone = value(await set.openPhoneCertificate(vector('phone-certificate'), NOW_S))
  return { set, terminal, phone, band: value(await importVerifyKey(vector('band-point'))) }
}

test.each([...tables])('the table %s of docs/protocol.md is the one of the source', (name, table) => {
  expect(blocks.get(name)).toBe(table)
})

test('the document has every structure and nothing that was taken out', () => {
  expect([...blocks.keys()].sort()).toEqual([...tables.keys(), 'vectors'].sort())
  for (const [name] of STRUCTURES) expect(blocks.has(name)).toBe(true)
})

test('putting blocks in changes those and nothing else', () => {
  expect(withBlocks(document, tables)).toBe(document)
  const changed = withBlocks(document, new Map([['kinds', 'other']]))
  expect(blocksOf(changed).get('kinds')).toBe('other')
  expect(changed.replace('-->\nother\n', `-->\n${tables.get('kinds') ?? ''}\n`)).toBe(document)
})

test('the example is whole, and its signed content is what the generator makes', async () => {
  const fresh = await makeVectors()
  expect([...vectors.keys()]).toEqual([...fresh.keys()])
  for (const [name, bytes] of fresh) {
    const [made, written] = [decodeSign1(bytes), decodeSign1(vector(name))]
    if (made.ok && written.ok && name !== 'band-proof') {
      // The digest of a statement covers a signature, which differs each time.
      const digests = (from: ReadonlyMap<string, Uint8Array>) =>
        ['pay-statement-digest', 'presence-statement-digest'].map((digest) => toHex(from.get(digest) ?? new Uint8Array(0)))
      const stable = (payload: Uint8Array, of: readonly string[]) => of.reduce((hex, digest) => hex.replace(digest, ''), toHex(payload))
      expect(stable(made.value.payload, digests(fresh))).toBe(stable(written.value.payload, digests(vectors)))
    }
    expect(vector(name)).toHaveLength(bytes.length)
  }
  expect(readVectors(writtenVectors(fresh))).toEqual(fresh)
})

test('keys, certificates, advert and offer verify', async () => {
  const { terminal, phone } = await trust()
  expect(terminal.certificate).toMatchObject({ terminalId: 'aurora-1', name: 'Aurora Cinema 极光影院' })
  const slot = Buffer.alloc(8)
  slot.writeBigUInt64BE(BigInt(Math.floor(NOW_S / 900)))
  const id = createHmac('sha256', vector('id-key')).update(slot).digest('hex').slice(0, 16)
  const advert = decodeAdvert(vector('advert'))
  expect({ flags: advert?.flags, id: advert && toHex(advert.rotatingId) }).toEqual({ flags: 7, id })
  const offer = decoded(messages.offerMessage, 'offer-message')
  expect(toHex(offer.offer)).toBe(toHex(vector('offer')))
  expect(toHex(offer.certificate)).toBe(toHex(vector('phone-certificate')))
  expect((await signed(messages.phoneOffer, 'offer', phone.key)).offerId).toEqual(decoded(messages.refillMessage, 'refill-message').offerId)
  const reassembler = new Reassembler()
  expect(reassembler.receive(vector('offer-frame-0'), 0)).toEqual({ ok: true, value: undefined })
  expect(reassembler.receive(vector('offer-frame-1'), 0)).toEqual({ ok: true, value: { kind: 'offer', body: vector('offer-message') } })
})

test('the request opens, and statement and proof are over the right bytes', async () => {
  const { terminal, band } = await trust()
  const forward = decoded(messages.forwardMessage, 'forward-message')
  const { privateKey } = await exampleSealingKey()
  const opened = value(await openRequest({ offer: vector('offer'), bandNonce: forward.bandNonce, privateKey, message: forward.request }))
  expect(toHex(opened.plaintext)).toBe(toHex(vector('request-plaintext')))
  const plaintext = decoded(messages.requestPlaintext, 'request-plaintext')
  expect([plaintext.statement, plaintext.certificate].map(toHex)).toEqual(
    ['pay-statement', 'terminal-certificate'].map((name) => toHex(vector(name))),
  )
  const pay = await signed(messages.payStatement, 'pay-statement', terminal.key)
  expect(pay).toMatchObject({ amount: 12_800, currency: 'CNY', time: NOW_S, lifetime: 90, bandNonce: forward.bandNonce })
  expect(toHex(await sha256(vector('pay-statement')))).toBe(toHex(vector('pay-statement-digest')))
  const proof = await signed(messages.bandProof, 'band-proof', band)
  expect(toHex(proof.requestDigest)).toBe(toHex(await sha256(vector('request-message'))))
  expect(toHex(forward.proof)).toBe(toHex(vector('band-proof')))
})

test('the answer opens to the authorization, and commit and cancel carry the right MACs', async () => {
  const { set, phone, terminal } = await trust()
  const { privateKey } = await exampleSealingKey()
  const { bandNonce } = decoded(messages.offerMessage, 'offer-message')
  const { session } = value(await openRequest({ offer: vector('offer'), bandNonce, privateKey, message: vector('request-message') }))
  expect(toHex(value(await session.openAnswer(vector('answer-message'))))).toBe(toHex(vector('answer-plaintext')))
  expect(toHex(decoded(messages.answerPlaintext, 'answer-plaintext').signed)).toBe(toHex(vector('authorization')))
  const yes = value(await set.open('authorizer', messages.authorization, vector('authorization'), NOW_S))
  expect(toHex(yes.statementDigest)).toBe(toHex(vector('pay-statement-digest')))
  expect((await set.open('authorizer', messages.decline, vector('decline'), NOW_S)).ok).toBe(true)
  for (const [what, structure] of [['commit', messages.commitMessage] as const, ['cancel', messages.cancelMessage] as const]) {
    const { mac, ...unsigned } = decoded<{ readonly requestId: Uint8Array; readonly mac?: Uint8Array }>(
      structure as never,
      `${what}-message`,
    )
    expect(macMatches(await session.mac(what, structure.encode(unsigned as never)), mac)).toBe(true)
  }
  expect((await signed(messages.phoneRefusal, 'phone-refusal', phone.key)).reason).toBe(REASONS['confirm-on-phone'].code)
  expect((await signed(messages.neverSeen, 'never-seen', phone.key)).firstDigest).toEqual(vector('pay-statement-digest'))
  expect((await signed(messages.queryStatement, 'query-statement', terminal.key)).bandNonce).toEqual(exampleBytes('band-nonce-2', 16))
  const presence = await signed(messages.presenceStatement, 'presence-statement', terminal.key)
  expect(toHex(await sha256(vector('presence-statement')))).toBe(toHex(vector('presence-statement-digest')))
  const felt = await signed(messages.presenceAnswer, 'presence-answer', phone.key)
  expect(felt).toMatchObject({ requestId: presence.requestId, statementDigest: vector('presence-statement-digest'), knocks: 3 })
  expect(decoded(messages.pendingMessage, 'pending-message')).toEqual({ stage: messages.PENDING_STAGES['asking-backend'] })
  expect(decoded(messages.errorMessage, 'error-message')).toEqual({ code: messages.ERROR_CODES.busy, retryAfterSeconds: 2 })
})
