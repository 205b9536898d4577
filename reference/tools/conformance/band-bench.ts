/** What the rules for a band stand on: a fresh band for each, and the steps that bring it to where the rule begins. */
import { type BandAdvert, decodeAdvert } from '#shared/contracts/band-advert.ts'
import { fromBase64Url, fromHex, toBase64Url, toHex } from '#shared/contracts/bytes.ts'
import { type BandCommand, type BandReply, bandReply } from '#shared/contracts/conformance-line.ts'
import { CLAIM_BITS, identifyStatement } from '#shared/contracts/identity-messages.ts'
import { type BandProof, bandProof, type OfferMessage, payStatement, requestPlaintext } from '#shared/contracts/radio-messages.ts'
import { importVerifyKey, newSigner, randomBytes, type Signer } from '#shared/crypto/keys.ts'
import { type SealedSession, sealRequest } from '#shared/crypto/sealing.ts'
import { openSign1, sign1 } from '#shared/crypto/sign1.ts'
import { AirLine } from './air-line.ts'
import { Authority } from './authority.ts'
import { Bench, type Target } from './bench.ts'
import type { LineEnd } from './line.ts'
import { ARM_MINUTES, type Bonded, type LeftOffer, offerIdOf, PhoneSide } from './phone-side.ts'
import { must, Unreachable, Untestable } from './rule.ts'
import { MTU_USUAL, TerminalSide } from './terminal-side.ts'

/** A terminal that has just gone may still be on the band's line. */
const TERMINAL_TRIES = 20
const TERMINAL_WAIT_MS = 50
const LIFETIME_S = 90

export type Request = {
  readonly message: Uint8Array
  readonly session: SealedSession
  readonly requestId: Uint8Array
}

export class BandBench extends Bench<BandCommand, BandReply> {
  bandId!: Uint8Array
  factoryPoint!: Uint8Array
  readonly #offers = new Map<string, LeftOffer>()

  /** A band as it leaves the factory. */
  static async fresh(target: Target): Promise<BandBench> {
    const authority = await Authority.found(target.clock.nowS())
    return new BandBench(target, (value) => bandReply.safeParse(value), { authority, terminal: await newSigner() }).begun()
  }

  protected override async begin(): Promise<void> {
    const reply = await this.tell({ do: 'new', rootPoint: toBase64Url(this.authority.root.point) })
    const [bandId, factoryPoint] = [fromHex(reply.bandId ?? ''), fromBase64Url(reply.factoryPoint ?? '')]
    if (!reply.ok || !bandId || !factoryPoint) throw new Unreachable('the target makes no new band: it cannot be tried out')
    this.bandId = bandId
    this.factoryPoint = factoryPoint
    await this.toQuietTime()
  }

  /** A phone in reach. It may be the owner's or a stranger's. */
  async phone(signer?: Signer): Promise<PhoneSide> {
    return PhoneSide.on(await this.line('phone', 'the target takes no connection of a phone'), this.patience, signer)
  }

  /** A phone at the address for phones, which has found the service and not subscribed yet. */
  async air(mtu = MTU_USUAL): Promise<AirLine> {
    const line = await this.tryLine('phone-air')
    if (!line.ok) throw new Untestable('the target takes no phone over the air')
    return AirLine.discover(line.value, this.patience, mtu)
  }

  /** A phone on the air, which has notifications on: from here on the band knows of it. */
  async phoneOnAir(air: AirLine, signer?: Signer): Promise<PhoneSide> {
    await air.att.subscribe(air.handles)
    return PhoneSide.on(air, this.patience, signer)
  }

  /** A terminal that has subscribed. */
  async session(mtu?: number): Promise<TerminalSide> {
    const terminal = new TerminalSide(await this.#terminalLine(), this.patience)
    await terminal.prepare(mtu)
    return terminal
  }

  async #terminalLine(): Promise<LineEnd> {
    for (let tried = 1; ; tried += 1) {
      const line = await this.tryLine('terminal')
      if (line.ok) return line.value
      if (line.error === 'unreachable') throw new Unreachable('the target takes no connection of a terminal')
      must(tried < TERMINAL_TRIES, 'the band takes no terminal')
      await new Promise((resolve) => setTimeout(resolve, TERMINAL_WAIT_MS))
    }
  }

  /** Pairs the band with this phone, the owner knocking as shown. */
  async pair(phone: PhoneSide): Promise<Bonded> {
    const { offer, keys } = await phone.askForOffer(this.factoryPoint)
    const { bandId, epoch, point } = offer
    const binding = await this.authority.binding({ bandId, epoch, point, phonePoint: phone.signer.point, at: this.nowS() })
    await phone.bind(binding, this.authority.statement('release'), keys.linkKey)
    await this.do({ do: 'knock', count: keys.knocks })
    const bonded = { offer, keys, binding, phone: phone.signer }
    await phone.expectBound(bonded)
    return bonded
  }

  /** Bound to a phone in reach. */
  async bound(): Promise<{ readonly phone: PhoneSide; readonly bonded: Bonded }> {
    const phone = await this.phone()
    const bonded = await this.pair(phone)
    must((await phone.wanted()) !== undefined, 'a band whose phone comes into reach asks for no offers')
    return { phone, bonded }
  }

  /** The owner's phone comes back into reach and proves itself. */
  async again(bonded: Bonded): Promise<PhoneSide> {
    const phone = await this.phone(bonded.phone)
    await this.knows(phone, bonded)
    return phone
  }

  /** The owner's phone, on a new connection, proves itself. */
  async knows(phone: PhoneSide, bonded: Bonded): Promise<void> {
    await phone.prove(await phone.linkNonce(), bonded.keys.linkKey)
    must((await phone.wanted()) !== undefined, 'the band does not know its own phone by its LINK-PROOF')
  }

  async arm(phone: PhoneSide, bonded: Bonded): Promise<void> {
    await phone.arm(await phone.armNonce(), bonded.keys.linkKey, { said: ARM_MINUTES, signed: ARM_MINUTES })
    await phone.expectArmed()
  }

  /** Bound, on the wrist and armed, with so many offers. */
  async ready(offers = 8): Promise<{ readonly phone: PhoneSide; readonly bonded: Bonded }> {
    const { phone, bonded } = await this.bound()
    await this.putOn(phone, bonded, offers)
    return { phone, bonded }
  }

  /** On the wrist, armed by its phone, and with so many offers of it. */
  async putOn(phone: PhoneSide, bonded: Bonded, offers: number): Promise<void> {
    await this.do({ do: 'wear', worn: true })
    await this.arm(phone, bonded)
    await this.refill(phone, offers)
  }

  /** This phone brings the owner's order to let go, and the band obeys. */
  async release(phone: PhoneSide, epoch: number): Promise<void> {
    phone.sayRelease(await this.authority.release(this.bandId, epoch, this.nowS()), this.authority.statement('release'))
    await phone.expectReleased()
  }

  /** What a band that is bound advertises now, and from which address. */
  async advertised(): Promise<BandAdvert & { readonly address: string }> {
    const { address = '', advert = '' } = await this.do({ do: 'look' })
    const decoded = decodeAdvert(fromHex(advert) ?? new Uint8Array(0))
    must(decoded, 'the advertisement is not 12 bytes of this company and version with known flags')
    return { ...decoded, address }
  }

  async refill(phone: PhoneSide, count: number): Promise<readonly LeftOffer[]> {
    const left = await phone.refill(this.authority, count, this.nowMs())
    for (const offer of left) this.#offers.set(toHex(offer.offerId), offer)
    return left
  }

  /** A pay statement for this OFFER, sealed; as a PROBE, one that asks who is there. */
  async request(offer: OfferMessage, as: 'request' | 'probe' = 'request'): Promise<Request> {
    const left = this.#offers.get(offerIdOf(offer.offer))
    must(left, 'the OFFER on show is none that its phone has left')
    const requestId = randomBytes(16)
    const said = { requestId, bandNonce: offer.bandNonce, time: this.nowS(), lifetime: LIFETIME_S, headSeq: 1, head: randomBytes(16) }
    const sale = { amount: 12_800, currency: 'CNY', linesDigest: randomBytes(16), holds: [], knocks: 0, listAgeMinutes: 0 }
    const signed =
      as === 'probe'
        ? await sign1(identifyStatement, { ...said, claims: CLAIM_BITS.name }, this.terminal, { withKid: false })
        : await sign1(payStatement, { ...said, ...sale }, this.terminal, { withKid: false })
    const certificate = await this.authority.terminalCertificate(this.terminal, this.nowS())
    const plaintext = requestPlaintext.encode({ statement: signed, certificate })
    const sealed = await sealRequest({ offer: left.offer, bandNonce: offer.bandNonce, sealingPoint: left.point, plaintext })
    must(sealed.ok, 'the offer has no point of the curve')
    const { message, session } = sealed.value
    return { message, session, requestId }
  }

  /** Asks with the OFFER on show, and takes the proof the phone gets, checked for its signature. */
  async prove(
    terminal: TerminalSide,
    phone: PhoneSide,
    bonded: Bonded,
    as: 'request' | 'probe' = 'request',
  ): Promise<{ readonly proof: BandProof; readonly offer: OfferMessage; readonly request: Request; readonly exchange: Uint8Array }> {
    const offer = await terminal.offer()
    const request = await this.request(offer, as)
    terminal.say(as, request.message)
    const forward = await phone.forwarded()
    must(forward, `the ${as} is not forwarded`)
    const key = await importVerifyKey(bonded.offer.point)
    must(key.ok, 'the key of this epoch is no point of the curve')
    const proof = await openSign1(bandProof, forward.proof, key.value)
    must(proof.ok, 'the proof is not signed by the key of this epoch')
    return { proof: proof.value, offer, request, exchange: forward.offerId }
  }
}
