/** Alarms a manager has put away. The records keep them for ever; the screen shows them no more. */
import type { ReadStore, WriteStore } from '#main/ports.ts'
import { WRITE_SETTING } from './reopen.ts'

const KEY = 'alarms-seen'
/** More than are ever shown: whatever is older has left the screen by itself. */
const SEEN_MAX = 500

export function seenAlarms(reads: ReadStore): readonly string[] {
  const text = String(reads.get('SELECT value FROM settings WHERE key = ?', KEY)?.['value'] ?? '')
  return text === '' ? [] : text.split(' ')
}

/** Ids are machine ids: no space is ever in one. */
export function putAwayAlarm(tx: WriteStore, id: string): void {
  const seen = [...new Set([...seenAlarms(tx), id])].slice(-SEEN_MAX)
  tx.run(WRITE_SETTING, KEY, seen.join(' '))
}
