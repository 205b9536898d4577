/** The engine of a page's phone for the band it is bound to, with everything this browser has kept. */
import { assert } from '#shared/assert.ts'
import type { Result } from '#shared/result.ts'
import { createAllowanceBackend } from '../allowance-backend.ts'
import { createBackendClient } from '../backend-client.ts'
import { PhoneEngine } from '../engine.ts'
import { IdentityCard } from '../identity.ts'
import { createIdentityBackend } from '../identity-backend.ts'
import { keptBytes } from '../kept-bytes.ts'
import type { BandLink, Bond } from '../ports.ts'
import type { PhoneBackendParts } from '../signed-calls.ts'
import type { WitnessBook } from '../witness-book.ts'
import type { AskedBook } from './asked-book.ts'
import type { Kept, PhoneMemory } from './memory.ts'
import type { WebClock } from './web-clock.ts'

/** What the engine goes on with, as it was read last. */
export type EngineKept = Pick<Kept, 'records' | 'limits' | 'allowance' | 'consents'>
export type PageEngineParts = {
  readonly clock: WebClock
  readonly band: BandLink
  readonly bond: Bond
  readonly kept: EngineKept
  readonly calls: PhoneBackendParts
  readonly memory: PhoneMemory
  readonly asked: AskedBook
  readonly witness: WitnessBook
  readonly rootPoint: Uint8Array
  /** An agreement or the allowance has changed. */
  readonly onKept: () => void
}

export async function startEngine(parts: PageEngineParts): Promise<{ readonly engine: PhoneEngine; readonly card: IdentityCard }> {
  const { clock, band, bond, kept, calls, memory, asked, witness, rootPoint } = parts
  const card = new IdentityCard({
    clock,
    owner: asked,
    backend: createIdentityBackend(calls),
    store: { saveConsents: async (consents) => thenTell(parts, memory.saveConsents(consents)) },
    consents: kept.consents ?? [],
  })
  const engine = await PhoneEngine.start({
    clock,
    band,
    backend: createBackendClient(calls),
    store: asked.watching(memory),
    records: kept.records,
    owner: asked,
    limits: kept.limits,
    bandPoint: keptBytes(bond.point),
    bandEpoch: bond.epoch,
    rootPoint,
    witness,
    identity: card,
    allowance: {
      backend: createAllowanceBackend(calls),
      store: { saveAllowance: async (allowance) => thenTell(parts, memory.saveAllowance(allowance)) },
      kept: kept.allowance,
    },
  })
  assert(engine.ok, 'the key of a band that was bound is a point on the curve')
  return { engine: engine.value, card }
}

type Saved = Result<void, 'storage-failed'>

async function thenTell({ clock, onKept }: PageEngineParts, saving: Promise<Saved>): Promise<Saved> {
  const saved = await saving
  // Its keeper takes it in when it hears of it, which is a moment later.
  clock.after(0, onKept)
  return saved
}
