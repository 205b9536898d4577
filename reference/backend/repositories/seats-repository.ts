import type { SeatState } from '#shared/domain/programme.ts'
import type { Database, Tx } from '../database/tables.ts'

/** Rows in one INSERT: within the parameters one statement may have, five to a row. */
const SEATS_PER_INSERT = 100

export type Showtime = { readonly id: string; readonly siteId: string; readonly hallId: string; readonly startsAtMs: number }
export type Hold = {
  readonly id: string
  readonly terminalId: string
  readonly showtimeId: string
  readonly state: 'held' | 'pinned' | 'sold' | 'released'
  readonly requestId: string | undefined
  readonly expiresAtMs: number
}
/** A seat with the hold it is on, if any. */
export type SeatOnHold = {
  readonly seat: string
  readonly state: SeatState
  readonly holdId: string | undefined
  readonly terminalId: string | undefined
  readonly expiresAtMs: number | undefined
}

export async function findProgramme(
  db: Database,
  siteId: string,
): Promise<{ readonly version: string; readonly body: string } | undefined> {
  return db.selectFrom('programmes').select(['version', 'body']).where('site_id', '=', siteId).executeTakeFirst()
}

export async function putProgrammeBody(
  tx: Tx,
  siteId: string,
  programme: { readonly version: string; readonly body: string },
): Promise<void> {
  await tx
    .insertInto('programmes')
    .values({ site_id: siteId, ...programme })
    .onConflict((conflict) => conflict.column('site_id').doUpdateSet(programme))
    .execute()
}

export async function findShowtime(db: Database, id: string): Promise<Showtime | undefined> {
  const row = await db.selectFrom('showtimes').selectAll().where('id', '=', id).executeTakeFirst()
  return row && { id: row.id, siteId: row.site_id, hallId: row.hall_id, startsAtMs: row.starts_at_ms }
}

export async function showtimeIdsOf(db: Database, siteId: string): Promise<readonly string[]> {
  const rows = await db.selectFrom('showtimes').select('id').where('site_id', '=', siteId).execute()
  return rows.map((row) => row.id)
}

export async function putShowtime(tx: Tx, showtime: Showtime): Promise<void> {
  const values = { site_id: showtime.siteId, hall_id: showtime.hallId, starts_at_ms: showtime.startsAtMs }
  await tx
    .insertInto('showtimes')
    .values({ id: showtime.id, ...values })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(values))
    .execute()
}

/** Takes a showtime off with its seats and ended holds. Only for showtimes none of whose seats was ever held, pinned or sold. */
export async function removeShowtime(tx: Tx, id: string): Promise<void> {
  await tx.deleteFrom('seats').where('showtime_id', '=', id).execute()
  await tx.deleteFrom('showtimes').where('id', '=', id).execute()
}

export async function isShowtimeUntouched(db: Database, id: string): Promise<boolean> {
  const hold = await db.selectFrom('holds').select('id').where('showtime_id', '=', id).limit(1).executeTakeFirst()
  const sold = await db
    .selectFrom('seats')
    .select('seat')
    .where('showtime_id', '=', id)
    .where('state', '!=', 'free')
    .limit(1)
    .executeTakeFirst()
  return hold === undefined && sold === undefined
}

/** Makes the seats of a showtime those of its hall; a seat that is held, pinned or sold stays. */
export async function setSeats(tx: Tx, showtimeId: string, seats: readonly string[]): Promise<void> {
  const existing = await tx.selectFrom('seats').select(['seat', 'state']).where('showtime_id', '=', showtimeId).execute()
  const wanted = new Set(seats)
  const gone = existing.filter((row) => row.state === 'free' && !wanted.has(row.seat)).map((row) => row.seat)
  const known = new Set(existing.map((row) => row.seat))
  const added = seats.filter((seat) => !known.has(seat))
  for (const seat of gone) await tx.deleteFrom('seats').where('showtime_id', '=', showtimeId).where('seat', '=', seat).execute()
  for (let index = 0; index < added.length; index += SEATS_PER_INSERT) {
    const rows = added.slice(index, index + SEATS_PER_INSERT)
    await tx
      .insertInto('seats')
      .values(rows.map((seat) => ({ showtime_id: showtimeId, seat, state: 'free' as const, hold_id: null, receipt_id: null })))
      .execute()
  }
}

export async function seatsOfShowtime(db: Database, showtimeId: string): Promise<readonly SeatOnHold[]> {
  const rows = await db
    .selectFrom('seats')
    .leftJoin('holds', 'holds.id', 'seats.hold_id')
    .select(['seats.seat', 'seats.state', 'seats.hold_id', 'holds.terminal_id', 'holds.expires_at_ms'])
    .where('seats.showtime_id', '=', showtimeId)
    .execute()
  return rows.map((row) => ({
    seat: row.seat,
    state: row.state,
    holdId: row.hold_id ?? undefined,
    terminalId: row.terminal_id ?? undefined,
    expiresAtMs: row.expires_at_ms ?? undefined,
  }))
}

export async function findSeat(db: Database, showtimeId: string, seat: string): Promise<SeatOnHold | undefined> {
  const row = await db
    .selectFrom('seats')
    .leftJoin('holds', 'holds.id', 'seats.hold_id')
    .select(['seats.seat', 'seats.state', 'seats.hold_id', 'holds.terminal_id', 'holds.expires_at_ms'])
    .where('seats.showtime_id', '=', showtimeId)
    .where('seats.seat', '=', seat)
    .executeTakeFirst()
  return (
    row && {
      seat: row.seat,
      state: row.state,
      holdId: row.hold_id ?? undefined,
      terminalId: row.terminal_id ?? undefined,
      expiresAtMs: row.expires_at_ms ?? undefined,
    }
  )
}

export async function findHold(db: Database, id: string): Promise<Hold | undefined> {
  const row = await db.selectFrom('holds').selectAll().where('id', '=', id).executeTakeFirst()
  return (
    row && {
      id: row.id,
      terminalId: row.terminal_id,
      showtimeId: row.showtime_id,
      state: row.state,
      requestId: row.request_id ?? undefined,
      expiresAtMs: row.expires_at_ms,
    }
  )
}

/** Ids of the holds this attempt has pinned. */
export async function pinnedBy(db: Database, terminalId: string, requestId: string): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('holds')
    .select('id')
    .where('terminal_id', '=', terminalId)
    .where('request_id', '=', requestId)
    .orderBy('id')
    .execute()
  return rows.map((row) => row.id)
}

export async function seatsOnHold(db: Database, holdId: string): Promise<readonly string[]> {
  const rows = await db.selectFrom('seats').select('seat').where('hold_id', '=', holdId).orderBy('seat').execute()
  return rows.map((row) => row.seat)
}

export async function putHold(tx: Tx, hold: Omit<Hold, 'requestId' | 'state'>): Promise<void> {
  await tx
    .insertInto('holds')
    .values({
      id: hold.id,
      terminal_id: hold.terminalId,
      showtime_id: hold.showtimeId,
      state: 'held',
      request_id: null,
      expires_at_ms: hold.expiresAtMs,
    })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ state: 'held', expires_at_ms: hold.expiresAtMs }))
    .execute()
}

export async function pinHold(tx: Tx, holdId: string, requestId: string): Promise<void> {
  await tx.updateTable('holds').set({ state: 'pinned', request_id: requestId }).where('id', '=', holdId).execute()
  await tx.updateTable('seats').set({ state: 'pinned' }).where('hold_id', '=', holdId).execute()
}

export async function unpinHold(tx: Tx, holdId: string, expiresAtMs: number): Promise<void> {
  await tx.updateTable('holds').set({ state: 'held', request_id: null, expires_at_ms: expiresAtMs }).where('id', '=', holdId).execute()
  await tx.updateTable('seats').set({ state: 'held' }).where('hold_id', '=', holdId).execute()
}

/** Ends a hold; what is left on it becomes free. */
export async function endHold(tx: Tx, holdId: string, state: 'sold' | 'released'): Promise<void> {
  await tx.updateTable('seats').set({ state: 'free', hold_id: null }).where('hold_id', '=', holdId).execute()
  await tx.updateTable('holds').set({ state, request_id: null }).where('id', '=', holdId).execute()
}

export async function putSeatOnHold(tx: Tx, showtimeId: string, seat: string, holdId: string | null): Promise<void> {
  await tx
    .updateTable('seats')
    .set({ state: holdId === null ? 'free' : 'held', hold_id: holdId })
    .where('showtime_id', '=', showtimeId)
    .where('seat', '=', seat)
    .where('state', 'in', ['free', 'held'])
    .execute()
}

export async function sellSeat(tx: Tx, showtimeId: string, seat: string, receiptId: string): Promise<void> {
  await tx
    .updateTable('seats')
    .set({ state: 'sold', hold_id: null, receipt_id: receiptId })
    .where('showtime_id', '=', showtimeId)
    .where('seat', '=', seat)
    .execute()
}

/** The receipt a seat was sold to, or undefined: it is not sold. */
export async function receiptOfSeat(db: Database, showtimeId: string, seat: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('seats')
    .select('receipt_id')
    .where('showtime_id', '=', showtimeId)
    .where('seat', '=', seat)
    .executeTakeFirst()
  return row?.receipt_id ?? undefined
}

/** A sold seat that is taken back: on a hold again, sold to nobody. */
export async function returnSeat(tx: Tx, showtimeId: string, seat: string, holdId: string): Promise<void> {
  await tx
    .updateTable('seats')
    .set({ state: 'held', hold_id: holdId, receipt_id: null })
    .where('showtime_id', '=', showtimeId)
    .where('seat', '=', seat)
    .where('state', '=', 'sold')
    .execute()
}

/** Holds that ran out by `nowMs`: their seats become free again. Returns how many seats. */
export async function freeExpired(tx: Tx, nowMs: number): Promise<number> {
  const freed = await tx
    .updateTable('seats')
    .set({ state: 'free', hold_id: null })
    .where('state', '=', 'held')
    .where('hold_id', 'in', tx.selectFrom('holds').select('id').where('state', '=', 'held').where('expires_at_ms', '<=', nowMs))
    .executeTakeFirst()
  return Number(freed.numUpdatedRows)
}
