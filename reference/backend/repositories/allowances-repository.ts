/** Offline allowances and their slots. */
import type { Selectable } from 'kysely'
import type { Currency } from '#shared/domain/money.ts'
import type { Database, Tables, Tx } from '../database/tables.ts'

export type Allowance = {
  readonly id: string
  readonly accountId: string
  readonly bandId: string
  readonly phoneId: string
  readonly epoch: number
  /** Counts the leases of a band in one epoch: an older one opens nothing. */
  readonly leaseSerial: number
  readonly cap: number
  readonly currency: Currency
  /** Seconds. */
  readonly from: number
  readonly until: number
  readonly settleByMs: number
  readonly revokedAt: string | undefined
}
export type SlotRow = {
  readonly counter: number
  readonly slot: Uint8Array
  readonly state: 'set-aside' | 'spent' | 'returned'
  readonly requestDigest: string | undefined
}

function allowanceOf(row: Selectable<Tables['allowances']>): Allowance {
  return {
    id: row.id,
    accountId: row.account_id,
    bandId: row.band_id,
    phoneId: row.phone_id,
    epoch: row.epoch,
    leaseSerial: row.lease_serial,
    cap: row.cap,
    currency: row.currency,
    from: row.from_s,
    until: row.until_s,
    settleByMs: row.settle_by_ms,
    revokedAt: row.revoked_at ?? undefined,
  }
}

export async function addAllowance(
  tx: Tx,
  {
    leaseDigest,
    slots,
    ...allowance
  }: Omit<Allowance, 'revokedAt'> & {
    readonly leaseDigest: string
    readonly slots: readonly { readonly counter: number; readonly slot: Uint8Array }[]
  },
): Promise<void> {
  await tx
    .insertInto('allowances')
    .values({
      id: allowance.id,
      account_id: allowance.accountId,
      band_id: allowance.bandId,
      phone_id: allowance.phoneId,
      epoch: allowance.epoch,
      lease_digest: leaseDigest,
      lease_serial: allowance.leaseSerial,
      cap: allowance.cap,
      currency: allowance.currency,
      from_s: allowance.from,
      until_s: allowance.until,
      settle_by_ms: allowance.settleByMs,
      revoked_at: null,
      closed_at: null,
    })
    .execute()
  const rows = slots.map(({ counter, slot }) => ({
    allowance_id: allowance.id,
    counter,
    slot,
    state: 'set-aside' as const,
    request_digest: null,
    authorization_id: null,
  }))
  await tx.insertInto('allowance_slots').values(rows).execute()
}

export async function findAllowance(db: Database, id: string): Promise<Allowance | undefined> {
  const row = await db.selectFrom('allowances').selectAll().where('id', '=', id).executeTakeFirst()
  return row && allowanceOf(row)
}

export async function findAllowanceByLease(db: Database, leaseDigest: string): Promise<Allowance | undefined> {
  const row = await db.selectFrom('allowances').selectAll().where('lease_digest', '=', leaseDigest).executeTakeFirst()
  return row && allowanceOf(row)
}

/** The newest lease of this band in this epoch that became an allowance; -1 before the first. */
export async function lastLeaseSerial(db: Database, bandId: string, epoch: number): Promise<number> {
  const row = await db
    .selectFrom('allowances')
    .select(({ fn }) => fn.max<number | null>('lease_serial').as('serial'))
    .where('band_id', '=', bandId)
    .where('epoch', '=', epoch)
    .executeTakeFirst()
  return row?.serial ?? -1
}

export async function openAllowancesOfBand(db: Database, bandId: string): Promise<readonly Allowance[]> {
  const rows = await db.selectFrom('allowances').selectAll().where('band_id', '=', bandId).where('closed_at', 'is', null).execute()
  return rows.map(allowanceOf)
}

/** Allowances that nobody can be paid from any more and that still hold money, oldest first. */
export async function overdueAllowances(db: Database, nowMs: number, limit: number): Promise<readonly Allowance[]> {
  const rows = await db
    .selectFrom('allowances')
    .selectAll()
    .where('settle_by_ms', '<', nowMs)
    .where('closed_at', 'is', null)
    .orderBy('settle_by_ms')
    .limit(limit)
    .execute()
  return rows.map(allowanceOf)
}

/** In the order of their counters. */
export async function slotsOf(db: Database, allowanceId: string): Promise<readonly SlotRow[]> {
  const rows = await db.selectFrom('allowance_slots').selectAll().where('allowance_id', '=', allowanceId).orderBy('counter').execute()
  return rows.map(({ counter, slot, state, request_digest: digest }) => ({
    counter,
    slot: Uint8Array.from(slot),
    state,
    requestDigest: digest ?? undefined,
  }))
}

/** Money of an account that is set aside and neither spent nor returned, minor units. */
export async function setAsideOf(db: Database, accountId: string): Promise<number> {
  const row = await db
    .selectFrom('allowances')
    .innerJoin('allowance_slots', 'allowance_slots.allowance_id', 'allowances.id')
    .select(({ fn }) => fn.sum<number | null>('allowances.cap').as('amount'))
    .where('allowances.account_id', '=', accountId)
    .where('allowances.closed_at', 'is', null)
    .where('allowance_slots.state', '=', 'set-aside')
    .executeTakeFirst()
  return row?.amount ?? 0
}

export async function markSlotSpent(
  tx: Tx,
  key: { readonly allowanceId: string; readonly counter: number },
  by: { readonly requestDigest: string; readonly authorizationId: string },
): Promise<void> {
  await tx
    .updateTable('allowance_slots')
    .set({ state: 'spent', request_digest: by.requestDigest, authorization_id: by.authorizationId })
    .where('allowance_id', '=', key.allowanceId)
    .where('counter', '=', key.counter)
    .execute()
}

export async function markSlotReturned(tx: Tx, key: { readonly allowanceId: string; readonly counter: number }): Promise<void> {
  await tx
    .updateTable('allowance_slots')
    .set({ state: 'returned' })
    .where('allowance_id', '=', key.allowanceId)
    .where('counter', '=', key.counter)
    .execute()
}

/** Closes an allowance none of whose slots waits any more. */
export async function closeWhenSettled(tx: Tx, id: string, at: string): Promise<void> {
  const waiting = tx.selectFrom('allowance_slots').select('allowance_id').where('allowance_id', '=', id).where('state', '=', 'set-aside')
  await tx
    .updateTable('allowances')
    .set({ closed_at: at })
    .where('id', '=', id)
    .where('closed_at', 'is', null)
    .where('id', 'not in', waiting)
    .execute()
}
