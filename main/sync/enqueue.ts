import type { Clock, WriteStore } from '#main/ports.ts'
import type { OutboxKind } from '#shared/contracts/backend-api.ts'
import type { OutboxId } from '#shared/domain/ids.ts'

const ADD_RECORD = 'INSERT INTO outbox (id, kind, body, created_at) VALUES (?, ?, ?, ?)'

/** Makes the function that adds a record to the outbox within the caller's transaction: it leaves with what it reports, or neither does. */
export function createEnqueue(input: { readonly clock: Clock; readonly newId: () => string }) {
  return (tx: WriteStore, kind: OutboxKind, body: string): OutboxId => {
    const id = input.newId() as OutboxId
    tx.run(ADD_RECORD, id, kind, body, new Date(input.clock.nowMs()).toISOString())
    return id
  }
}
