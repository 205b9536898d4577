import { expect, test } from 'vitest'
import { dayAt } from '#shared/calendar-day.ts'
import { ALARM_CODES } from '#shared/contracts/alarms.ts'
import { OUTBOX_KINDS } from '#shared/contracts/backend-api.ts'
import { CUSTOMER_EVENTS } from '#shared/contracts/practice-desk.ts'
import { CHARGED } from '#shared/contracts/recovery.ts'
import { TILL_REFUSALS } from '#shared/contracts/till.ts'
import {
  DRIVER_WHYS,
  PRACTICE_TROUBLES,
  PRINTER_TROUBLES,
  RADIO_DRIVERS,
  RADIO_TROUBLES,
  SETTING_TROUBLES,
  STORAGE_TROUBLES,
} from '#shared/contracts/troubles.ts'
import type { SeatId } from '#shared/domain/ids.ts'
import { money } from '#shared/domain/money.ts'
import { LANGUAGES, languageOf, otherLanguage } from '#shared/domain/words.ts'
import { formatDay, formatMoney, formatTime } from '../../../renderer/flows/format.ts'
import { noticeWords, OWN_REFUSALS } from '../../../renderer/flows/refusal.ts'
import type { Screen } from '../../../renderer/flows/screen.ts'
import { keyboardMap, shortcutOf } from '../../../renderer/flows/shortcuts.ts'
import { en } from '../../../renderer/i18n/en.ts'
import { startI18n } from '../../../renderer/i18n/i18n.ts'
import { zhCN } from '../../../renderer/i18n/zh-CN.ts'

const i18n = startI18n()
const catalogs = { en, 'zh-CN': zhCN }

function leaves(catalog: object, path = ''): readonly (readonly [string, string])[] {
  return Object.entries(catalog).flatMap(([key, value]: [string, unknown]) =>
    typeof value === 'string' ? [[`${path}${key}`, value] as const] : leaves(value as object, `${path}${key}.`),
  )
}

test('the till starts in 简体中文', () => {
  expect(i18n.language).toBe('zh-CN')
  expect(i18n.t('cart.charge')).toBe('收款')
})

test('every refusal of the contract says what happened and what to do next, in both languages', () => {
  for (const language of LANGUAGES) {
    const t = i18n.getFixedT(language)
    for (const code of [...TILL_REFUSALS, ...OWN_REFUSALS]) {
      const { say, next } = noticeWords({ code }, t)
      expect(say).not.toContain('refusal.')
      expect(next).not.toContain('refusal.')
      expect(`${say}${next}`).not.toContain('{{')
    }
  }
})

test('a refusal names the seats it is about, as they are, with the mark of the language between them', () => {
  const taken = { code: 'seat-taken', subject: ['F7' as SeatId, 'F8' as SeatId] } as const
  expect(noticeWords(taken, i18n.getFixedT('en')).say).toBe('Just taken: F7, F8.')
  expect(noticeWords(taken, i18n.getFixedT('zh-CN')).say).toBe('刚刚被选走：F7、F8。')
  const notFree = { code: 'seat-not-free', subject: ['F7' as SeatId] } as const
  expect(noticeWords(notFree, i18n.getFixedT('en')).say).toBe('F7 is not free.')
  expect(noticeWords(notFree, i18n.getFixedT('zh-CN')).say).toBe('F7 不可选。')
  const strange = { code: 'seat-taken', subject: ['<b>&' as SeatId] } as const
  expect(noticeWords(strange, i18n.getFixedT('en')).say).toContain('<b>&')
  expect(noticeWords({ code: 'pin-wait', subject: 5 }, i18n.getFixedT('en')).say).toBe('Too many wrong PINs: 5 s to wait.')
})

test('every code of every closed list has words of its own in both languages', () => {
  const lists = {
    storage: STORAGE_TROUBLES,
    setting: SETTING_TROUBLES,
    practice: PRACTICE_TROUBLES,
    printer: PRINTER_TROUBLES,
    'interrupted.chargedIs': CHARGED,
    'drawer.happened': CUSTOMER_EVENTS,
    'radio.driver': RADIO_DRIVERS,
    'radio.why': DRIVER_WHYS,
    'radio.trouble': RADIO_TROUBLES,
    'attention.alarm': ALARM_CODES,
    'attention.record': OUTBOX_KINDS,
  }
  for (const catalog of [en, zhCN]) {
    const texts = new Map(leaves(catalog))
    for (const [list, codes] of Object.entries(lists)) {
      const said = codes.map((code) => ['', '.is', '.say'].map((end) => texts.get(`${list}.${code}${end}`)).find(Boolean))
      expect(said.every(Boolean), `${list}: ${said.join(' | ')}`).toBe(true)
      expect(new Set(said).size, list).toBe(codes.length)
    }
  }
})

test('a refusal with a code says the code’s words and its own next step', () => {
  for (const language of LANGUAGES) {
    const t = i18n.getFixedT(language)
    for (const subject of STORAGE_TROUBLES) {
      const { say, next } = noticeWords({ code: 'storage-failed', subject }, t)
      expect([say.includes(t(`storage.${subject}.is`)), next]).toEqual([true, t(`storage.${subject}.next`)])
    }
    for (const subject of SETTING_TROUBLES)
      expect(noticeWords({ code: 'setting-refused', subject }, t)).toEqual(catalogs[language].setting[subject])
    for (const subject of PRACTICE_TROUBLES)
      expect(noticeWords({ code: 'practice-refused', subject }, t)).toEqual(catalogs[language].practice[subject])
    for (const code of ['printer-failed', 'not-printed', 'print-unknown'] as const) {
      for (const subject of PRINTER_TROUBLES) expect(noticeWords({ code, subject }, t).say).toContain(t(`printer.${subject}`))
    }
  }
  const asked = noticeWords({ code: 'print-unknown', subject: 'no-paper' }, i18n.getFixedT('en'))
  expect(asked.next).toBe('The paper may be out: look first. Print again only if there is none.')
})

test('both catalogs fill in the same blanks', () => {
  const blanks = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name ?? '').toSorted((a, b) => a.localeCompare(b))
  const chinese = new Map(leaves(zhCN))
  const shared = leaves(en).filter(([key]) => !key.endsWith('_one'))
  expect(shared.map(([key]) => [key, blanks(chinese.get(key) ?? '')])).toEqual(shared.map(([key, text]) => [key, blanks(text)]))
})

test('no text is empty, and no Chinese text was left in English', () => {
  const kept = new Set(['app.name', 'app.listMark', 'printerWhy.said', 'app.switchLanguage', 'app.switchLanguageShort', 'seats.seat'])
  for (const [key, text] of leaves(zhCN)) expect(kept.has(key) || /\p{Script=Han}/u.test(text), key).toBe(true)
  for (const [key, text] of leaves(en)) expect(text.length > 0, key).toBe(true)
})

test('counts are worded by the language', () => {
  expect(i18n.getFixedT('en')('status.bands', { count: 1 })).toBe('1 band near · 0 stored')
  expect(i18n.getFixedT('en')('status.bands', { count: 3 })).toBe('3 bands near · 0 stored')
  expect(i18n.getFixedT('zh-CN')('status.bands', { count: 1 })).toBe('附近 1 只手环 · 不留存记录')
})

test('money, times and days are written for the language and the place', () => {
  expect(formatMoney(money(12_800, 'CNY'), 'zh-CN')).toBe('¥128.00')
  expect(formatMoney(money(-5, 'EUR'), 'en')).toBe('-€0.05')
  expect(formatMoney(money(1_500, 'JPY'), 'en')).toBe('¥1,500')
  expect(formatTime('2026-11-22T16:05:00.000Z', 'en', 'Asia/Shanghai')).toBe('00:05')
  // The clocks go back and forward: each moment has its own time, in the hour that comes twice too.
  expect(
    ['2026-10-25T00:30:00Z', '2026-10-25T01:30:00Z', '2026-03-29T00:59:00Z', '2026-03-29T01:00:00Z'].map((at) =>
      formatTime(at, 'en', 'Europe/Berlin'),
    ),
  ).toEqual(['02:30', '02:30', '01:59', '03:00'])
  expect(formatDay(Date.parse('2026-11-22T16:05:00.000Z'), 'en', 'Asia/Shanghai')).toBe('Mon 23 Nov')
  expect(formatDay(Date.parse('2026-11-22T16:05:00.000Z'), 'zh-CN', 'Asia/Shanghai')).toBe('11月23日周一')
  expect(dayAt(Date.parse('2026-11-22T16:05:00.000Z'), 'Asia/Shanghai')).toBe('2026-11-23')
})

test('there are two languages, and each is the other of the other', () => {
  expect(LANGUAGES.map(otherLanguage)).toEqual(['en', 'zh-CN'])
  expect(languageOf('fr')).toBe('zh-CN')
})

test('keys do on each screen what the help says, and leave typing alone', () => {
  const press = { key: 'Enter', isTyping: false, isOnControl: false, hasModifier: false }
  expect(shortcutOf(press, 'sell')).toBe('pay')
  expect(shortcutOf(press, 'done')).toBe('next-sale')
  expect(shortcutOf(press, 'pay')).toBeUndefined()
  expect(shortcutOf({ ...press, isOnControl: true }, 'sell')).toBeUndefined()
  expect(shortcutOf({ ...press, key: 'F8' }, 'done')).toBe('next-sale')
  expect(shortcutOf({ ...press, key: 'F8', isTyping: true }, 'sell')).toBe('pay')
  expect(shortcutOf({ ...press, key: '?', isTyping: true }, 'history')).toBeUndefined()
  expect(shortcutOf({ ...press, key: 'F4', hasModifier: true }, 'sell')).toBeUndefined()
  expect(['F8', 'F9'].map((key) => shortcutOf({ ...press, key }, 'history'))).toEqual([undefined, undefined])
  expect(shortcutOf({ ...press, key: 'q' }, 'sell')).toBeUndefined()
  expect(['F5', 'F6', 'F7', 'F10'].map((key) => shortcutOf({ ...press, key, isTyping: true }, 'sell'))).toEqual([
    'attention',
    'practice',
    'settings',
    'lock',
  ])
})

test('over a locked, new or interrupted till no key of selling works', () => {
  const keys = ['F2', 'F3', 'F4', 'F5', 'F6', 'F7', 'F8', 'F9', 'F10', 'Escape', 'Enter', '?']
  const works = (screen: Screen) =>
    keys.flatMap((key) => shortcutOf({ key, isTyping: false, isOnControl: false, hasModifier: false }, screen) ?? [])
  expect(works('sign-in')).toEqual(['help'])
  expect(works('set-up')).toEqual(['help'])
  expect(works('interrupted')).toEqual(['practice', 'lock', 'help'])
})

test('the help lists the keys that work: on this screen, for this person, at this till', () => {
  const listed = (screen: Screen, who: { isPractice?: boolean; isManager?: boolean } = {}) =>
    keyboardMap({ screen, isPractice: false, isManager: false, ...who }).flatMap(({ keys }) => keys)
  expect(listed('sell')).toEqual([
    ...['F2', 'F3', 'F8', 'Enter', 'F9', '←', '↑', '↓', '→', 'Home', 'End', 'PgUp', 'PgDn', 'Space', 'F1', 'F4', 'F7', 'F10', 'Esc', '?'],
  ])
  expect(listed('sell', { isPractice: true, isManager: true })).toEqual(expect.arrayContaining(['F5', 'F6']))
  expect(listed('sign-in', { isPractice: true })).toEqual(['←', '→', '0–9', 'Backspace', 'Delete', 'Enter', '?'])
  expect(listed('interrupted')).toEqual(['F10', '?'])
  expect(listed('pay')).toEqual(expect.arrayContaining(['F8', 'F9', '0–9', 'Backspace', 'Delete', 'Esc']))
  expect(listed('history')).toEqual(['F2', 'F3', 'F1', 'F4', 'F7', 'F10', 'Esc', '?'])
  expect(keyboardMap({ screen: 'done', isPractice: false, isManager: false })).toContainEqual({ keys: ['F8', 'Enter'], does: 'nextSale' })
})
