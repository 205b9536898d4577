/** What can be the matter with a till, as closed lists. Each code has words in the renderer's catalogs, in both languages. */

/** Why the records could not be written. */
export const STORAGE_TROUBLES = [
  'full', // no room on the disk
  'read-only',
  'io', // the disk fails while reading or writing
  'cannot-open',
  'damaged', // the file is no sound database any more
  'in-use', // another program holds it
  'not-permitted', // the system forbids it
  'no-memory',
] as const
export type StorageTrouble = (typeof STORAGE_TROUBLES)[number]

/** Why something that was set at the counter is refused. */
export const SETTING_TROUBLES = [
  'printer-kind',
  'printer-host',
  'radio-choice', // this till has no other radio to choose
  'already-set-up',
  'own-account',
  'name-empty',
  'staff-full',
] as const
export type SettingTrouble = (typeof SETTING_TROUBLES)[number]

/** Why the practice world did not do what it was asked to. */
export const PRACTICE_TROUBLES = [
  'customer-unknown',
  'cannot-unlock', // the band is off the wrist, or the phone is out of its reach
  'not-the-owner', // a thief cannot unlock the phone
  'not-frozen', // the backend did not take it
  'cannot-pair', // the band is bound, or the phone is out of its reach
  'cannot-release', // the band is bound to nobody, or the backend does not let it go
  'no-backend',
  'no-printer',
  'printer-taken', // its socket belongs to another program
] as const
export type PracticeTrouble = (typeof PRACTICE_TROUBLES)[number]

/** Why a printer did not print. */
export const PRINTER_TROUBLES = [
  'no-paper',
  'cover-open',
  'printer-error',
  'off-line',
  'unreachable',
  'cut-off',
  'silent',
  'file-failed',
  'not-counted',
  'not-drawn',
  'driver-failed',
  'queue-full',
  'till-stopped',
] as const
export type PrinterTrouble = (typeof PRINTER_TROUBLES)[number]

/** What listens for bands. */
export const RADIO_DRIVERS = ['abandonware', 'stoprocent', 'practice'] as const
export type RadioDriver = (typeof RADIO_DRIVERS)[number]
/** Why this one: somebody chose it, it is the usual one on this system, or the usual one does not load here. */
export const DRIVER_WHYS = ['chosen', 'usual', 'other-missing'] as const
export type DriverWhy = (typeof DRIVER_WHYS)[number]

/** Why no band can be heard. */
export const RADIO_TROUBLES = [
  'no-driver', // neither library loads
  'no-adapter',
  'switched-off',
  'not-allowed', // the system does not let this program use Bluetooth
  'restarting',
  'no-answer', // the adapter says nothing
  'library-failed',
  'nothing-heard', // it did hear adverts, and then none any more
  'stuck', // connections do not come about, or do not end
  'process-failed', // the process that drives it ended or hangs
  'practice-gone', // the practice world's air does not answer
] as const
export type RadioTrouble = (typeof RADIO_TROUBLES)[number]
