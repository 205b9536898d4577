import type { Tx } from '../database/tables.ts'
import { addAlarm } from '../repositories/outbox-repository.ts'
import { type Clock, instantOf, type NewId } from '../world.ts'

/** Things that a correct terminal, band or phone never causes, and a restore, of which a person should know: somebody must look. */
export const ALARM_KINDS = [
  'counter-not-greater',
  'nonce-not-fresh',
  'capture-refused',
  'reversal-after-capture',
  'seat-not-sold',
  'seat-not-returned',
  'void-refused',
  'void-waits',
  'journal-fork',
  'wrong-epoch',
  'quarantined',
  'restored',
] as const
export type AlarmKind = (typeof ALARM_KINDS)[number]

export type RaiseAlarm = (tx: Tx, kind: AlarmKind, terminalId: string, detail: string) => Promise<void>

/** Alarms are kept in the database, in the transaction that found them; `noticed` tells log and metrics. */
export function createAlarms(world: {
  readonly clock: Clock
  readonly newId: NewId
  readonly noticed: (kind: AlarmKind, terminalId: string, detail: string) => void
}): RaiseAlarm {
  return async (tx, kind, terminalId, detail) => {
    await addAlarm(tx, { id: world.newId(), kind, terminalId, detail, at: instantOf(world.clock.nowMs()) })
    world.noticed(kind, terminalId, detail)
  }
}
