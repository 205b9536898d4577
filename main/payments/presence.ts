/** Asking one band who is there: no money, no trace, and no answer that could be taken for another one. */
import type { Standing } from '#main/enrolment/enrolment.ts'
import type { Ledger } from '#main/ledger/ports.ts'
import type { Clock, Keys } from '#main/ports.ts'
import { sha256 } from '#shared/crypto/keys.ts'
import type { RequestId } from '#shared/domain/ids.ts'
import { ok } from '#shared/result.ts'
import { readPresence } from './answers.ts'
import type { BandSessions } from './band-session.ts'
import { journalHead } from './in-doubt.ts'
import { signPresence } from './statements.ts'

/** From the moment the radio is free to the answer. A phone needs a tenth of it; whoever needs longer would hold up everybody else. */
export const PRESENCE_TIMEOUT_MS = 2_000

export type PresenceDeps = {
  readonly clock: Clock
  readonly keys: Keys
  readonly ledger: Ledger
  readonly standing: () => Standing
  readonly sessions: BandSessions
  readonly newId: () => string
  readonly onFault: (what: string, detail: Readonly<Record<string, string>>) => void
}

/**
 * The run of knocks the band at this address felt last, 0 when there is none that is fresh. Undefined when it could not be asked in time,
 * or what came back is no answer to this very question by the phone it was sealed for. `ended` hangs up.
 */
export async function askPresence(deps: PresenceDeps, address: string, ended: Promise<void>): Promise<number | undefined> {
  const { clock, keys, ledger, sessions, newId, onFault } = deps
  const requestId = newId() as RequestId
  const nowS = () => Math.floor(clock.nowMs() / 1_000)
  let statementDigest: Uint8Array = new Uint8Array()
  const end = await sessions.run({
    address,
    kind: 'probe',
    timeoutMs: PRESENCE_TIMEOUT_MS,
    requestId,
    statementFor: async (offer) => {
      const statement = await signPresence({ keys, offer, requestId, head: journalHead(ledger), nowS: nowS() })
      statementDigest = await sha256(statement)
      return statement
    },
    persist: () => ok(),
    expiresMonotonicMs: () => clock.monotonicMs() + PRESENCE_TIMEOUT_MS,
    onStage: () => {},
    cancelled: ended,
  })
  if (end.kind !== 'answered') return undefined
  await end.open.close()
  const felt = await readPresence(end.plaintext, { requestId, statementDigest }, { phoneKey: end.phoneKey, nowS: nowS() })
  if (felt.ok) return felt.value.knocks
  onFault('presence-refused', { fault: felt.error })
  return undefined
}
