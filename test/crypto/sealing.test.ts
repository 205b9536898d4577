import { createDecipheriv, createHash, createHmac, hkdfSync } from 'node:crypto'
import { AEAD_AES_128_GCM, CipherSuite, KDF_HKDF_SHA256, KEM_DHKEM_P256_HKDF_SHA256 } from 'hpke'
import { expect, test } from 'vitest'
import { concat, toHex } from '#shared/contracts/bytes.ts'
import { HPKE_ENC_BYTES, NONCE_BYTES } from '#shared/contracts/radio-messages.ts'
import { compressPoint, decompressPoint } from '#shared/crypto/keys.ts'
import { generateSealingKey, macMatches, openRequest, sealRequest } from '#shared/crypto/sealing.ts'

const peer = new CipherSuite(KEM_DHKEM_P256_HKDF_SHA256, KDF_HKDF_SHA256, AEAD_AES_128_GCM)
const text = (value: string) => new TextEncoder().encode(value)
const offer = text('an offer as it was received')
const bandNonce = new Uint8Array(16).fill(9)
const plaintext = text('what the terminal asks')
/** As docs/protocol.md says it, made by another hand. */
const info = concat(text('bandtill/1 request'), createHash('sha256').update(offer).update(bandNonce).digest())

async function sealed() {
  const key = await generateSealingKey()
  const terminal = await sealRequest({ offer, bandNonce, sealingPoint: key.point, plaintext })
  if (!terminal.ok) throw new Error(terminal.error)
  const phone = await openRequest({ offer, bandNonce, privateKey: key.privateKey, message: terminal.value.message })
  if (!phone.ok) throw new Error(phone.error)
  return {
    key,
    message: terminal.value.message,
    terminal: terminal.value.session,
    phone: phone.value.session,
    opened: phone.value.plaintext,
  }
}

test('a request sealed here opens here, and the answer goes back', async () => {
  const { terminal, phone, opened } = await sealed()
  expect(toHex(opened)).toBe(toHex(plaintext))
  const answer = await phone.sealAnswer(text('yes'))
  expect(await terminal.openAnswer(answer)).toEqual({ ok: true, value: text('yes') })
})

test('a request sealed here opens with an independent HPKE, which derives the same secrets', async () => {
  const pair = await peer.GenerateKeyPair(true)
  const point = compressPoint(await peer.SerializePublicKey(pair.publicKey))
  const terminal = await sealRequest({ offer, bandNonce, sealingPoint: point, plaintext })
  if (!terminal.ok) throw new Error(terminal.error)
  const { message, session } = terminal.value
  const enc = message.subarray(0, HPKE_ENC_BYTES)
  const recipient = await peer.SetupRecipient(pair, enc, { info })
  expect(toHex(await recipient.Open(message.subarray(HPKE_ENC_BYTES)))).toBe(toHex(plaintext))

  // The answer as RFC 9458 §4.4 derives it, with node:crypto alone.
  const secret = await recipient.Export(text('bandtill/1 response'), 16)
  const nonce = new Uint8Array(NONCE_BYTES).fill(5)
  const salt = concat(enc, nonce)
  const aesKey = await crypto.subtle.importKey('raw', hkdfSync('sha256', secret, salt, 'key', 16), 'AES-GCM', false, ['encrypt'])
  const iv = hkdfSync('sha256', secret, salt, 'nonce', 12)
  const answer = concat(nonce, new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, aesKey, text('yes'))))
  expect(await session.openAnswer(answer)).toEqual({ ok: true, value: text('yes') })

  const commitKey = await recipient.Export(text('bandtill/1 commit'), 16)
  const expected = createHmac('sha256', commitKey).update('receipt').digest('hex').slice(0, 32)
  expect(toHex(await session.mac('commit', text('receipt')))).toBe(expected)
})

test('a request sealed by an independent HPKE opens here, and its sender can read our answer', async () => {
  const key = await generateSealingKey()
  const plain = decompressPoint(key.point)
  if (!plain.ok) throw new Error(plain.error)
  const { encapsulatedSecret, ctx } = await peer.SetupSender(await peer.DeserializePublicKey(plain.value), { info })
  const message = concat(encapsulatedSecret, await ctx.Seal(plaintext))
  const opened = await openRequest({ offer, bandNonce, privateKey: key.privateKey, message })
  if (!opened.ok) throw new Error(opened.error)
  expect(toHex(opened.value.plaintext)).toBe(toHex(plaintext))

  const answer = await opened.value.session.sealAnswer(text('no'))
  const secret = await ctx.Export(text('bandtill/1 response'), 16)
  const salt = concat(encapsulatedSecret, answer.subarray(0, NONCE_BYTES))
  const aead = createDecipheriv(
    'aes-128-gcm',
    Buffer.from(hkdfSync('sha256', secret, salt, 'key', 16)),
    Buffer.from(hkdfSync('sha256', secret, salt, 'nonce', 12)),
  )
  aead.setAuthTag(answer.subarray(-16))
  expect(Buffer.concat([aead.update(answer.subarray(NONCE_BYTES, -16)), aead.final()]).toString()).toBe('no')
})

test('what was sealed for one offer, nonce or key opens with no other', async () => {
  const { key, message } = await sealed()
  const other = await generateSealingKey()
  const right = { offer, bandNonce, privateKey: key.privateKey, message }
  const wrong = [
    { ...right, offer: text('another offer') },
    { ...right, bandNonce: bandNonce.with(0, 1) },
    { ...right, privateKey: other.privateKey },
    { ...right, message: message.subarray(0, 70) },
    { ...right, message: new Uint8Array(0) },
    { ...right, message: concat(new Uint8Array(HPKE_ENC_BYTES), message.subarray(HPKE_ENC_BYTES)) },
    { ...right, message: concat(message, Uint8Array.of(0)) },
  ]
  for (const input of wrong) expect(await openRequest(input)).toEqual({ ok: false, error: 'cannot-open' })
})

test('every altered byte of a request and of an answer is noticed', async () => {
  const { key, message, terminal, phone } = await sealed()
  for (let at = 0; at < message.length; at += 1) {
    const altered = message.with(at, (message[at] ?? 0) ^ 0x10)
    expect(await openRequest({ offer, bandNonce, privateKey: key.privateKey, message: altered })).toEqual({
      ok: false,
      error: 'cannot-open',
    })
  }
  const answer = await phone.sealAnswer(text('yes'))
  for (let at = 0; at < answer.length; at += 1) {
    expect(await terminal.openAnswer(answer.with(at, (answer[at] ?? 0) ^ 1))).toEqual({ ok: false, error: 'cannot-open' })
  }
  for (let length = 0; length < answer.length; length += 1) {
    expect(await terminal.openAnswer(answer.subarray(0, length))).toEqual({ ok: false, error: 'cannot-open' })
  }
})

test('an answer to another request is refused, and two answers never look alike', async () => {
  const [one, two] = [await sealed(), await sealed()]
  const answer = await one.phone.sealAnswer(text('yes'))
  expect(await two.terminal.openAnswer(answer)).toEqual({ ok: false, error: 'cannot-open' })
  expect(toHex(await one.phone.sealAnswer(text('yes')))).not.toBe(toHex(answer))
})

test('MACs agree on both sides, and differ by purpose, by content and by session', async () => {
  const [one, two] = [await sealed(), await sealed()]
  const mac = await one.terminal.mac('commit', text('a'))
  expect(mac).toHaveLength(16)
  expect(macMatches(await one.phone.mac('commit', text('a')), mac)).toBe(true)
  expect(macMatches(await one.phone.mac('cancel', text('a')), mac)).toBe(false)
  expect(macMatches(await one.phone.mac('commit', text('b')), mac)).toBe(false)
  expect(macMatches(await two.phone.mac('commit', text('a')), mac)).toBe(false)
  expect(macMatches(mac, undefined)).toBe(false)
  expect(macMatches(mac, mac.subarray(0, 15))).toBe(false)
})

test('a sealing point that is none is refused before anything is sealed', async () => {
  for (const sealingPoint of [new Uint8Array(33), new Uint8Array(33).fill(0xff).with(0, 2), new Uint8Array(0)]) {
    expect(await sealRequest({ offer, bandNonce, sealingPoint, plaintext })).toEqual({ ok: false, error: 'bad-point' })
  }
})
