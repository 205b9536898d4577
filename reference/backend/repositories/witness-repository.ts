import { sql } from 'kysely'
import type { Database } from '../database/tables.ts'

export type WitnessedHead = {
  readonly epoch: number
  readonly seq: number
  readonly head: string
  readonly source: 'request' | 'receipt' | 'outbox'
  readonly signature: string | null
  /** ISO 8601 UTC. */
  readonly at: string
}
export type HeadPlace = Pick<WitnessedHead, 'epoch' | 'seq' | 'head' | 'source'>

/** Heads of a terminal in the order of their key, after this place: any number of rows may be added meanwhile. */
export async function headsAfter(
  db: Database,
  terminalId: string,
  after: HeadPlace | undefined,
  limit: number,
): Promise<readonly WitnessedHead[]> {
  let query = db
    .selectFrom('heads')
    .select(['epoch', 'seq', 'head', 'source', 'signature', 'at'])
    .where('terminal_id', '=', terminalId)
    .orderBy('epoch')
    .orderBy('seq')
    .orderBy('head')
    .orderBy('source')
    .limit(limit)
  if (after) {
    const { epoch, seq, head, source } = after
    query = query.where(sql<boolean>`(epoch, seq, head, source) > (${epoch}, ${seq}, ${head}, ${source})`)
  }
  return query.execute()
}
