/** What the rules for a phone stand on: a fresh phone for each, a band, a terminal and a backend of the harness around it. */
import { assert } from '#shared/assert.ts'
import { ID_SLOT_MS } from '#shared/contracts/band-advert.ts'
import { equalBytes, fromBase64Url, toBase64Url } from '#shared/contracts/bytes.ts'
import { type PhoneCommand, type PhoneReply, phoneReply } from '#shared/contracts/conformance-line.ts'
import {
  ANSWER_KINDS,
  type AnswerKind,
  answerPlaintext,
  type BandProof,
  bandProof,
  cancelMessage,
  ERROR_CODES,
  type ErrorCode,
  errorMessage,
  FLAGS_READY,
  forwardMessage,
  type PayStatement,
  payStatement,
  phoneOffer,
  phoneRefusal,
  type RefillMessage,
  requestPlaintext,
} from '#shared/contracts/radio-messages.ts'
import { newSigner, randomBytes, type Signer, sha256, type VerifyKey } from '#shared/crypto/keys.ts'
import { type SealedSession, sealRequest } from '#shared/crypto/sealing.ts'
import { openSign1, sign1 } from '#shared/crypto/sign1.ts'
import { type Reason, reasonOfCode } from '#shared/domain/reasons.ts'
import { Authority } from './authority.ts'
import { BackendSide } from './backend-side.ts'
import { BandSide } from './band-side.ts'
import { Bench, type Target } from './bench.ts'
import type { LineEnd } from './line.ts'
import { must, Unreachable } from './rule.ts'

const LIFETIME_S = 90
const POLL_MS = 20

/** An offer the phone left, checked, and what it takes to read its answers. */
export type Offered = RefillMessage & { readonly sealingPoint: Uint8Array; readonly expires: number; readonly phoneKey: VerifyKey }
/** One request on its way through the harness's band. */
export type Asked = {
  readonly offered: Offered
  readonly bandNonce: Uint8Array
  readonly session: SealedSession
  readonly statement: Uint8Array
  readonly digest: Uint8Array
  readonly requestId: Uint8Array
  /** What was sealed: the statement and the certificate of who made it. */
  readonly plaintext: Uint8Array
  readonly forward: Uint8Array
}
export type Answer = {
  readonly kind: AnswerKind
  readonly signed: Uint8Array
  readonly reason?: Reason
  /** Beside an offline authorization. */
  readonly slot?: Uint8Array | undefined
  readonly slotProof?: Uint8Array | undefined
}
/** What a rule makes differently from an honest terminal and an honest band. */
export type Spoiled = {
  readonly statement?: Partial<PayStatement>
  /** A statement made elsewhere: a query, a presence, or one said before. */
  readonly whole?: { readonly bytes: Uint8Array; readonly requestId: Uint8Array }
  readonly signer?: Signer
  readonly certificate?: Uint8Array
  readonly proof?: Partial<BandProof>
  readonly proofSigner?: Signer
  /** The nonce FORWARD and proof name, where it is not the statement's. */
  readonly sessionNonce?: Uint8Array
}

export class PhoneBench extends Bench<PhoneCommand, PhoneReply> {
  readonly backend: BackendSide
  band!: BandSide

  private constructor(target: Target, made: { readonly authority: Authority; readonly terminal: Signer; readonly backend: BackendSide }) {
    super(target, (value) => phoneReply.safeParse(value), made)
    this.backend = made.backend
  }

  /** A phone as its maker delivers it. */
  static async fresh(target: Target): Promise<PhoneBench> {
    const authority = await Authority.found(target.clock.nowS())
    const terminal = await newSigner()
    const backend = await BackendSide.listen(authority, () => target.clock.nowS())
    return new PhoneBench(target, { authority, terminal, backend }).begun()
  }

  protected override async begin(): Promise<void> {
    const reply = await this.tell({ do: 'new', rootPoint: toBase64Url(this.authority.root.point), backend: this.backend.url })
    const point = fromBase64Url(reply.phonePoint ?? '')
    if (!reply.ok || !point || reply.phoneId === undefined) {
      throw new Unreachable('the target makes no new phone: it cannot be tried out')
    }
    this.backend.phone = { id: reply.phoneId, point }
    await this.toQuietTime()
    this.band = await BandSide.on(await this.#bandLine(), this.patience)
  }

  override async close(): Promise<void> {
    await super.close()
    await this.backend.close()
  }

  get slot(): number {
    return Math.floor(this.nowMs() / ID_SLOT_MS)
  }

  async #bandLine(): Promise<LineEnd> {
    return this.line('band', 'the target takes no connection of a band')
  }

  /** Off and on again, and the band in reach as before. */
  async restart(): Promise<void> {
    await this.do({ do: 'restart' })
    await this.band.moveTo(await this.#bandLine())
    must(await this.band.recognises(), 'after a restart the phone does not know its band')
    this.band.wants(this.slot)
  }

  /** Looks until it is so; false when that takes longer than an answer may. */
  async comesToBe(isSo: (reply: PhoneReply) => boolean): Promise<boolean> {
    const endMs = performance.now() + this.patience.answerMs
    while (!isSo(await this.do({ do: 'look' }))) {
      if (performance.now() >= endMs) return false
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    }
    return true
  }

  /** As `comesToBe`; the phone is at fault when it does not. */
  async until(otherwise: string, isSo: (reply: PhoneReply) => boolean): Promise<void> {
    must(await this.comesToBe(isSo), otherwise)
  }

  /** Paired, and the band wants offers. */
  async paired(): Promise<void> {
    await this.do({ do: 'pair' })
    const { phonePoint } = await this.band.offer()
    await this.band.bind(phonePoint)
    await this.until('a phone that was told BOUND does not call itself bound', (reply) => reply.bound === true)
    this.band.wants(this.slot)
  }

  /** The next offer the phone leaves, its certificate and signature checked. */
  async offered(): Promise<Offered> {
    const refill = await this.band.refill()
    const certificate = await this.authority.keys.openPhoneCertificate(refill.certificate, this.nowS())
    must(certificate.ok, 'the certificate of an offer is none that the backend has given')
    const offer = await openSign1(phoneOffer, refill.offer, certificate.value.key)
    must(offer.ok, 'an offer is not signed by the key of its certificate')
    must(equalBytes(offer.value.offerId, refill.offerId), 'REFILL names another offer than it carries')
    return { ...refill, sealingPoint: offer.value.sealingPoint, expires: offer.value.expires, phoneKey: certificate.value.key }
  }

  /** A pay request, sealed and proven, as an honest terminal and an honest band would, but for what is spoiled. Not sent yet. */
  async prepare(spoiled: Spoiled = {}): Promise<Asked> {
    const offered = await this.offered()
    const bandNonce = spoiled.sessionNonce ?? randomBytes(16)
    const usual = { requestId: randomBytes(16), amount: 12_800, currency: 'CNY', linesDigest: randomBytes(16), holds: [] }
    const rest = { knocks: 0, listAgeMinutes: 0, time: this.nowS(), lifetime: LIFETIME_S, headSeq: 1, head: randomBytes(16) }
    const fields = { ...usual, bandNonce, ...rest, ...spoiled.statement }
    const statement = spoiled.whole?.bytes ?? (await sign1(payStatement, fields, spoiled.signer ?? this.terminal, { withKid: false }))
    const certificate = spoiled.certificate ?? (await this.authority.terminalCertificate(this.terminal, this.nowS()))
    const plaintext = requestPlaintext.encode({ statement, certificate })
    return this.seal(offered, bandNonce, { statement, requestId: spoiled.whole?.requestId ?? fields.requestId, plaintext }, spoiled)
  }

  async seal(
    offered: Offered,
    bandNonce: Uint8Array,
    { statement, requestId, plaintext }: Pick<Asked, 'statement' | 'requestId' | 'plaintext'>,
    spoiled: Pick<Spoiled, 'proof' | 'proofSigner'> = {},
  ): Promise<Asked> {
    const sealed = await sealRequest({ offer: offered.offer, bandNonce, sealingPoint: offered.sealingPoint, plaintext })
    must(sealed.ok, 'an offer has no point of the curve')
    const { message: request, session } = sealed.value
    this.band.counter += 1
    const { counter, epoch } = this.band
    const state = { bandNonce, requestDigest: await sha256(request), counter, epoch, flags: FLAGS_READY, knocks: 0, ...spoiled.proof }
    this.band.slots.passedOn(state)
    const proof = await sign1(bandProof, state, spoiled.proofSigner ?? this.band.signer, { withKid: false })
    const forward = forwardMessage.encode({ offerId: offered.offerId, bandNonce, request, proof })
    return { offered, bandNonce, session, statement, digest: await sha256(statement), requestId, plaintext, forward }
  }

  forward(asked: Asked): void {
    this.band.say('forward', asked.forward, asked.offered.offerId)
  }

  /** CANCEL with the MAC it is due. */
  async cancel({ offered, requestId, session }: Asked): Promise<void> {
    const mac = await session.mac('cancel', cancelMessage.encode({ requestId }))
    this.band.say('cancel', cancelMessage.encode({ requestId, mac }), offered.offerId)
  }

  /** Prepares and forwards. */
  async ask(spoiled: Spoiled = {}): Promise<Asked> {
    const asked = await this.prepare(spoiled)
    this.forward(asked)
    return asked
  }

  /** The very statement again, through another session: its nonce is the first one's, so only FORWARD can tell. */
  async sameAgain(first: Asked): Promise<Asked> {
    return this.ask({ whole: { bytes: first.statement, requestId: first.requestId }, sessionNonce: first.bandNonce })
  }

  /** The phone's answer to this request, opened; undefined when none comes in time. */
  async answer(asked: Asked, withinMs?: number): Promise<Answer | undefined> {
    const message = await this.band.next(['answer'], asked.offered.offerId, withinMs)
    if (!message) return undefined
    const opened = await asked.session.openAnswer(message.body)
    must(opened.ok, 'ANSWER does not open with the secrets of its request')
    const plaintext = answerPlaintext.decode(opened.value)
    must(plaintext.ok, 'what ANSWER seals is not as its table says')
    const { signed, slot, slotProof } = plaintext.value
    const kind = (Object.keys(ANSWER_KINDS) as AnswerKind[]).find((name) => ANSWER_KINDS[name] === plaintext.value.kind)
    assert(kind, 'the table has a name for each kind')
    if (kind !== 'refusal') return { kind, signed, slot, slotProof }
    const refusal = await openSign1(phoneRefusal, signed, asked.offered.phoneKey)
    must(refusal.ok, 'a refusal is not signed by the key of the offer its request was sealed to')
    const isAbout = equalBytes(refusal.value.requestId, asked.requestId)
    must(isAbout, 'a refusal names another request')
    const reason = reasonOfCode(refusal.value.reason)
    must(reason, 'a refusal gives a reason that is not in the list')
    return { kind, signed, reason }
  }

  /** A signed refusal with this reason, and nothing submitted. */
  async expectRefusal(asked: Asked, reason: Reason): Promise<void> {
    const before = this.backend.submitted.length
    const answer = await this.answer(asked)
    must(answer, `no ANSWER comes, where the refusal \`${reason}\` is due`)
    must(answer.kind === 'refusal', `the phone answers with ${answer.kind} where the refusal \`${reason}\` is due`)
    must(answer.reason === reason, `the phone refuses with \`${answer.reason}\` where \`${reason}\` is due`)
    must(this.backend.submitted.length === before, 'the phone submits a request that it refuses')
  }

  async expectAuthorization(asked: Asked): Promise<Uint8Array> {
    const answer = await this.answer(asked)
    must(answer, 'no ANSWER comes to a request the backend has approved')
    must(answer.kind === 'authorization', `the phone answers with ${answer.kind} ${answer.reason ?? ''} where the backend has approved`)
    return answer.signed
  }

  /** An ERROR of this name for the exchange of this request, and no ANSWER before it. */
  async expectError(asked: Asked, name: ErrorCode): Promise<void> {
    const message = await this.band.next(['error', 'answer'], asked.offered.offerId)
    must(message, `the phone says nothing where ERROR \`${name}\` is due`)
    must(message.kind === 'error', `the phone says ANSWER where ERROR \`${name}\` is due`)
    const error = errorMessage.decode(message.body)
    must(error.ok && error.value.code === ERROR_CODES[name], `the phone says another ERROR than \`${name}\``)
  }
}
