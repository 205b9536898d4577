import { Band } from '#reference/band/band.ts'
import type { BandEvent, Relay } from '#reference/band/ports.ts'
import { PhoneEngine } from '#reference/phone/engine.ts'
import { type Consent, IdentityCard, type IdentityEvent, type IdentityQuestion, type IdentityReply } from '#reference/phone/identity.ts'
import type { Owner, PhoneEvent, PhoneStore, RequestRecord } from '#reference/phone/ports.ts'
import type { WitnessBook } from '#reference/phone/witness-book.ts'
import { fromHex } from '#shared/contracts/bytes.ts'
import type { Message } from '#shared/contracts/frames.ts'
import {
  claimBits,
  type IdentifyStatement,
  type IdentityAnswer,
  identifyStatement,
  identityAnswer,
} from '#shared/contracts/identity-messages.ts'
import {
  type AnswerPlaintext,
  answerPlaintext,
  authorization,
  type BandProof,
  bandProof,
  cancelMessage,
  commitMessage,
  decline,
  forwardMessage,
  neverSeen,
  offerMessage,
  type PayStatement,
  type PresenceAnswer,
  type PresenceStatement,
  payStatement,
  phoneOffer,
  phoneRefusal,
  presenceAnswer,
  presenceStatement,
  queryStatement,
  requestPlaintext,
} from '#shared/contracts/radio-messages.ts'
import { importVerifyKey, randomBytes, type Signer } from '#shared/crypto/keys.ts'
import { type SealedSession, sealRequest } from '#shared/crypto/sealing.ts'
import { openSign1, peekSign1, sign1 } from '#shared/crypto/sign1.ts'
import type { Place } from '#shared/domain/place.ts'
import { defaultSettings, type PolicySettings } from '#shared/domain/policy.ts'
import { type Reason, reasonOfCode } from '#shared/domain/reasons.ts'
import { err, ok } from '#shared/result.ts'
import { ScriptedClient } from '#test/reference/band/support/scripted-client.ts'
import { ManualClock } from '#test/support/manual-clock.ts'
import { until } from '#test/support/until.ts'
import { FakeBackend } from './fake-backend.ts'
import { type KeyWorld, keyWorld } from './key-world.ts'

export type ReadAnswer =
  | { readonly kind: 'authorization' | 'decline' | 'never-seen' | 'unreadable' }
  | { readonly kind: 'presence'; readonly said: PresenceAnswer }
  | { readonly kind: 'identity'; readonly said: IdentityAnswer }
  | { readonly kind: 'refusal'; readonly reason: Reason | undefined }

type Sealed = { readonly session: SealedSession; readonly phonePoint: Uint8Array; readonly requestId: Uint8Array }

/** What a till signs with, shows, and believes. */
export type TillKeys = Pick<KeyWorld, 'keySet' | 'terminalCertificate'> & { readonly signer: (name: 'terminal') => Signer }

/** The terminal's side of a session, just enough to ask and to read answers. */
export class Till {
  readonly client: ScriptedClient
  sealed: Sealed | undefined
  statement: Uint8Array = new Uint8Array()
  readonly #keys: TillKeys
  readonly #clock: Pick<ManualClock, 'nowMs'>
  #offersUsed = 0

  constructor(client: ScriptedClient, keys: TillKeys, clock: Pick<ManualClock, 'nowMs'>) {
    this.client = client
    this.#keys = keys
    this.#clock = clock
  }

  /** The newest OFFER not asked with yet. */
  async offer() {
    await until('an offer arrives', () => this.client.of('offer').length > this.#offersUsed)
    const decoded = offerMessage.decode(this.client.of('offer').at(-1)?.body ?? new Uint8Array())
    if (!decoded.ok) throw new Error('the offer cannot be read')
    this.#offersUsed = this.client.of('offer').length
    const nowS = Math.floor(this.#clock.nowMs() / 1000)
    const phone = await this.#keys.keySet.openPhoneCertificate(decoded.value.certificate, nowS)
    if (!phone.ok) throw new Error(`phone certificate: ${phone.error}`)
    const offer = await openSign1(phoneOffer, decoded.value.offer, phone.value.key)
    if (!offer.ok) throw new Error(`offer: ${offer.error}`)
    return { ...decoded.value, sealingPoint: offer.value.sealingPoint, phonePoint: phone.value.certificate.point }
  }

  async pay(
    changes: Partial<PayStatement> & {
      signer?: Signer
      certificate?: Uint8Array
      statement?: Uint8Array
      as?: 'request' | 'probe'
    } = {},
  ): Promise<Uint8Array> {
    const { signer, certificate, statement: given, as, ...fields } = changes
    const offer = await this.offer()
    const value = {
      ...{
        requestId: randomBytes(16),
        amount: 12_800,
        currency: 'CNY',
        linesDigest: new Uint8Array(16),
        holds: [],
        bandNonce: offer.bandNonce,
      },
      ...{ knocks: 0, listAgeMinutes: 0, time: Math.floor(this.#clock.nowMs() / 1000), lifetime: 90, headSeq: 1, head: new Uint8Array(16) },
      ...fields,
    }
    const statement = given ?? (await sign1(payStatement, value, signer ?? this.#keys.signer('terminal'), { withKid: false }))
    const requestId = given ? (this.sealed?.requestId ?? value.requestId) : value.requestId
    await this.ask(offer, statement, requestId, { certificate, as })
    return requestId
  }

  /** Asks who is there. */
  async presence(
    changes: Partial<PresenceStatement> & { signer?: Signer; certificate?: Uint8Array; as?: 'request' | 'probe' } = {},
  ): Promise<Uint8Array> {
    const { signer, certificate, as = 'probe', ...fields } = changes
    const offer = await this.offer()
    const time = Math.floor(this.#clock.nowMs() / 1000)
    const asked = { requestId: randomBytes(16), bandNonce: offer.bandNonce, time, lifetime: 20, headSeq: 1, head: new Uint8Array(16) }
    const value = { ...asked, ...fields }
    const statement = await sign1(presenceStatement, value, signer ?? this.#keys.signer('terminal'), { withKid: false })
    await this.ask(offer, statement, value.requestId, { certificate, as })
    return value.requestId
  }

  /** Asks who is there. */
  async identify(
    changes: Partial<IdentifyStatement> & { signer?: Signer; certificate?: Uint8Array; as?: 'request' | 'probe' } = {},
  ): Promise<Uint8Array> {
    const { signer, certificate, as = 'probe', ...fields } = changes
    const offer = await this.offer()
    const time = Math.floor(this.#clock.nowMs() / 1000)
    const about = { requestId: randomBytes(16), claims: claimBits(['name', 'member-number']), bandNonce: offer.bandNonce }
    const value = { ...about, time, lifetime: 60, headSeq: 1, head: new Uint8Array(16), ...fields }
    const statement = await sign1(identifyStatement, value, signer ?? this.#keys.signer('terminal'), { withKid: false })
    await this.ask(offer, statement, value.requestId, { certificate, as })
    return value.requestId
  }

  async query(requestId: Uint8Array, firstDigest: Uint8Array, changes: { time?: number; as?: 'request' | 'probe' } = {}): Promise<void> {
    const offer = await this.offer()
    const time = changes.time ?? Math.floor(this.#clock.nowMs() / 1000)
    const value = { requestId, firstDigest, bandNonce: offer.bandNonce, time, lifetime: 20, headSeq: 1, head: new Uint8Array(16) }
    const statement = await sign1(queryStatement, value, this.#keys.signer('terminal'), { withKid: false })
    await this.ask(offer, statement, requestId, { as: changes.as })
  }

  async ask(
    offer: Awaited<ReturnType<Till['offer']>>,
    statement: Uint8Array,
    requestId: Uint8Array,
    { certificate, as }: { readonly certificate?: Uint8Array | undefined; readonly as?: 'request' | 'probe' | undefined } = {},
  ): Promise<void> {
    const plaintext = requestPlaintext.encode({ statement, certificate: certificate ?? this.#keys.terminalCertificate })
    const sealed = await sealRequest({ offer: offer.offer, bandNonce: offer.bandNonce, sealingPoint: offer.sealingPoint, plaintext })
    if (!sealed.ok) throw new Error(sealed.error)
    this.statement = statement
    this.sealed = { session: sealed.value.session, phonePoint: offer.phonePoint, requestId }
    this.client.say({ kind: as ?? 'request', body: sealed.value.message })
  }

  /** The `nth` answer on this connection, opened and checked. */
  async answer(nth = 1): Promise<ReadAnswer> {
    await until(`answer ${nth} arrives`, () => this.client.of('answer').length >= nth)
    const message = this.client.of('answer')[nth - 1]
    const opened = await this.#session.session.openAnswer(message?.body ?? new Uint8Array())
    if (!opened.ok) return { kind: 'unreadable' }
    const answer = answerPlaintext.decode(opened.value)
    return answer.ok ? this.#read(answer.value) : { kind: 'unreadable' }
  }

  async cancel(changes: { mac?: Uint8Array } = {}): Promise<void> {
    const fields = { requestId: this.#session.requestId }
    const mac = changes.mac ?? (await this.#session.session.mac('cancel', cancelMessage.encode(fields)))
    this.client.say({ kind: 'cancel', body: cancelMessage.encode({ ...fields, mac }) })
  }

  async commit(receiptNumber: string, changes: { mac?: Uint8Array } = {}): Promise<void> {
    const fields = { requestId: this.#session.requestId, receiptNumber }
    const mac = changes.mac ?? (await this.#session.session.mac('commit', commitMessage.encode(fields)))
    this.client.say({ kind: 'commit', body: commitMessage.encode({ ...fields, mac }) })
  }

  get #session(): Sealed {
    if (!this.sealed) throw new Error('nothing was asked yet')
    return this.sealed
  }

  async #read({ kind, signed }: AnswerPlaintext): Promise<ReadAnswer> {
    const { keySet } = this.#keys
    const nowS = Math.floor(this.#clock.nowMs() / 1000)
    const phoneKey = await this.#phoneKey()
    if (kind === 1) return { kind: (await keySet.open('authorizer', authorization, signed, nowS)).ok ? 'authorization' : 'unreadable' }
    if (kind === 2) return { kind: (await keySet.open('authorizer', decline, signed, nowS)).ok ? 'decline' : 'unreadable' }
    if (kind === 4) return { kind: (await openSign1(neverSeen, signed, phoneKey)).ok ? 'never-seen' : 'unreadable' }
    if (kind === 5) {
      const presence = await openSign1(presenceAnswer, signed, phoneKey)
      return presence.ok ? { kind: 'presence', said: presence.value } : { kind: 'unreadable' }
    }
    if (kind === 6) {
      const identity = await keySet.open('identity', identityAnswer, signed, nowS)
      return identity.ok ? { kind: 'identity', said: identity.value } : { kind: 'unreadable' }
    }
    const refusal = await openSign1(phoneRefusal, signed, phoneKey)
    return refusal.ok ? { kind: 'refusal', reason: reasonOfCode(refusal.value.reason) } : { kind: 'unreadable' }
  }

  async #phoneKey() {
    const key = await importVerifyKey(this.#session.phonePoint)
    if (!key.ok) throw new Error(key.error)
    return key.value
  }
}

export type WorldOptions = {
  readonly serverMtu?: number
  readonly records?: readonly RequestRecord[]
  readonly settings?: Partial<PolicySettings>
  /** Where the phone is. */
  readonly place?: Place
  readonly sessionsPerMinuteMax?: number
  readonly witness?: WitnessBook
  readonly consents?: readonly Consent[]
  /** A phone that has no identity card. */
  readonly cardless?: true
}

/** A real band and a real phone side by side, with a scripted backend, owner and storage, on a clock that stands still. */
export async function phoneWorld(options: WorldOptions = {}) {
  const clock = new ManualClock()
  const keys = await keyWorld(clock)
  const backend = new FakeBackend(keys, clock)
  const bandEvents: BandEvent[] = []
  const phoneEvents: PhoneEvent[] = []
  const saved: RequestRecord[] = [...(options.records ?? [])]
  const storage = { full: false, ceilings: [] as number[] }
  const store: PhoneStore = {
    save: async (record) => {
      if (storage.full) return err('storage-failed')
      saved.push(record)
      return ok()
    },
    saveLimits: async (limits) => {
      if (storage.full) return err('storage-failed')
      limitsSaved.push(limits)
      return ok()
    },
  }
  const questions: ((reply: 'confirmed' | 'refused') => void)[] = []
  const owner: Owner = {
    confirm: async (_payment, signal) => {
      const { promise, resolve } = Promise.withResolvers<'confirmed' | 'refused'>()
      questions.push(resolve)
      signal.addEventListener('abort', () => resolve('refused'))
      return promise
    },
    tell: (event) => phoneEvents.push(event),
  }
  const asked: { readonly question: IdentityQuestion; readonly signal: AbortSignal; readonly reply: (said: IdentityReply) => void }[] = []
  const identityEvents: IdentityEvent[] = []
  const consents: (readonly Consent[])[] = []
  const card = new IdentityCard({
    clock,
    backend,
    owner: {
      identify: async (question, signal) => {
        const { promise, resolve } = Promise.withResolvers<IdentityReply>()
        asked.push({ question, signal, reply: resolve })
        return promise
      },
      told: (event) => identityEvents.push(event),
    },
    store: {
      saveConsents: async (changed) => {
        if (storage.full) return err('storage-failed')
        consents.push(changed)
        return ok()
      },
    },
    consents: options.consents ?? [],
  })
  const usual = { ...defaultSettings('CNY'), perPayment: 50_000, confirmAbove: 20_000, noKnockLimit: 50_001 }
  const settings: PolicySettings = { ...usual, ...options.settings }
  const limitsSaved: PolicySettings[] = []
  const fromPhone: { kind: Message['kind'] }[] = []
  const phone = await PhoneEngine.start({
    ...{
      clock,
      backend,
      store,
      owner,
      records: saved.slice(),
      limits: settings,
      place: () => options.place,
      rootPoint: keys.signer('root').point,
    },
    ...{ bandPoint: keys.signer('band').point, bandEpoch: 1, ...(options.witness ? { witness: options.witness } : {}) },
    ...(options.cardless ? {} : { identity: card }),
    band: {
      send: (relay) => {
        fromPhone.push({ kind: relay.message.kind })
        band.fromPhone(relay)
      },
    },
  })
  if (!phone.ok) throw new Error(phone.error)
  // What the phone is shown of the band: proofs can be re-made with another counter or by another key.
  const proofs: { shift: number; signer: Signer } = { shift: 0, signer: keys.signer('band') }
  const shown: BandProof[] = []
  const altered = async (relay: Relay): Promise<Relay> => {
    if (relay.message.kind === 'forward') {
      const forward = forwardMessage.decode(relay.message.body)
      const proof = forward.ok ? peekSign1(bandProof, forward.value.proof) : forward
      if (proof.ok) shown.push(proof.value.value)
    }
    if (relay.message.kind !== 'forward' || (proofs.shift === 0 && proofs.signer === keys.signer('band'))) return relay
    const forward = forwardMessage.decode(relay.message.body)
    const proof = forward.ok ? peekSign1(bandProof, forward.value.proof) : forward
    if (!forward.ok || !proof.ok) throw new Error('the band forwards what cannot be read')
    const value = { ...proof.value.value, counter: proof.value.value.counter + proofs.shift }
    const body = forwardMessage.encode({ ...forward.value, proof: await sign1(bandProof, value, proofs.signer, { withKid: false }) })
    return { offerId: relay.offerId, message: { kind: 'forward', body } }
  }
  let hop = Promise.resolve()
  const band: Band = new Band({
    ...{ clock, counterCeiling: 0, signer: keys.signer('band'), idKey: fromHex('11'.repeat(32)) ?? new Uint8Array(), epoch: 1 },
    store: {
      saveCounter: async (ceiling) => {
        if (storage.full) return err('storage-failed')
        storage.ceilings.push(ceiling)
        return ok()
      },
    },
    phone: {
      send: (relay) => {
        hop = hop.then(async () => phone.value.receive(await altered(relay)))
      },
      offersWanted: (slot) => phone.value.offersWanted(slot),
    },
    onEvent: (event) => bandEvents.push(event),
    sessionsPerMinuteMax: options.sessionsPerMinuteMax ?? 1_000,
    ...(options.serverMtu === undefined ? {} : { serverMtu: options.serverMtu }),
  })
  await band.advertisement()
  band.setPhoneLinked(true)
  band.state.setWorn(true)
  band.state.arm()
  await until('the phone has filled the band', () => band.offerCount === 8)
  const till = (mtuAsked = 256): Till => {
    const client = new ScriptedClient(band)
    client.prepare(mtuAsked)
    return new Till(client, keys, clock)
  }
  const bandCounter = (shift: number) => {
    proofs.shift = shift
  }
  const bandSigner = (name: 'band' | 'stranger') => {
    proofs.signer = keys.signer(name)
  }
  /** The proofs the phone has been shown, oldest first. */
  const shownProofs = (): readonly BandProof[] => shown
  return {
    bandCounter,
    bandSigner,
    shownProofs,
    clock,
    keys,
    backend,
    band,
    phone: phone.value,
    till,
    bandEvents,
    phoneEvents,
    saved,
    storage,
    questions,
    asked,
    identityEvents,
    consents,
    card,
    settings,
    limitsSaved,
    fromPhone,
  }
}
