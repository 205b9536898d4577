/** What can be set: kept, damaged, refused, in effect at once. */
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Settings, SettingsBook } from '#main/settings/settings-book.ts'
import { openStore } from '#main/store/open-store.ts'
import type { PrinterSettings } from '#shared/contracts/settings.ts'
import { PAPER_80 } from '#test/support/collecting-printer.ts'
import { FaultyStore } from '#test/support/faulty-store.ts'
import { newFolder, valueOf } from '../ledger/sample-sales.ts'

let folder: ReturnType<typeof newFolder>
let store: FaultyStore
const warnings: unknown[] = []
beforeEach(() => {
  folder = newFolder()
  store = new FaultyStore(valueOf(openStore({ file: join(folder.path, 'terminal.sqlite') })))
  warnings.length = 0
})
afterEach(() => {
  store.close()
  folder.remove()
})

function openBook(printerKinds: readonly PrinterSettings['kind'][] = ['file', 'tcp'], hasRadioChoice = true): SettingsBook {
  return new SettingsBook({
    store,
    printer: PAPER_80,
    printerKinds,
    hasRadioChoice,
    log: { warn: (message, fields) => warnings.push({ message, ...fields }) },
  })
}
const put = (key: string, value: string) =>
  valueOf(
    store.write((tx) =>
      tx.run('INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value', key, value),
    ),
  )
const DEFAULTS: Settings = { language: 'zh-CN', printer: PAPER_80, radio: 'auto', lockAfterMinutes: 15 }
const NETWORK: PrinterSettings = { ...PAPER_80, kind: 'tcp', host: '192.0.2.7', paperMm: 58, encoding: 'picture' }

test('nothing set is the usual; what is set is there after a restart, the rest as it was', () => {
  expect(openBook().now()).toEqual(DEFAULTS)
  const book = openBook()
  expect(book.change({ printer: NETWORK, lockAfterMinutes: 2 })).toEqual({ ok: true })
  expect(book.change({ radio: 'stoprocent' })).toEqual({ ok: true })
  expect(openBook().now()).toEqual({ ...DEFAULTS, printer: NETWORK, lockAfterMinutes: 2, radio: 'stoprocent' })
  expect(warnings).toEqual([])
})

test("where the driver is not the settings' to choose, a choice is refused and the kept one stays for the start that asks for it", () => {
  openBook().change({ radio: 'stoprocent' })
  const book = openBook(['file'], false)
  expect(book.change({ radio: 'auto', lockAfterMinutes: 2 })).toEqual({
    ok: false,
    error: { code: 'setting-refused', subject: 'radio-choice' },
  })
  expect(openBook().now()).toEqual({ ...DEFAULTS, radio: 'stoprocent' })
})

test('listeners hear what is and what was, after it is on disk', () => {
  const book = openBook()
  const heard: unknown[] = []
  const unsubscribe = book.onChange((now, before) =>
    heard.push([now.radio, before.radio, store.get("SELECT value FROM settings WHERE key = 'radio'")?.['value']]),
  )
  book.change({ radio: 'abandonware' })
  unsubscribe()
  book.change({ radio: 'auto' })
  expect(heard).toEqual([['abandonware', 'auto', '"abandonware"']])
})

test('damaged values are as if never set, each reported once, and can be set again', () => {
  for (const damage of ['', '{', 'null', '[]', '"klingon"', '{"kind":"tcp"}', '-1', '1e400', '\u0000']) {
    for (const key of ['language', 'printer', 'radio', 'lock-after-minutes']) put(key, damage)
    warnings.length = 0
    const book = openBook()
    expect(book.now()).toEqual(DEFAULTS)
    expect(warnings).toEqual(['printer', 'language', 'radio', 'lock-after-minutes'].map((key) => ({ message: 'setting-damaged', key })))
    expect(book.change({ language: 'en', printer: NETWORK, radio: 'auto', lockAfterMinutes: 0 })).toEqual({ ok: true })
    expect(openBook().now()).toEqual({ language: 'en', printer: NETWORK, radio: 'auto', lockAfterMinutes: 0 })
  }
})

test('the language of the first version, kept without quotes, still counts', () => {
  put('language', 'en')
  expect(openBook().now().language).toBe('en')
  expect(warnings).toEqual([])
})

test('a printer that is not offered, or has no place, is refused by name and changes nothing', () => {
  const book = openBook()
  const refused = (subject: string) => ({ ok: false, error: { code: 'setting-refused', subject } })
  for (const host of ['', '.', '-a', 'a..b', ':', '1:2:3', '::g', '-']) {
    expect(book.change({ printer: { ...NETWORK, host }, language: 'en' })).toEqual(refused('printer-host'))
  }
  expect(book.change({ printer: { ...PAPER_80, kind: 'practice' } })).toEqual(refused('printer-kind'))
  expect(book.now()).toEqual(DEFAULTS)
  for (const host of ['printer', 'printer.local', '10.0.0.9', '::1', 'fe80::1']) {
    expect(book.change({ printer: { ...NETWORK, host } })).toEqual({ ok: true })
  }
})

test('a choice that this start does not offer stays for one that does', () => {
  const practice = { ...PAPER_80, kind: 'practice', paperMm: 58 } as const
  expect(openBook(['practice', 'file']).change({ printer: practice })).toEqual({ ok: true })
  expect(openBook().now().printer).toEqual(PAPER_80)
  expect(openBook(['practice', 'file']).now().printer).toEqual(practice)
})

test('a disk that refuses: all of a change or nothing; the language alone is spoken all the same', () => {
  const book = openBook()
  store.isFull = () => true
  expect(book.change({ radio: 'stoprocent', language: 'en' })).toMatchObject({ ok: false, error: { code: 'storage-failed' } })
  expect(book.now()).toEqual(DEFAULTS)
  book.setLanguage('en')
  expect(book.now().language).toBe('en')
  expect(warnings).toMatchObject([{ message: 'setting-not-kept', key: 'language' }])
})
