/** The identity desk put together with the bands in sight, the radio's sessions and the journal. */
import { type IdentityDeps, IdentityDesk } from '#main/identity/identity-desk.ts'
import type { Ledger } from '#main/ledger/ports.ts'
import { journalHead } from '#main/payments/in-doubt.ts'
import type { Payments } from '#main/payments/payments.ts'

export type IdentifyingParts = Omit<IdentityDeps, 'head' | 'sessions' | 'isOccupied'> & {
  readonly ledger: Ledger
  readonly payments: Payments
}

export function createIdentityDesk({ ledger, payments, ...parts }: IdentifyingParts): IdentityDesk {
  return new IdentityDesk({
    ...parts,
    head: () => journalHead(ledger),
    sessions: payments.sessions,
    isOccupied: () => payments.isOccupied(),
  })
}
