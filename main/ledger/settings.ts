import type { ReadStore, WriteStore } from '#main/ports.ts'

const READ_SETTING = 'SELECT value FROM settings WHERE key = ?'
const WRITE_SETTING = 'INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value'

/** What the ledger keeps about itself: `series`, `epoch` (left out while it is 1), `incarnation`, `journal-head-sent`. */
export type LedgerSetting = 'series' | 'epoch' | 'incarnation' | 'journal-head-sent'

export function readSetting(reads: ReadStore, key: LedgerSetting): string | undefined {
  const row = reads.get(READ_SETTING, key)
  return row && String(row['value'])
}

export function writeSetting(tx: WriteStore, key: LedgerSetting, value: string): void {
  tx.run(WRITE_SETTING, key, value)
}
