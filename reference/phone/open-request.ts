/** Opening and checking what a band forwards, in the order of docs/protocol.md. Nothing here acts: the engine does. */
import { equalBytes, toHex } from '#shared/contracts/bytes.ts'
import { type IdentifyStatement, identifyStatement } from '#shared/contracts/identity-messages.ts'
import {
  type BandProof,
  bandProof,
  type ErrorCode,
  FLAG_ARMED,
  FLAG_PROBE,
  FLAG_WORN,
  type ForwardMessage,
  forwardMessage,
  type PayStatement,
  type PresenceStatement,
  payStatement,
  presenceStatement,
  type QueryStatement,
  queryStatement,
  requestPlaintext,
  type TerminalCertificate,
} from '#shared/contracts/radio-messages.ts'
import type { KeySet } from '#shared/crypto/key-set.ts'
import { sha256, type VerifyKey } from '#shared/crypto/keys.ts'
import { openRequest, type SealedSession } from '#shared/crypto/sealing.ts'
import { isSignedBy, openSign1, peekSign1 } from '#shared/crypto/sign1.ts'
import type { Reason } from '#shared/domain/reasons.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { OfferBook, OfferKey } from './offers.ts'

type Statement =
  | { readonly kind: 'pay'; readonly value: PayStatement; readonly digest: Uint8Array }
  | { readonly kind: 'query'; readonly value: QueryStatement; readonly digest: Uint8Array }
  | { readonly kind: 'presence'; readonly value: PresenceStatement; readonly digest: Uint8Array }
  | { readonly kind: 'identify'; readonly value: IdentifyStatement; readonly digest: Uint8Array }

/** A request this phone could read. Nothing in it has been checked yet. */
export type OpenedRequest = {
  readonly forward: ForwardMessage
  readonly offer: OfferKey
  readonly session: SealedSession
  readonly statementBytes: Uint8Array
  readonly certificateBytes: Uint8Array
  /** `digest`: of the statement itself; for a query, of the first statement it names. */
  readonly statement: Statement
}

/** Reads a forwarded request. The offer it was sealed to is used up whatever comes of it. */
export async function openForwarded(body: Uint8Array, offers: OfferBook, nowS: number): Promise<Result<OpenedRequest, ErrorCode>> {
  const forward = forwardMessage.decode(body)
  if (!forward.ok) return err('malformed')
  const offer = offers.take(forward.value.offerId, nowS)
  if (!offer) return err('busy')
  const { bandNonce, request } = forward.value
  const opened = await openRequest({ offer: offer.offer, privateKey: offer.privateKey, bandNonce, message: request })
  if (!opened.ok) return err('malformed')
  const plaintext = requestPlaintext.decode(opened.value.plaintext)
  if (!plaintext.ok) return err('malformed')
  const statement = await readStatement(plaintext.value.statement)
  if (!statement) return err('malformed')
  const { statement: statementBytes, certificate: certificateBytes } = plaintext.value
  return ok({ forward: forward.value, offer, session: opened.value.session, statementBytes, certificateBytes, statement })
}

async function readStatement(bytes: Uint8Array): Promise<Statement | undefined> {
  const pay = peekSign1(payStatement, bytes)
  if (pay.ok) return { kind: 'pay', value: pay.value.value, digest: await sha256(bytes) }
  const query = peekSign1(queryStatement, bytes)
  if (query.ok) return { kind: 'query', value: query.value.value, digest: query.value.value.firstDigest }
  const presence = peekSign1(presenceStatement, bytes)
  if (presence.ok) return { kind: 'presence', value: presence.value.value, digest: await sha256(bytes) }
  const identify = peekSign1(identifyStatement, bytes)
  return identify.ok ? { kind: 'identify', value: identify.value.value, digest: await sha256(bytes) } : undefined
}

/** The terminal that really signed the statement, by a certificate the root vouches for. */
export async function checkTerminal(opened: OpenedRequest, keySet: KeySet, nowS: number): Promise<Result<TerminalCertificate, Reason>> {
  const terminal = await keySet.openTerminalCertificate(opened.certificateBytes, nowS)
  if (!terminal.ok) return err('terminal-not-trusted')
  const { key, certificate } = terminal.value
  return (await isSignedBy(opened.statementBytes, key)) ? ok(certificate) : err('terminal-not-trusted')
}

export type BandKey = { readonly key: VerifyKey; readonly epoch: number }

/** The band's word for this very request: its own band's signature, in this session, on the wrist, with a counter never seen. */
export async function checkProof(opened: OpenedRequest, band: BandKey, counterSeen: number): Promise<Result<BandProof, Reason>> {
  const { forward, statement } = opened
  if (!equalBytes(statement.value.bandNonce, forward.bandNonce)) return err('terminal-not-trusted')
  const proof = await openSign1(bandProof, forward.proof, band.key)
  if (!proof.ok) return err('band-not-usable')
  const { bandNonce, requestDigest, epoch, counter, flags, knocks } = proof.value
  const ofThisRequest = equalBytes(bandNonce, forward.bandNonce) && equalBytes(requestDigest, await sha256(forward.request))
  if (!ofThisRequest || epoch !== band.epoch || counter <= counterSeen) return err('band-not-usable')
  // A proof of a probe left the knocks on the band: the same ones could stand behind a second payment.
  if (statement.kind === 'pay' && (flags & FLAG_PROBE) !== 0) return err('band-not-usable')
  if (statement.kind === 'identify' && (flags & FLAG_PROBE) === 0) return err('band-not-usable')
  if ((flags & FLAG_WORN) === 0) return err('not-worn')
  if ((flags & FLAG_ARMED) === 0) return err('not-armed')
  if (statement.kind === 'pay' && statement.value.knocks > 0 && knocks !== statement.value.knocks) return err('knock-missing')
  return proof
}

/** Key of an attempt: terminal and request id. */
export function requestKey(terminalId: string, requestId: Uint8Array): string {
  return `${terminalId}:${toHex(requestId)}`
}
