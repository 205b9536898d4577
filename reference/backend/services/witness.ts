import { toHex } from '#shared/contracts/bytes.ts'
import type { Tx } from '../database/tables.ts'
import { addHead, type Head, headsAt } from '../repositories/outbox-repository.ts'
import { findTerminal } from '../repositories/registry-repository.ts'
import { instantOf } from '../world.ts'
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

/** Keeps the head that a request of a terminal carried. */
export async function witnessRequest(
  tx: Tx,
  raise: RaiseAlarm,
  asked: {
    readonly terminalId: string
    readonly statement: { readonly headSeq: number; readonly head: Uint8Array }
    readonly nowMs: number
  },
): Promise<void> {
  const { terminalId, statement, nowMs } = asked
  // A request says nothing of its epoch: it is of the newest, or of a restore that this backend has not heard of yet, and then it tells.
  const epoch = (await findTerminal(tx, terminalId))?.epoch ?? 1
  const head = { seq: statement.headSeq, head: toHex(statement.head) }
  await witness(tx, raise, { terminalId, epoch, ...head, source: 'request', at: instantOf(nowMs) })
}
