/**
 * The offline allowance: what lets this phone say yes without a network. The backend has set the money aside; the band gives each slot of it
 * to one request and to no other. What was spent is reported to the backend as soon as it can be reached.
 */
import { equalBytes, toBase64Url, toHex } from '#shared/contracts/bytes.ts'
import type { Message } from '#shared/contracts/frames.ts'
import {
  offlineAuthorization,
  SLOT_REFUSALS,
  slotAskMessage,
  slotLease,
  slotLeaseMessage,
  slotOpenMessage,
  slotProofMessage,
  slotRefusedMessage,
  slot as slotStatement,
} from '#shared/contracts/slot-messages.ts'
import type { KeySet } from '#shared/crypto/key-set.ts'
import { generatePrivateJwk, importVerifyKey, type Signer, signerOf } from '#shared/crypto/keys.ts'
import { type OfflineEvidence, offlineAuthorizationId, openOffline } from '#shared/crypto/offline.ts'
import { openSign1, peekSign1, sign1 } from '#shared/crypto/sign1.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { Turns } from '#shared/turns.ts'
import { BandTalk } from './band-talk.ts'
import { LINK_WAIT_MS } from './bond.ts'
import { keptBytes } from './kept-bytes.ts'
import type { AllowanceBackend, AllowanceStore, BandLink, Clock, KeptAllowance, KeptSlot, Relay } from './ports.ts'

/** An allowance is renewed when less than this is left of its day: a phone that had network in the morning can pay in the evening. */
export const RENEW_BEFORE_S = 12 * 3_600

export type AllowanceParts = {
  readonly clock: Clock
  readonly band: BandLink
  readonly backend: AllowanceBackend
  readonly store: AllowanceStore
  /** What the store kept. */
  readonly kept: KeptAllowance | undefined
  /** The band's key of this pairing, and the epoch. */
  readonly bandPoint: Uint8Array
  readonly bandEpoch: number
}
/** A request whose terminal, band and owner have been satisfied. Times are seconds, the amount minor units. */
export type OfflinePayment = {
  readonly requestId: Uint8Array
  readonly statementDigest: Uint8Array
  readonly requestDigest: Uint8Array
  readonly amount: number
  readonly currency: string
  readonly merchantId: string
  readonly terminalId: string
  readonly knocks: number
}
type Open = Extract<KeptAllowance, { state: 'open' }>

/** What the band says of slots. */
const SLOT_WORDS = ['slot-lease', 'slot-proof', 'slot-refused'] as const

export class Allowance {
  readonly #parts: AllowanceParts
  #kept: KeptAllowance | undefined
  /** The first slot counter the band may still sign, as far as this phone knows. The band knows better, and says so. */
  #next = 0
  readonly #talk: BandTalk
  readonly #turns = new Turns()

  constructor(parts: AllowanceParts) {
    this.#parts = parts
    this.#talk = new BandTalk(parts)
    this.#kept = parts.kept
  }

  /** What may still be paid without a network, in minor units and as far as this phone knows. */
  get left(): { readonly amount: number; readonly currency: string } | undefined {
    if (this.#kept?.state !== 'open') return undefined
    const { currency } = this.#kept
    return { amount: this.#usable().reduce((sum, { cap }) => sum + cap, 0), currency }
  }

  /** One message of the band's, whatever it is about. */
  receive({ message }: Relay): void {
    this.#talk.hear(message)
  }

  /** Has the backend set money aside, unless enough of it is left for long enough. `wasSpent`: some of it was used since. */
  async renew(keySet: KeySet, wasSpent: boolean): Promise<void> {
    await this.#turns.take(async () => {
      const kept = this.#kept
      const nowS = this.#nowS()
      const lasts = kept?.state === 'open' && !wasSpent && kept.until - nowS > RENEW_BEFORE_S
      if (lasts && (await this.#isOpen(kept))) return
      // The backend's answer to the last lease may have been lost: the same lease gets the same slots.
      const leased = kept?.state === 'leased' ? kept : await this.#lease()
      if (leased) await this.#fill(leased, keySet)
    })
  }

  /** Pays with a slot. `none`: there is none that is good for this, or the band does not give it away. */
  async pay(payment: OfflinePayment, keySet: KeySet): Promise<Result<OfflineEvidence, 'none'>> {
    return this.#turns.take(async () => {
      const kept = this.#kept
      if (kept?.state !== 'open') return err('none')
      const signer = await signerOf(kept.key)
      for (let chosen = this.#choose(kept, payment); chosen; chosen = this.#choose(kept, payment)) {
        const proof = await this.#proofOf(chosen, payment.requestDigest)
        // Whatever came of it, this counter is not asked for again.
        this.#next = Math.max(this.#next, chosen.counter + 1)
        if (proof === 'used') continue
        if (!proof) return err('none')
        const evidence = await this.#evidence(payment, { slot: keptBytes(chosen.slot), slotProof: proof, signer })
        return (await openOffline(evidence, keySet)).ok ? ok(evidence) : err('none')
      }
      return err('none')
    })
  }

  /** The first slot in order that the payment fits into: the band counts upwards, and what is skipped is lost. */
  #choose(kept: Open, { amount, currency }: OfflinePayment): KeptSlot | undefined {
    if (kept.currency !== currency) return undefined
    return this.#usable().find(({ cap }) => amount <= cap)
  }

  #usable(): readonly KeptSlot[] {
    const kept = this.#kept
    if (kept?.state !== 'open' || this.#nowS() > kept.until) return []
    return kept.slots.filter(({ counter }) => counter >= this.#next)
  }

  /** The band's word that this slot belongs to this request; `used` when it belongs to another. */
  async #proofOf({ counter }: KeptSlot, requestDigest: Uint8Array): Promise<Uint8Array | 'used' | undefined> {
    const word = await this.#say('slot-ask', slotAskMessage.encode({ requestDigest, counter }))
    if (word?.kind === 'slot-refused') {
      const refused = slotRefusedMessage.decode(word.body)
      if (!refused.ok || refused.value.code !== SLOT_REFUSALS['counter-used']) return undefined
      this.#next = Math.max(this.#next, refused.value.next)
      return 'used'
    }
    const message = word?.kind === 'slot-proof' ? slotProofMessage.decode(word.body) : undefined
    return message?.ok ? message.value.proof : undefined
  }

  async #evidence(
    payment: OfflinePayment,
    by: { readonly slot: Uint8Array; readonly slotProof: Uint8Array; readonly signer: Signer },
  ): Promise<OfflineEvidence> {
    const { slot, slotProof, signer } = by
    const authorizationId = await offlineAuthorizationId(slot, payment.statementDigest)
    const said = { authorizationId, approvedAt: this.#nowS(), ...payment }
    return { authorization: await sign1(offlineAuthorization, said, signer, { withKid: false }), slot, slotProof }
  }

  /** A new key on both sides. The band forgets its old one, so what is left of the old slots is forgotten here first. */
  async #lease(): Promise<Extract<KeptAllowance, { state: 'leased' }> | undefined> {
    if (!(await this.#keep(undefined))) return undefined
    const key = await generatePrivateJwk()
    const { point: phonePoint } = await signerOf(key)
    const word = await this.#say('slot-open', slotOpenMessage.encode({ phonePoint }))
    const message = word?.kind === 'slot-lease' ? slotLeaseMessage.decode(word.body) : undefined
    const bandKey = await importVerifyKey(this.#parts.bandPoint)
    if (!message?.ok || !bandKey.ok) return undefined
    const lease = await openSign1(slotLease, message.value.lease, bandKey.value)
    const isOurs = lease.ok && lease.value.epoch === this.#parts.bandEpoch && equalBytes(lease.value.phonePoint, phonePoint)
    if (!isOurs) return undefined
    const leased = { state: 'leased', key, lease: toBase64Url(message.value.lease) } as const
    return (await this.#keep(leased)) ? leased : undefined
  }

  /** False when the backend has stopped it: the owner froze it, and thawed it since. Without an answer it is left as it is. */
  async #isOpen({ slots: [first] }: Open): Promise<boolean> {
    const peeked = first && peekSign1(slotStatement, keptBytes(first.slot))
    if (!peeked?.ok) return false
    const reply = await this.#parts.backend.isOpen(toHex(peeked.value.value.allowanceId))
    return reply.ok ? reply.value : reply.error !== 'refused'
  }

  async #fill(leased: Extract<KeptAllowance, { state: 'leased' }>, keySet: KeySet): Promise<void> {
    const reply = await this.#parts.backend.open(keptBytes(leased.lease))
    // Not now, and not for this lease: the next one is asked for anew.
    if (!reply.ok && reply.error === 'refused') await this.#keep(undefined)
    const lease = peekSign1(slotLease, keptBytes(leased.lease))
    if (!reply.ok || !lease.ok) return
    const { point } = await signerOf(leased.key)
    const slots: KeptSlot[] = []
    let terms: { readonly currency: string; readonly until: number } | undefined
    for (const bytes of reply.value) {
      const peeked = peekSign1(slotStatement, bytes)
      const opened = peeked.ok && (await keySet.open('allowance', slotStatement, bytes, peeked.value.value.from))
      if (!opened || !opened.ok) return
      const { counter, cap, currency, until, bandPoint, phonePoint } = opened.value
      const isOurs = equalBytes(bandPoint, lease.value.value.point) && equalBytes(phonePoint, point) && counter >= lease.value.value.next
      if (!isOurs || (terms && (terms.currency !== currency || terms.until !== until))) return
      terms = { currency, until }
      slots.push({ counter, cap, slot: toBase64Url(bytes) })
    }
    slots.sort((a, b) => a.counter - b.counter)
    if (terms) await this.#keep({ state: 'open', key: leased.key, slots, ...terms })
  }

  async #keep(kept: KeptAllowance | undefined): Promise<boolean> {
    const saved = await this.#parts.store.saveAllowance(kept)
    if (!saved.ok) return false
    this.#kept = kept
    this.#next = 0
    return true
  }

  async #say(kind: 'slot-open' | 'slot-ask', body: Uint8Array<ArrayBuffer>): Promise<Message | undefined> {
    return this.#talk.say(kind, body, SLOT_WORDS, LINK_WAIT_MS)
  }

  #nowS(): number {
    return Math.floor(this.#parts.clock.nowMs() / 1_000)
  }
}
