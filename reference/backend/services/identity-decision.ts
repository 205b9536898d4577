/** Whether a terminal may be told who its customer is: what is known goes in, a yes or a reasoned no comes out. */
import type { AlarmKind } from '#shared/contracts/alarms.ts'
import type { IdentifyHint } from '#shared/contracts/identity-api.ts'
import type { IdentifyStatement } from '#shared/contracts/identity-messages.ts'
import { FLAG_ARMED, FLAG_PROBE, FLAG_WORN } from '#shared/contracts/radio-messages.ts'
import { isExpired } from '#shared/crypto/key-set.ts'
import type { IdentifyReason } from '#shared/domain/identify-reasons.ts'
import { type BandFacts, bandFault } from './authorization-decision.ts'

export type IdentityFacts = BandFacts & {
  /** The backend's clock, seconds. */
  readonly nowS: number
  readonly statement: IdentifyStatement
  readonly isTerminalTrusted: boolean
  readonly isFrozen: boolean
  /** The phone is further from the terminal's certified place than its owner's payments may be. */
  readonly isElsewhere: boolean
}

export type IdentityRefusal = { readonly reason: IdentifyReason; readonly hint: IdentifyHint; readonly alarm?: AlarmKind }

/** Undefined is a yes; else the first rule that says no. The order is part of the protocol: docs/protocol.md lists it. */
export function identityRefusal(facts: IdentityFacts): IdentityRefusal | undefined {
  const { statement, proof, nowS } = facts
  if (!facts.isTerminalTrusted) return { reason: 'terminal-not-trusted', hint: 'terminal' }
  if (isExpired(statement, nowS)) return { reason: 'expired', hint: 'expired' }
  const fault = bandFault(facts, statement.bandNonce)
  if (fault) return { reason: 'band-not-usable', hint: 'band', ...fault }
  // A proof of what could have moved money is not taken for one that cannot, nor the other way round.
  if ((proof.flags & FLAG_PROBE) === 0) return { reason: 'band-not-usable', hint: 'band' }
  if ((proof.flags & FLAG_WORN) === 0) return { reason: 'not-worn', hint: 'band' }
  if ((proof.flags & FLAG_ARMED) === 0) return { reason: 'not-armed', hint: 'band' }
  // A freeze and a customer's own no look the same at the counter.
  if (facts.isFrozen) return { reason: 'wallet-refused', hint: 'frozen' }
  if (facts.isElsewhere) return { reason: 'wrong-place', hint: 'place' }
  return undefined
}
