import { type AlarmKind, alarmLine } from '#shared/contracts/alarms.ts'
import type { Tx } from '../database/tables.ts'
import { addAlarm } from '../repositories/outbox-repository.ts'
import { type Clock, instantOf, type NewId } from '../world.ts'

/** Keeps an alarm, and answers with the line that tells the terminal of it. */
export type RaiseAlarm = (tx: Tx, kind: AlarmKind, terminalId: string, detail: string) => Promise<string>

/** Alarms are kept in the database, in the transaction that found them; `noticed` tells log and metrics. */
export function createAlarms(world: {
  readonly clock: Clock
  readonly newId: NewId
  readonly noticed: (kind: AlarmKind, terminalId: string, detail: string) => void
}): RaiseAlarm {
  return async (tx, kind, terminalId, detail) => {
    await addAlarm(tx, { id: world.newId(), kind, terminalId, detail, at: instantOf(world.clock.nowMs()) })
    world.noticed(kind, terminalId, detail)
    return alarmLine(kind, detail)
  }
}
