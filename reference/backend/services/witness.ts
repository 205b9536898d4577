import type { Tx } from '../database/tables.ts'
import { addHead, type Head, headsAt } from '../repositories/outbox-repository.ts'
import type { RaiseAlarm } from './alarms.ts'

/** Keeps a terminal's journal head. Two different heads at one place of one epoch mean that the journal was rewritten. */
export async function witness(tx: Tx, raise: RaiseAlarm, head: Head): Promise<string | undefined> {
  const known = await headsAt(tx, head)
  await addHead(tx, head)
  // Requests carry a cut head, so heads agree when one begins with the other.
  const isSame = known.every((other) => other.startsWith(head.head) || head.head.startsWith(other))
  if (isSame) return undefined
  const detail = `journal entry ${head.seq} has two heads`
  return raise(tx, 'journal-fork', head.terminalId, detail)
}
