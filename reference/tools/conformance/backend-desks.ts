/** What the harness's backend does for a phone beyond payments: it sets money aside, hears what was spent of it, and says who somebody is. */
import { openAllowance, reportOffline } from '#shared/contracts/allowance-api.ts'
import { fromBase64Url, toBase64Url, toHex } from '#shared/contracts/bytes.ts'
import { identify } from '#shared/contracts/identity-api.ts'
import { identifyStatement, identityAnswer } from '#shared/contracts/identity-messages.ts'
import { slotLease, slot as slotStatement } from '#shared/contracts/slot-messages.ts'
import { newSigner, randomBytes, sha256 } from '#shared/crypto/keys.ts'
import { peekSign1, sign1 } from '#shared/crypto/sign1.ts'
import type { Claim } from '#shared/domain/claims.ts'
import type { Authority } from './authority.ts'

const DAY_S = 86_400
/** What one slot of the harness is worth, minor units, in order; and the last of them, which is worth more. */
export const SLOT_CAP = 20_000
export const BIG_SLOT_CAP = 50_000
const CAPS = [...Array.from({ length: 6 }, () => SLOT_CAP), BIG_SLOT_CAP]
export const CARD = { name: 'Golden Carp', memberNumber: 'A-1000-0042' } as const

type Told = {
  readonly statement: Uint8Array
  readonly authorization: Uint8Array
  readonly slot: Uint8Array
  readonly slotProof: Uint8Array
}

/** Offline allowances. */
export class AllowanceDesk {
  readonly #authority: Authority
  readonly #nowS: () => number
  /** Leases that were brought, as they were signed. */
  readonly opened: Uint8Array[] = []
  readonly told: Told[] = []
  readonly #allowances = new Map<string, 'open' | 'revoked'>()
  /** For how long the next allowance may be spent. */
  lifetimeS = DAY_S

  constructor(authority: Authority, nowS: () => number) {
    this.#authority = authority
    this.#nowS = nowS
  }

  /** The owner has frozen the account, and thawed it since. */
  revokeAll(): void {
    for (const id of this.#allowances.keys()) this.#allowances.set(id, 'revoked')
  }

  /** Undefined: not as the contract says. */
  async open(json: unknown): Promise<object | undefined> {
    const body = openAllowance.body.safeParse(json)
    const bytes = body.success ? fromBase64Url(body.data.lease) : undefined
    const lease = bytes && peekSign1(slotLease, bytes)
    if (!bytes || !lease?.ok) return undefined
    this.opened.push(bytes)
    const { point: bandPoint, phonePoint, next } = lease.value.value
    const allowanceId = randomBytes(16)
    this.#allowances.set(toHex(allowanceId), 'open')
    const from = this.#nowS()
    const until = from + this.lifetimeS
    const terms = { currency: 'CNY', bandPoint, phonePoint, displayName: 'Customer', from, until, settleBy: until + DAY_S }
    const by = this.#authority.signer('allowance')
    const slots = await Promise.all(
      CAPS.map(async (cap, index) => sign1(slotStatement, { allowanceId, counter: next + index, cap, ...terms }, by, { withKid: true })),
    )
    return { slots: slots.map((each) => toBase64Url(each)) }
  }

  state(allowanceId: string): object | undefined {
    const state = this.#allowances.get(allowanceId)
    return state && { state }
  }

  tell(json: unknown): object | undefined {
    const body = reportOffline.body.safeParse(json)
    if (!body.success) return undefined
    const bytes = (text: string) => fromBase64Url(text) ?? new Uint8Array(0)
    const { statement, authorization, slot, slotProof } = body.data
    this.told.push({ statement: bytes(statement), authorization: bytes(authorization), slot: bytes(slot), slotProof: bytes(slotProof) })
    return { state: 'held' }
  }
}

type Question = {
  readonly statement: Uint8Array
  readonly requestDigest: Uint8Array
  readonly proof: Uint8Array
  readonly agreed: readonly Claim[]
}

/** The identity card. */
export class IdentityDesk {
  readonly #authority: Authority
  readonly #nowS: () => number
  /** Calls that came, whatever was in them. */
  calls = 0
  readonly asked: Question[] = []
  /** What was agreed to; more than that; the right thing, but signed by nobody who matters; or about another statement. */
  answering: 'agreed' | 'more' | 'forged' | 'other' = 'agreed'

  constructor(authority: Authority, nowS: () => number) {
    this.#authority = authority
    this.#nowS = nowS
  }

  /** Undefined: not as the contract says. */
  async answer(json: unknown): Promise<object | undefined> {
    this.calls += 1
    const body = identify.body.safeParse(json)
    if (!body.success) return undefined
    const [statement, requestDigest, proof] = [body.data.statement, body.data.requestDigest, body.data.proof].map((text) =>
      fromBase64Url(text),
    )
    const peeked = statement && peekSign1(identifyStatement, statement)
    if (!statement || !requestDigest || !proof || !peeked?.ok) return undefined
    const { agreed } = body.data
    this.asked.push({ statement, requestDigest, proof, agreed })
    const gives = (claim: Claim) => this.answering === 'more' || agreed.includes(claim)
    const card = {
      ...(gives('name') ? { name: CARD.name } : {}),
      ...(gives('member-number') ? { memberNumber: CARD.memberNumber } : {}),
    }
    const statementDigest = this.answering === 'other' ? randomBytes(32) : await sha256(statement)
    const about = { requestId: peeked.value.value.requestId, statementDigest, terminalId: 'conform-1', customer: randomBytes(8) }
    const by = this.answering === 'forged' ? await newSigner() : this.#authority.signer('identity')
    const signed = await sign1(identityAnswer, { ...about, ...card, vouched: 0, at: this.#nowS() }, by, { withKid: true })
    return { kind: 'identity', signed: toBase64Url(signed), hint: 'none' }
  }
}
