/** What a terminal may read back of its own: how far its journal is known, its receipts, and money held for it. */
import type { Database } from '../database/tables.ts'
import { heldAuthorizationsAfter, lastNumbers, newestHead, receiptBodiesAfter } from '../repositories/recovery-repository.ts'
import { findTerminal } from '../repositories/registry-repository.ts'
import { findHold, pinnedBy, seatsOnHold } from '../repositories/seats-repository.ts'

/** Bodies in one page together, characters: inside what a terminal reads of one answer (4 MiB), whatever the letters and quotes in them. */
export const PAGE_CHARACTERS_MAX = 500_000
/** Holds named with one authorization. A statement names no more. */
const HOLDS_MAX = 4

export type Standing = {
  readonly epoch: number
  readonly head: { readonly seq: number; readonly hash: string } | undefined
  readonly series: Readonly<Record<string, number>>
}
export type Page<T> = { readonly rows: T[]; readonly more: boolean }
export type PinnedHold = { readonly holdId: string; readonly showtimeId: string; readonly seats: string[] }

export class Recovery {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  /** In one transaction, so that epoch and head belong together. */
  async standing(terminalId: string): Promise<Standing> {
    return this.#db.transaction().execute(async (tx) => {
      const epoch = (await findTerminal(tx, terminalId))?.epoch ?? 1
      return { epoch, head: await newestHead(tx, terminalId, epoch), series: await lastNumbers(tx, terminalId) }
    })
  }

  /** A page of receipts: at least one when there is one, at most `limit`, and no more text than an answer can carry. */
  async receipts(terminalId: string, after: number, limit: number): Promise<Page<{ readonly cursor: number; readonly body: string }>> {
    const found = await receiptBodiesAfter(this.#db, terminalId, after, limit + 1)
    const rows: { readonly cursor: number; readonly body: string }[] = []
    let characters = 0
    for (const row of found) {
      characters += row.body.length
      if (rows.length === limit || (rows.length > 0 && characters > PAGE_CHARACTERS_MAX)) return { rows, more: true }
      rows.push(row)
    }
    return { rows, more: false }
  }

  async authorizations(
    terminalId: string,
    after: number,
    limit: number,
  ): Promise<Page<{ readonly cursor: number; readonly requestId: string; readonly signed: Uint8Array; readonly holds: PinnedHold[] }>> {
    return this.#db.transaction().execute(async (tx) => {
      const found = await heldAuthorizationsAfter(tx, terminalId, after, limit + 1)
      const rows = []
      for (const row of found.slice(0, limit)) rows.push({ ...row, holds: await pinnedHolds(tx, terminalId, row.requestId) })
      return { rows, more: found.length > limit }
    })
  }
}

async function pinnedHolds(db: Database, terminalId: string, requestId: string): Promise<PinnedHold[]> {
  const holds: PinnedHold[] = []
  for (const holdId of (await pinnedBy(db, terminalId, requestId)).slice(0, HOLDS_MAX)) {
    const hold = await findHold(db, holdId)
    if (hold) holds.push({ holdId, showtimeId: hold.showtimeId, seats: [...(await seatsOnHold(db, holdId))] })
  }
  return holds
}
