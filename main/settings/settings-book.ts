/** What can be set at the counter, kept in the store as one JSON text per key, and in effect the moment it is. */
import * as z from 'zod'
import type { ReadStore, Store, WriteStore } from '#main/ports.ts'
import {
  LOCK_AFTER_MINUTES,
  type PrinterSettings,
  printerSettings,
  RADIO_CHOICES,
  type SettingsChange,
  type SettingsView,
} from '#shared/contracts/settings.ts'
import type { Refused, Unsubscribe } from '#shared/contracts/till.ts'
import type { SettingTrouble } from '#shared/contracts/troubles.ts'
import { LANGUAGES, type Language } from '#shared/domain/words.ts'
import { err, ok, type Result } from '#shared/result.ts'

export type Settings = Pick<SettingsView, 'language' | 'printer' | 'lockAfterMinutes'> & { readonly radio: SettingsView['radio']['choice'] }

const READ = 'SELECT value FROM settings WHERE key = ?'
const WRITE = 'INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value'

/** The keys of the table. They stand beside the terminal's own, such as `series` and `incarnation`. */
const KEYS = { language: 'language', printer: 'printer', radio: 'radio', lockAfterMinutes: 'lock-after-minutes' } as const
const SHAPES = {
  language: z.enum(LANGUAGES),
  printer: printerSettings,
  radio: z.enum(RADIO_CHOICES),
  lockAfterMinutes: z.literal(LOCK_AFTER_MINUTES),
} as const

export type SettingsParts = {
  readonly store: Store
  /** Where receipts go until somebody chooses. */
  readonly printer: PrinterSettings
  /** What can be chosen here: there is a practice printer in practice only. */
  readonly printerKinds: readonly PrinterSettings['kind'][]
  /** False in practice, and where whoever started the terminal chose the radio's driver. */
  readonly hasRadioChoice: boolean
  readonly log: { warn(message: string, fields?: Readonly<Record<string, string>>): void }
}

export class SettingsBook {
  readonly #parts: SettingsParts
  readonly #listeners = new Set<(settings: Settings, before: Settings) => void>()
  #settings: Settings

  constructor(parts: SettingsParts) {
    this.#parts = parts
    const printer = this.#kept('printer')
    this.#settings = {
      language: this.#kept('language') ?? 'zh-CN',
      // A choice that this start does not offer stays on disk, for the start that offers it again.
      printer: printer && !this.#troubleWith(printer) ? printer : parts.printer,
      radio: this.#kept('radio') ?? 'auto',
      lockAfterMinutes: this.#kept('lockAfterMinutes') ?? 15,
    }
  }

  now(): Settings {
    return this.#settings
  }

  /** Called after each change, with what is now and what was. */
  onChange(listener: (settings: Settings, before: Settings) => void): Unsubscribe {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** All that is given or nothing, on disk before it takes effect. `setting-refused` says what cannot be. */
  change(change: SettingsChange): Result<void, Refused> {
    const { language, printer, radio, lockAfterMinutes } = change
    const trouble = printer && this.#troubleWith(printer)
    if (trouble) return err({ code: 'setting-refused', subject: trouble })
    if (radio !== undefined && !this.#parts.hasRadioChoice) return err({ code: 'setting-refused', subject: 'radio-choice' })
    const given = {
      ...(language === undefined ? {} : { language }),
      ...(printer === undefined ? {} : { printer }),
      ...(radio === undefined ? {} : { radio }),
      ...(lockAfterMinutes === undefined ? {} : { lockAfterMinutes }),
    }
    const written = this.#parts.store.write((tx) => keep(tx, given))
    if (!written.ok) return err({ code: 'storage-failed', subject: written.error.trouble })
    this.#become({ ...this.#settings, ...given })
    return ok()
  }

  /** Everyone may choose the language of the screens; a disk that refuses it does not stop this session from speaking it. */
  setLanguage(language: Language): void {
    const written = this.#parts.store.write((tx) => keep(tx, { language }))
    if (!written.ok) this.#parts.log.warn('setting-not-kept', { key: KEYS.language, detail: written.error.detail })
    this.#become({ ...this.#settings, language })
  }

  #become(settings: Settings): void {
    const before = this.#settings
    this.#settings = settings
    for (const listener of this.#listeners) listener(settings, before)
  }

  #troubleWith({ kind, host }: PrinterSettings): SettingTrouble | undefined {
    if (!this.#parts.printerKinds.includes(kind)) return 'printer-kind'
    return kind === 'tcp' && !isHost(host) ? 'printer-host' : undefined
  }

  /** What is on disk. Damaged, it is as if it had never been set, which the log hears once. */
  #kept<K extends keyof typeof SHAPES>(name: K): z.output<(typeof SHAPES)[K]> | undefined {
    const text = readText(this.#parts.store, KEYS[name])
    if (text === undefined) return undefined
    const parsed = SHAPES[name].safeParse(fromText(text))
    if (parsed.success) return parsed.data as z.output<(typeof SHAPES)[K]>
    this.#parts.log.warn('setting-damaged', { key: KEYS[name] })
    return undefined
  }
}

/** A name or an address that a printer can have: letters, digits, dots and dashes that begin and end with a letter or a digit, or IPv6. */
function isHost(host: string): boolean {
  return host.includes(':')
    ? URL.canParse(`tcp://[${host}]:1`)
    : /^(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$/.test(host)
}

function keep(tx: WriteStore, given: Partial<Settings>): void {
  for (const [name, value] of Object.entries(given)) tx.run(WRITE, KEYS[name as keyof Settings], JSON.stringify(value))
}

function readText(reads: ReadStore, key: string): string | undefined {
  const value = reads.get(READ, key)?.['value']
  return value === undefined ? undefined : String(value)
}

/** A text that is no JSON is taken as it is: the first version kept the language so. */
function fromText(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
