/**
 * Signed calls between terminals or phones and the backend: HTTP Message Signatures (RFC 9421) with ecdsa-p256-sha256 over method,
 * path, query and Content-Digest (RFC 9530). The nonce goes into the backend's replay store.
 */
import { createSignature, isSignatureError, type Verifier, verifySignature } from 'http-message-sig'
import { toHex } from '#shared/contracts/bytes.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { randomBytes, type Signer, sha256, type VerifyKey } from './keys.ts'

const ALGORITHM = 'ecdsa-p256-sha256'
const TAG = 'bandtill-1'
const COMPONENTS = ['@method', '@path', '@query', 'content-digest'] as const
const NONCE_LENGTH_BYTES = 16
/** A signed call is good for this long after it was made, seconds; the backend keeps its nonce for at least as long. */
export const SIGNATURE_AGE_MAX_S = 120
export const SIGNATURE_CLOCK_SKEW_S = 300

export type SignedCall = { readonly method: string; readonly url: string; readonly body: Uint8Array }
export type SignatureHeaders = { readonly 'content-digest': string; readonly signature: string; readonly 'signature-input': string }

async function contentDigest(body: Uint8Array): Promise<string> {
  const digest = await sha256(body)
  return `sha-256=:${btoa(String.fromCharCode(...digest))}:`
}

/** Headers that sign this call. `keyId` is `terminal:<id>` or `phone:<id>`; `nowS` is the caller's clock in seconds. */
export async function signCall(
  call: SignedCall,
  key: { readonly keyId: string; readonly signer: Signer },
  nowS: number,
): Promise<SignatureHeaders> {
  const digest = await contentDigest(call.body)
  const fields = await createSignature(
    { kind: 'request', method: call.method, targetUri: call.url, fields: [{ name: 'content-digest', value: digest }] },
    {
      label: 'sig1',
      components: COMPONENTS,
      parameters: { created: Math.floor(nowS), keyid: key.keyId, alg: ALGORITHM, nonce: toHex(randomBytes(NONCE_LENGTH_BYTES)), tag: TAG },
      signer: { algorithm: ALGORITHM, sign: (data) => key.signer.sign(data) },
    },
  )
  return { 'content-digest': digest, signature: fields.signature, 'signature-input': fields.signatureInput }
}

export type CallError = 'unsigned' | 'body-altered' | 'unknown-key' | 'bad-signature'
export type VerifiedCall = { readonly keyId: string; readonly nonce: string; readonly createdS: number }

/** Checks a received call. `findKey` gives the public key registered under a key id, or undefined. */
export async function verifyCall(
  call: SignedCall & { readonly headers: Readonly<Record<string, string | undefined>> },
  findKey: (keyId: string) => Promise<VerifyKey | undefined>,
  nowS: number,
): Promise<Result<VerifiedCall, CallError>> {
  const { signature, 'signature-input': signatureInput, 'content-digest': digest } = call.headers
  if (!signature || !signatureInput || !digest) return err('unsigned')
  if (digest !== (await contentDigest(call.body))) return err('body-altered')
  let unknownKey = false
  try {
    const verified = await verifySignature(
      {
        kind: 'request',
        method: call.method,
        targetUri: call.url,
        fields: [
          { name: 'content-digest', value: digest },
          { name: 'signature', value: signature },
          { name: 'signature-input', value: signatureInput },
        ],
      },
      {
        label: 'sig1',
        policy: {
          algorithms: [ALGORITHM],
          requiredComponents: COMPONENTS,
          requiredParameters: ['created', 'keyid', 'nonce', 'tag'],
          maxAge: SIGNATURE_AGE_MAX_S,
          clockSkew: SIGNATURE_CLOCK_SKEW_S,
          now: Math.floor(nowS),
          validate: ({ parameters }) => parameters.tag === TAG,
        },
        async resolveVerifier({ parameters }): Promise<Verifier> {
          const key = await findKey(parameters.keyid ?? '')
          if (!key) {
            unknownKey = true
            throw new Error('unknown key')
          }
          return {
            algorithm: ALGORITHM,
            verify: async (data, bytes) => key.verify(bytes, data),
          }
        },
      },
    )
    const { keyid, nonce, created } = verified.parameters
    return ok({ keyId: keyid ?? '', nonce: nonce ?? '', createdS: created ?? 0 })
  } catch (error) {
    if (unknownKey) return err('unknown-key')
    if (isSignatureError(error)) return err('bad-signature')
    throw error
  }
}
