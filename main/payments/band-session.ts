/**
 * One session with a band: connect, take the OFFER, seal what we ask, send it, and wait for the ANSWER.
 * It decides nothing about money: it tells its caller what happened, and everything it cannot be sure of is `unknown`.
 */

import type { Standing } from '#main/enrolment/enrolment.ts'
import type { BandLink, Clock, LinkError, Radio, StoreFault } from '#main/ports.ts'
import { idBytes, toHex } from '#shared/contracts/bytes.ts'
import type { Message } from '#shared/contracts/frames.ts'
import {
  cancelMessage,
  commitMessage,
  ERROR_CODES,
  errorMessage,
  FLAG_ARMED,
  FLAG_PHONE_LINKED,
  FLAG_WORN,
  type OfferMessage,
  offerMessage,
  PENDING_STAGES,
  type PhoneOffer,
  pendingMessage,
  phoneOffer,
  requestPlaintext,
} from '#shared/contracts/radio-messages.ts'
import { isValidAt, type KeySet } from '#shared/crypto/key-set.ts'
import type { VerifyKey } from '#shared/crypto/keys.ts'
import { type SealedSession, sealRequest } from '#shared/crypto/sealing.ts'
import { openSign1 } from '#shared/crypto/sign1.ts'
import type { AttemptStage } from '#shared/domain/attempt.ts'
import type { RequestId } from '#shared/domain/ids.ts'
import type { Reason } from '#shared/domain/reasons.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { IsRevoked } from './answers.ts'

/** A band that says nothing for this long after subscribing has no offer for us. */
const OFFER_TIMEOUT_MS = 3_000
/** After the request expired, an answer may still be on its way for this long. */
const ANSWER_GRACE_MS = 2_000

/** An offer that was checked: we know which certified phone the request will be sealed for. */
export type CheckedOffer = {
  readonly message: OfferMessage
  readonly offer: PhoneOffer
  readonly phoneKey: VerifyKey
}

export type NotPersisted =
  | StoreFault
  /** It was cancelled meanwhile; or the offer is not of the phone that was asked. */
  | { readonly code: 'already-ended' | 'other-phone' }

export type SessionEnd =
  /** Nothing was sent. */
  | { readonly kind: 'not-asked'; readonly reason: Reason }
  /** The request could not be persisted, or should not be; nothing was sent. */
  | { readonly kind: 'not-persisted'; readonly why: NotPersisted }
  /** An ANSWER came and opened; its content is for the caller to check. */
  | { readonly kind: 'answered'; readonly plaintext: Uint8Array; readonly phoneKey: VerifyKey; readonly open: OpenSession }
  /** The request left, and what became of it is not known. */
  | { readonly kind: 'unknown'; readonly why: LinkError | 'expired' | 'cannot-open' | 'band-error' | 'cancelled' }

/** A session that has its answer: the caller commits, then says so to the band. */
export type OpenSession = {
  readonly radio: { readonly attRequests: number; readonly segments: number; readonly bytes: number }
  commit(requestId: RequestId, printedNumber: string): Promise<void>
  close(): Promise<void>
}

export type SessionInput = {
  readonly address: string
  /** `probe` for what moves no money: the band then keeps its run of knocks. A `request` when left out. */
  readonly kind?: 'request' | 'probe'
  /** The session is given up this long after its turn came, whatever it waits for then. Only what moves no money may have one. */
  readonly timeoutMs?: number
  readonly requestId: RequestId
  /** Signs the statement for this offer. */
  readonly statementFor: (offer: CheckedOffer) => Promise<Uint8Array>
  /** Called with the signed statement and the sealed request before the first byte of it leaves. A refusal stops the session. */
  readonly persist: (
    statement: Uint8Array,
    offer: CheckedOffer,
    sealed: Uint8Array,
  ) => Result<void, NotPersisted> | Promise<Result<void, NotPersisted>>
  /** When the request has expired, on the monotonic clock: no clock that is set in the middle makes anybody wait longer, or less. */
  readonly expiresMonotonicMs: () => number
  readonly onStage: (stage: AttemptStage) => void
  /** Resolves when the cashier stops waiting. */
  readonly cancelled: Promise<void>
}

type SessionDeps = {
  readonly radio: Radio
  readonly clock: Clock
  readonly standing: () => Standing
  /** This clock is so far off that no certificate can be judged by it. */
  readonly isClockOff: () => boolean
  readonly isRevoked: IsRevoked
}

/** The terminal's sessions with bands, one after another: the radio has one connection, and a COMMIT may still be on its way over it. */
export class BandSessions {
  readonly #deps: SessionDeps
  #before: Promise<void> = Promise.resolve()

  constructor(deps: SessionDeps) {
    this.#deps = deps
  }

  /** Runs a session when the one before it has hung up. One that ends `answered` has to be closed by its caller. */
  async run(input: SessionInput): Promise<SessionEnd> {
    const { promise: ended, resolve: end } = Promise.withResolvers<void>()
    const before = this.#before
    this.#before = before.then(() => ended)
    const turn = await Promise.race([before, input.cancelled.then(() => 'cancelled' as const)])
    if (turn === 'cancelled') {
      end()
      return { kind: 'not-asked', reason: 'cancelled' }
    }
    let session: SessionEnd | undefined
    try {
      session = await inTime(this.#deps.clock, input, async (late) => runBandSession(this.#deps, input, late))
    } finally {
      if (session?.kind !== 'answered') end()
    }
    if (session.kind !== 'answered') return session
    const { open } = session
    const close = async () => open.close().finally(end)
    return { ...session, open: { ...open, close } }
  }
}

/** Resolves when a session's time is over; never, when it has no limit of its own. */
type Late = Promise<'late'>

async function inTime<T>(clock: Clock, { timeoutMs }: SessionInput, work: (late: Late) => Promise<T>): Promise<T> {
  const { promise: late, resolve } = Promise.withResolvers<'late'>()
  const stopTimer = timeoutMs === undefined ? () => {} : clock.after(timeoutMs, () => resolve('late'))
  return work(late).finally(stopTimer)
}

/** False when no phone would trust us: by an outdated certificate, or a statement of another day. It is said before a customer is bothered. */
export function mayAskBands({ clock, standing, isClockOff }: Pick<SessionDeps, 'clock' | 'standing' | 'isClockOff'>): boolean {
  return !isClockOff() && isValidAt(standing().certificate, Math.floor(clock.nowMs() / 1_000))
}

async function runBandSession(deps: SessionDeps, input: SessionInput, late: Late): Promise<SessionEnd> {
  if (!mayAskBands(deps)) return { kind: 'not-asked', reason: 'terminal-not-trusted' }
  input.onStage('connecting')
  const connected = await deps.radio.connect(input.address)
  if (!connected.ok) return { kind: 'not-asked', reason: connected.error === 'busy' ? 'busy' : 'band-gone' }
  const link = connected.value
  let end: SessionEnd | undefined
  try {
    end = await ask(deps, input, { link, late })
    return end
  } finally {
    // A session that failed on our side hangs up too: the radio has one connection.
    if (end?.kind !== 'answered') await link.close()
  }
}

async function ask(
  deps: Pick<SessionDeps, 'clock' | 'standing' | 'isRevoked'>,
  input: SessionInput,
  { link, late }: { readonly link: BandLink; readonly late: Late },
): Promise<SessionEnd> {
  const nowS = () => Math.floor(deps.clock.nowMs() / 1_000)
  const standing = deps.standing()
  const first = await Promise.race([link.receive(OFFER_TIMEOUT_MS), late])
  if (first === 'late') return { kind: 'not-asked', reason: 'busy' }
  if (!first.ok) return { kind: 'not-asked', reason: first.error === 'link-lost' ? 'band-gone' : 'busy' }
  const offer = await checkOffer(first.value, standing.keys, deps.isRevoked, nowS())
  if (!offer.ok) return { kind: 'not-asked', reason: offer.error }
  const statement = await input.statementFor(offer.value)
  const sealed = await sealRequest({
    offer: offer.value.message.offer,
    bandNonce: offer.value.message.bandNonce,
    sealingPoint: offer.value.offer.sealingPoint,
    plaintext: requestPlaintext.encode({ statement, certificate: standing.certificateBytes }),
  })
  if (!sealed.ok) return { kind: 'not-asked', reason: 'band-not-usable' }
  const persisted = await input.persist(statement, offer.value, sealed.value.message)
  if (!persisted.ok) return { kind: 'not-persisted', why: persisted.error }
  const sent = await link.send({ kind: input.kind ?? 'request', body: sealed.value.message })
  if (!sent.ok) return { kind: 'unknown', why: sent.error }
  input.onStage('sent')
  return waitForAnswer(deps.clock, input, { link, late, session: sealed.value.session, phoneKey: offer.value.phoneKey })
}

async function waitForAnswer(
  clock: Clock,
  input: SessionInput,
  asked: { readonly link: BandLink; readonly late: Late; readonly session: SealedSession; readonly phoneKey: VerifyKey },
): Promise<SessionEnd> {
  const { link, late, session, phoneKey } = asked
  const radio = { attRequests: link.attRequests(), ...link.lastSent() }
  const cancelled = input.cancelled.then(() => 'cancelled' as const)
  for (;;) {
    const leftMs = input.expiresMonotonicMs() + ANSWER_GRACE_MS - clock.monotonicMs()
    if (leftMs <= 0) return { kind: 'unknown', why: 'expired' }
    const next = await Promise.race([link.receive(leftMs), cancelled, late])
    if (next === 'late') return { kind: 'unknown', why: 'expired' }
    if (next === 'cancelled') {
      await sendCancel(link, session, input.requestId)
      return { kind: 'unknown', why: 'cancelled' }
    }
    if (!next.ok) return { kind: 'unknown', why: next.error === 'timeout' ? 'expired' : next.error }
    const message = next.value
    if (message.kind === 'pending') showPending(message, input.onStage)
    if (message.kind === 'error') return { kind: 'unknown', why: 'band-error' }
    if (message.kind === 'answer') {
      const opened = await session.openAnswer(message.body)
      if (!opened.ok) return { kind: 'unknown', why: 'cannot-open' }
      return { kind: 'answered', plaintext: opened.value, phoneKey, open: openSession(link, session, radio) }
    }
    // Anything else (a fresh OFFER, a message of a later version) is not for this wait, and ends nothing.
  }
}

/** OFFER or ERROR, as the first word of a band. Its flags are a hint that saves a useless request; the proof is what counts later. */
async function checkOffer(message: Message, keys: KeySet, isRevoked: IsRevoked, nowS: number): Promise<Result<CheckedOffer, Reason>> {
  if (message.kind === 'error') return err(reasonOfError(message))
  const offered = message.kind === 'offer' ? offerMessage.decode(message.body) : undefined
  if (!offered?.ok) return err('band-not-usable')
  const { flags } = offered.value
  if (!(flags & FLAG_WORN)) return err('not-worn')
  if (!(flags & FLAG_ARMED)) return err('not-armed')
  if (!(flags & FLAG_PHONE_LINKED)) return err('phone-not-linked')
  const phone = await keys.openPhoneCertificate(offered.value.certificate, nowS)
  if (!phone.ok || isRevoked('key', toHex(phone.value.certificate.pseudonym))) return err('band-not-usable')
  const offer = await openSign1(phoneOffer, offered.value.offer, phone.value.key)
  if (!offer.ok || !isValidAt({ from: 0, until: offer.value.expires }, nowS)) return err('band-not-usable')
  return ok({ message: offered.value, offer: offer.value, phoneKey: phone.value.key })
}

function reasonOfError(message: Message): Reason {
  const decoded = errorMessage.decode(message.body)
  switch (decoded.ok ? decoded.value.code : 0) {
    case ERROR_CODES['not-worn']:
      return 'not-worn'
    case ERROR_CODES['not-armed']:
      return 'not-armed'
    case ERROR_CODES['phone-not-linked']:
      return 'phone-not-linked'
    case ERROR_CODES.busy:
      return 'busy'
    default:
      return 'band-not-usable'
  }
}

function showPending(message: Message, onStage: (stage: AttemptStage) => void): void {
  const pending = pendingMessage.decode(message.body)
  const stage = pending.ok ? Object.entries(PENDING_STAGES).find(([, code]) => code === pending.value.stage) : undefined
  if (stage) onStage(stage[0] as AttemptStage)
}

async function sendCancel(link: BandLink, session: SealedSession, requestId: RequestId): Promise<void> {
  const fields = { requestId: idBytes(requestId) }
  const mac = await session.mac('cancel', cancelMessage.encode(fields))
  // A wish, nothing more: whether it arrives changes no money.
  await link.send({ kind: 'cancel', body: cancelMessage.encode({ ...fields, mac }) })
}

function openSession(link: BandLink, session: SealedSession, radio: OpenSession['radio']): OpenSession {
  return {
    radio,
    async commit(requestId, printedNumber) {
      const fields = { requestId: idBytes(requestId), receiptNumber: printedNumber }
      const mac = await session.mac('commit', commitMessage.encode(fields))
      await link.send({ kind: 'commit', body: commitMessage.encode({ ...fields, mac }) })
    },
    close: () => link.close(),
  }
}
