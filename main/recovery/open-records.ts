/** The first thing of a start, before anything is sold: is this file the one that was left? A copy goes on in a new epoch. */
import type { Ledger } from '#main/ledger/ports.ts'
import type { BackendStanding, Store, StoreFault } from '#main/ports.ts'
import { ok, type Result } from '#shared/result.ts'
import { type MarkVerdict, type RecordsMarker, verdictOf } from './records-mark.ts'
import { beginPull, reopen } from './reopen.ts'

export type OpenedRecords = {
  readonly verdict: MarkVerdict
  /** Holds the file had at the start: when it turns out to be a copy, nobody knows what became of them. */
  readonly oldHolds: readonly string[]
  /** Seats taken out of the open sale, because their holds were lent to the file that was lost. */
  readonly lostSeats: readonly string[]
}

type Records = {
  readonly store: Store
  readonly ledger: Ledger
  readonly marker: RecordsMarker
  readonly newId: () => string
}

/** Refused only when the file is a copy and cannot be opened as one: it must not sell on under the old numbers. */
export function openRecords(deps: Records): Result<OpenedRecords, StoreFault> {
  const { store, ledger, marker, newId } = deps
  const mark = marker.read()
  const verdict = verdictOf(store, mark)
  const oldHolds = store.all('SELECT hold_id FROM cart_holds').map((row) => String(row['hold_id']))
  if (verdict !== 'restored' || !mark) {
    // Unproven once is unproven until the backend has said what this file may have lost: the mark that follows would hide it.
    const noted = verdict === 'unproven' && ledger.head().seq > 1 ? store.write((tx) => beginPull(tx)) : ok()
    if (!noted.ok) return noted
    marker.renew(newId())
    return ok({ verdict, oldHolds, lostSeats: [] })
  }
  const known = { epoch: mark.epoch, series: [mark.series], seq: mark.seq }
  const reopened = reopen({ store, ledger, marker, incarnation: newId(), mark, why: 'mark', known, oldHolds })
  return reopened.ok ? ok({ verdict, oldHolds: [], lostSeats: reopened.value.lostSeats }) : reopened
}

/** The same again, against what the backend knows. What was opened before, unchanged, when the file is not behind. */
export function compareWithBackend(
  { store, ledger, marker, newId }: Records,
  opened: OpenedRecords,
  standing: BackendStanding,
): Result<OpenedRecords, StoreFault> {
  if (!isBehind(store, ledger, standing)) return ok(opened)
  const { epoch, series, head } = standing
  const known = { epoch, series: Object.keys(series), ...(head ? { seq: head.seq } : {}) }
  const reopened = reopen({ store, ledger, marker, incarnation: newId(), why: 'backend', known, oldHolds: opened.oldHolds })
  return reopened.ok ? ok({ verdict: 'restored', oldHolds: [], lostSeats: reopened.value.lostSeats }) : reopened
}

/**
 * True when the backend knows what this file does not: a later epoch, or in ours a later entry, another one, or a later number. A file
 * that was never copied back cannot be behind, because everything is on its disk before it is sent.
 */
export function isBehind(store: Pick<Store, 'get'>, ledger: Pick<Ledger, 'epoch' | 'series'>, standing: BackendStanding): boolean {
  const epoch = ledger.epoch()
  if (standing.epoch !== epoch) return standing.epoch > epoch
  const series = ledger.series()
  const last = Number(store.get('SELECT COALESCE(MAX(number), 0) AS n FROM receipts WHERE series = ?', series)?.['n'])
  if ((standing.series[series] ?? 0) > last) return true
  const { head } = standing
  return head !== undefined && store.get('SELECT hash FROM journal WHERE seq = ?', head.seq)?.['hash'] !== head.hash
}
