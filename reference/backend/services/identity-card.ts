/** What an account says of who it belongs to, and who has asked: kept by its owner, and by the operator who has looked at papers. */
import type * as z from 'zod'
import {
  type getIdentityCard,
  IDENTITY_REQUESTS_PAGE_MAX,
  type listCardMerchants,
  type listIdentityRequests,
  MEMBER_NUMBERS_MAX,
} from '#shared/contracts/identity-api.ts'
import { CLAIM_NAME_MAX, claimsOfBits } from '#shared/contracts/identity-messages.ts'
import { text } from '#shared/contracts/structure.ts'
import type { Claim } from '#shared/domain/claims.ts'
import { ok } from '#shared/result.ts'
import type { SetBy } from '../database/identity-tables.ts'
import type { Database, Tx } from '../database/tables.ts'
import { type Refusable, refuse } from '../refusal.ts'
import {
  type CardEntry,
  dropCardName,
  dropMemberNumber,
  findCardName,
  findMemberNumber,
  identityRequestsOf,
  memberNumbersOf,
  merchantsThatAsked,
  saveCardName,
  saveMemberNumber,
} from '../repositories/identity-repository.ts'
import { findAccount, findMerchant } from '../repositories/registry-repository.ts'
import type { TellOwner } from './notices.ts'

/** What a name must be to stand in a signed answer: short, and without characters that steer the text around it. */
const answerable = text(1, CLAIM_NAME_MAX)

export class IdentityCards {
  readonly #db: Database
  readonly #tell: TellOwner

  constructor(db: Database, tell: TellOwner) {
    this.#db = db
    this.#tell = tell
  }

  async card(accountId: string): Promise<z.input<typeof getIdentityCard.reply>> {
    const name = await findCardName(this.#db, accountId)
    return { ...(name ? { name } : {}), memberNumbers: [...(await memberNumbersOf(this.#db, accountId))] }
  }

  /** In place of what stood there, whoever put it. */
  async putName(accountId: string, name: string, setBy: SetBy): Promise<Refusable<void>> {
    if (!answerable.accepts(name)) return refuse('malformed', 'the name cannot stand in an answer')
    return this.#db.transaction().execute(async (tx) => {
      if (!(await findAccount(tx, accountId))) return refuse('unknown', 'no such account')
      const [before, after] = [await findCardName(tx, accountId), { value: name, setBy }]
      await saveCardName(tx, accountId, after)
      await this.#told(tx, accountId, 'name', before, after)
      return ok()
    })
  }

  async dropName(accountId: string): Promise<void> {
    await this.#db.transaction().execute(async (tx) => dropCardName(tx, accountId))
  }

  /** In place of the number the account had with this merchant. */
  async putMemberNumber(accountId: string, merchantId: string, number: string, setBy: SetBy): Promise<Refusable<void>> {
    return this.#db.transaction().execute(async (tx) => {
      if (!(await findAccount(tx, accountId))) return refuse('unknown', 'no such account')
      if (!(await findMerchant(tx, merchantId))) return refuse('unknown', 'no such merchant')
      const [before, after] = [await findMemberNumber(tx, accountId, merchantId), { value: number, setBy }]
      if (!before && (await memberNumbersOf(tx, accountId)).length >= MEMBER_NUMBERS_MAX) {
        return refuse('too-many', `a card holds ${MEMBER_NUMBERS_MAX} member numbers`)
      }
      await saveMemberNumber(tx, accountId, merchantId, after)
      await this.#told(tx, accountId, 'member-number', before, after)
      return ok()
    })
  }

  async dropMemberNumber(accountId: string, merchantId: string): Promise<void> {
    await this.#db.transaction().execute(async (tx) => dropMemberNumber(tx, accountId, merchantId))
  }

  async merchants(accountId: string): Promise<z.input<typeof listCardMerchants.reply>> {
    return { merchants: [...(await merchantsThatAsked(this.#db, accountId, MEMBER_NUMBERS_MAX))] }
  }

  async requests(accountId: string): Promise<z.input<typeof listIdentityRequests.reply>> {
    const all = await identityRequestsOf(this.#db, accountId, IDENTITY_REQUESTS_PAGE_MAX)
    return { requests: all.map((one) => ({ ...one, asked: [...claimsOfBits(one.asked)], given: [...claimsOfBits(one.given)] })) }
  }

  /** A call that was made again changes nothing, and is told once. */
  async #told(tx: Tx, accountId: string, claim: Claim, before: CardEntry | undefined, after: CardEntry): Promise<void> {
    const isSame = before?.value === after.value && before.setBy === after.setBy
    if (after.setBy === 'operator' && !isSame) await this.#tell(tx, accountId, 'card-changed', claim)
  }
}
