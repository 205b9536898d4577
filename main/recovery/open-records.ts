/** The first thing of a start, before anything is sold: is this file the one that was left? A copy goes on in a new epoch. */
import type { Ledger } from '#main/ledger/ports.ts'
import type { Store, StoreFault } from '#main/ports.ts'
import { ok, type Result } from '#shared/result.ts'
import { type MarkVerdict, type RecordsMarker, verdictOf } from './records-mark.ts'
import { reopen } from './reopen.ts'

export type OpenedRecords = {
  readonly verdict: MarkVerdict
  /** Holds the file had at the start: when it turns out to be a copy, nobody knows what became of them. */
  readonly oldHolds: readonly string[]
  /** Seats taken out of the open sale, because their holds were lent to the file that was lost. */
  readonly lostSeats: readonly string[]
}

/** Refused only when the file is a copy and cannot be opened as one: it must not sell on under the old numbers. */
export function openRecords(deps: {
  readonly store: Store
  readonly ledger: Ledger
  readonly marker: RecordsMarker
  readonly newId: () => string
}): Result<OpenedRecords, StoreFault> {
  const { store, ledger, marker, newId } = deps
  const mark = marker.read()
  const verdict = verdictOf(store, mark)
  const oldHolds = store.all('SELECT hold_id FROM cart_holds').map((row) => String(row['hold_id']))
  if (verdict !== 'restored' || !mark) {
    marker.renew(newId())
    return ok({ verdict, oldHolds, lostSeats: [] })
  }
  const known = { epoch: mark.epoch, series: [mark.series], seq: mark.seq }
  const reopened = reopen({ store, ledger, marker, incarnation: newId(), mark, why: 'mark', known, oldHolds })
  return reopened.ok ? ok({ verdict, oldHolds: [], lostSeats: reopened.value.lostSeats }) : reopened
}
