/**
 * COSE_Sign1 (RFC 9052), narrowed to one form: untagged, ES256, payload attached, external AAD empty, unprotected header empty.
 * The protected header is {1: -7} where the key is known from the context, or {1: -7, 4: kid} where a key set is consulted.
 * These functions build and take apart bytes; signing and checking are in shared/crypto.
 */
import { err, ok, type Result } from '#shared/result.ts'
import { equalBytes } from './bytes.ts'
import { type CborValue, decodeCbor, encodeCbor } from './cbor.ts'

export const SIGNATURE_BYTES = 64
export const KID_BYTES = 8
const ALG = 1
const KID = 4
const ES256 = -7

export type Sign1 = {
  readonly protectedHeader: Uint8Array<ArrayBuffer>
  readonly kid?: Uint8Array
  readonly payload: Uint8Array<ArrayBuffer>
  readonly signature: Uint8Array<ArrayBuffer>
}

export function protectedHeader(kid?: Uint8Array): Uint8Array<ArrayBuffer> {
  const header = new Map<number, CborValue>([[ALG, ES256]])
  if (kid) header.set(KID, kid)
  return encodeCbor(header)
}

/** The usual one: the key is known from the context. */
const BARE_HEADER = protectedHeader()

/** The bytes that are signed: RFC 9052 §4.4, context "Signature1". */
export function toBeSigned(header: Uint8Array, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  return encodeCbor(['Signature1', header, new Uint8Array(0), payload])
}

export function encodeSign1(header: Uint8Array, payload: Uint8Array, signature: Uint8Array): Uint8Array<ArrayBuffer> {
  return encodeCbor([header, new Map<number, CborValue>(), payload, signature])
}

/** Takes a COSE_Sign1 apart. `wrong-algorithm` is anything but ES256, checked before any signature is. */
export function decodeSign1(bytes: Uint8Array): Result<Sign1, 'malformed' | 'wrong-algorithm'> {
  const decoded = decodeCbor(bytes)
  if (!decoded.ok || !isList(decoded.value) || decoded.value.length !== 4) return err('malformed')
  const [header, unprotected, payload, signature] = decoded.value
  if (!(header instanceof Uint8Array) || !(payload instanceof Uint8Array) || !(signature instanceof Uint8Array)) return err('malformed')
  if (!(unprotected instanceof Map) || unprotected.size !== 0 || signature.length !== SIGNATURE_BYTES) return err('malformed')
  const parts = { protectedHeader: Uint8Array.from(header), payload: Uint8Array.from(payload), signature: Uint8Array.from(signature) }
  if (equalBytes(header, BARE_HEADER)) return ok(parts)
  const parameters = decodeCbor(header)
  if (!parameters.ok || !(parameters.value instanceof Map)) return err('malformed')
  const map: ReadonlyMap<number, CborValue> = parameters.value
  if (map.get(ALG) !== ES256) return err('wrong-algorithm')
  const kid = map.get(KID)
  // Without a kid there is one form only, and that was seen above.
  if (kid === undefined || map.size !== 2) return err('malformed')
  return kid instanceof Uint8Array && kid.length === KID_BYTES ? ok({ ...parts, kid }) : err('malformed')
}

function isList(value: CborValue): value is readonly CborValue[] {
  return Array.isArray(value)
}
