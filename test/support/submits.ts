/** What a phone submits for a payment, made of real keys: all valid unless a wish says otherwise. */
import { fromHex, toBase64Url, toHex } from '#shared/contracts/bytes.ts'
import {
  type BandProof,
  bandProof,
  FLAG_ARMED,
  FLAG_WORN,
  LINES_DIGEST_BYTES,
  type PayStatement,
  payStatement,
} from '#shared/contracts/radio-messages.ts'
import { randomBytes, type Signer, sha256 } from '#shared/crypto/keys.ts'
import { sign1 } from '#shared/crypto/sign1.ts'
import type { Place } from '#shared/domain/place.ts'
import type { Customer, Terminal } from './backend-world.ts'

export type SubmitWish = {
  readonly terminal: Terminal
  readonly customer: Customer
  readonly amount?: number
  readonly requestId?: string
  readonly holds?: readonly string[]
  readonly statement?: Partial<PayStatement>
  readonly proof?: Partial<BandProof>
  /** Instead of the customer's own. */
  readonly bandSigner?: Signer
  readonly terminalSigner?: Signer
  /** What the phone says of its owner and of where it is. */
  readonly submit?: { readonly act?: 'none' | 'confirmed'; readonly place?: Place }
}
export type BuiltSubmit = {
  readonly requestId: string
  readonly statement: PayStatement
  readonly statementBytes: Uint8Array<ArrayBuffer>
  readonly proofBytes: Uint8Array<ArrayBuffer>
  readonly body: { statement: string; certificate: string; requestDigest: string; proof: string; act: 'none' | 'confirmed'; place?: Place }
}

/** A statement, its proof and the SUBMIT that carries both, all valid unless the wish says otherwise. */
export async function buildSubmit(nowMs: number, wish: SubmitWish): Promise<BuiltSubmit> {
  const requestId = wish.requestId ?? toHex(randomBytes(16))
  const bandNonce = randomBytes(16)
  const statement: PayStatement = {
    requestId: bytesOf(requestId),
    amount: wish.amount ?? 1_000,
    currency: 'CNY',
    linesDigest: randomBytes(LINES_DIGEST_BYTES),
    holds: (wish.holds ?? []).map(bytesOf),
    bandNonce,
    knocks: 0,
    listAgeMinutes: 5,
    time: Math.floor(nowMs / 1_000),
    lifetime: 90,
    headSeq: 0,
    head: new Uint8Array(16),
    ...wish.statement,
  }
  const statementBytes = await sign1(payStatement, statement, wish.terminalSigner ?? wish.terminal.signer, { withKid: false })
  // Stands for the sealed request, of which only the digest reaches the backend.
  const requestDigest = await sha256(statementBytes, wish.terminal.certificate)
  const proof: BandProof = {
    bandNonce,
    requestDigest,
    counter: wish.customer.nextCounter(),
    epoch: wish.customer.epoch,
    flags: FLAG_WORN | FLAG_ARMED,
    knocks: 0,
    ...wish.proof,
  }
  const proofBytes = await sign1(bandProof, proof, wish.bandSigner ?? wish.customer.band, { withKid: false })
  return {
    requestId,
    statement,
    statementBytes,
    proofBytes,
    body: {
      statement: toBase64Url(statementBytes),
      certificate: toBase64Url(wish.terminal.certificate),
      requestDigest: toBase64Url(requestDigest),
      proof: toBase64Url(proofBytes),
      act: 'none',
      ...wish.submit,
    },
  }
}

function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  const bytes = fromHex(hex)
  if (!bytes) throw new Error('not hex')
  return bytes
}
