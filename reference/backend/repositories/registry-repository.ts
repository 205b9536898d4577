import type { TerminalProfile } from '#shared/contracts/backend-api.ts'
import type { Currency } from '#shared/domain/money.ts'
import type { Words } from '#shared/domain/words.ts'
import { prepared } from '../database/prepared.ts'
import type { Database, Tx } from '../database/tables.ts'

export type Merchant = { readonly id: string; readonly name: Words }
export type Site = {
  readonly id: string
  readonly merchantId: string
  readonly name: Words
  readonly address: Words
  readonly timeZone: string
  readonly latitudeE5: number
  readonly longitudeE5: number
  readonly currency: Currency
}
export type Terminal = {
  readonly id: string
  readonly siteId: string
  readonly codeHash: string
  readonly point: string | null
  readonly state: 'registered' | 'active' | 'suspended'
  /** Of its journal: 1, and one more with each restore it reported. */
  readonly epoch: number
}
export type Account = {
  readonly id: string
  readonly displayName: string
  readonly currency: Currency
  readonly openingBalance: number
  readonly frozen: boolean
}
export type Phone = {
  readonly id: string
  readonly accountId: string
  readonly point: string
  /** Once its owner replaced it: from then on its key is refused. */
  readonly retiredAt: string | null
}
export type Band = {
  readonly id: string
  readonly accountId: string
  readonly phoneId: string
  readonly point: string
  readonly epoch: number
  readonly counter: number
  readonly state: 'active' | 'blocked'
}

export async function findMerchant(db: Database, id: string): Promise<Merchant | undefined> {
  const row = await db.selectFrom('merchants').selectAll().where('id', '=', id).executeTakeFirst()
  return row && { id: row.id, name: { en: row.name_en, 'zh-CN': row.name_zh } }
}

export async function addMerchant(tx: Tx, merchant: Merchant): Promise<void> {
  await tx.insertInto('merchants').values({ id: merchant.id, name_en: merchant.name.en, name_zh: merchant.name['zh-CN'] }).execute()
}

type ById = { readonly id: string }
const siteOfId = prepared((db, { id }: ById) => db.selectFrom('sites').selectAll().where('id', '=', id))

export async function findSite(db: Database, id: string): Promise<Site | undefined> {
  const [row] = (await siteOfId(db, { id })).rows
  return (
    row && {
      id: row.id,
      merchantId: row.merchant_id,
      name: { en: row.name_en, 'zh-CN': row.name_zh },
      address: { en: row.address_en, 'zh-CN': row.address_zh },
      timeZone: row.time_zone,
      latitudeE5: row.latitude_e5,
      longitudeE5: row.longitude_e5,
      currency: row.currency,
    }
  )
}

export async function addSite(tx: Tx, site: Site): Promise<void> {
  await tx
    .insertInto('sites')
    .values({
      id: site.id,
      merchant_id: site.merchantId,
      name_en: site.name.en,
      name_zh: site.name['zh-CN'],
      address_en: site.address.en,
      address_zh: site.address['zh-CN'],
      time_zone: site.timeZone,
      latitude_e5: site.latitudeE5,
      longitude_e5: site.longitudeE5,
      currency: site.currency,
    })
    .execute()
}

const terminalOfId = prepared((db, { id }: ById) => db.selectFrom('terminals').selectAll().where('id', '=', id))

export async function findTerminal(db: Database, id: string): Promise<Terminal | undefined> {
  const [row] = (await terminalOfId(db, { id })).rows
  return row && { id: row.id, siteId: row.site_id, codeHash: row.code_hash, point: row.point, state: row.state, epoch: row.epoch }
}

/** What a payment needs to know of its terminal: its key and standing, and for whom it sells in which money. */
export type Till = Pick<Terminal, 'point' | 'state'> & { readonly merchantId: string; readonly currency: Currency }

export async function findTill(db: Database, terminalId: string): Promise<Till | undefined> {
  const terminal = await findTerminal(db, terminalId)
  const site = terminal && (await findSite(db, terminal.siteId))
  return site && { point: terminal.point, state: terminal.state, merchantId: site.merchantId, currency: site.currency }
}

export async function addTerminal(
  tx: Tx,
  terminal: { readonly id: string; readonly siteId: string; readonly codeHash: string },
): Promise<void> {
  await tx
    .insertInto('terminals')
    .values({ id: terminal.id, site_id: terminal.siteId, code_hash: terminal.codeHash, point: null, state: 'registered' })
    .execute()
}

export async function activateTerminal(tx: Tx, id: string, point: string): Promise<void> {
  await tx.updateTable('terminals').set({ point, state: 'active' }).where('id', '=', id).execute()
}

/** Who the terminal is, as receipts and certificates print it. */
export async function findProfile(db: Database, terminalId: string): Promise<TerminalProfile | undefined> {
  const terminal = await findTerminal(db, terminalId)
  const site = terminal && (await findSite(db, terminal.siteId))
  const merchant = site && (await findMerchant(db, site.merchantId))
  if (!site || !merchant) return undefined
  const { id, name, address, timeZone, latitudeE5, longitudeE5 } = site
  return { terminalId, merchant, site: { id, name, address, timeZone, latitudeE5, longitudeE5 }, currency: site.currency }
}

const accountOfId = prepared((db, { id }: ById) => db.selectFrom('accounts').selectAll().where('id', '=', id))

export async function findAccount(db: Database, id: string): Promise<Account | undefined> {
  const [row] = (await accountOfId(db, { id })).rows
  return (
    row && {
      id: row.id,
      displayName: row.display_name,
      currency: row.currency,
      openingBalance: row.opening_balance,
      frozen: row.frozen === 1,
    }
  )
}

export async function addAccount(tx: Tx, account: Omit<Account, 'frozen'>): Promise<void> {
  await tx
    .insertInto('accounts')
    .values({
      id: account.id,
      display_name: account.displayName,
      currency: account.currency,
      opening_balance: account.openingBalance,
      frozen: 0,
    })
    .execute()
}

export async function findPhone(db: Database, id: string): Promise<Phone | undefined> {
  const row = await db.selectFrom('phones').selectAll().where('id', '=', id).executeTakeFirst()
  return row && { id: row.id, accountId: row.account_id, point: row.point, retiredAt: row.retired_at }
}

export async function findPhoneByPoint(db: Database, point: string): Promise<{ readonly id: string } | undefined> {
  return db.selectFrom('phones').select('id').where('point', '=', point).executeTakeFirst()
}

export async function addPhone(tx: Tx, phone: Omit<Phone, 'retiredAt'> & { readonly addedAt: string }): Promise<void> {
  const { id, accountId, point, addedAt } = phone
  await tx.insertInto('phones').values({ id, account_id: accountId, point, added_at: addedAt }).execute()
}

function bandOf(row: {
  id: string
  account_id: string
  phone_id: string
  point: string
  epoch: number
  counter: number
  state: 'active' | 'blocked'
}): Band {
  const { id, point, epoch, counter, state } = row
  return { id, accountId: row.account_id, phoneId: row.phone_id, point, epoch, counter, state }
}

const bandOfId = prepared((db, { id }: ById) => db.selectFrom('bands').selectAll().where('id', '=', id))

export async function findBand(db: Database, id: string): Promise<Band | undefined> {
  const [row] = (await bandOfId(db, { id })).rows
  return row && bandOf(row)
}

const bandsOfPhoneId = prepared((db, { id }: ById) => db.selectFrom('bands').selectAll().where('phone_id', '=', id))

export async function bandsOfPhone(db: Database, phoneId: string): Promise<readonly Band[]> {
  const { rows } = await bandsOfPhoneId(db, { id: phoneId })
  return rows.map(bandOf)
}

type Nonce = { readonly bandId: string; readonly nonce: string }
const nonceOfBand = prepared((db, { bandId, nonce }: Nonce) =>
  db.selectFrom('band_nonces').select('nonce').where('band_id', '=', bandId).where('nonce', '=', nonce),
)
const insertNonce = prepared((db, { bandId, nonce }: Nonce) =>
  db
    .insertInto('band_nonces')
    .values({ band_id: bandId, nonce })
    .onConflict((conflict) => conflict.doNothing()),
)
const raiseCounter = prepared((db, { bandId, counter }: { readonly bandId: string; readonly counter: number }) =>
  db.updateTable('bands').set({ counter }).where('id', '=', bandId).where('counter', '<', counter),
)

export async function isNonceSeen(db: Database, bandId: string, nonce: string): Promise<boolean> {
  return (await nonceOfBand(db, { bandId, nonce })).rows.length > 0
}

/** Remembers what a proof used up: its nonce, and its counter when that is the largest so far. */
export async function useProof(tx: Tx, bandId: string, proof: { readonly nonce: string; readonly counter: number }): Promise<void> {
  await insertNonce(tx, { bandId, nonce: proof.nonce })
  await raiseCounter(tx, { bandId, counter: proof.counter })
}
