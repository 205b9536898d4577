/** For each signed statement: one that opens under the key that must have signed it, and those that must be refused, each by name. */
import { assert } from '#shared/assert.ts'
import { toHex } from '#shared/contracts/bytes.ts'
import { encodeCbor } from '#shared/contracts/cbor.ts'
import { encodeSign1, protectedHeader, toBeSigned } from '#shared/contracts/cose.ts'
import { KEY_PURPOSES, type KeyPurpose, keyStatement } from '#shared/contracts/radio-messages.ts'
import type { Signer } from '#shared/crypto/keys.ts'
import { sign1 } from '#shared/crypto/sign1.ts'
import { type SignerName, vectorSigner } from './example-keys.ts'
import type { Refused } from './structure-vectors.ts'
import { type Declared, exampleValue } from './structures.ts'

/** When the key set of the vectors is asked: the keys in it are good from an hour before to an hour after. */
export const VECTORS_TIME_S = 1_900_000_000
const HOUR_S = 3_600
const YEAR_S = 365 * 24 * HOUR_S

type By = { readonly signer: SignerName; readonly purpose?: KeyPurpose }
/** Who signs what. `purpose`: the reader looks the key up in its key set, so the header names it. A new statement gets its line here. */
const SIGNED_BY: Readonly<Record<string, By>> = {
  keyStatement: { signer: 'root' },
  terminalCertificate: { signer: 'terminal-ca', purpose: 'terminal-ca' },
  phoneCertificate: { signer: 'phone-ca', purpose: 'phone-ca' },
  phoneOffer: { signer: 'phone' },
  payStatement: { signer: 'terminal' },
  queryStatement: { signer: 'terminal' },
  presenceStatement: { signer: 'terminal' },
  identifyStatement: { signer: 'terminal' },
  bandProof: { signer: 'band' },
  authorization: { signer: 'authorizer', purpose: 'authorizer' },
  decline: { signer: 'authorizer', purpose: 'authorizer' },
  identityAnswer: { signer: 'identity', purpose: 'identity' },
  phoneRefusal: { signer: 'phone' },
  neverSeen: { signer: 'phone' },
  presenceAnswer: { signer: 'phone' },
  pairOffer: { signer: 'band-factory' },
  binding: { signer: 'release', purpose: 'release' },
  bound: { signer: 'band' },
  release: { signer: 'release', purpose: 'release' },
  slotLease: { signer: 'band' },
  slot: { signer: 'allowance', purpose: 'allowance' },
  slotProof: { signer: 'band' },
  offlineAuthorization: { signer: 'phone' },
}

export type StatementVectors = {
  readonly statement: string
  /** The key it must open under; with `purpose`, looked up in the key set by the `kid` of its header, at the time of the vectors. */
  readonly signer: SignerName
  readonly purpose?: KeyPurpose
  readonly valid: string
  readonly invalid: readonly Refused[]
}

export async function statementVectors(declared: Declared): Promise<StatementVectors> {
  const { name, structure, label } = declared
  const by = SIGNED_BY[name]
  assert(by && label !== undefined, `nobody is said to sign ${name}: add it to SIGNED_BY in reference/tools/vectors/statement-vectors.ts`)
  const { purpose } = by
  const signer = await vectorSigner(by.signer)
  const payload = structure.encode(exampleValue(declared, 'usual'))
  const header = protectedHeader(purpose ? signer.kid : undefined)
  const signature = await signer.sign(toBeSigned(header, payload))
  const valid = encodeSign1(header, payload, signature)
  const made = { header, payload, signature, valid, signer, purpose }
  return {
    statement: name,
    signer: by.signer,
    ...(purpose ? { purpose } : {}),
    valid: toHex(valid),
    invalid: [...(await wrongCose(made)), ...(await wrongSignatures(made)), ...(purpose ? await wrongKeys(made, purpose) : [])],
  }
}

type Made = {
  readonly header: Uint8Array
  readonly payload: Uint8Array
  readonly signature: Uint8Array
  readonly valid: Uint8Array
  readonly signer: Signer
  readonly purpose: KeyPurpose | undefined
}

const refused = (what: string, bytes: Uint8Array, refusal: string): Refused => ({ what, bytes: toHex(bytes), refusal })

async function wrongCose({ header, payload, signature, valid, signer, purpose }: Made): Promise<readonly Refused[]> {
  const kid = purpose ? [[4, signer.kid] as const] : []
  const withAlgorithm = async (algorithm: number) => {
    const other = encodeCbor(new Map<number, number | Uint8Array>([[1, algorithm], ...kid]))
    return encodeSign1(other, payload, await signer.sign(toBeSigned(other, payload)))
  }
  const extra = encodeCbor(new Map<number, number | Uint8Array>([[1, -7], [3, 0], ...kid]))
  return [
    refused('ES384 in the header', await withAlgorithm(-35), 'wrong-algorithm'),
    refused('HMAC in the header', await withAlgorithm(5), 'wrong-algorithm'),
    refused('no algorithm in the header', encodeSign1(encodeCbor(new Map(kid)), payload, signature), 'wrong-algorithm'),
    refused('a header nobody knows', encodeSign1(extra, payload, await signer.sign(toBeSigned(extra, payload))), 'malformed'),
    refused('something in the unprotected header', encodeCbor([header, new Map([[1, -7]]), payload, signature]), 'malformed'),
    refused('the tag of COSE_Sign1', Uint8Array.from([0xd2, ...valid]), 'malformed'),
    refused('no payload', encodeCbor([header, new Map(), new Uint8Array(0), signature]), 'malformed'),
    refused('a signature of 63 bytes', encodeSign1(header, payload, signature.subarray(1)), 'malformed'),
    refused('a signature in DER', encodeSign1(header, payload, Uint8Array.from([0x30, 68, ...signature, 0, 0, 0, 0])), 'malformed'),
  ]
}

async function wrongSignatures({ header, payload, signature, signer, purpose }: Made): Promise<readonly Refused[]> {
  const stranger = await vectorSigner('stranger')
  const flipped = Uint8Array.from(signature)
  flipped[63] = (flipped[63] ?? 0) ^ 1
  const zero = new Uint8Array(64)
  const order = Uint8Array.from(Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex'))
  const bare = await signer.sign(payload)
  const otherContext = await signer.sign(encodeCbor(['Signature', header, new Uint8Array(0), payload]))
  const all = [
    refused('a bit of the signature turned', encodeSign1(header, payload, flipped), 'bad-signature'),
    refused('r and s zero', encodeSign1(header, payload, zero), 'bad-signature'),
    refused(
      's the order of the curve',
      encodeSign1(header, payload, Uint8Array.from([...signature.subarray(0, 32), ...order])),
      'bad-signature',
    ),
    refused('signed by another key', encodeSign1(header, payload, await stranger.sign(toBeSigned(header, payload))), 'bad-signature'),
    refused('the bare payload signed', encodeSign1(header, payload, bare), 'bad-signature'),
    refused('another context signed', encodeSign1(header, payload, otherContext), 'bad-signature'),
  ]
  // Where the reader knows the key, a header that names one is read over; the signature covers it all the same.
  const unnamed = protectedHeader()
  return purpose
    ? [...all, refused('no key named', encodeSign1(unnamed, payload, await signer.sign(toBeSigned(unnamed, payload))), 'unknown-key')]
    : all
}

async function wrongKeys({ payload }: Made, purpose: KeyPurpose): Promise<readonly Refused[]> {
  const under = async (signer: Signer) => {
    const header = protectedHeader(signer.kid)
    return encodeSign1(header, payload, await signer.sign(toBeSigned(header, payload)))
  }
  const other = purpose === 'authorizer' ? 'release' : 'authorizer'
  return [
    refused('a key that nobody vouches for', await under(await vectorSigner('stranger')), 'unknown-key'),
    refused(`a key for ${other}`, await under(await vectorSigner(other)), 'unknown-key'),
    refused('a key that has run out', await under(await vectorSigner(`${purpose} of last year`)), 'not-valid-now'),
    refused('a key of next year', await under(await vectorSigner(`${purpose} of next year`)), 'not-valid-now'),
  ]
}

/** What the root vouches for in the vectors: a key for each purpose that signs something, good now, and one of last and next year. */
export async function vectorKeySet(): Promise<readonly string[]> {
  const root = await vectorSigner('root')
  const purposes = [...new Set(Object.values(SIGNED_BY).flatMap((by) => (by.purpose ? [by.purpose] : [])))]
  const windows = [
    { suffix: '', from: VECTORS_TIME_S - HOUR_S, until: VECTORS_TIME_S + HOUR_S },
    { suffix: ' of last year', from: VECTORS_TIME_S - YEAR_S, until: VECTORS_TIME_S - HOUR_S },
    { suffix: ' of next year', from: VECTORS_TIME_S + HOUR_S, until: VECTORS_TIME_S + YEAR_S },
  ]
  const statements = purposes.flatMap((purpose) =>
    windows.map(async ({ suffix, from, until }) => {
      const { kid, point } = await vectorSigner(`${purpose}${suffix}`)
      return toHex(await sign1(keyStatement, { purpose: KEY_PURPOSES[purpose], kid, point, from, until }, root, { withKid: false }))
    }),
  )
  return Promise.all(statements)
}
