import { createHash, createPublicKey, verify } from 'node:crypto'
import { expect, test } from 'vitest'
import { toBase64Url } from '#shared/contracts/bytes.ts'
import { SIGNATURE_AGE_MAX_S, SIGNATURE_CLOCK_SKEW_S, signCall, verifyCall } from '#shared/crypto/http-signature.ts'
import { decompressPoint, importVerifyKey, type Signer, type VerifyKey } from '#shared/crypto/keys.ts'
import { testSigner } from '#test/support/test-keys.ts'

const NOW_S = 1_900_000_000
const KEY_ID = 'terminal:aurora-1'
const call = {
  method: 'POST',
  url: 'https://backend.example/v1/outbox?limit=5&x=%20y',
  body: new TextEncoder().encode('{"entries":[]}'),
}

const signer = await testSigner('caller')

async function keyOf(one: Signer): Promise<VerifyKey> {
  const key = await importVerifyKey(one.point)
  if (!key.ok) throw new Error(key.error)
  return key.value
}

const known = await keyOf(signer)
const findKey = async (keyId: string) => (keyId === KEY_ID ? known : undefined)
const headers = await signCall(call, { keyId: KEY_ID, signer }, NOW_S)
type Headers = Readonly<Record<string, string | undefined>>
const check = async (change: Partial<typeof call> & { readonly headers?: Headers }, nowS = NOW_S) =>
  verifyCall({ ...call, ...change, headers: { ...headers, ...change.headers } }, findKey, nowS)

test('a signed call is accepted, and tells who, when and which nonce', async () => {
  expect(await check({})).toEqual({
    ok: true,
    value: { keyId: KEY_ID, createdS: NOW_S, nonce: expect.stringMatching(/^[0-9a-f]{32}$/) as string },
  })
})

test('the signature is ES256 over the base that RFC 9421 §2.5 writes down, built by hand', () => {
  const parameters = headers['signature-input'].replace(/^sig1=/, '')
  const digest = createHash('sha256').update(call.body).digest('base64')
  const base = [
    '"@method": POST',
    '"@path": /v1/outbox',
    '"@query": ?limit=5&x=%20y',
    `"content-digest": sha-256=:${digest}:`,
    `"@signature-params": ${parameters}`,
  ].join('\n')
  expect(headers['content-digest']).toBe(`sha-256=:${digest}:`)
  expect(parameters).toMatch(
    /^\("@method" "@path" "@query" "content-digest"\);created=1900000000;keyid="terminal:aurora-1";alg="ecdsa-p256-sha256";nonce="[0-9a-f]{32}";tag="bandtill-1"$/,
  )
  const plain = decompressPoint(signer.point)
  if (!plain.ok) throw new Error(plain.error)
  const jwk = { kty: 'EC', crv: 'P-256', x: toBase64Url(plain.value.subarray(1, 33)), y: toBase64Url(plain.value.subarray(33)) }
  const key = createPublicKey({ format: 'jwk', key: jwk })
  const signature = Buffer.from(headers.signature.replace(/^sig1=:|:$/g, ''), 'base64')
  expect(verify('sha256', Buffer.from(base), { key, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true)
})

test('a call without a query signs a single question mark', async () => {
  const bare = { ...call, url: 'https://backend.example/v1/programme', method: 'GET', body: new Uint8Array(0) }
  const signed = await signCall(bare, { keyId: KEY_ID, signer }, NOW_S)
  const base = [
    '"@method": GET',
    '"@path": /v1/programme',
    '"@query": ?',
    `"content-digest": sha-256=:${createHash('sha256').digest('base64')}:`,
    `"@signature-params": ${signed['signature-input'].replace(/^sig1=/, '')}`,
  ].join('\n')
  expect(await known.verify(Buffer.from(signed.signature.replace(/^sig1=:|:$/g, ''), 'base64'), Buffer.from(base))).toBe(true)
})

test('no two calls share a nonce', async () => {
  const again = await signCall(call, { keyId: KEY_ID, signer }, NOW_S)
  expect(again['signature-input']).not.toBe(headers['signature-input'])
})

const altered = (text: string, from: string, to: string) => {
  expect(text).toContain(from)
  return text.replace(from, to)
}
const input = headers['signature-input']

test.each<readonly [string, string, Parameters<typeof check>[0]]>([
  ['another method', 'bad-signature', { method: 'PUT' }],
  ['another path', 'bad-signature', { url: 'https://backend.example/v1/outbox2?limit=5&x=%20y' }],
  ['another query', 'bad-signature', { url: 'https://backend.example/v1/outbox?limit=6&x=%20y' }],
  ['no query', 'bad-signature', { url: 'https://backend.example/v1/outbox' }],
  ['another body', 'body-altered', { body: new TextEncoder().encode('{"entries":[1]}') }],
  ['no body', 'body-altered', { body: new Uint8Array(0) }],
  ['another digest', 'body-altered', { headers: { 'content-digest': 'sha-256=:AAAA:' } }],
  ['no digest', 'unsigned', { headers: { 'content-digest': undefined } }],
  ['no signature', 'unsigned', { headers: { signature: undefined } }],
  ['no signature input', 'unsigned', { headers: { 'signature-input': '' } }],
  ['a signature that is none', 'bad-signature', { headers: { signature: 'sig1=:AAAA:' } }],
  ['a signature under another label', 'bad-signature', { headers: { signature: altered(headers.signature, 'sig1=', 'sig2=') } }],
  ['structured junk', 'bad-signature', { headers: { 'signature-input': ')(;;;"' } }],
  ['another time', 'bad-signature', { headers: { 'signature-input': altered(input, 'created=1900000000', 'created=1900000001') } }],
  ['another nonce', 'bad-signature', { headers: { 'signature-input': input.replace(/nonce="./, 'nonce="g') } }],
  ['another tag', 'bad-signature', { headers: { 'signature-input': altered(input, 'bandtill-1', 'bandtill-2') } }],
  ['another algorithm', 'bad-signature', { headers: { 'signature-input': altered(input, 'ecdsa-p256-sha256', 'hmac-sha256') } }],
  ['the body left out', 'bad-signature', { headers: { 'signature-input': altered(input, ' "content-digest"', '') } }],
  ['the path left out', 'bad-signature', { headers: { 'signature-input': altered(input, ' "@path"', '') } }],
  ['another caller', 'unknown-key', { headers: { 'signature-input': altered(input, 'aurora-1', 'aurora-2') } }],
  ['another host', 'accepted', { url: 'https://other.example/v1/outbox?limit=5&x=%20y' }],
])('a call with %s: %s', async (_what, error, change) => {
  const result = await check(change)
  expect(result.ok ? 'accepted' : result.error).toBe(error)
})

test('a call signed by another key under this key id is refused', async () => {
  const forged = await signCall(call, { keyId: KEY_ID, signer: await testSigner('forger') }, NOW_S)
  expect(await check({ headers: forged })).toEqual({ ok: false, error: 'bad-signature' })
})

test('a call is good for two minutes, and five minutes ahead of the clock', async () => {
  const oldest = NOW_S + SIGNATURE_AGE_MAX_S + SIGNATURE_CLOCK_SKEW_S
  const results = [oldest, oldest + 1, NOW_S - SIGNATURE_CLOCK_SKEW_S, NOW_S - SIGNATURE_CLOCK_SKEW_S - 1].map(
    async (nowS) => (await check({}, nowS)).ok,
  )
  expect(await Promise.all(results)).toEqual([true, false, true, false])
})
