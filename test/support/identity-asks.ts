/** What a phone sends when a terminal asks who its owner is, made of real keys: all valid unless a wish says otherwise. */
import { fromHex, toBase64Url, toHex } from '#shared/contracts/bytes.ts'
import { claimBits, type IdentifyStatement, identifyStatement } from '#shared/contracts/identity-messages.ts'
import { type BandProof, bandProof, FLAG_ARMED, FLAG_PROBE, FLAG_WORN } from '#shared/contracts/radio-messages.ts'
import { randomBytes, type Signer, sha256 } from '#shared/crypto/keys.ts'
import { sign1 } from '#shared/crypto/sign1.ts'
import { CLAIMS, type Claim } from '#shared/domain/claims.ts'
import type { Place } from '#shared/domain/place.ts'
import type { Customer, Terminal } from './backend-world.ts'

export type IdentityWish = {
  readonly terminal: Terminal
  readonly customer: Customer
  readonly asked?: readonly Claim[]
  /** All that was asked, unless it says otherwise. */
  readonly agreed?: readonly Claim[]
  readonly requestId?: string
  readonly statement?: Partial<IdentifyStatement>
  readonly proof?: Partial<BandProof>
  readonly bandSigner?: Signer
  readonly terminalSigner?: Signer
  readonly place?: Place
}

export async function buildIdentityAsk(nowMs: number, wish: IdentityWish) {
  const { terminal, customer, asked = CLAIMS, requestId = toHex(randomBytes(16)) } = wish
  const bandNonce = randomBytes(16)
  const statement: IdentifyStatement = {
    requestId: fromHex(requestId) ?? new Uint8Array(),
    claims: claimBits(asked),
    bandNonce,
    time: Math.floor(nowMs / 1_000),
    lifetime: 60,
    headSeq: 0,
    head: new Uint8Array(16),
    ...wish.statement,
  }
  const statementBytes = await sign1(identifyStatement, statement, wish.terminalSigner ?? terminal.signer, { withKid: false })
  const requestDigest = await sha256(statementBytes, terminal.certificate)
  const flags = FLAG_WORN | FLAG_ARMED | FLAG_PROBE
  const proof = { bandNonce, requestDigest, counter: customer.nextCounter(), epoch: customer.epoch, flags, knocks: 0, ...wish.proof }
  const proofBytes = await sign1(bandProof, proof, wish.bandSigner ?? customer.band, { withKid: false })
  return {
    requestId,
    statement,
    statementBytes,
    body: {
      statement: toBase64Url(statementBytes),
      certificate: toBase64Url(terminal.certificate),
      requestDigest: toBase64Url(requestDigest),
      proof: toBase64Url(proofBytes),
      agreed: [...(wish.agreed ?? asked)],
      ...(wish.place ? { place: wish.place } : {}),
    },
  }
}
