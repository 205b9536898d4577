/** The operator's side: who exists. Every put may be repeated; a put of other content is refused, never a quiet change. */
import type * as z from 'zod'
import { isTimeZone } from '#shared/calendar-day.ts'
import type { putAccount, putMerchant, putPhone, putSite, putTerminal } from '#shared/contracts/backend-api.ts'
import { toHex } from '#shared/contracts/bytes.ts'
import { text } from '#shared/contracts/structure.ts'
import { sha256 } from '#shared/crypto/keys.ts'
import { ok } from '#shared/result.ts'
import type { Database, Tx } from '../database/tables.ts'
import { type Refusable, refuse } from '../refusal.ts'
import { saveLimits } from '../repositories/limits-repository.ts'
import {
  addAccount,
  addMerchant,
  addPhone,
  addSite,
  addTerminal,
  findAccount,
  findMerchant,
  findPhone,
  findPhoneByPoint,
  findSite,
  findTerminal,
} from '../repositories/registry-repository.ts'
import { type Clock, instantOf, type NewId } from '../world.ts'
import { CERTIFIED_NAME_MAX } from './certificates.ts'
import type { Freezes } from './freezes.ts'
import { keyOfPoint } from './verify-keys.ts'
import { OUTSIDE_BANK, post, transfer, walletOf } from './wallet-ledger.ts'

const LATITUDE_E5_MAX = 9_000_000
const LONGITUDE_E5_MAX = 18_000_000
const ADDRESS_MAX = 200
/** What a name must be to stand in a certificate or an authorization: short, and without characters that steer the text around it. */
const certified = text(1, CERTIFIED_NAME_MAX)
const printed = text(1, ADDRESS_MAX)

export class Registry {
  readonly #db: Database
  readonly #clock: Clock
  readonly #newId: NewId
  readonly #freezes: Freezes

  constructor(db: Database, clock: Clock, newId: NewId, freezes: Freezes) {
    this.#db = db
    this.#clock = clock
    this.#newId = newId
    this.#freezes = freezes
  }

  async putMerchant(id: string, { name }: z.output<typeof putMerchant.body>): Promise<Refusable<void>> {
    if (!certified.accepts(name.en) || !certified.accepts(name['zh-CN']))
      return refuse('malformed', 'the name cannot stand in a certificate')
    return this.#put(
      async (tx) => findMerchant(tx, id),
      { id, name },
      async (tx) => {
        await addMerchant(tx, { id, name })
        return ok()
      },
    )
  }

  async putSite(id: string, site: z.output<typeof putSite.body>): Promise<Refusable<void>> {
    const { name, address, latitudeE5, longitudeE5, timeZone } = site
    if (!printed.accepts(address.en) || !printed.accepts(address['zh-CN'])) return refuse('malformed', 'the address cannot be printed')
    if (!certified.accepts(name.en) || !certified.accepts(name['zh-CN']))
      return refuse('malformed', 'the name cannot stand in a certificate')
    if (Math.abs(latitudeE5) > LATITUDE_E5_MAX || Math.abs(longitudeE5) > LONGITUDE_E5_MAX)
      return refuse('malformed', 'no such place on Earth')
    if (!isTimeZone(timeZone)) return refuse('malformed', 'no such time zone')
    return this.#put(
      async (tx) => findSite(tx, id),
      { id, ...site },
      async (tx) => {
        if (!(await findMerchant(tx, site.merchantId))) return refuse('unknown', 'no such merchant')
        await addSite(tx, { id, ...site })
        return ok()
      },
    )
  }

  async putTerminal(id: string, { siteId, enrolmentCode }: z.output<typeof putTerminal.body>): Promise<Refusable<void>> {
    const codeHash = toHex(await sha256(new TextEncoder().encode(enrolmentCode)))
    return this.#put(
      async (tx) => {
        const terminal = await findTerminal(tx, id)
        return terminal && { siteId: terminal.siteId, codeHash: terminal.codeHash }
      },
      { siteId, codeHash },
      async (tx) => {
        if (!(await findSite(tx, siteId))) return refuse('unknown', 'no such site')
        await addTerminal(tx, { id, siteId, codeHash })
        return ok()
      },
    )
  }

  /** A new account's opening balance is posted from the outside bank, once. Its limits are its owner's to change: they are not compared. */
  async putAccount(id: string, account: z.output<typeof putAccount.body>): Promise<Refusable<void>> {
    const { displayName, currency, openingBalance, limits } = account
    if (!certified.accepts(displayName)) return refuse('malformed', 'the name cannot stand in an authorization')
    return this.#put(
      async (tx) => {
        const known = await findAccount(tx, id)
        return known && { displayName: known.displayName, currency: known.currency, openingBalance: known.openingBalance }
      },
      { displayName, currency, openingBalance },
      async (tx) => {
        await addAccount(tx, { id, displayName, currency, openingBalance })
        if (limits) await saveLimits(tx, id, { currency, ...limits })
        if (openingBalance > 0) {
          const entries = transfer(OUTSIDE_BANK, walletOf(id), openingBalance, currency)
          await post(tx, { id: this.#newId(), kind: 'opening', reference: id, at: instantOf(this.#clock.nowMs()), entries })
        }
        return ok()
      },
    )
  }

  async knowsAccount(id: string): Promise<Refusable<void>> {
    return (await findAccount(this.#db, id)) ? ok() : refuse('unknown', 'no such account')
  }

  async freezeAccount(id: string, frozen: boolean): Promise<Refusable<void>> {
    return this.#db.transaction().execute(async (tx) => {
      if (!(await findAccount(tx, id))) return refuse('unknown', 'no such account')
      if (!frozen) return this.#freezes.unfreeze(tx, id, 'operator')
      await this.#freezes.freeze(tx, id, 'operator')
      return ok()
    })
  }

  async putPhone(id: string, { accountId, point }: z.output<typeof putPhone.body>): Promise<Refusable<void>> {
    if (!(await keyOfPoint(point))) return refuse('malformed', 'not a point of the curve')
    return this.#put(
      async (tx) => {
        const known = await findPhone(tx, id)
        return known && { id, accountId: known.accountId, point: known.point }
      },
      { id, accountId, point },
      async (tx) => {
        if (!(await findAccount(tx, accountId))) return refuse('unknown', 'no such account')
        if (await findPhoneByPoint(tx, point)) return refuse('conflict', 'another phone has this key')
        await addPhone(tx, { id, accountId, point, addedAt: instantOf(this.#clock.nowMs()) })
        return ok()
      },
    )
  }

  async #put<T extends object>(
    find: (tx: Tx) => Promise<T | undefined>,
    wanted: T,
    add: (tx: Tx) => Promise<Refusable<void>>,
  ): Promise<Refusable<void>> {
    return this.#db.transaction().execute(async (tx) => {
      const known = await find(tx)
      if (!known) return add(tx)
      return isSame(known, wanted) ? ok() : refuse('conflict', 'exists with other content')
    })
  }
}

/** Compares plain records, nested ones included, whatever the order of their keys. */
function isSame(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b
  const left = Object.entries(a)
  const right = new Map<string, unknown>(Object.entries(b))
  return left.length === right.size && left.every(([key, value]) => right.has(key) && isSame(value, right.get(key)))
}
