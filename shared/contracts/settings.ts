/** What can be set at the counter, and what the settings screen shows beside it. */
import * as z from 'zod'
import { LANGUAGES, type Language } from '#shared/domain/words.ts'
import type { RadioStanding } from './till.ts'

/** Paper widths in millimetres and the columns of half-width characters a 203 dpi printer puts on them (Font A, 12 dots). */
export const PAPER_COLUMNS = { 58: 32, 80: 48 } as const
export type PaperMm = keyof typeof PAPER_COLUMNS

export const RADIO_CHOICES = ['auto', 'abandonware', 'stoprocent'] as const
export type RadioChoice = (typeof RADIO_CHOICES)[number]

export const PRINTER_ENCODINGS = ['gb18030', 'multilingual', 'cp437', 'picture'] as const

/**
 * Where receipts go. `practice`: the practice world's printer. `file`: one file per receipt in the data folder, for a till without paper.
 * `tcp`: a network printer (raw port, usually 9100).
 */
export const printerSettings = z.strictObject({
  kind: z.enum(['practice', 'file', 'tcp']),
  host: z
    .string()
    .max(253)
    .regex(/^[A-Za-z0-9.:-]*$/),
  port: z.int().min(1).max(65_535),
  paperMm: z.union([z.literal(58), z.literal(80)]),
  encoding: z.enum(PRINTER_ENCODINGS),
  cut: z.boolean(),
  drawerPulse: z.boolean(),
})
export type PrinterSettings = z.output<typeof printerSettings>

export const LOCK_AFTER_MINUTES = [0, 2, 5, 15, 30] as const

/** What is given is changed, the rest stays. Everything but the language takes a manager. */
export const settingsChange = z.strictObject({
  language: z.enum(LANGUAGES).optional(),
  printer: printerSettings.optional(),
  radio: z.enum(RADIO_CHOICES).optional(),
  /** Minutes without a touch after which the till locks itself; 0: never. A running payment keeps it open. */
  lockAfterMinutes: z.literal(LOCK_AFTER_MINUTES).optional(),
})
export type SettingsChange = z.output<typeof settingsChange>

export type SettingsView = {
  readonly language: Language
  readonly printer: PrinterSettings
  readonly radio: RadioStanding & {
    readonly choice: RadioChoice
    /** Only `settings` can be changed here: the terminal was started with a driver, or practice has its own radio. */
    readonly chosenBy: 'settings' | 'start' | 'practice'
  }
  readonly lockAfterMinutes: (typeof LOCK_AFTER_MINUTES)[number]
  readonly practice: boolean
  readonly about: {
    readonly terminalId: string
    readonly series: string
    /** 1 for a terminal that was never restored. */
    readonly epoch: number
    readonly journalSeq: number
    /** Until when the terminal's certificate holds, ISO 8601 UTC. */
    readonly certificateUntil: string
    readonly backendUrl: string
  }
}
