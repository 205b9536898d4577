/**
 * The phone's side of being bound to a band: pairing with the owner's knock, proving itself on every connection, arming after its own
 * unlock, and carrying the owner's release. What the phone keeps is on disk before the band is asked to turn its lock.
 */
import { equalBytes, toBase64Url, toHex } from '#shared/contracts/bytes.ts'
import type { Message } from '#shared/contracts/frames.ts'
import {
  arm,
  armAsk,
  armNonce,
  binding,
  bound,
  boundMessage,
  isBindingOf,
  LINK_REFUSALS,
  linkDone,
  linkNonce,
  linkProof,
  linkRefused,
  type PairOffer,
  pairAsk,
  pairBind,
  pairOffer,
  pairOfferMessage,
  releaseMessage,
} from '#shared/contracts/link-messages.ts'
import { type MessageKind, NONCE_BYTES } from '#shared/contracts/radio-messages.ts'
import { KeySet } from '#shared/crypto/key-set.ts'
import { importVerifyKey, randomBytes, sha256 } from '#shared/crypto/keys.ts'
import { beginAgreement, linkMac } from '#shared/crypto/link-keys.ts'
import { openSign1, peekSign1 } from '#shared/crypto/sign1.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { BandTalk } from './band-talk.ts'
import { keptBytes } from './kept-bytes.ts'
import type { BandLink, Bond, BondBackend, BondStore, Clock, PairRefusal, Relay } from './ports.ts'

/** The band answers at once, or it is out of reach. */
export const LINK_WAIT_MS = 5_000
/** The owner knocks within a minute; the band gives up a little earlier than the phone. */
export const BOUND_WAIT_MS = 70_000
/** An unlock of the phone is good for a day at most; the band enforces it. */
export const ARM_MINUTES = 1_440

export type BondParts = {
  readonly clock: Clock
  readonly band: BandLink
  readonly backend: BondBackend
  readonly store: BondStore
  /** What the store kept. */
  readonly kept: Bond | undefined
  /** The phone's own key, as the backend knows it. */
  readonly phonePoint: Uint8Array
  readonly rootPoint: Uint8Array
}
type Offered = { readonly offer: PairOffer; readonly bytes: Uint8Array<ArrayBuffer>; readonly askBody: Uint8Array<ArrayBuffer> }

export class BandBond {
  readonly #parts: BondParts
  #kept: Bond | undefined
  readonly #talk: BandTalk
  #busy = false
  /** The band that made the last offer, hex. */
  #seen: string | undefined

  constructor(parts: BondParts) {
    this.#parts = parts
    this.#talk = new BandTalk(parts)
    this.#kept = parts.kept
  }

  /** The band this phone is bound to; undefined before, after a release, and while a pairing has not been confirmed. */
  get bond(): Bond | undefined {
    return this.#kept?.state === 'begun' ? undefined : this.#kept
  }

  /** One message of the band's. False when it is none of the link's own. */
  receive({ message }: Relay): boolean {
    switch (message.kind) {
      case 'link-nonce':
        void this.#prove(message.body)
        return true
      case 'pair-offer':
      case 'bound':
      case 'arm-nonce':
      case 'armed':
      case 'released':
      case 'link-refused':
        this.#talk.hear(message)
        return true
      default:
        return false
    }
  }

  /**
   * Binds the band in reach to this phone. `show` is given the count the owner is to knock. Refused: by a band that is bound or out of
   * reach, by the backend, or because the knock did not come.
   */
  async pair(show: (knocks: number) => void): Promise<Result<Bond, PairRefusal>> {
    return this.#alone(async () => {
      if (this.bond) return err('bound-already')
      // The band may have turned its lock the last time, and its word been lost.
      const again = this.#kept && (await this.#finish(this.#kept))
      if (again?.ok) return again
      const first = await this.#pairAnew(show)
      // An earlier pairing that never came about may have been let go since: the band has to hear of that before it is bound.
      if (first.ok || first.error !== 'backend-refused' || !this.#seen || !(await this.#carry(this.#seen)).ok) return first
      return this.#pairAnew(show)
    })
  }

  async #pairAnew(show: (knocks: number) => void): Promise<Result<Bond, PairRefusal>> {
    const agreement = await beginAgreement()
    const { phonePoint, backend } = this.#parts
    const offered = await this.#askForOffer(
      pairAsk.encode({ phonePoint, agreementPoint: agreement.point, phoneNonce: randomBytes(NONCE_BYTES) }),
    )
    if (!offered.ok) return offered
    const { offer, bytes, askBody } = offered.value
    this.#seen = toHex(offer.bandId)
    const keys = await agreement.agree(offer.agreementPoint, [askBody, bytes])
    if (!keys.ok) return err('band-refused')
    const bindingReply = await backend.begin(bytes)
    if (!bindingReply.ok) return err(bindingReply.error === 'refused' ? 'backend-refused' : 'no-network')
    const key = await this.#releaseKeyOf(bindingReply.value, offer)
    if (!key) return err('backend-refused')
    const begun: Bond = {
      state: 'begun',
      bandId: toHex(offer.bandId),
      epoch: offer.epoch,
      point: toBase64Url(offer.point),
      linkKey: toBase64Url(keys.value.linkKey),
      binding: toBase64Url(bindingReply.value.binding),
      releaseKey: toBase64Url(key),
    }
    // The band may turn its lock and the phone die in the same moment: then this is how they find each other again.
    if (!(await this.#keep(begun)).ok) return err('storage-failed')
    show(keys.value.knocks)
    return this.#finish(begun)
  }

  /** Goes on where a pairing was cut off: asks the band for its word again, and tells the backend. */
  async resume(): Promise<Result<Bond, PairRefusal>> {
    return this.#alone(async () => {
      const kept = this.#kept
      if (!kept) return err('band-refused')
      return kept.state === 'begun' ? this.#finish(kept) : this.#confirm(kept)
    })
  }

  /** After the phone's own unlock: arms the band on the wrist. */
  async arm(): Promise<Result<void, 'not-worn' | 'out-of-reach' | 'not-bound'>> {
    return this.#alone(async () => {
      const bond = this.bond
      if (!bond) return err('not-bound')
      const asked = armAsk.encode({ lifetimeMinutes: ARM_MINUTES })
      const answer = await this.#say('arm-ask', asked, 'arm-nonce', LINK_WAIT_MS)
      const nonce = answer?.kind === 'arm-nonce' ? armNonce.decode(answer.body) : undefined
      if (!nonce?.ok) return err(refusalIn(answer) === 'not-worn' ? 'not-worn' : 'out-of-reach')
      const mac = await linkMac(keptBytes(bond.linkKey), 'arm', nonce.value.nonce, asked)
      const armed = await this.#say('arm', arm.encode({ lifetimeMinutes: ARM_MINUTES, mac }), 'armed', LINK_WAIT_MS)
      if (armed?.kind === 'armed') return ok()
      return err(refusalIn(armed) === 'not-worn' ? 'not-worn' : 'out-of-reach')
    })
  }

  /** Carries the owner's release to the band in reach, whichever phone it was bound to. The phone forgets the band when it was its own. */
  async carryRelease(bandId: string): Promise<Result<void, 'no-release' | 'out-of-reach' | 'storage-failed'>> {
    return this.#alone(async () => this.#carry(bandId))
  }

  async #carry(bandId: string): Promise<Result<void, 'no-release' | 'out-of-reach' | 'storage-failed'>> {
    const order = await this.#parts.backend.release(bandId)
    const key = order.ok && (await this.#keyThatSigned(order.value.release, order.value.keySet))
    if (!order.ok || !key) return err('no-release')
    const answer = await this.#say('release', releaseMessage.encode({ release: order.value.release, key }), 'released', LINK_WAIT_MS)
    const done = answer?.kind === 'released' ? linkDone.decode(answer.body) : undefined
    if (!done?.ok) return err('out-of-reach')
    if (this.#kept?.bandId === bandId && this.#kept.epoch === done.value.epoch) return this.#keep(undefined)
    return ok()
  }

  async #prove(body: Uint8Array): Promise<void> {
    const asked = linkNonce.decode(body)
    const kept = this.#kept
    if (!asked.ok || !kept) return
    const mac = await linkMac(keptBytes(kept.linkKey), 'link', asked.value.nonce)
    this.#talk.tell('link-proof', linkProof.encode({ mac }))
  }

  async #askForOffer(askBody: Uint8Array<ArrayBuffer>): Promise<Result<Offered, PairRefusal>> {
    const answer = await this.#say('pair-ask', askBody, 'pair-offer', LINK_WAIT_MS)
    if (!answer) return err('out-of-reach')
    const message = answer.kind === 'pair-offer' ? pairOfferMessage.decode(answer.body) : undefined
    const peeked = message?.ok ? peekSign1(pairOffer, message.value.offer) : undefined
    if (!message?.ok || !peeked?.ok) return err('band-refused')
    const offer = peeked.value.value
    const isMine = equalBytes(offer.phonePoint, this.#parts.phonePoint) && equalBytes(offer.askDigest, await sha256(askBody))
    return isMine ? ok({ offer, bytes: Uint8Array.from(message.value.offer), askBody }) : err('band-refused')
  }

  async #finish(begun: Bond): Promise<Result<Bond, PairRefusal>> {
    const bytes = keptBytes(begun.binding)
    const mac = await linkMac(keptBytes(begun.linkKey), 'bind', bytes)
    const body = pairBind.encode({ binding: bytes, key: keptBytes(begun.releaseKey), mac })
    const answer = await this.#say('pair-bind', body, 'bound', BOUND_WAIT_MS)
    if (!answer) return err('out-of-reach')
    const word = answer.kind === 'bound' ? boundMessage.decode(answer.body) : undefined
    if (!word?.ok) return err(refusalIn(answer) === 'knock-missing' ? 'knock-missing' : 'band-refused')
    const key = await importVerifyKey(keptBytes(begun.point))
    const opened = key.ok && (await openSign1(bound, word.value.bound, key.value))
    const isOurs = opened && opened.ok && opened.value.epoch === begun.epoch && equalBytes(opened.value.phonePoint, this.#parts.phonePoint)
    if (!isOurs) return err('band-refused')
    const kept: Bond = { ...begun, state: 'bound', bound: toBase64Url(word.value.bound) }
    if (!(await this.#keep(kept)).ok) return err('storage-failed')
    return this.#confirm(kept)
  }

  /** Until the backend has heard it, no payment is good; the phone says it again at its next start. */
  async #confirm(kept: Bond): Promise<Result<Bond, PairRefusal>> {
    if (kept.state === 'confirmed') return ok(kept)
    const told = await this.#parts.backend.confirm(kept.bandId, keptBytes(kept.bound ?? ''))
    if (!told.ok) return err(told.error === 'refused' ? 'backend-refused' : 'no-network')
    const confirmed: Bond = { ...kept, state: 'confirmed' }
    return (await this.#keep(confirmed)).ok ? ok(confirmed) : err('storage-failed')
  }

  /** The statement of the key that signed this binding, when the binding says exactly what the band has offered. */
  async #releaseKeyOf(
    reply: { readonly binding: Uint8Array; readonly keySet: readonly Uint8Array[] },
    offer: PairOffer,
  ): Promise<Uint8Array | undefined> {
    const said = peekSign1(binding, reply.binding)
    const isSame = said.ok && isBindingOf(said.value.value, offer)
    return isSame ? this.#keyThatSigned(reply.binding, reply.keySet) : undefined
  }

  /** A band has no room for a whole key set: it is given the one key it needs, with the root's word for it. */
  async #keyThatSigned(statement: Uint8Array, keySet: readonly Uint8Array[]): Promise<Uint8Array | undefined> {
    const nowS = Math.floor(this.#parts.clock.nowMs() / 1_000)
    for (const key of keySet) {
      const opened = await KeySet.open(this.#parts.rootPoint, [key])
      if (opened.ok && opened.value.names('release', statement, nowS)) return key
    }
    return undefined
  }

  async #keep(bond: Bond | undefined): Promise<Result<void, 'storage-failed'>> {
    const saved = await this.#parts.store.saveBond(bond)
    if (saved.ok) this.#kept = bond
    return saved
  }

  /** The band's word on it, or its refusal. */
  async #say(kind: MessageKind, body: Uint8Array<ArrayBuffer>, answer: MessageKind, withinMs: number): Promise<Message | undefined> {
    return this.#talk.say(kind, body, [answer, 'link-refused'], withinMs)
  }

  /** One conversation at a time: answers carry no name. */
  async #alone<T, E>(talk: () => Promise<Result<T, E>>): Promise<Result<T, E | 'out-of-reach'>> {
    if (this.#busy) return err('out-of-reach')
    this.#busy = true
    try {
      return await talk()
    } finally {
      this.#busy = false
    }
  }
}

function refusalIn(answer: Message | undefined): keyof typeof LINK_REFUSALS | undefined {
  const refused = answer?.kind === 'link-refused' ? linkRefused.decode(answer.body) : undefined
  if (!refused?.ok) return undefined
  const { code } = refused.value
  return code === LINK_REFUSALS['not-worn'] ? 'not-worn' : code === LINK_REFUSALS['knock-missing'] ? 'knock-missing' : 'not-available'
}
