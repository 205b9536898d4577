import type { Ledger } from '#main/ledger/ports.ts'
import type { ReadStore } from '#main/ports.ts'
import type { AlarmView } from '#shared/contracts/recovery.ts'

/** A restore is shown for a day; the journal says it for ever. */
const SHOWN_MS = 24 * 60 * 60_000

const LAST_RESTORE = "SELECT seq, at, entry_json FROM journal WHERE kind = 'restored' ORDER BY seq DESC LIMIT 1"

/** That these records were copied back, while it is news. The journal has no index by kind, so it is read once for each epoch. */
export function restoredAlarms(store: ReadStore, ledger: Pick<Ledger, 'epoch'>, nowMs: number): readonly AlarmView[] {
  const epoch = ledger.epoch()
  if (epoch === 1) return []
  const alarm = lastRestore(store, epoch)
  return alarm && nowMs < Date.parse(alarm.at) + SHOWN_MS ? [alarm] : []
}

const found = new WeakMap<ReadStore, { readonly epoch: number; readonly alarm: AlarmView | undefined }>()

function lastRestore(store: ReadStore, epoch: number): AlarmView | undefined {
  const kept = found.get(store)
  if (kept?.epoch === epoch) return kept.alarm
  const row = store.get(LAST_RESTORE)
  // The cast: our own entry, canonical JSON of plain fields.
  const entry = row && (JSON.parse(String(row['entry_json'])) as { readonly series: string; readonly incarnation: string })
  const alarm: AlarmView | undefined = entry && {
    id: entry.incarnation,
    at: String(row['at']),
    code: 'copied-back',
    series: entry.series,
  }
  found.set(store, { epoch, alarm })
  return alarm
}
