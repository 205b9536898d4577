/** Signing and checking the protocol's statements. Signatures are checked over the received bytes, never over re-encoded objects. */

import { decodeSign1, encodeSign1, protectedHeader, type Sign1, toBeSigned } from '#shared/contracts/cose.ts'
import type { SignedStructure } from '#shared/contracts/structure.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { Signer, VerifyKey } from './keys.ts'

export type Sign1Error = 'malformed' | 'wrong-algorithm' | 'bad-signature'

/** Signs a statement. `withKid` names the key in the header, for readers who look keys up in a key set. */
export async function sign1<T>(
  statement: SignedStructure<T>,
  value: T,
  signer: Signer,
  options: { readonly withKid: boolean },
): Promise<Uint8Array<ArrayBuffer>> {
  const header = protectedHeader(options.withKid ? signer.kid : undefined)
  const payload = statement.encode(value)
  return encodeSign1(header, payload, await signer.sign(toBeSigned(header, payload)))
}

/** Reads a statement without trusting it: to learn which key should have signed it. */
export function peekSign1<T>(
  statement: SignedStructure<T>,
  bytes: Uint8Array,
): Result<{ readonly value: T; readonly kid: Uint8Array | undefined }, Sign1Error> {
  const parts = decodeSign1(bytes)
  if (!parts.ok) return parts
  const value = statement.decode(parts.value.payload)
  return value.ok ? ok({ value: value.value, kid: parts.value.kid }) : value
}

/** Reads a statement and checks that this key signed exactly these bytes. */
export async function openSign1<T>(statement: SignedStructure<T>, bytes: Uint8Array, key: VerifyKey): Promise<Result<T, Sign1Error>> {
  const parts = decodeSign1(bytes)
  if (!parts.ok) return parts
  const value = statement.decode(parts.value.payload)
  if (!value.ok) return value
  return (await isPartsSignedBy(parts.value, key)) ? value : err('bad-signature')
}

/** Checks that this key signed exactly these bytes, whatever they say: for a statement that was read before its signer was known. */
export async function isSignedBy(bytes: Uint8Array, key: VerifyKey): Promise<boolean> {
  const parts = decodeSign1(bytes)
  return parts.ok && isPartsSignedBy(parts.value, key)
}

async function isPartsSignedBy({ protectedHeader: header, payload, signature }: Sign1, key: VerifyKey): Promise<boolean> {
  return key.verify(signature, toBeSigned(header, payload))
}
