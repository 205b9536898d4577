/** Wristbands as things: what they left the factory with, the binding they are in, and pairings that were begun. */
import type { Database, Tables, Tx } from '../database/tables.ts'

export type Wristband = {
  readonly id: string
  /** base64url */
  readonly factoryPoint: string
  readonly state: 'factory' | 'paired' | 'released'
  readonly epoch: number
  readonly release: Uint8Array | null
}
export type PairingKey = { readonly bandId: string; readonly epoch: number; readonly point: string }
export type Pairing = PairingKey & { readonly phoneId: string; readonly binding: Uint8Array; readonly isConfirmed: boolean }

export async function findWristband(db: Database, id: string): Promise<Wristband | undefined> {
  const row = await db.selectFrom('wristbands').selectAll().where('id', '=', id).executeTakeFirst()
  return row && { id: row.id, factoryPoint: row.factory_point, state: row.state, epoch: row.epoch, release: row.release }
}

export async function findWristbandByPoint(db: Database, factoryPoint: string): Promise<{ readonly id: string } | undefined> {
  return db.selectFrom('wristbands').select('id').where('factory_point', '=', factoryPoint).executeTakeFirst()
}

export async function addWristband(tx: Tx, { id, factoryPoint }: Pick<Wristband, 'id' | 'factoryPoint'>): Promise<void> {
  await tx
    .insertInto('wristbands')
    .values({ id, factory_point: factoryPoint, state: 'factory', epoch: 0, release: null, released_at: null })
    .execute()
}

export async function markPaired(tx: Tx, { bandId, epoch }: Pick<PairingKey, 'bandId' | 'epoch'>): Promise<void> {
  await tx.updateTable('wristbands').set({ state: 'paired', epoch, release: null, released_at: null }).where('id', '=', bandId).execute()
}

export async function markReleased(
  tx: Tx,
  bandId: string,
  { epoch, release, at }: { readonly epoch: number; readonly release: Uint8Array; readonly at: string },
): Promise<void> {
  await tx.updateTable('wristbands').set({ state: 'released', epoch, release, released_at: at }).where('id', '=', bandId).execute()
}

function pairingOf(row: Tables['pairings']): Pairing {
  const { band_id: bandId, epoch, point, phone_id: phoneId, binding } = row
  return { bandId, epoch, point, phoneId, binding, isConfirmed: row.confirmed_at !== null }
}

export async function findPairing(db: Database, { bandId, epoch, point }: PairingKey): Promise<Pairing | undefined> {
  const row = await db
    .selectFrom('pairings')
    .selectAll()
    .where('band_id', '=', bandId)
    .where('epoch', '=', epoch)
    .where('point', '=', point)
    .executeTakeFirst()
  return row && pairingOf(row)
}

/** The newest pairings of a band that were begun in this epoch, newest first, at most `limit`. */
export async function pairingsOf(db: Database, bandId: string, epoch: number, limit: number): Promise<readonly Pairing[]> {
  const rows = await db
    .selectFrom('pairings')
    .selectAll()
    .where('band_id', '=', bandId)
    .where('epoch', '=', epoch)
    .orderBy('at', 'desc')
    .limit(limit)
    .execute()
  return rows.map(pairingOf)
}

export async function addPairing(tx: Tx, pairing: Omit<Pairing, 'isConfirmed'> & { readonly at: string }): Promise<void> {
  const { bandId, epoch, point, phoneId, binding, at } = pairing
  await tx.insertInto('pairings').values({ band_id: bandId, epoch, point, phone_id: phoneId, binding, confirmed_at: null, at }).execute()
}

export async function confirmPairing(tx: Tx, { bandId, epoch, point }: PairingKey, at: string): Promise<void> {
  await tx
    .updateTable('pairings')
    .set({ confirmed_at: at })
    .where('band_id', '=', bandId)
    .where('epoch', '=', epoch)
    .where('point', '=', point)
    .execute()
}

/** Puts this binding in force: the band's proofs are checked with this key, in this epoch, and counted from nothing. */
export async function bindBand(
  tx: Tx,
  { id, accountId, phoneId, point, epoch }: { id: string; accountId: string; phoneId: string; point: string; epoch: number },
): Promise<void> {
  const fresh = { account_id: accountId, phone_id: phoneId, point, epoch, counter: -1, state: 'active' as const }
  await tx
    .insertInto('bands')
    .values({ id, ...fresh })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(fresh))
    .execute()
}

/** The binding is out of force: no proof of this band is good until it is bound again. */
export async function blockBand(tx: Tx, id: string): Promise<void> {
  await tx.updateTable('bands').set({ state: 'blocked' }).where('id', '=', id).execute()
}

export type OwnBand = {
  readonly bandId: string
  readonly epoch: number
  readonly phoneId: string
  readonly state: 'bound' | 'blocked' | 'released'
}
/** More bands than this no wallet shows. */
const OWN_BANDS_MAX = 100

export async function bandsOfAccount(db: Database, accountId: string): Promise<readonly OwnBand[]> {
  const rows = await db
    .selectFrom('bands')
    .innerJoin('wristbands', 'wristbands.id', 'bands.id')
    .select(['bands.id as id', 'bands.epoch as epoch', 'bands.phone_id as phone', 'bands.state as state', 'wristbands.state as lock'])
    .where('bands.account_id', '=', accountId)
    .orderBy('bands.epoch', 'desc')
    .orderBy('bands.id')
    .limit(OWN_BANDS_MAX)
    .execute()
  return rows.map(({ id, epoch, phone, state, lock }) => ({
    bandId: id,
    epoch,
    phoneId: phone,
    state: lock === 'released' ? 'released' : state === 'active' ? 'bound' : 'blocked',
  }))
}
