/** A phone in the harness's hands, on the link to the band under test: it pairs, proves itself, arms, leaves offers and takes what is forwarded. */
import { ID_SLOT_MS } from '#shared/contracts/band-advert.ts'
import { equalBytes, toHex } from '#shared/contracts/bytes.ts'
import {
  arm,
  armAsk,
  armNonce,
  bound,
  boundMessage,
  LINK_REFUSALS,
  linkNonce,
  linkProof,
  linkRefused,
  NO_EXCHANGE,
  offersWanted,
  type PairOffer,
  pairAsk,
  pairBind,
  pairOffer,
  pairOfferMessage,
  releaseMessage,
} from '#shared/contracts/link-messages.ts'
import { type ForwardMessage, forwardMessage, type MessageKind, phoneOffer, refillMessage } from '#shared/contracts/radio-messages.ts'
import { importVerifyKey, newSigner, randomBytes, type Signer, sha256 } from '#shared/crypto/keys.ts'
import { type Agreement, beginAgreement, type LinkKeys, linkMac } from '#shared/crypto/link-keys.ts'
import { generateSealingKey } from '#shared/crypto/sealing.ts'
import { openSign1, peekSign1, sign1 } from '#shared/crypto/sign1.ts'
import type { Authority } from './authority.ts'
import type { LineEnd, Patience } from './line.ts'
import { must } from './rule.ts'

const OFFER_LIVES_S = 1_000
export const ARM_MINUTES = 1_440

/** What a band and this phone agreed on. */
export type Bonded = {
  readonly offer: PairOffer
  readonly keys: LinkKeys
  readonly binding: Uint8Array
  readonly phone: Signer
}
export type LeftOffer = {
  readonly offerId: Uint8Array
  readonly offer: Uint8Array
  readonly point: Uint8Array
}
/** Messages whole as they are, or cut for the air. */
export type PhoneLine = Pick<LineEnd, 'send' | 'take' | 'close'>
type Asked = { readonly agreement: Agreement; readonly ask: Uint8Array<ArrayBuffer> }

export class PhoneSide {
  readonly signer: Signer
  readonly #line: PhoneLine
  readonly #patience: Patience

  private constructor(line: PhoneLine, patience: Patience, signer: Signer) {
    this.#line = line
    this.#patience = patience
    this.signer = signer
  }

  static async on(line: PhoneLine, patience: Patience, signer?: Signer): Promise<PhoneSide> {
    return new PhoneSide(line, patience, signer ?? (await newSigner()))
  }

  async close(): Promise<void> {
    await this.#line.close()
  }

  say(kind: MessageKind, body: Uint8Array, exchange: Uint8Array = NO_EXCHANGE): void {
    this.#line.send({ type: 'relay', exchange, message: { kind, body: Uint8Array.from(body) } })
  }

  /** The next message of one of these kinds. */
  async next(
    kinds: readonly MessageKind[],
    withinMs = this.#patience.answerMs,
  ): Promise<{ readonly kind: MessageKind; readonly body: Uint8Array; readonly exchange: Uint8Array } | undefined> {
    return this.#line.take(
      (frame) =>
        frame.type === 'relay' && kinds.includes(frame.message.kind) ? { ...frame.message, exchange: frame.exchange } : undefined,
      withinMs,
    )
  }

  async expectRefused(name: keyof typeof LINK_REFUSALS, done: MessageKind): Promise<void> {
    const answer = await this.next(['link-refused', done])
    must(answer, `the band does not say \`${name}\``)
    must(answer.kind === 'link-refused', `the band says ${done.toUpperCase()} where \`${name}\` is due`)
    const said = linkRefused.decode(answer.body)
    must(said.ok && said.value.code === LINK_REFUSALS[name], `the band refuses, but not with \`${name}\``)
  }

  /** The slot the band wants offers for; undefined when it wants none in time. */
  async wanted(): Promise<number | undefined> {
    const said = await this.next(['offers-wanted'])
    const wanted = said && offersWanted.decode(said.body)
    must(wanted?.ok ?? true, 'OFFERS-WANTED is not as its table says')
    return wanted?.ok ? wanted.value.slot : undefined
  }

  async asked(): Promise<Asked> {
    const agreement = await beginAgreement()
    const { point: phonePoint } = this.signer
    return { agreement, ask: pairAsk.encode({ phonePoint, agreementPoint: agreement.point, phoneNonce: randomBytes(16) }) }
  }

  /** PAIR-ASK, and what comes of it: the offer, checked against the factory's key. */
  async askForOffer(factoryPoint: Uint8Array): Promise<{ readonly offer: PairOffer; readonly keys: LinkKeys }> {
    const { agreement, ask } = await this.asked()
    this.say('pair-ask', ask)
    const answer = await this.next(['pair-offer', 'link-refused'])
    must(answer?.kind === 'pair-offer', 'a band that is bound to nobody does not answer PAIR-ASK with PAIR-OFFER')
    const message = pairOfferMessage.decode(answer.body)
    must(message.ok, 'PAIR-OFFER is not as its table says')
    const key = await importVerifyKey(factoryPoint)
    must(key.ok, 'the factory point is no point of the curve')
    const opened = await openSign1(pairOffer, message.value.offer, key.value)
    must(opened.ok, 'the offer of the pairing is not signed by the factory key')
    const offer = opened.value
    must(equalBytes(offer.askDigest, await sha256(ask)), 'the offer of the pairing names the digest of another PAIR-ASK')
    must(equalBytes(offer.phonePoint, this.signer.point), 'the offer of the pairing names another phone')
    const keys = await agreement.agree(offer.agreementPoint, [ask, message.value.offer])
    must(keys.ok, 'the agreement point of the band is no point of the curve')
    return { offer, keys: keys.value }
  }

  async bind(binding: Uint8Array, key: Uint8Array, linkKey: Uint8Array): Promise<void> {
    this.say('pair-bind', pairBind.encode({ binding, key, mac: await linkMac(linkKey, 'bind', binding) }))
  }

  /** BOUND, checked: signed by the key the band made for this epoch, for this phone and this binding. */
  async expectBound({ offer, binding, phone }: Bonded): Promise<void> {
    const answer = await this.next(['bound', 'link-refused'])
    must(answer?.kind === 'bound', 'after the right binding and the right knock the band does not say BOUND')
    const message = boundMessage.decode(answer.body)
    const key = await importVerifyKey(offer.point)
    must(message.ok && key.ok, 'BOUND is not as its table says')
    const word = await openSign1(bound, message.value.bound, key.value)
    must(word.ok, 'BOUND is not signed by the key of this epoch')
    const { bandId, epoch, phonePoint, bindingDigest } = word.value
    const isRight = equalBytes(bandId, offer.bandId) && epoch === offer.epoch && equalBytes(phonePoint, phone.point)
    must(isRight && equalBytes(bindingDigest, await sha256(binding)), 'BOUND says something else than what was bound')
  }

  /** The nonce a bound band greets a connection with. */
  async linkNonce(): Promise<Uint8Array> {
    const greeting = await this.next(['link-nonce'])
    const said = greeting && linkNonce.decode(greeting.body)
    must(said?.ok, 'a bound band does not greet a phone with LINK-NONCE')
    return said.value.nonce
  }

  async prove(nonce: Uint8Array, linkKey: Uint8Array): Promise<void> {
    this.say('link-proof', linkProof.encode({ mac: await linkMac(linkKey, 'link', nonce) }))
  }

  async armNonce(lifetimeMinutes = ARM_MINUTES): Promise<Uint8Array> {
    this.say('arm-ask', armAsk.encode({ lifetimeMinutes }))
    const answer = await this.next(['arm-nonce', 'link-refused'])
    const said = answer?.kind === 'arm-nonce' ? armNonce.decode(answer.body) : undefined
    must(said?.ok, "a band on the wrist does not answer its phone's ARM-ASK with ARM-NONCE")
    return said.value.nonce
  }

  async arm(nonce: Uint8Array, linkKey: Uint8Array, minutes: { readonly said: number; readonly signed: number }): Promise<void> {
    const mac = await linkMac(linkKey, 'arm', nonce, armAsk.encode({ lifetimeMinutes: minutes.signed }))
    this.say('arm', arm.encode({ lifetimeMinutes: minutes.said, mac }))
  }

  async expectArmed(): Promise<void> {
    const answer = await this.next(['armed', 'link-refused'])
    must(answer?.kind === 'armed', 'a band on the wrist is not armed by the phone it is bound to')
  }

  sayRelease(release: Uint8Array, key: Uint8Array): void {
    this.say('release', releaseMessage.encode({ release, key }))
  }

  async expectReleased(): Promise<void> {
    const answer = await this.next(['released', 'link-refused'])
    must(answer?.kind === 'released', 'a right order is not obeyed')
  }

  /** Leaves `count` offers for this slot on the band. */
  async refill(authority: Authority, count: number, nowMs: number): Promise<readonly LeftOffer[]> {
    const slotKey = await newSigner()
    const certificate = await authority.phoneCertificate(slotKey.point, Math.floor(nowMs / ID_SLOT_MS))
    const left: LeftOffer[] = []
    for (let made = 0; made < count; made += 1) {
      const offerId = randomBytes(8)
      const { point } = await generateSealingKey()
      const expires = Math.floor(nowMs / 1_000) + OFFER_LIVES_S
      const offer = await sign1(phoneOffer, { offerId, sealingPoint: point, expires }, slotKey, { withKid: false })
      this.say('refill', refillMessage.encode({ offerId, offer, certificate }))
      left.push({ offerId, offer, point })
    }
    return left
  }

  /** What the band forwards next; undefined when it forwards nothing in time. */
  async forwarded(): Promise<ForwardMessage | undefined> {
    const message = await this.next(['forward'])
    if (!message) return undefined
    const forward = forwardMessage.decode(message.body)
    must(forward.ok, 'FORWARD is not as its table says')
    must(equalBytes(forward.value.offerId, message.exchange), 'FORWARD names one exchange and travels under another')
    return forward.value
  }
}

/** The id of an offer as it stands on the wire. */
export function offerIdOf(offer: Uint8Array): string {
  const peeked = peekSign1(phoneOffer, offer)
  return peeked.ok ? toHex(peeked.value.value.offerId) : ''
}
