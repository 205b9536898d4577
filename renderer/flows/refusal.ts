import type { Refused } from '#shared/contracts/till.ts'
import { PRACTICE_TROUBLES, PRINTER_TROUBLES, SETTING_TROUBLES, STORAGE_TROUBLES } from '#shared/contracts/troubles.ts'
import type { T } from '../i18n/i18n.ts'

/** Our own: the line broke before an answer came; a seat was pressed that the map shows as not to be had. */
export const OWN_REFUSALS = ['no-answer', 'seat-not-free'] as const
/** A refusal of the till, or our own. */
export type Notice = { readonly code: Refused['code'] | (typeof OWN_REFUSALS)[number]; readonly subject?: Refused['subject'] }
type NoticeWords = { readonly say: string; readonly next: string }

/** What happened and what to do next, in the language of `t`. Says what it is about where that is known. */
export function noticeWords(notice: Notice, t: T): NoticeWords {
  const { code, subject } = notice
  const plain = { say: t(`refusal.${code}.say`), next: t(`refusal.${code}.next`) }
  if (subject === undefined) return plain
  switch (code) {
    case 'seat-taken':
    case 'seat-not-free':
    case 'seat-not-held': {
      const seats = typeof subject === 'object' ? listed(subject, t) : ''
      return seats === '' ? plain : { ...plain, say: t(`refusal.${code}.named`, { subject: seats }) }
    }
    case 'pin-wait':
      return { ...plain, say: t('refusal.pin-wait.named', { subject: String(subject) }) }
    case 'storage-failed': {
      const trouble = STORAGE_TROUBLES.find((one) => one === subject)
      if (trouble === undefined) return plain
      return { say: t('refusal.storage-failed.named', { subject: t(`storage.${trouble}.is`) }), next: t(`storage.${trouble}.next`) }
    }
    case 'printer-failed':
    case 'not-printed':
    case 'print-unknown': {
      const trouble = PRINTER_TROUBLES.find((one) => one === subject)
      return trouble === undefined ? plain : { ...plain, say: t(`refusal.${code}.named`, { subject: t(`printer.${trouble}`) }) }
    }
    case 'setting-refused': {
      const trouble = SETTING_TROUBLES.find((one) => one === subject)
      return trouble === undefined ? plain : { say: t(`setting.${trouble}.say`), next: t(`setting.${trouble}.next`) }
    }
    case 'practice-refused': {
      const trouble = PRACTICE_TROUBLES.find((one) => one === subject)
      return trouble === undefined ? plain : { say: t(`practice.${trouble}.say`), next: t(`practice.${trouble}.next`) }
    }
    default:
      return plain
  }
}

/** Several things in one line, such as seats: each language has its own mark between them. */
export function listed(things: readonly string[], t: T): string {
  return things.join(t('app.listMark'))
}
