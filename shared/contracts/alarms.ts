/** What a person must look at, as closed codes, and how one travels from the backend to a terminal. */

/** What the backend finds: things that a correct terminal, band or phone never causes, and a restore, of which a person should know. */
export const ALARM_KINDS = [
  'counter-not-greater',
  'nonce-not-fresh',
  'capture-refused',
  'reversal-after-capture',
  'seat-not-sold',
  'seat-not-returned',
  'void-refused',
  'void-waits',
  'allowance-fork',
  'journal-fork',
  'wrong-epoch',
  'quarantined',
  'restored',
] as const
export type AlarmKind = (typeof ALARM_KINDS)[number]

/** What a terminal finds by itself. */
const TERMINAL_ALARMS = [
  'not-taken', // a record the backend refuses each time
  'seats-lost', // taken out of the open sale after a restore: they may be sold
  'copied-back', // these records are a copy of an earlier state
] as const

/** `other`: said in words that this version has no code for. */
export const ALARM_CODES = [...ALARM_KINDS, ...TERMINAL_ALARMS, 'other'] as const
export type AlarmCode = (typeof ALARM_CODES)[number]

/** An alarm as one line of text, its code first. Several in one answer stand behind each other, the first one's code leading. */
export function alarmLine(code: AlarmCode, detail: string): string {
  return `${code}: ${detail}`
}

/** Never fails: a line without a code we know is `other`, and all of it detail. */
export function readAlarmLine(line: string): { readonly code: AlarmCode; readonly detail: string } {
  const [, first = '', rest = ''] = /^([a-z-]+): (.*)$/su.exec(line) ?? []
  const code = ALARM_CODES.find((known) => known === first)
  return code === undefined ? { code: 'other', detail: line } : { code, detail: rest }
}
