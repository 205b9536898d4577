/**
 * Offline allowances: money set aside for payments that nobody can ask about, in slots that a band gives away one by one. What a band says
 * it never gave away comes back to the wallet at once; what nobody was paid with comes back when the time to settle is over.
 */
import { ALLOWANCE_LIFETIME_S, ALLOWANCE_SETTLE_S } from '#shared/contracts/allowance-api.ts'
import { fromBase64Url, toBase64Url, toHex } from '#shared/contracts/bytes.ts'
import { type SlotLease, slotLease, slot as slotStatement } from '#shared/contracts/slot-messages.ts'
import { sha256 } from '#shared/crypto/keys.ts'
import { openSign1, peekSign1 } from '#shared/crypto/sign1.ts'
import { type Currency, isCurrency } from '#shared/domain/money.ts'
import { NO_KNOCK_LIMIT, type PolicySettings } from '#shared/domain/policy.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { Database, Tx } from '../database/tables.ts'
import { type Refusable, refuse } from '../refusal.ts'
import {
  type Allowance,
  addAllowance,
  closeWhenSettled,
  findAllowanceByLease,
  lastLeaseSerial,
  markSlotReturned,
  openAllowancesOfBand,
  overdueAllowances,
  slotsOf,
} from '../repositories/allowances-repository.ts'
import { balanceOf } from '../repositories/ledger-repository.ts'
import { type Account, bandsOfPhone, findAccount, findBand, type Phone } from '../repositories/registry-repository.ts'
import { type Revocation, revocationsAfter } from '../repositories/revocations-repository.ts'
import type { SigningKeys } from '../signing-keys.ts'
import { type Clock, instantOf, type NewId, secondsOf } from '../world.ts'
import type { VerifyKeys } from './verify-keys.ts'
import { allowanceOf, post, transfer, walletOf } from './wallet-ledger.ts'
import { settingsOf } from './wallet-limits.ts'

/** Payments one allowance is good for. Four at a counter without a network, and then the phone must find one. */
export const SLOTS_PER_ALLOWANCE = 4
const MS_PER_S = 1_000
/** Allowances closed in one go, so that a long outage cannot make one sweep endless. */
const SWEEP_MAX = 1_000

export type AllowancesParts = {
  readonly db: Database
  readonly clock: Clock
  readonly newId: NewId
  readonly keys: SigningKeys
  readonly verifyKeys: VerifyKeys
}

export class Allowances {
  readonly #parts: AllowancesParts

  constructor(parts: AllowancesParts) {
    this.#parts = parts
  }

  /**
   * Sets money aside for what a band has leased. The same lease again gets the same slots. Of the band's earlier allowances, what the lease
   * says was never given away is returned. Refused: `not-allowed` for a lease that is not of a band of this phone, is older than one that was
   * opened, or of a frozen account; `conflict` when the wallet or its limits leave nothing to set aside.
   */
  async open(phone: Phone, leaseText: string): Promise<Refusable<readonly Uint8Array[]>> {
    const bytes = fromBase64Url(leaseText)
    const peeked = bytes && peekSign1(slotLease, bytes)
    if (!bytes || !peeked?.ok) return refuse('malformed', 'not the lease of a band')
    const lease = peeked.value.value
    const bandId = toHex(lease.bandId)
    if (!(await this.#isBandsOwn(phone, bandId, bytes))) return notThisLease()
    const leaseDigest = toHex(await sha256(bytes))
    return this.#parts.db.transaction().execute(async (tx) => {
      const known = await findAllowanceByLease(tx, leaseDigest)
      if (known) return ok((await slotsOf(tx, known.id)).map(({ slot }) => slot))
      const band = await findBand(tx, bandId)
      const isInForce = band?.state === 'active' && band.phoneId === phone.id && band.epoch === lease.epoch
      if (!isInForce || lease.serial <= (await lastLeaseSerial(tx, bandId, lease.epoch))) return notThisLease()
      await this.#returnUnspent(tx, bandId, lease)
      const account = await findAccount(tx, phone.accountId)
      if (!account || account.frozen) return refuse('not-allowed', 'this wallet does not pay now')
      return this.#setAside(tx, account, { phone, bandId, lease, leaseDigest })
    })
  }

  /** What must not be taken any more, for terminals that know of it up to `after`. */
  async revocations(after: number, limit: number): Promise<readonly Revocation[]> {
    return revocationsAfter(this.#parts.db, after, secondsOf(this.#parts.clock.nowMs()), limit)
  }

  /** Returns what nobody can be paid with any more. Returns how many allowances that were. */
  async sweep(): Promise<number> {
    const { db, clock } = this.#parts
    const overdue = await overdueAllowances(db, clock.nowMs(), SWEEP_MAX)
    for (const allowance of overdue) await db.transaction().execute(async (tx) => this.#return(tx, allowance, 0))
    return overdue.length
  }

  async #isBandsOwn(phone: Phone, bandId: string, bytes: Uint8Array): Promise<boolean> {
    const { db, verifyKeys } = this.#parts
    const band = (await bandsOfPhone(db, phone.id)).find(({ id }) => id === bandId)
    const key = band && (await verifyKeys.of(band.point))
    return key !== undefined && (await openSign1(slotLease, bytes, key)).ok
  }

  async #returnUnspent(tx: Tx, bandId: string, { epoch, next }: SlotLease): Promise<void> {
    for (const allowance of await openAllowancesOfBand(tx, bandId)) {
      // Of an earlier pairing this lease says nothing.
      if (allowance.epoch === epoch) await this.#return(tx, allowance, next)
    }
  }

  /** Returns what is set aside in slots from this counter on. */
  async #return(tx: Tx, allowance: Allowance, fromCounter: number): Promise<void> {
    const { id } = allowance
    const at = instantOf(this.#parts.clock.nowMs())
    for (const { counter, state } of await slotsOf(tx, id)) {
      if (state !== 'set-aside' || counter < fromCounter) continue
      await markSlotReturned(tx, { allowanceId: id, counter })
      await returnCap(tx, { id: this.#parts.newId(), allowance, counter, at })
    }
    await closeWhenSettled(tx, id, at)
  }

  async #setAside(
    tx: Tx,
    account: Account,
    by: { readonly phone: Phone; readonly bandId: string; readonly lease: SlotLease; readonly leaseDigest: string },
  ): Promise<Refusable<readonly Uint8Array[]>> {
    const { clock, newId, keys } = this.#parts
    const { phone, bandId, lease, leaseDigest } = by
    const { currency } = account
    const share = shareOf(await settingsOf(tx, account), await balanceOf(tx, walletOf(account.id), currency))
    if (!share.ok) return refuse('conflict', 'there is nothing to set aside')
    const { cap, count } = share.value
    const nowMs = clock.nowMs()
    const from = secondsOf(nowMs)
    const until = from + ALLOWANCE_LIFETIME_S
    const settleBy = until + ALLOWANCE_SETTLE_S
    const id = newId()
    const signer = keys.signer('allowance', from)
    const slots = Array.from({ length: count }, (_, index) => {
      const counter = lease.next + index
      const said = { allowanceId: idBytes(id), counter, cap, currency, bandPoint: lease.point, phonePoint: lease.phonePoint }
      return { counter, slot: signer.statementNow(slotStatement, { ...said, displayName: account.displayName, from, until, settleBy }) }
    })
    const settleByMs = settleBy * MS_PER_S
    const { epoch, serial: leaseSerial } = lease
    const whose = { accountId: account.id, phoneId: phone.id, bandId, epoch, leaseSerial, leaseDigest }
    await addAllowance(tx, { id, ...whose, cap, currency, from, until, settleByMs, slots })
    await post(tx, {
      id: newId(),
      kind: 'set-aside',
      reference: id,
      at: instantOf(nowMs),
      entries: transfer(walletOf(account.id), allowanceOf(id), cap * count, currency),
    })
    return ok(slots.map(({ slot }) => slot))
  }
}

/**
 * How much is set aside: what the owner lets pass without a knock and at most the currency's own such limit, in equal parts; and never more
 * than half of what is in the wallet, so that it does not run dry for payments with a network. An owner who wants a knock each time has no
 * allowance.
 */
export function shareOf(settings: PolicySettings, balance: number): Result<{ readonly cap: number; readonly count: number }, 'nothing'> {
  const { currency, noKnockLimit, perPayment, perDay, perMerchantPerDay, confirmAbove } = settings
  const total = Math.min(noKnockLimit, perDay, isCurrency(currency) ? NO_KNOCK_LIMIT[currency] : 0)
  const cap = Math.min(Math.floor(total / SLOTS_PER_ALLOWANCE), perPayment, perMerchantPerDay, confirmAbove)
  const count = cap > 0 ? Math.min(SLOTS_PER_ALLOWANCE, Math.floor(balance / 2 / cap)) : 0
  return count > 0 ? ok({ cap, count }) : err('nothing')
}

/** One slot's money goes back to the wallet it came from. */
export async function returnCap(
  tx: Tx,
  returned: { readonly id: string; readonly allowance: Allowance; readonly counter: number; readonly at: string },
): Promise<void> {
  const { id, allowance, counter, at } = returned
  const currency: Currency = allowance.currency
  await post(tx, {
    id,
    kind: 'set-aside-back',
    reference: `${allowance.id}:${counter}`,
    at,
    entries: transfer(allowanceOf(allowance.id), walletOf(allowance.accountId), allowance.cap, currency),
  })
}

/** The lease as it comes from a phone, for a reader of a log: nothing of it is told to whoever was refused. */
function notThisLease(): Refusable<never> {
  return refuse('not-allowed', 'no allowance for this lease')
}

function idBytes(id: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(id, 'hex'))
}

/** Slots as they travel. */
export function slotTexts(slots: readonly Uint8Array[]): string[] {
  return slots.map(toBase64Url)
}
