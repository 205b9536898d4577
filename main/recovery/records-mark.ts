/**
 * Whether the file is the one that was left, told by the mark beside the keys; and the mark itself, which follows the journal.
 * A start writes the mark, the file, the mark: after a cut anywhere between, the file still has one of the incarnations the mark names.
 */
import type { Ledger } from '#main/ledger/ports.ts'
import type { Clock, MarkKeeper, ReadStore, RecordsMark } from '#main/ports.ts'
import type { Unsubscribe } from '#shared/contracts/till.ts'

/** How far the mark may be behind the journal, milliseconds: a file copied within this time before its loss looks like the one lost. */
export const MARK_DELAY_MS = 500

const INCARNATION = "SELECT value FROM settings WHERE key = 'incarnation'"
const WRITE_INCARNATION = "UPDATE settings SET value = ? WHERE key = 'incarnation'"
const ENTRY = 'SELECT hash FROM journal WHERE seq = ?'

export function incarnationOf(reads: ReadStore): string {
  return String(reads.get(INCARNATION)?.['value'])
}

/** `newest`: the file is the one that was left. `restored`: it is a copy. `unproven`: nothing outside the file says which. */
export type MarkVerdict = 'newest' | 'restored' | 'unproven'

export function verdictOf(reads: ReadStore, mark: RecordsMark | undefined): MarkVerdict {
  if (!mark) return 'unproven'
  const incarnation = incarnationOf(reads)
  // It was about to be written when the mark was: only this very file has it, and its journal may have grown or branched since.
  if (incarnation === mark.next) return 'newest'
  if (incarnation !== mark.incarnation) return 'restored'
  return reads.get(ENTRY, mark.seq)?.['hash'] === mark.hash ? 'newest' : 'restored'
}

type MarkDeps = {
  readonly marks: MarkKeeper | undefined
  readonly store: { write(work: (tx: { run(sql: string, ...values: readonly string[]): unknown }) => void): unknown } & ReadStore
  readonly ledger: Pick<Ledger, 'head' | 'epoch' | 'series'>
  readonly clock: Clock
}

/** Keeps the mark. Without a keeper it keeps none, and the backend alone tells a restored file. */
export class RecordsMarker {
  readonly #deps: MarkDeps
  #cancelTimer: Unsubscribe | undefined

  constructor(deps: MarkDeps) {
    this.#deps = deps
  }

  read(): RecordsMark | undefined {
    return this.#deps.marks?.read()
  }

  /** This start's own incarnation, so that a copy taken in an earlier run differs. When a disk refuses, the one before stays good. */
  renew(incarnation: string): void {
    const { marks, store } = this.#deps
    if (!marks?.write({ ...this.#now(), next: incarnation })) return
    store.write((tx) => tx.run(WRITE_INCARNATION, incarnation))
    this.write()
  }

  /** Before a restored file gets a new incarnation: until the file has it, the mark still tells it is a copy. */
  announce(incarnation: string, mark: RecordsMark | undefined): void {
    this.#deps.marks?.write({ ...(mark ?? this.#now()), next: incarnation })
  }

  /** The mark as the file is now. */
  write(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    this.#deps.marks?.write(this.#now())
  }

  /** The journal has grown, or will have: the mark follows soon, never ahead, because it is read from what is committed. */
  follow(): void {
    if (!this.#deps.marks) return
    this.#cancelTimer ??= this.#deps.clock.after(MARK_DELAY_MS, () => this.write())
  }

  /** The last mark. Call before the store is closed. */
  stop(): void {
    this.write()
  }

  #now(): RecordsMark {
    const { store, ledger } = this.#deps
    return { incarnation: incarnationOf(store), ...ledger.head(), epoch: ledger.epoch(), series: ledger.series() }
  }
}
