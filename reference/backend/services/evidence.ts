/**
 * What a phone brings for anything that rests on its band's word: a statement of a certified terminal, and the band's proof over it. Read and
 * checked the same way whatever is asked; what follows from it is for the service that was asked.
 */
import { fromBase64Url, toBase64Url, toHex } from '#shared/contracts/bytes.ts'
import { type BandProof, bandProof, DIGEST_BYTES, decline, type TerminalCertificate } from '#shared/contracts/radio-messages.ts'
import type { SignedStructure } from '#shared/contracts/structure.ts'
import { isValidAt } from '#shared/crypto/key-set.ts'
import { sha256 } from '#shared/crypto/keys.ts'
import { isSignedBy, openSign1, peekSign1 } from '#shared/crypto/sign1.ts'
import { REASONS, type Reason } from '#shared/domain/reasons.ts'
import { ok } from '#shared/result.ts'
import type { Database, Tx } from '../database/tables.ts'
import { type Refusable, refuse } from '../refusal.ts'
import { type Band, bandsOfPhone, findBand, findTill, isNonceSeen, type Phone } from '../repositories/registry-repository.ts'
import type { SigningKeys } from '../signing-keys.ts'
import type { BandFacts } from './authorization-decision.ts'
import type { CertifiedTerminals } from './certified-terminals.ts'
import type { VerifyKeys } from './verify-keys.ts'

const STATEMENT_MAX_BYTES = 512

export type EvidenceBody = {
  readonly statement: string
  readonly certificate: string
  readonly requestDigest: string
  readonly proof: string
}
/** Whose terminal has proven itself: from here on every answer is signed and bound to the request. */
export type Evidence<T> = {
  readonly statement: T
  readonly statementDigest: Uint8Array<ArrayBuffer>
  readonly certificate: TerminalCertificate
  readonly certifiedPoint: Uint8Array
  readonly proof: BandProof
  readonly proofBytes: Uint8Array<ArrayBuffer>
  readonly requestDigest: Uint8Array
  /** Hex digest of everything that makes this question this question. */
  readonly binding: string
}

/**
 * Opens what a phone has brought. What cannot be traced to one of our terminals is refused without a signature, because a signed no ends an
 * attempt and must be the only answer that attempt ever gets.
 */
export async function openEvidence<T>(
  terminals: CertifiedTerminals,
  phone: Phone,
  structure: SignedStructure<T>,
  body: EvidenceBody,
): Promise<Refusable<Evidence<T>>> {
  const statementBytes = bytesWithin(body.statement)
  const proofBytes = bytesWithin(body.proof)
  const requestDigest = fromBase64Url(body.requestDigest)
  if (!statementBytes || !bytesWithin(body.certificate) || !proofBytes || requestDigest?.length !== DIGEST_BYTES) {
    return refuse('malformed', 'a signed statement is not base64url or too long')
  }
  const proof = peekSign1(bandProof, proofBytes)
  const certified = await terminals.open(body.certificate)
  if (!proof.ok || (!certified.ok && certified.error === 'malformed')) {
    return refuse('malformed', 'certificate or proof is not what it should be')
  }
  // Whether it is valid now is a reason to decline, signed, like the others.
  if (!certified.ok) return refuse('not-allowed', 'the certificate is not one of ours')
  const { certificate, key } = certified.value
  const statement = await openSign1(structure, statementBytes, key)
  if (!statement.ok && statement.error !== 'bad-signature') return refuse('malformed', 'the statement is not what it should be')
  if (!statement.ok) return refuse('not-allowed', 'the certified terminal did not sign this statement')
  const statementDigest = await sha256(statementBytes)
  const identity = new TextEncoder().encode(phone.id)
  return ok({
    statement: statement.value,
    statementDigest,
    certificate,
    certifiedPoint: key.point,
    proof: proof.value.value,
    proofBytes,
    requestDigest,
    binding: toHex(await sha256(statementDigest, requestDigest, await sha256(proofBytes), identity)),
  })
}

/** The band of this phone whose registered key signed the proof. */
export async function bandThatProved(
  db: Database,
  verifyKeys: VerifyKeys,
  phone: Phone,
  proofBytes: Uint8Array,
): Promise<Band | undefined> {
  for (const band of await bandsOfPhone(db, phone.id)) {
    const key = await verifyKeys.of(band.point)
    if (key && (await isSignedBy(proofBytes, key))) return band
  }
  return undefined
}

/** What the transaction that decides must know of the band, read inside it. */
export async function bandFactsOf(
  tx: Tx,
  phone: Phone,
  proven: Band | undefined,
  { proof, requestDigest }: Pick<Evidence<unknown>, 'proof' | 'requestDigest'>,
): Promise<BandFacts & { readonly current: Band | undefined }> {
  const current = proven && (await findBand(tx, proven.id))
  return {
    current,
    proof,
    requestDigest,
    band: current && {
      epoch: current.epoch,
      counter: current.counter,
      isUsable: current.state === 'active' && current.accountId === phone.accountId && current.phoneId === phone.id,
    },
    isNonceSeen: current !== undefined && (await isNonceSeen(tx, current.id, toHex(proof.bandNonce))),
  }
}

/**
 * Enrolled with the certified key, active, of the merchant its certificate names, which is valid now. With the currency its site sells in,
 * undefined when it is not to be trusted.
 */
export async function trustedTerminal(
  tx: Tx,
  { certificate, certifiedPoint }: Pick<Evidence<unknown>, 'certificate' | 'certifiedPoint'>,
  nowS: number,
): Promise<{ readonly currency: string } | undefined> {
  const till = await findTill(tx, certificate.terminalId)
  const isEnrolled = till?.state === 'active' && till.point === toBase64Url(certifiedPoint)
  const isTrusted = isEnrolled && isValidAt(certificate, nowS) && till.merchantId === certificate.merchantId
  return isTrusted ? { currency: till.currency } : undefined
}

/** A no to whatever was asked: it says nothing of anybody, and the authorizer signs every one of them. */
export function signDecline(
  keys: SigningKeys,
  {
    statement,
    statementDigest,
    certificate,
  }: Pick<Evidence<{ readonly requestId: Uint8Array }>, 'statement' | 'statementDigest' | 'certificate'>,
  reason: Reason,
  at: number,
): Uint8Array {
  return keys.signer('authorizer', at).statementNow(decline, {
    requestId: statement.requestId,
    statementDigest,
    terminalId: certificate.terminalId,
    reason: REASONS[reason].code,
    at,
  })
}

/** Bytes of a base64url text within the size of a signed statement. */
function bytesWithin(text: string): Uint8Array<ArrayBuffer> | undefined {
  const bytes = fromBase64Url(text)
  return bytes && bytes.length > 0 && bytes.length <= STATEMENT_MAX_BYTES ? bytes : undefined
}
