/** A radio with one band in sight, whose certified phone answers whatever the test wants it to answer. */
import type { BandLink, Clock, Radio, Sighting } from '#main/ports.ts'
import type { SigningKeys } from '#reference/backend/signing-keys.ts'
import type { Message } from '#shared/contracts/frames.ts'
import {
  FLAG_ARMED,
  FLAG_PHONE_LINKED,
  FLAG_WORN,
  offerMessage,
  type PayStatement,
  type PhoneOffer,
  type PresenceStatement,
  payStatement,
  phoneCertificate,
  phoneOffer,
  presenceStatement,
  queryStatement,
  requestPlaintext,
} from '#shared/contracts/radio-messages.ts'
import { newSigner, randomBytes, type Signer, sha256 } from '#shared/crypto/keys.ts'
import { generateSealingKey, openRequest } from '#shared/crypto/sealing.ts'
import { peekSign1, sign1 } from '#shared/crypto/sign1.ts'
import { err, ok } from '#shared/result.ts'

export const LYING_ADDRESS = '0a0b0c0d0e0f'
const FLAGS = FLAG_WORN | FLAG_ARMED | FLAG_PHONE_LINKED
const DAY_S = 86_400

/** A pay request as the phone read it. */
export type ReadRequest = { readonly statement: PayStatement; readonly digest: Uint8Array }
export type ReadPresence = { readonly statement: PresenceStatement; readonly digest: Uint8Array }
/** What an OFFER carries, and the key that signs for it. */
export type ShownOffer = { readonly certificate: Uint8Array; readonly offer: Uint8Array; readonly fields: PhoneOffer }
type OpenOffer = { readonly offer: Uint8Array; readonly bandNonce: Uint8Array; readonly privateKey: CryptoKey }

export class LyingBand implements Radio {
  /** The plaintext of the ANSWER to a pay request; nothing, to cut the link instead. Queries are never answered. */
  answer: (request: ReadRequest) => Promise<Uint8Array | undefined> = async () => undefined
  /** The plaintext of the ANSWER to a presence. */
  presence: (request: ReadPresence) => Promise<Uint8Array | undefined> = async () => undefined
  /** Shows the terminal something else than what it has made honestly. */
  show: (made: ShownOffer) => Promise<Partial<ShownOffer>> = async () => ({})
  /** True to keep the link and say nothing where there is no answer, until the terminal gives up. */
  isSilent = false
  /** Signs for the phone whose certificate the terminal sees. */
  readonly phone: Signer
  readonly #clock: Clock
  readonly #keys: SigningKeys
  readonly #listeners = new Set<(sighting: Sighting) => void>()
  #stopTimer = () => {}

  private constructor(phone: Signer, keys: SigningKeys, clock: Clock) {
    this.phone = phone
    this.#keys = keys
    this.#clock = clock
  }

  static async make(keys: SigningKeys, clock: Clock): Promise<LyingBand> {
    return new LyingBand(await newSigner(), keys, clock)
  }

  state() {
    return { state: 'scanning' as const, driver: 'practice' as const }
  }

  onState() {
    return () => {}
  }

  onSighting(listener: (sighting: Sighting) => void) {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  start(): void {
    const advert = { flags: FLAGS, rotatingId: new Uint8Array(8) } as Sighting['advert']
    for (const listener of this.#listeners)
      listener({ address: LYING_ADDRESS, rssi: -40, advert, atMonotonicMs: this.#clock.monotonicMs() })
    this.#stopTimer = this.#clock.after(200, () => this.start())
  }

  async stop(): Promise<void> {
    this.#stopTimer()
  }

  async connect() {
    return ok(await this.#link())
  }

  async #link(): Promise<BandLink> {
    const nowS = Math.floor(this.#clock.nowMs() / 1_000)
    const sealing = await generateSealingKey()
    const window = { from: nowS - DAY_S, until: nowS + DAY_S }
    const certificate = this.#keys
      .signer('phone-ca', nowS)
      .statementNow(phoneCertificate, { pseudonym: randomBytes(8), point: this.phone.point, ...window })
    const fields = { offerId: randomBytes(8), sealingPoint: sealing.point, expires: nowS + DAY_S }
    const made = { certificate, offer: await sign1(phoneOffer, fields, this.phone, { withKid: false }), fields }
    const shown = { ...made, ...(await this.show(made)) }
    const { offer } = shown
    const bandNonce = randomBytes(16)
    const { promise: closed, resolve: close } = Promise.withResolvers<void>()
    const received: Message[] = [
      { kind: 'offer', body: offerMessage.encode({ bandNonce, flags: FLAGS, offer, certificate: shown.certificate }) },
    ]
    return {
      attRequests: () => 7,
      lastSent: () => ({ segments: 3, bytes: 500 }),
      send: async (message) => {
        if (message.kind !== 'request' && message.kind !== 'probe') return ok()
        const answer = await this.#answerTo(message.body, { offer, bandNonce, privateKey: sealing.privateKey })
        if (answer) received.push({ kind: 'answer', body: Uint8Array.from(answer) })
        return ok()
      },
      receive: async (timeoutMs) => {
        const next = received.shift()
        if (next) return ok(next)
        if (!this.isSilent) return err('link-lost')
        const { promise, resolve } = Promise.withResolvers<void>()
        this.#clock.after(timeoutMs, resolve)
        await Promise.race([promise, closed])
        return err('timeout')
      },
      close: async () => close(),
    }
  }

  async #answerTo(body: Uint8Array, { offer, bandNonce, privateKey }: OpenOffer): Promise<Uint8Array | undefined> {
    const opened = await openRequest({ offer, bandNonce, privateKey, message: body })
    const plaintext = opened.ok ? requestPlaintext.decode(opened.value.plaintext) : opened
    if (!opened.ok || !plaintext.ok) throw new Error('the terminal sealed something else')
    const bytes = plaintext.value.statement
    if (peekSign1(queryStatement, bytes).ok) return undefined
    const presence = peekSign1(presenceStatement, bytes)
    if (presence.ok) {
      const said = await this.presence({ statement: presence.value.value, digest: await sha256(bytes) })
      return said && opened.value.session.sealAnswer(said)
    }
    const pay = peekSign1(payStatement, bytes)
    if (!pay.ok) throw new Error('the terminal asked something else')
    const answer = await this.answer({ statement: pay.value.value, digest: await sha256(bytes) })
    return answer && opened.value.session.sealAnswer(answer)
  }
}
