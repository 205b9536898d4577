/** What is computed and not declared: frames, adverts, the keys and MACs of a link, sealing, and a signed call. */
import { createECDH, createHash, createHmac, hkdfSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { encodeAdvert } from '#shared/contracts/band-advert.ts'
import { concat, toHex } from '#shared/contracts/bytes.ts'
import { Reassembler, toFrames } from '#shared/contracts/frames.ts'
import { armAsk, pairAsk, pairOffer } from '#shared/contracts/link-messages.ts'
import { MESSAGE_KINDS } from '#shared/contracts/radio-messages.ts'
import { sign1 } from '#shared/crypto/sign1.ts'
import { blocksOf } from '../protocol-tables.ts'
import { exampleBytes, PROTOCOL_DOCUMENT, readVectors, rotatingIdOf } from '../protocol-vectors.ts'
import { privateKeyOf, vectorBytes, vectorSigner } from './example-keys.ts'

const text = (value: string) => new TextEncoder().encode(value)
const hmac16 = (key: Uint8Array, ...parts: readonly Uint8Array[]) =>
  toHex(
    createHmac('sha256', key)
      .update(concat(...parts))
      .digest()
      .subarray(0, 16),
  )

/** A message in frames of these sizes; and frames that end a session, with the error it ends with at the last of them. */
export function frameVectors() {
  const body = concat(vectorBytes('frames body', 32), vectorBytes('frames body 2', 16))
  const long = concat(...Array.from({ length: 64 }, (_, index) => vectorBytes(`frames long ${index}`, 32)))
  const valid = [
    { what: 'in one frame', message: { kind: 'request', body }, id: 7, perFrame: 182 },
    { what: 'at MTU 23', message: { kind: 'answer', body }, id: 255, perFrame: 20 },
    { what: 'the longest, at MTU 23', message: { kind: 'request', body: long }, id: 0, perFrame: 20 },
  ] as const
  const [a = body, b = body, c = body] = toFrames({ kind: 'request', body }, 7, 20)
  const altered = Uint8Array.from(b)
  altered[4] = (altered[4] ?? 0) ^ 1
  const header = (changes: readonly number[], at: number) =>
    Uint8Array.from([...a.subarray(0, at), ...changes, ...a.subarray(at + changes.length)])
  const tooLong = Array.from({ length: 12 }, (_, index) => concat(Uint8Array.of(MESSAGE_KINDS.request, 1, index, 12), new Uint8Array(178)))
  const wrong: readonly (readonly [string, readonly Uint8Array[]])[] = [
    ['three bytes', [a.subarray(0, 3)]],
    ['no body', [a.subarray(0, 4)]],
    ['an unknown kind', [header([200], 0)]],
    ['a count of zero', [header([0], 3)]],
    ['an index not below the count', [header([3, 3], 2)]],
    ['a count above 128', [header([129], 3)]],
    ['more than 2,048 bytes', tooLong],
    ['a segment again with other bytes', [a, b, altered]],
    ['segments out of order', [a, c]],
    ['a message that begins in the middle', [b]],
    ['a count that changes', [a, Uint8Array.from([...b.subarray(0, 3), (b[3] ?? 0) + 1, ...b.subarray(4)])]],
    ['another message while one is open', [a, Uint8Array.from([a[0] ?? 0, 8, ...a.subarray(2)])]],
  ]
  return {
    valid: valid.map(({ what, message: { kind, body: whole }, id, perFrame }) => ({
      ...{ what, kind: MESSAGE_KINDS[kind], id, perFrame, body: toHex(whole) },
      frames: toFrames({ kind, body: whole }, id, perFrame).map(toHex),
    })),
    ignored: { what: 'a segment again with the same bytes', frames: [a, b, b, c].map(toHex), body: toHex(body) },
    invalid: wrong.map(([what, frames]) => ({ what, frames: frames.map(toHex), refusal: endOf(frames) })),
  }
}

function endOf(frames: readonly Uint8Array[]): string {
  const reassembler = new Reassembler()
  const ends = frames.map((frame) => reassembler.receive(frame, 0))
  const last = ends.at(-1)
  return last && !last.ok ? last.error : 'none'
}

export function advertVectors() {
  const idKey = vectorBytes('id key', 32)
  return [2_111_111, 2_111_112].map((slot) => {
    const rotatingId = rotatingIdOf(idKey, slot)
    return {
      idKey: toHex(idKey),
      slot,
      flags: 7,
      rotatingId: toHex(rotatingId),
      manufacturerData: toHex(encodeAdvert({ flags: 7, rotatingId })),
    }
  })
}

/** The agreement of a pairing, and the MACs made with its link key. By node:crypto: another hand than the one that checks it. */
export async function linkVectors() {
  const secretOf = (name: string) => {
    const pair = createECDH('prime256v1')
    pair.setPrivateKey(privateKeyOf(name))
    return pair
  }
  const [phone, band] = [secretOf('phone agreement'), secretOf('band agreement')]
  const compressed = (pair: ReturnType<typeof secretOf>) => Uint8Array.from(pair.getPublicKey(undefined, 'compressed') as Buffer)
  const ask = pairAsk.encode({
    phonePoint: (await vectorSigner('phone')).point,
    agreementPoint: compressed(phone),
    phoneNonce: vectorBytes('phone nonce', 16),
  })
  const said = {
    ...{ bandId: vectorBytes('band id', 16), epoch: 1, point: (await vectorSigner('band')).point, agreementPoint: compressed(band) },
    ...{ bandNonce: vectorBytes('band nonce', 16), askDigest: Uint8Array.from(createHash('sha256').update(ask).digest()) },
    phonePoint: (await vectorSigner('phone')).point,
  }
  const offer = await sign1(pairOffer, said, await vectorSigner('band-factory'), { withKid: false })
  const secret = phone.computeSecret(band.getPublicKey())
  const salt = createHash('sha256').update(ask).update(offer).digest()
  const derive = (purpose: string, length: number) =>
    new Uint8Array(hkdfSync('sha256', secret, salt, text(`bandtill/1 pairing ${purpose}`), length))
  const linkKey = derive('link', 32)
  const nonce = vectorBytes('nonce', 16)
  const binding = vectorBytes('binding', 32)
  const asked = armAsk.encode({ lifetimeMinutes: 1_440 })
  return {
    phoneAgreementKey: toHex(privateKeyOf('phone agreement')),
    bandAgreementKey: toHex(privateKeyOf('band agreement')),
    pairAsk: toHex(ask),
    pairOffer: toHex(offer),
    secret: secret.toString('hex'),
    linkKey: toHex(linkKey),
    idKey: toHex(derive('id', 32)),
    knocks: 2 + ((derive('knocks', 1)[0] ?? 0) % 3),
    macs: [
      { purpose: 'link', parts: [toHex(nonce)], mac: hmac16(linkKey, text('bandtill/1 link'), nonce) },
      { purpose: 'bind', parts: [toHex(binding)], mac: hmac16(linkKey, text('bandtill/1 bind'), binding) },
      { purpose: 'arm', parts: [toHex(nonce), toHex(asked)], mac: hmac16(linkKey, text('bandtill/1 arm'), nonce, asked) },
    ],
  }
}

/** A request that was sealed once, and what goes back: the example of docs/protocol.md §14, whose one-time key is in it. */
export function sealingVectors() {
  const example = readVectors(blocksOf(readFileSync(PROTOCOL_DOCUMENT, 'utf8')).get('vectors') ?? '')
  const hex = (name: string) => toHex(example.get(name) ?? new Uint8Array(0))
  const sealingKey = toHex(exampleBytes('sealing', 32))
  const bandNonce = toHex(exampleBytes('band-nonce', 16))
  const request = hex('request-message')
  const flip = (bytes: string, at: number) => {
    const copy = Buffer.from(bytes, 'hex')
    copy[at] = (copy[at] ?? 0) ^ 1
    return copy.toString('hex')
  }
  const same = { offer: hex('offer'), bandNonce, request }
  return {
    sealingKey,
    ...same,
    plaintext: hex('request-plaintext'),
    answer: hex('answer-message'),
    answerPlaintext: hex('answer-plaintext'),
    commit: hex('commit-message'),
    cancel: hex('cancel-message'),
    invalid: [
      { what: 'another nonce', ...same, bandNonce: flip(bandNonce, 0), refusal: 'cannot-open' },
      { what: 'another offer', ...same, offer: flip(hex('offer'), 40), refusal: 'cannot-open' },
      { what: 'an encapsulated key that is no point', ...same, request: flip(request, 64), refusal: 'cannot-open' },
      { what: 'an altered ciphertext', ...same, request: flip(request, 100), refusal: 'cannot-open' },
      { what: 'an altered tag', ...same, request: flip(request, request.length / 2 - 1), refusal: 'cannot-open' },
      { what: 'a request cut short', ...same, request: request.slice(0, 160), refusal: 'cannot-open' },
    ],
  }
}

/** A signed call as docs/protocol.md §12 has it, with the base that is signed. */
export async function callVectors() {
  const signer = await vectorSigner('phone')
  const body = text('{"offer":"AAAA"}')
  const digest = `sha-256=:${createHash('sha256').update(body).digest('base64')}:`
  const parameters = `("@method" "@path" "@query" "content-digest");created=1900000000;keyid="phone:00112233445566778899aabbccddeeff";alg="ecdsa-p256-sha256";nonce="${toHex(vectorBytes('call nonce', 16))}";tag="bandtill-1"`
  const lines = [
    '"@method": POST',
    '"@path": /v1/bands/pairings',
    '"@query": ?',
    `"content-digest": ${digest}`,
    `"@signature-params": ${parameters}`,
  ]
  const signature = Buffer.from(await signer.sign(text(lines.join('\n')))).toString('base64')
  return {
    ...{
      method: 'POST',
      url: 'https://backend.example/v1/bands/pairings',
      body: Buffer.from(body).toString('utf8'),
      point: toHex(signer.point),
    },
    base: lines.join('\n'),
    headers: { 'content-digest': digest, 'signature-input': `sig1=${parameters}`, signature: `sig1=:${signature}:` },
  }
}
