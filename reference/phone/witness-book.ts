/**
 * What the phone remembers of terminals' journals: a head for each terminal and day, the newest of it, and any that contradicts another.
 * It is bounded, so a busy customer forgets the oldest days; and it is the customer's own: nobody sees it before they hand it over.
 */
import { toHex } from '#shared/contracts/bytes.ts'
import type { WitnessFile } from '#shared/contracts/witness.ts'
import type { WitnessedHead, WitnessStore } from './ports.ts'

/** A visit a day for most of a year. Each takes about 100 bytes. */
export const WITNESSED_HEADS_MAX = 300
const DAY_S = 86_400
const MS_PER_S = 1_000

export class WitnessBook {
  readonly #store: WitnessStore
  #heads: readonly WitnessedHead[]

  /** `kept`: what the store gave back, oldest first. */
  constructor(store: WitnessStore, kept: readonly WitnessedHead[]) {
    this.#store = store
    this.#heads = kept.reduce<readonly WitnessedHead[]>((heads, head) => withHead(heads, head), [])
  }

  /** Oldest first. */
  get heads(): readonly WitnessedHead[] {
    return this.#heads
  }

  /** A request whose terminal is beyond doubt. `nowS`: the phone's clock, seconds. Nothing waits for the disk here: no money depends on it. */
  saw(terminalId: string, { headSeq, head }: { readonly headSeq: number; readonly head: Uint8Array }, nowS: number): void {
    const seen = { terminalId, seq: headSeq, head: toHex(head), atS: nowS }
    const known = this.#heads.some((one) => one.terminalId === terminalId && one.seq === seen.seq && one.head === seen.head)
    if (known) return
    this.#heads = withHead(this.#heads, seen)
    void this.#store.save(seen)
  }

  /** For whoever checks a terminal's records (`npm run verify -- FILE --witness FILE`). */
  file(): WitnessFile {
    return {
      format: 'bandtill-witness-1',
      heads: this.#heads.map(({ terminalId, seq, head, atS }) => ({ terminalId, seq, head, at: new Date(atS * MS_PER_S).toISOString() })),
    }
  }
}

/** With the new one last. It takes the place of what it follows on the same day, and of the oldest when there is no more room. */
function withHead(heads: readonly WitnessedHead[], seen: WitnessedHead): readonly WitnessedHead[] {
  const rest = heads.filter((one) => !isFollowedBy(one, seen))
  return [...(rest.length < WITNESSED_HEADS_MAX ? rest : rest.toSpliced(oldestOf(rest), 1)), seen]
}

/** A later place of the same journal says more. The same place with another head, or an earlier place, says that something was changed. */
function isFollowedBy(one: WitnessedHead, next: WitnessedHead): boolean {
  const isSameDay = Math.floor(one.atS / DAY_S) === Math.floor(next.atS / DAY_S)
  return one.terminalId === next.terminalId && isSameDay && one.seq < next.seq
}

/** The oldest that is not the newest of its terminal; when each is, the oldest of all. */
function oldestOf(heads: readonly WitnessedHead[]): number {
  const index = heads.findIndex((one, at) => heads.some((other, later) => later > at && other.terminalId === one.terminalId))
  return Math.max(0, index)
}
