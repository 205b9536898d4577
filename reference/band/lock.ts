/**
 * The lock: factory, bound to one phone, released. It turns only on the backend's signed word: a binding for exactly what this band has
 * offered, with the owner's knock; a release for this band and this epoch. Each turn is on disk before anyone hears of it.
 */
import { equalBytes } from '#shared/contracts/bytes.ts'
import {
  binding,
  bound,
  boundMessage,
  isBindingOf,
  type LinkRefusal,
  pairAsk,
  pairBind,
  pairOffer,
  pairOfferMessage,
  release,
  releaseMessage,
} from '#shared/contracts/link-messages.ts'
import { NONCE_BYTES } from '#shared/contracts/radio-messages.ts'
import type { SignedStructure } from '#shared/contracts/structure.ts'
import { KeySet } from '#shared/crypto/key-set.ts'
import { generatePrivateJwk, type PrivateJwk, randomBytes, type Signer, sha256, signerOf } from '#shared/crypto/keys.ts'
import { beginAgreement, isLinkMac, type LinkKeys } from '#shared/crypto/link-keys.ts'
import { sign1 } from '#shared/crypto/sign1.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { BandStore, Clock, LockRecord } from './ports.ts'

/** The owner has this long to knock, after the phone has shown how often. */
export const KNOCK_WAIT_MS = 60_000

type Factory = { readonly bandId: Uint8Array; readonly signer: Signer; readonly rootPoint: Uint8Array }
type Bound = Extract<LockRecord, { state: 'bound' }>
/** What was offered to one caller, and waits for the backend's word. Keys made for it die with it. */
type Offered = {
  readonly caller: object
  readonly epoch: number
  readonly key: PrivateJwk
  readonly signer: Signer
  readonly keys: LinkKeys
  readonly phonePoint: Uint8Array
  /** The last run of knocks since the offer: a quick owner knocks before the binding has come through. */
  knocked: number | undefined
  /** Called with each run once the binding is there. */
  decide: (count: number) => void
  stopWaiting: () => void
}
type Turned = { readonly message: Uint8Array<ArrayBuffer>; readonly isNew: boolean }

export type LockParts = {
  readonly clock: Clock
  readonly factory: Factory
  readonly store: Pick<BandStore, 'saveLock'>
  readonly record: LockRecord
  /** Hears of every run of knocks until the returned function is called. */
  readonly onKnock: (listener: (count: number) => void) => () => void
}

export class Lock {
  readonly #parts: LockParts
  #record: LockRecord
  #offered: Offered | undefined

  constructor(parts: LockParts) {
    this.#parts = parts
    this.#record = parts.record
  }

  get record(): LockRecord {
    return this.#record
  }

  /** This caller has gone: what was offered to it is void. */
  gone(caller: object): void {
    if (this.#offered?.caller === caller) this.forget()
  }

  forget(): void {
    this.#offered?.stopWaiting()
    this.#offered = undefined
  }

  /** What an open band offers to the phone that asks: a new key, signed for by its factory key. A bound band has nothing to offer. */
  async offer(caller: object, body: Uint8Array): Promise<Result<Uint8Array<ArrayBuffer>, 'not-available'>> {
    const ask = pairAsk.decode(body)
    const { factory, onKnock } = this.#parts
    if (!ask.ok || this.#record.state === 'bound') return err('not-available')
    this.forget()
    const epoch = this.#nextEpoch()
    const key = await generatePrivateJwk()
    const [signer, agreement] = await Promise.all([signerOf(key), beginAgreement()])
    const said = {
      bandId: factory.bandId,
      epoch,
      point: signer.point,
      agreementPoint: agreement.point,
      bandNonce: randomBytes(NONCE_BYTES),
      askDigest: await sha256(body),
      phonePoint: ask.value.phonePoint,
    }
    const offer = await sign1(pairOffer, said, factory.signer, { withKid: false })
    const keys = await agreement.agree(ask.value.agreementPoint, [body, offer])
    if (!keys.ok) return err('not-available')
    const { phonePoint } = ask.value
    const offered: Offered = {
      ...{ caller, epoch, key, signer, phonePoint },
      keys: keys.value,
      knocked: undefined,
      decide: () => {},
      stopWaiting: onKnock((count) => {
        offered.knocked = count
        offered.decide(count)
      }),
    }
    this.#offered = offered
    return ok(pairOfferMessage.encode({ offer }))
  }

  /**
   * Takes the backend's binding. When it is good, the band waits for the knock, and `turned` is called once: with the band's word that it
   * is bound, or with why it is not. The same binding again, after an answer that was lost, is answered with the same word.
   */
  async accept(
    caller: object,
    body: Uint8Array,
    turned: (result: Result<Turned, LinkRefusal>) => void,
  ): Promise<Result<void, LinkRefusal>> {
    const message = pairBind.decode(body)
    if (!message.ok) return err('not-available')
    const { mac } = message.value
    if (this.#record.state === 'bound') {
      const isSame = equalBytes(this.#record.bindingDigest, await sha256(message.value.binding))
      if (!isSame || !(await isLinkMac(mac, this.#record.linkKey, 'bind', message.value.binding))) return err('not-available')
      turned(ok({ message: await this.#word(this.#record), isNew: false }))
      return ok()
    }
    const offered = this.#offered
    if (offered?.caller !== caller || !(await isLinkMac(mac, offered.keys.linkKey, 'bind', message.value.binding)))
      return err('not-available')
    const said = await this.#open(binding, message.value.binding, message.value.key)
    const { epoch, signer, phonePoint } = offered
    const isOurs = said && isBindingOf(said, { bandId: this.#parts.factory.bandId, epoch, point: signer.point, phonePoint })
    if (!isOurs) return err('not-available')
    this.#waitForKnock(offered, await sha256(message.value.binding), turned)
    return ok()
  }

  /**
   * Lets go on the owner's order. Only for this band, only out of the epoch it is in: an older order turns nothing. An open band takes one
   * for its next epoch, too: an owner lets go what a pairing had begun, and had the band no word of it, its next offer would be refused.
   */
  async release(body: Uint8Array): Promise<Result<{ readonly epoch: number; readonly isNew: boolean }, 'not-available'>> {
    const message = releaseMessage.decode(body)
    const order = message.ok && (await this.#open(release, message.value.release, message.value.key))
    if (!order || !equalBytes(order.bandId, this.#parts.factory.bandId)) return err('not-available')
    const { epoch } = order
    if (this.#record.state === 'released' && this.#record.epoch === epoch) return ok({ epoch, isNew: false })
    if (epoch !== (this.#record.state === 'bound' ? this.#record.epoch : this.#nextEpoch())) return err('not-available')
    const released: LockRecord = { state: 'released', epoch }
    if (!(await this.#parts.store.saveLock(released)).ok) return err('not-available')
    this.#record = released
    // An offer of that epoch is as void as a binding.
    this.forget()
    return ok({ epoch, isNew: true })
  }

  #nextEpoch(): number {
    return this.#record.state === 'factory' ? 1 : this.#record.epoch + 1
  }

  /** One run of knocks decides, or the time runs out: then the phone asks anew, with another count. */
  #waitForKnock(offered: Offered, bindingDigest: Uint8Array, turned: (result: Result<Turned, LinkRefusal>) => void): void {
    const stopListening = offered.stopWaiting
    const end = (result: Promise<Result<Turned, LinkRefusal>>) => {
      offered.stopWaiting()
      if (this.#offered === offered) this.#offered = undefined
      void result.then(turned)
    }
    const stopTimer = this.#parts.clock.after(KNOCK_WAIT_MS, () => end(Promise.resolve(err('knock-missing'))))
    offered.stopWaiting = () => {
      stopTimer()
      stopListening()
      offered.decide = () => {}
    }
    offered.decide = (count) =>
      end(count === offered.keys.knocks ? this.#turn(offered, bindingDigest) : Promise.resolve(err('knock-missing')))
    if (offered.knocked !== undefined) offered.decide(offered.knocked)
  }

  async #turn(offered: Offered, bindingDigest: Uint8Array): Promise<Result<Turned, LinkRefusal>> {
    const { epoch, key, keys, phonePoint } = offered
    const record: Bound = { state: 'bound', epoch, key, idKey: keys.idKey, linkKey: keys.linkKey, phonePoint, bindingDigest }
    if (!(await this.#parts.store.saveLock(record)).ok) return err('not-available')
    this.#record = record
    return ok({ message: await this.#word(record), isNew: true })
  }

  async #word({ key, epoch, phonePoint, bindingDigest }: Bound): Promise<Uint8Array<ArrayBuffer>> {
    const said = { bandId: this.#parts.factory.bandId, epoch, phonePoint, bindingDigest }
    return boundMessage.encode({ bound: await sign1(bound, said, await signerOf(key), { withKid: false }) })
  }

  /** What the backend's release key has signed, when the root vouches for that key now. */
  async #open<T>(statement: SignedStructure<T>, bytes: Uint8Array, key: Uint8Array): Promise<T | undefined> {
    const { factory, clock } = this.#parts
    const keys = await KeySet.open(factory.rootPoint, [key])
    if (!keys.ok) return undefined
    const opened = await keys.value.open('release', statement, bytes, Math.floor(clock.nowMs() / 1_000))
    return opened.ok ? opened.value : undefined
  }
}
