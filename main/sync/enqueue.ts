import type { Clock, WriteStore } from '#main/ports.ts'
import type { OutboxKind } from '#shared/contracts/backend-api.ts'

const ADD_RECORD = 'INSERT INTO outbox (id, kind, body, journal_seq, created_at) VALUES (?, ?, ?, ?, ?)'
const ITS_PLACE = 'SELECT last_insert_rowid() AS seq'

/** Makes the function that adds a record to the outbox within the caller's transaction: it leaves with what it reports, or neither does. */
export function createEnqueue(input: { readonly clock: Clock; readonly newId: () => string }) {
  return (tx: WriteStore, kind: OutboxKind, body: string, journalSeq?: number): number => {
    tx.run(ADD_RECORD, input.newId(), kind, body, journalSeq ?? null, new Date(input.clock.nowMs()).toISOString())
    return Number(tx.get(ITS_PLACE)?.['seq'])
  }
}
