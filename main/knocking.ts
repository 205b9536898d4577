/** The knock round put together with the bands in sight, the radio and the payments. */
import type { Ledger } from '#main/ledger/ports.ts'
import { KnockDesk } from '#main/payments/knock-round.ts'
import type { Payments } from '#main/payments/payments.ts'
import { askPresence, type PresenceDeps } from '#main/payments/presence.ts'
import type { Clock, Keys } from '#main/ports.ts'
import type { Sightings } from '#main/radio/sightings.ts'

export type KnockingParts = {
  readonly clock: Clock
  readonly keys: Keys
  readonly random: () => number
  readonly newId: () => string
  readonly ledger: Ledger
  readonly standing: PresenceDeps['standing']
  readonly sightings: Sightings
  readonly payments: Payments
  readonly onChange: () => void
  readonly onFault: (what: string, detail: Readonly<Record<string, string>>) => void
}

export function createKnockDesk(parts: KnockingParts): KnockDesk {
  const { clock, keys, random, newId, ledger, standing, sightings, payments, onChange, onFault } = parts
  const presence = { clock, keys, ledger, newId, onFault, standing, sessions: payments.sessions }
  return new KnockDesk({
    clock,
    random,
    rivals: () => sightings.rivals(),
    addressOf: (id) => sightings.addressOf(id),
    ask: async (address, ended) => askPresence(presence, address, ended),
    mayBegin: () => payments.mayBegin(),
    charge: (id, asked) => payments.chargeBand(id, asked),
    onChange,
    onFault,
  })
}
