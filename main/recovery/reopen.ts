/** A copy becomes a terminal of its own again: new incarnation, next series, next epoch, and nothing that was lent to the lost file. */
import type { Ledger, Restore } from '#main/ledger/ports.ts'
import type { RecordsMark, Store, StoreFault, WriteStore } from '#main/ports.ts'
import { ok, type Result } from '#shared/result.ts'
import type { RecordsMarker } from './records-mark.ts'

/** How far own receipts have been pulled back: a cursor of the backend's. There is one while the pull is not finished. */
const PULL_CURSOR = 'receipts-pulled-to'
export const WRITE_SETTING = 'INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value'

export function pullCursor(store: Pick<Store, 'get'>): number | undefined {
  const row = store.get('SELECT value FROM settings WHERE key = ?', PULL_CURSOR)
  return row && Number(row['value'])
}

export function keepPullCursor(tx: WriteStore, cursor: number): void {
  tx.run(WRITE_SETTING, PULL_CURSOR, String(cursor))
}

/** From now on own receipts are to be pulled, from the first one. What is being pulled already goes on where it was. */
export function beginPull(tx: WriteStore): void {
  if (pullCursor(tx) === undefined) keepPullCursor(tx, 0)
}

export function endPull(tx: WriteStore): void {
  tx.run('DELETE FROM settings WHERE key = ?', PULL_CURSOR)
}

/** Everything in one transaction: a cut leaves the copy as it was, to be found out again, or a terminal that goes on. */
export function reopen(input: {
  readonly store: Store
  readonly ledger: Ledger
  readonly marker: RecordsMarker
  readonly incarnation: string
  readonly mark?: RecordsMark | undefined
  readonly why: Restore['why']
  readonly known: Restore['known']
  readonly oldHolds: readonly string[]
}): Result<{ readonly lostSeats: readonly string[] }, StoreFault> {
  const { store, ledger, marker, incarnation, mark, why, known, oldHolds } = input
  marker.announce(incarnation, mark)
  const written = store.write((tx) => {
    ledger.openEpoch(tx, { incarnation, why, known })
    keepPullCursor(tx, 0)
    return dropHolds(tx, oldHolds)
  })
  if (!written.ok) return written
  marker.write()
  return ok({ lostSeats: written.value })
}

const OPEN_TICKETS = `SELECT l.cart_id, l.id, json_extract(l.line_json, '$.subject.seat') AS seat
  FROM cart_lines l JOIN carts c ON c.id = l.cart_id
  WHERE c.state = 'open' AND json_extract(l.line_json, '$.subject.holdId') = ?`

/**
 * What was lent to the lost file may have been sold by it: the open sale gives these seats up, and keeps its other lines. A sale that
 * is being paid is left alone: what the backend says of its attempt decides.
 */
function dropHolds(tx: WriteStore, holds: readonly string[]): readonly string[] {
  const seats: string[] = []
  for (const holdId of holds) {
    for (const line of tx.all(OPEN_TICKETS, holdId)) {
      seats.push(String(line['seat']))
      tx.run('DELETE FROM cart_lines WHERE cart_id = ? AND id = ?', line['cart_id'] ?? null, line['id'] ?? null)
    }
    tx.run("DELETE FROM cart_holds WHERE hold_id = ? AND cart_id IN (SELECT id FROM carts WHERE state = 'open')", holdId)
  }
  return seats.sort()
}
