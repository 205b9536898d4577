/** What an account may pay: its limits, who changed them, and what it has spent towards them. The rules are in shared/domain/policy.ts. */

import { dayStartMs, TIME_ZONE_OF } from '#shared/calendar-day.ts'
import type { WalletLimits, WalletLimitsView } from '#shared/contracts/wallet-limits-api.ts'
import { defaultSettings, isAsStrict, isSameSettings, type PolicySettings } from '#shared/domain/policy.ts'
import { ok } from '#shared/result.ts'
import type { Database, Tx } from '../database/tables.ts'
import { type Refusable, refuse } from '../refusal.ts'
import { addLimitChange, findLimits, type Spending, saveLimits, spendingOf } from '../repositories/limits-repository.ts'
import { addNotice } from '../repositories/notices-repository.ts'
import { type Account, findAccount } from '../repositories/registry-repository.ts'
import { type Clock, instantOf, type NewId } from '../world.ts'

const MINUTE_MS = 60_000

/** Who asks for a change. Everybody may lower; only an owner who has shown a passkey just now may raise as well. */
export type LimitsChanger = { readonly kind: 'phone'; readonly phoneId: string } | { readonly kind: 'owner'; readonly isFresh: boolean }

/** The limits an account has now: its own, or the defaults of its currency. */
export async function settingsOf(db: Database, { id, currency }: Pick<Account, 'id' | 'currency'>): Promise<PolicySettings> {
  return (await findLimits(db, id, currency)) ?? defaultSettings(currency)
}

/** What an account has spent towards its limits, at this moment. Its day begins at midnight in its time zone. */
export async function spendingAt(
  db: Database,
  { id, currency }: Pick<Account, 'id' | 'currency'>,
  at: { readonly nowMs: number; readonly merchantId: string; readonly settings: PolicySettings },
): Promise<Spending> {
  const { nowMs, merchantId, settings } = at
  return spendingOf(db, {
    id,
    merchantId,
    daySince: instantOf(dayStartMs(nowMs, TIME_ZONE_OF[currency])),
    windowSince: instantOf(nowMs - settings.velocity.withinMinutes * MINUTE_MS),
  })
}

export class Limits {
  readonly #db: Database
  readonly #world: { readonly clock: Clock; readonly newId: NewId }

  constructor(db: Database, world: { readonly clock: Clock; readonly newId: NewId }) {
    this.#db = db
    this.#world = world
  }

  async view(accountId: string, merchantId = ''): Promise<Refusable<WalletLimitsView>> {
    const account = await findAccount(this.#db, accountId)
    return account ? ok(await this.#viewOf(this.#db, account, merchantId)) : refuse('unknown', 'no such account')
  }

  /** Replaces the limits, from the next payment on. A change is journalled and the owner told; the same limits again change nothing. */
  async change(accountId: string, limits: WalletLimits, by: LimitsChanger): Promise<Refusable<WalletLimitsView>> {
    return this.#db.transaction().execute(async (tx): Promise<Refusable<WalletLimitsView>> => {
      const account = await findAccount(tx, accountId)
      if (!account) return refuse('unknown', 'no such account')
      const before = await settingsOf(tx, account)
      const after = { currency: account.currency, ...limits }
      if (by.kind === 'phone' && !isAsStrict(after, before)) {
        return refuse('owner-needed', 'a phone may only lower limits: the owner raises them, freshly signed in')
      }
      if (by.kind === 'owner' && !by.isFresh && !isAsStrict(after, before)) return refuse('not-fresh', 'show a passkey to raise a limit')
      if (!isSameSettings(after, before)) await this.#save(tx, account, { before, after, by })
      return ok(await this.#viewOf(tx, account, ''))
    })
  }

  async #save(
    tx: Tx,
    account: Account,
    { before, after, by }: { readonly before: PolicySettings; readonly after: PolicySettings; readonly by: LimitsChanger },
  ): Promise<void> {
    const { clock, newId } = this.#world
    const at = instantOf(clock.nowMs())
    const changedBy = by.kind === 'phone' ? `phone:${by.phoneId}` : by.kind
    await saveLimits(tx, account.id, after)
    await addLimitChange(tx, { id: newId(), accountId: account.id, changedBy, before, after, at })
    await addNotice(tx, { id: newId(), accountId: account.id, kind: 'limits-changed', detail: by.kind, at })
  }

  async #viewOf(db: Database, account: Account, merchantId: string): Promise<WalletLimitsView> {
    const settings = await settingsOf(db, account)
    const { currency, ...limits } = settings
    const spent = await spendingAt(db, account, { nowMs: this.#world.clock.nowMs(), merchantId, settings })
    return { currency, limits, timeZone: TIME_ZONE_OF[currency], spent }
  }
}
