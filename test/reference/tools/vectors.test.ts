/**
 * docs/vectors.json: made anew and compared; then every answer in it is given by our own code and by another implementation (cborg, @noble/curves,
 * hpke, node:crypto), which must agree.
 */
import { createECDH, createHash, createHmac, hkdfSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { p256 } from '@noble/curves/nist.js'
import { decode, encode } from 'cborg'
import { AEAD_AES_128_GCM, CipherSuite, KDF_HKDF_SHA256, KEM_DHKEM_P256_HKDF_SHA256 } from 'hpke'
import { describe, expect, test } from 'vitest'
import { type KnownAnswers, makeKnownAnswers, VECTORS_FILE, written } from '#reference/tools/vectors/make-vectors.ts'
import { asJson } from '#reference/tools/vectors/structure-vectors.ts'
import { declaredStructures, type Value } from '#reference/tools/vectors/structures.ts'
import { decodeAdvert } from '#shared/contracts/band-advert.ts'
import { concat, fromHex, toHex } from '#shared/contracts/bytes.ts'
import { Reassembler } from '#shared/contracts/frames.ts'
import { cancelMessage, commitMessage } from '#shared/contracts/radio-messages.ts'
import type { SignedStructure } from '#shared/contracts/structure.ts'
import { verifyCall } from '#shared/crypto/http-signature.ts'
import { KeySet } from '#shared/crypto/key-set.ts'
import { importVerifyKey } from '#shared/crypto/keys.ts'
import { isLinkMac } from '#shared/crypto/link-keys.ts'
import { macMatches, openRequest, sealingKeyOf } from '#shared/crypto/sealing.ts'
import { openSign1 } from '#shared/crypto/sign1.ts'
import type { Result } from '#shared/result.ts'

const file = readFileSync(VECTORS_FILE, 'utf8')
const answers = JSON.parse(file) as KnownAnswers
const declared = await declaredStructures()
const MAKE_ANEW = 'run: node reference/tools/vectors/main.ts, look at what changed, and commit docs/vectors.json'

function bytes(hex: string): Uint8Array<ArrayBuffer> {
  const found = fromHex(hex)
  if (!found) throw new Error(`not hex: ${hex.slice(0, 20)}`)
  return found
}

function structureOf(name: string) {
  const found = declared.find((one) => one.name === name)
  if (!found) throw new Error(`${name} is in docs/vectors.json and in no contract: ${MAKE_ANEW}`)
  return found
}

const refusalOf = (result: Result<unknown, string>): string => (result.ok ? 'none' : result.error)

test('every structure the contracts declare has its vectors, and none is left of one that is gone', () => {
  expect(
    answers.structures.map(({ structure }) => structure),
    `a structure is declared and not in docs/vectors.json, or the other way round; ${MAKE_ANEW}`,
  ).toEqual(declared.map(({ name }) => name))
  expect(answers.statements.map(({ statement }) => statement)).toEqual(
    declared.filter(({ label }) => label !== undefined).map(({ name }) => name),
  )
})

test('the file is what its generator makes', async () => {
  expect(written(await makeKnownAnswers()) === file, `docs/vectors.json is not what the contracts say now; ${MAKE_ANEW}`).toBe(true)
  expect(answers.frozen).toBe('not yet: these are frozen once the door and ticket messages exist')
})

describe.each(answers.structures)('$structure', ({ structure: name, label, valid, invalid }) => {
  const { structure } = structureOf(name)

  test('its valid bytes are its values, for us and for another CBOR decoder', () => {
    expect(valid.length).toBeGreaterThan(0)
    for (const { value, bytes: hex } of valid) {
      const ours = structure.decode(bytes(hex))
      expect(ours.ok && asJson(ours.value)).toEqual(value)
      const map = decode(bytes(hex), { useMaps: true }) as ReadonlyMap<number, unknown>
      const named = Object.entries(structure.fields).flatMap(([field, { key }]) => (map.has(key) ? [[field, map.get(key)] as const] : []))
      expect(asJson(Object.fromEntries(named) as Value)).toEqual(value)
      expect(map.get(0)).toBe(label)
      expect(toHex(encode(map))).toBe(hex)
    }
  })

  test('each of its invalid bytes is refused by its name', () => {
    const wrong = invalid.filter(({ bytes: hex, refusal }) => refusalOf(structure.decode(bytes(hex))) !== refusal)
    expect(wrong.map(({ what }) => what)).toEqual([])
    expect(new Set(invalid.map(({ bytes: hex }) => hex)).size).toBeGreaterThan(invalid.length / 2)
  })
})

/** The bytes of RFC 9052 §4.4, and the signature, by another CBOR library and another curve. */
function opensElsewhere(cose: Uint8Array, point: Uint8Array): boolean {
  const [header, , payload, signature] = decode(cose, { useMaps: true }) as readonly Uint8Array[]
  if (!header || !payload || signature?.length !== 64) return false
  const signed = encode(['Signature1', header, new Uint8Array(0), payload])
  try {
    return p256.verify(signature, signed, point, { lowS: false })
  } catch {
    return false
  }
}

describe.each(answers.statements)('the statement $statement', ({ statement: name, signer, purpose, valid, invalid }) => {
  const { structure, label = '' } = structureOf(name)
  const statement: SignedStructure<Value> = { ...structure, label }
  const point = bytes(answers.keys[signer]?.point ?? '')
  const open = async (cose: Uint8Array): Promise<Result<Value, string>> => {
    const set = await KeySet.open(bytes(answers.keySet.root), answers.keySet.statements.map(bytes))
    const key = await importVerifyKey(point)
    if (!set.ok || !key.ok) throw new Error('the keys of the vectors cannot be read')
    return purpose ? set.value.open(purpose, statement, cose, answers.keySet.atS) : openSign1(statement, cose, key.value)
  }

  test('opens under its key, for us and elsewhere', async () => {
    expect((await open(bytes(valid))).ok).toBe(true)
    expect(opensElsewhere(bytes(valid), point)).toBe(true)
  })

  test('each of its invalid forms is refused by its name, and a bad signature is bad elsewhere, too', async () => {
    const wrong: string[] = []
    for (const { what, bytes: hex, refusal } of invalid) {
      if (refusalOf(await open(bytes(hex))) !== refusal) wrong.push(what)
      if (refusal === 'bad-signature' && opensElsewhere(bytes(hex), point)) wrong.push(`${what}, elsewhere`)
    }
    expect(wrong).toEqual([])
    expect(new Set(invalid.map(({ refusal }) => refusal))).toEqual(
      new Set(['malformed', 'wrong-algorithm', 'bad-signature', ...(purpose ? ['unknown-key', 'not-valid-now'] : [])]),
    )
  })
})

test('frames: whole messages, a segment again, and each way to end a session', () => {
  const { valid, ignored, invalid } = answers.frames
  const receive = (frames: readonly string[]) => {
    const reassembler = new Reassembler()
    return frames.map((frame) => reassembler.receive(bytes(frame), 0)).at(-1)
  }
  for (const { body, frames, perFrame, id, kind } of valid) {
    const last = receive(frames)
    expect(last?.ok && last.value && toHex(last.value.body)).toBe(body)
    // By hand: a header of four bytes, then as much of the body as fits.
    const room = (perFrame - 4) * 2
    expect(frames.map((frame) => frame.slice(8)).join('')).toBe(body)
    expect(frames.slice(0, -1).every((frame) => frame.length - 8 === room)).toBe(true)
    const headers = frames.map((_, index) => toHex(Uint8Array.of(kind, id, index, frames.length)))
    expect(frames.map((frame) => frame.slice(0, 8))).toEqual(headers)
  }
  const again = receive(ignored.frames)
  expect(again?.ok && again.value && toHex(again.value.body)).toBe(ignored.body)
  const errors = invalid.map(({ frames }) => {
    const last = receive(frames)
    return last?.ok === false ? last.error : 'none'
  })
  expect(errors).toEqual(invalid.map(({ refusal }) => refusal))
  expect(new Set(errors)).toEqual(new Set(['malformed', 'oversized', 'altered-segment', 'out-of-order']))
})

test('adverts: twelve bytes, whose id is that of the slot', () => {
  for (const { idKey, slot, rotatingId, manufacturerData, flags } of answers.adverts) {
    const number = Buffer.alloc(8)
    number.writeBigUInt64BE(BigInt(slot))
    expect(createHmac('sha256', bytes(idKey)).update(number).digest('hex').slice(0, 16)).toBe(rotatingId)
    const advert = decodeAdvert(bytes(manufacturerData))
    expect(advert && { flags: advert.flags, rotatingId: toHex(advert.rotatingId) }).toEqual({ flags, rotatingId })
  }
})

test('the link: both halves of the agreement come to the same keys, by WebCrypto and by node:crypto, and MACs are ours', async () => {
  const { link } = answers
  const [phone, band] = [link.phoneAgreementKey, link.bandAgreementKey].map((key) => {
    const pair = createECDH('prime256v1')
    pair.setPrivateKey(Buffer.from(key, 'hex'))
    return pair
  })
  if (!phone || !band) throw new Error('two halves')
  expect(band.computeSecret(phone.getPublicKey()).toString('hex')).toBe(link.secret)
  const shared = p256.getSharedSecret(bytes(link.phoneAgreementKey), Uint8Array.from(band.getPublicKey()))
  expect(toHex(shared.subarray(1))).toBe(link.secret)
  const salt = createHash('sha256').update(bytes(link.pairAsk)).update(bytes(link.pairOffer)).digest()
  const derive = (info: string, length: number) => Buffer.from(hkdfSync('sha256', bytes(link.secret), salt, info, length)).toString('hex')
  expect(derive('bandtill/1 pairing link', 32)).toBe(link.linkKey)
  expect(derive('bandtill/1 pairing id', 32)).toBe(link.idKey)
  expect(2 + (Number.parseInt(derive('bandtill/1 pairing knocks', 1), 16) % 3)).toBe(link.knocks)
  for (const { purpose, parts, mac } of link.macs)
    expect(await isLinkMac(bytes(mac), bytes(link.linkKey), purpose as 'link', ...parts.map(bytes))).toBe(true)
})

test('sealing: the request opens here and with another HPKE, the answer and the MACs follow, and nothing altered opens', async () => {
  const { sealing } = answers
  const pair = createECDH('prime256v1')
  pair.setPrivateKey(Buffer.from(sealing.sealingKey, 'hex'))
  const point = pair.getPublicKey()
  const url = (part: Buffer) => part.toString('base64url')
  const jwk = { x: url(point.subarray(1, 33)), y: url(point.subarray(33)), d: url(Buffer.from(sealing.sealingKey, 'hex')) }
  const { privateKey } = await sealingKeyOf({ kty: 'EC', crv: 'P-256', ...jwk })
  const open = async ({ offer, bandNonce, request }: { readonly offer: string; readonly bandNonce: string; readonly request: string }) =>
    openRequest({ offer: bytes(offer), bandNonce: bytes(bandNonce), privateKey, message: bytes(request) })
  const ours = await open(sealing)
  if (!ours.ok) throw new Error('the request does not open')
  expect(toHex(ours.value.plaintext)).toBe(sealing.plaintext)
  const answer = await ours.value.session.openAnswer(bytes(sealing.answer))
  expect(answer.ok && toHex(answer.value)).toBe(sealing.answerPlaintext)

  const peer = new CipherSuite(KEM_DHKEM_P256_HKDF_SHA256, KDF_HKDF_SHA256, AEAD_AES_128_GCM)
  const info = concat(
    new TextEncoder().encode('bandtill/1 request'),
    createHash('sha256').update(bytes(sealing.offer)).update(bytes(sealing.bandNonce)).digest(),
  )
  const request = bytes(sealing.request)
  const recipient = await peer.SetupRecipient(await peer.DeserializePrivateKey(bytes(sealing.sealingKey)), request.subarray(0, 65), {
    info,
  })
  expect(toHex(new Uint8Array(await recipient.Open(request.subarray(65))))).toBe(sealing.plaintext)

  for (const { refusal, ...altered } of sealing.invalid) expect(refusalOf(await open(altered))).toBe(refusal)
  const commit = commitMessage.decode(bytes(sealing.commit))
  const cancel = cancelMessage.decode(bytes(sealing.cancel))
  if (!commit.ok || !cancel.ok) throw new Error('COMMIT or CANCEL cannot be read')
  const { mac: commitMac, ...commitPlain } = commit.value
  const { mac: cancelMac, ...cancelPlain } = cancel.value
  const { session } = ours.value
  expect(macMatches(await session.mac('commit', commitMessage.encode(commitPlain)), commitMac)).toBe(true)
  expect(macMatches(await session.mac('cancel', cancelMessage.encode(cancelPlain)), cancelMac)).toBe(true)
})

test('a signed call: the base is the one written out, and it verifies here and elsewhere', async () => {
  const { call, keySet } = answers
  const signature = Buffer.from(/sig1=:(?<signature>[^:]+):/u.exec(call.headers.signature)?.groups?.signature ?? '', 'base64')
  expect(p256.verify(signature, new TextEncoder().encode(call.base), bytes(call.point), { lowS: false })).toBe(true)
  const key = await importVerifyKey(bytes(call.point))
  const body = new TextEncoder().encode(call.body)
  const find = async () => (key.ok ? key.value : undefined)
  const { method, url, headers } = call
  expect(await verifyCall({ method, url, body, headers }, find, keySet.atS)).toMatchObject({ ok: true })
  expect(await verifyCall({ method, url: `${url}?x=1`, body, headers }, find, keySet.atS)).toEqual({ ok: false, error: 'bad-signature' })
  expect(await verifyCall({ method, url, body: body.subarray(1), headers }, find, keySet.atS)).toEqual({ ok: false, error: 'body-altered' })
})
