/** A band in the harness's hands, on the link to the phone under test: it lets itself be paired, takes offers, and forwards what a rule has it forward. */
import { equalBytes } from '#shared/contracts/bytes.ts'
import {
  arm,
  armAsk,
  armNonce,
  bound,
  boundMessage,
  linkDone,
  linkNonce,
  linkProof,
  NO_EXCHANGE,
  offersWanted,
  pairAsk,
  pairBind,
  pairOffer,
  pairOfferMessage,
} from '#shared/contracts/link-messages.ts'
import { type MessageKind, type RefillMessage, refillMessage } from '#shared/contracts/radio-messages.ts'
import { newSigner, randomBytes, type Signer, sha256 } from '#shared/crypto/keys.ts'
import { beginAgreement, isLinkMac, type LinkKeys } from '#shared/crypto/link-keys.ts'
import { sign1 } from '#shared/crypto/sign1.ts'
import { BandSlots } from './band-slots.ts'
import type { LineEnd, Patience } from './line.ts'
import { must } from './rule.ts'

const EPOCH = 1

export type PairChanges = { readonly phonePoint?: Uint8Array; readonly askDigest?: Uint8Array }

export class BandSide {
  readonly bandId = randomBytes(16)
  readonly factory: Signer
  /** The key of its only epoch. */
  readonly signer: Signer
  readonly epoch = EPOCH
  counter = 0
  keys: LinkKeys | undefined
  readonly slots: BandSlots
  #line: LineEnd
  readonly #patience: Patience

  private constructor(line: LineEnd, patience: Patience, factory: Signer, signer: Signer) {
    this.#line = line
    this.#patience = patience
    this.factory = factory
    this.signer = signer
    this.slots = new BandSlots({ bandId: this.bandId, epoch: EPOCH, signer })
    void this.slots.serve(line)
  }

  static async on(line: LineEnd, patience: Patience): Promise<BandSide> {
    return new BandSide(line, patience, await newSigner(), await newSigner())
  }

  /** The band comes into reach again, on another connection. */
  async moveTo(line: LineEnd): Promise<void> {
    await this.#line.close()
    this.#line = line
    void this.slots.serve(line)
  }

  say(kind: MessageKind, body: Uint8Array, exchange: Uint8Array = NO_EXCHANGE): void {
    this.#line.send({ type: 'relay', exchange, message: { kind, body: Uint8Array.from(body) } })
  }

  wants(slot: number): void {
    this.say('offers-wanted', offersWanted.encode({ slot }))
  }

  async next(
    kinds: readonly MessageKind[],
    exchange?: Uint8Array,
    withinMs = this.#patience.answerMs,
  ): Promise<{ readonly kind: MessageKind; readonly body: Uint8Array } | undefined> {
    return this.#line.take(
      (frame) =>
        frame.type === 'relay' && kinds.includes(frame.message.kind) && (!exchange || equalBytes(frame.exchange, exchange))
          ? frame.message
          : undefined,
      withinMs,
    )
  }

  /** Takes PAIR-ASK and answers with PAIR-OFFER. */
  async offer(changes: PairChanges = {}): Promise<{ readonly phonePoint: Uint8Array }> {
    const asked = await this.next(['pair-ask'])
    must(asked, 'a phone that is to pair says no PAIR-ASK')
    const ask = pairAsk.decode(asked.body)
    must(ask.ok, 'PAIR-ASK is not as its table says')
    const agreement = await beginAgreement()
    const said = {
      ...{ bandId: this.bandId, epoch: EPOCH, point: this.signer.point, agreementPoint: agreement.point, bandNonce: randomBytes(16) },
      ...{ askDigest: await sha256(asked.body), phonePoint: ask.value.phonePoint, ...changes },
    }
    const offer = await sign1(pairOffer, said, this.factory, { withKid: false })
    const keys = await agreement.agree(ask.value.agreementPoint, [asked.body, offer])
    must(keys.ok, "the phone's agreement point is no point of the curve")
    this.keys = keys.value
    this.say('pair-offer', pairOfferMessage.encode({ offer }))
    return { phonePoint: ask.value.phonePoint }
  }

  /** Takes PAIR-BIND, checks it, and says BOUND. */
  async bind(phonePoint: Uint8Array): Promise<void> {
    const asked = await this.next(['pair-bind'])
    must(asked, 'after a good binding the phone says no PAIR-BIND')
    const bind = pairBind.decode(asked.body)
    must(bind.ok, 'PAIR-BIND is not as its table says')
    const isGenuine = await isLinkMac(bind.value.mac, this.linkKey, 'bind', bind.value.binding)
    must(isGenuine, 'the MAC of PAIR-BIND is not made with the link key of this pairing')
    const word = { bandId: this.bandId, epoch: EPOCH, phonePoint, bindingDigest: await sha256(bind.value.binding) }
    this.say('bound', boundMessage.encode({ bound: await sign1(bound, word, this.signer, { withKid: false }) }))
  }

  get linkKey(): Uint8Array {
    must(this.keys, 'nothing was agreed on')
    return this.keys.linkKey
  }

  /** Asks the phone who it is; true when it answers as the one this band is bound to. */
  async recognises(): Promise<boolean> {
    const nonce = randomBytes(16)
    this.say('link-nonce', linkNonce.encode({ nonce }))
    const said = await this.next(['link-proof'])
    const proof = said && linkProof.decode(said.body)
    return proof?.ok === true && isLinkMac(proof.value.mac, this.linkKey, 'link', nonce)
  }

  /** Takes ARM-ASK and ARM; true when the MAC is right. */
  async isArmed(): Promise<boolean> {
    const asked = await this.next(['arm-ask'])
    const ask = asked && armAsk.decode(asked.body)
    must(asked && ask?.ok, 'a phone that was unlocked says no ARM-ASK')
    const nonce = randomBytes(16)
    this.say('arm-nonce', armNonce.encode({ nonce }))
    const said = await this.next(['arm'])
    const message = said && arm.decode(said.body)
    must(message?.ok, 'after ARM-NONCE the phone says no ARM')
    const isGenuine = await isLinkMac(message.value.mac, this.linkKey, 'arm', nonce, asked.body)
    if (isGenuine) this.say('armed', linkDone.encode({ epoch: EPOCH }))
    return isGenuine && message.value.lifetimeMinutes === ask.value.lifetimeMinutes
  }

  /** The next offer the phone leaves. */
  async refill(): Promise<RefillMessage> {
    const said = await this.next(['refill'])
    must(said, 'the phone leaves no offer where one is wanted')
    const refill = refillMessage.decode(said.body)
    must(refill.ok, 'REFILL is not as its table says')
    return refill.value
  }
}
