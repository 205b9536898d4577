import type { OutboxOutcome, ReadStore, SqlRow, WriteStore } from '#main/ports.ts'
import { alarmLine } from '#shared/contracts/alarms.ts'
import { OUTBOX_BATCH_MAX, type OutboxKind } from '#shared/contracts/backend-api.ts'
import type { OutboxId } from '#shared/domain/ids.ts'
import type { OutboxAlarm } from './ports.ts'

/** A batch's bodies together, characters: well inside what servers take in one request (Fastify: 1 MiB). */
export const BATCH_CHARACTERS_MAX = 500_000

const NEXT = 'SELECT seq, id, kind, body FROM outbox WHERE acked_at IS NULL AND seq > ? ORDER BY seq LIMIT ?'
const PENDING = 'SELECT COUNT(*) AS pending FROM outbox WHERE acked_at IS NULL'
const ALARMS = 'SELECT id, kind, alarm, acked_at, created_at FROM outbox WHERE alarm IS NOT NULL ORDER BY seq DESC LIMIT ?'
const ACK = 'UPDATE outbox SET acked_at = ?, outcome = ?, alarm = ? WHERE seq = ? AND acked_at IS NULL'
const ALARM = 'UPDATE outbox SET alarm = ? WHERE seq = ? AND acked_at IS NULL'
/** A person reads these: more than this many need a look at the backend. */
const ALARMS_SHOWN_MAX = 100

export type OutboxRecord = { readonly seq: number; readonly id: OutboxId; readonly kind: OutboxKind; readonly body: string }

function toRecord(row: SqlRow): OutboxRecord {
  return { seq: Number(row['seq']), id: String(row['id']) as OutboxId, kind: String(row['kind']) as OutboxKind, body: String(row['body']) }
}

/** The oldest records that wait, in order of creation, leaving out those set aside. At least one, when one waits. */
export function nextBatch(
  reads: ReadStore,
  input: { readonly limit: number; readonly isSetAside: (id: OutboxId) => boolean },
): readonly OutboxRecord[] {
  const batch: OutboxRecord[] = []
  let characters = 0
  let after = 0
  while (batch.length < input.limit) {
    const rows = reads.all(NEXT, after, OUTBOX_BATCH_MAX)
    if (rows.length === 0) break
    for (const record of rows.map(toRecord)) {
      after = record.seq
      if (input.isSetAside(record.id)) continue
      characters += record.body.length
      if (batch.length === input.limit || (batch.length > 0 && characters > BATCH_CHARACTERS_MAX)) return batch
      batch.push(record)
    }
  }
  return batch
}

/** Marks what the backend has, each once: a late or repeated acknowledgement changes nothing. Answers how many were marked. */
export function markAcked(tx: WriteStore, batch: readonly OutboxRecord[], outcomes: readonly OutboxOutcome[], at: string): number {
  const outcomeOf = new Map<string, OutboxOutcome>(outcomes.map((outcome) => [outcome.id, outcome]))
  let marked = 0
  for (const { seq, id } of batch) {
    const outcome = outcomeOf.get(id)
    if (!outcome) continue
    const alarm = outcome.alarm ?? (outcome.outcome === 'quarantined' ? alarmLine('quarantined', '') : null)
    marked += tx.run(ACK, at, outcome.outcome, alarm, seq).changes
  }
  return marked
}

export function markAlarm(tx: WriteStore, { seq }: OutboxRecord, alarm: string): void {
  tx.run(ALARM, alarm, seq)
}

export function countPending(reads: ReadStore): number {
  return Number(reads.get(PENDING)?.['pending'])
}

export function alarmsOf(reads: ReadStore): readonly OutboxAlarm[] {
  return reads.all(ALARMS, ALARMS_SHOWN_MAX).map((row) => ({
    id: String(row['id']) as OutboxId,
    kind: String(row['kind']) as OutboxKind,
    alarm: String(row['alarm']),
    acked: row['acked_at'] !== null,
    at: String(row['acked_at'] ?? row['created_at']),
  }))
}
