/** A band and a phone that pay without a network, made of real keys: everything they sign can be wished otherwise. */
import { ALLOWANCE_PATHS } from '#shared/contracts/allowance-api.ts'
import { fromBase64Url, fromHex, toBase64Url, toHex } from '#shared/contracts/bytes.ts'
import { FLAG_ARMED, FLAG_WORN } from '#shared/contracts/radio-messages.ts'
import {
  type OfflineAuthorization,
  offlineAuthorization,
  type SlotLease,
  type SlotProof,
  slotLease,
  slotProof,
} from '#shared/contracts/slot-messages.ts'
import { newSigner, type Signer, sha256 } from '#shared/crypto/keys.ts'
import { offlineAuthorizationId } from '#shared/crypto/offline.ts'
import { sign1 } from '#shared/crypto/sign1.ts'
import { type BackendWorld, type Customer, type Reply, type Terminal } from './backend-world.ts'
import { buildSubmit, type SubmitWish } from './submits.ts'

export type OfflineWish = Pick<SubmitWish, 'amount' | 'requestId' | 'statement' | 'terminalSigner'> & {
  readonly slot?: number
  readonly proof?: Partial<SlotProof>
  readonly authorization?: Partial<OfflineAuthorization>
  readonly bandSigner?: Signer
  readonly phoneSigner?: Signer
}
export type OfflineSale = {
  readonly requestId: string
  readonly authorizationId: string
  /** As a phone reports it. */
  readonly report: Readonly<Record<'statement' | 'authorization' | 'slot' | 'slotProof', string>>
  /** As a receipt captures it. */
  readonly capture: {
    readonly requestId: string
    readonly authorizationId: string
    readonly amount: number
    readonly authorization: string
    readonly offline: Readonly<Record<'statement' | 'slot' | 'slotProof', string>>
  }
}

export class OfflinePair {
  readonly world: BackendWorld
  readonly customer: Customer
  band: Signer
  phone: Signer
  slots: readonly Uint8Array[] = []
  /** The band's slot counter. */
  next = 0
  serial = 0
  /** The counter of the first slot of the allowance in force. */
  firstCounter = 0

  private constructor(world: BackendWorld, customer: Customer, keys: { readonly band: Signer; readonly phone: Signer }) {
    this.world = world
    this.customer = customer
    this.band = keys.band
    this.phone = keys.phone
  }

  static async of(world: BackendWorld, customer: Customer): Promise<OfflinePair> {
    return new OfflinePair(world, customer, { band: await newSigner(), phone: await newSigner() })
  }

  /** What the band says when a new allowance is wanted: with new keys, unless it is to be the lease of before. */
  async lease(wish: Partial<SlotLease> = {}, signer = this.customer.band): Promise<Uint8Array> {
    this.band = await newSigner()
    this.phone = await newSigner()
    this.serial += 1
    const { bandId, epoch } = this.customer
    this.firstCounter = this.next
    const said = {
      bandId: bytesOf(bandId),
      epoch,
      point: this.band.point,
      phonePoint: this.phone.point,
      next: this.next,
      serial: this.serial,
    }
    return sign1(slotLease, { ...said, ...wish }, signer, { withKid: false })
  }

  async bring(lease: Uint8Array): Promise<Reply> {
    const reply = await this.customer.call('POST', ALLOWANCE_PATHS.allowances, { lease: toBase64Url(lease) })
    const slots = reply.json['slots']
    if (Array.isArray(slots)) this.slots = slots.map((text) => fromBase64Url(String(text)) ?? new Uint8Array(0))
    return reply
  }

  /** Has money set aside. */
  async open(): Promise<Reply> {
    return this.bring(await this.lease())
  }

  /** Pays with a slot, the first one unless another is wished for. Nobody has heard of it yet. */
  async pay(terminal: Terminal, wish: OfflineWish = {}): Promise<OfflineSale> {
    const { slot: index = 0, proof: proofWish, authorization: yesWish, bandSigner, phoneSigner, ...asked } = wish
    const built = await buildSubmit(this.world.nowMs(), { terminal, customer: this.customer, ...asked })
    const slot = this.slots[index] ?? new Uint8Array(0)
    const { statement, statementBytes } = built
    const statementDigest = await sha256(statementBytes)
    const requestDigest = fromBase64Url(built.body.requestDigest) ?? new Uint8Array(0)
    const counter = this.firstCounter + index
    this.next = Math.max(this.next, counter + 1)
    const felt = { requestDigest, bandNonce: statement.bandNonce, counter, flags: FLAG_WORN | FLAG_ARMED, knocks: 0, ...proofWish }
    const proof = await sign1(slotProof, felt, bandSigner ?? this.band, { withKid: false })
    const { amount, currency, knocks, requestId } = statement
    const authorizationId = await offlineAuthorizationId(slot, statementDigest)
    const yes = { authorizationId, requestId, statementDigest, requestDigest, amount, currency, knocks }
    const whom = { merchantId: terminal.merchantId, terminalId: terminal.id, approvedAt: this.world.nowS() + 1 }
    const signed = await sign1(offlineAuthorization, { ...yes, ...whom, ...yesWish }, phoneSigner ?? this.phone, { withKid: false })
    const texts = { statement: toBase64Url(statementBytes), slot: toBase64Url(slot), slotProof: toBase64Url(proof) }
    const authorization = toBase64Url(signed)
    return {
      requestId: toHex(requestId),
      authorizationId: toHex(authorizationId),
      report: { ...texts, authorization },
      capture: { requestId: toHex(requestId), authorizationId: toHex(authorizationId), amount, authorization, offline: texts },
    }
  }

  async report(sale: OfflineSale): Promise<Reply> {
    return this.customer.call('POST', ALLOWANCE_PATHS.spent, sale.report)
  }
}

function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  const bytes = fromHex(hex)
  if (!bytes) throw new Error('not hex')
  return bytes
}
