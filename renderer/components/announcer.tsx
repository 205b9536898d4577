import { useEffect, useRef, useState } from 'react'
import { type Announcement, announcementsOf } from '../flows/announcements.ts'
import { clockOffWords } from '../flows/clock-off.ts'
import { endingOf, endingWords } from '../flows/ending.ts'
import { identifyWords } from '../flows/identify.ts'
import { noticeWords } from '../flows/refusal.ts'
import { type Say, useSay } from '../hooks.ts'
import { useTill } from '../till-store.ts'

/**
 * The page's one place for what is said aloud and shown elsewhere. It is there before there is anything to say, because a region that comes
 * together with its words is often not read; each saying is a new paragraph, so that the same words are heard a second time.
 */
export function Announcer() {
  const say = useSay()
  const speak = useRef(say)
  const [said, setSaid] = useState({ count: 0, text: '' })
  useEffect(() => {
    speak.current = say
  })
  useEffect(
    () =>
      useTill.subscribe(({ state }, { state: before }) => {
        if (state === undefined || state === before) return
        const isOffline = state.status.backend.state === 'offline'
        const text = announcementsOf(before, state)
          .map((one) => wordsOf(one, speak.current, isOffline))
          .join(' ')
        if (text !== '') setSaid(({ count }) => ({ count: count + 1, text }))
      }),
    [],
  )
  return (
    <div className="sr" role="status" data-testid="announcer">
      <p key={said.count}>{said.text}</p>
    </div>
  )
}

function wordsOf(one: Announcement, say: Say, isOffline: boolean): string {
  const { t, money } = say
  switch (one.kind) {
    case 'stage':
      return t(`pay.stage.${one.stage}`)
    case 'paid':
      return one.total === undefined ? t('say.paidPlain') : t('say.paid', { amount: money(one.total) })
    case 'not-paid':
      return t('say.notPaid', endingWords(endingOf(one.payment, isOffline), say))
    case 'in-doubt':
      return t('say.doubt', { locked: t('doubt.locked') })
    case 'knock':
      return `${t(`knock.${one.state}`, { count: one.count })} ${t(`knock.${one.state}Next`)}`
    case 'identify':
      return identifyWords(one.view, say)
    case 'hold-over':
      return noticeWords({ code: 'seat-not-held', subject: one.seats }, t).say
    case 'radio':
      return t(`status.radio.${one.state}`)
    case 'backend':
      return t(`status.backend.${one.state}`)
    case 'clock':
      return clockOffWords(one.skewMs, t)
    case 'printer':
      return one.trouble === undefined ? t(`status.printer.${one.state}`) : t('say.printerFailed', { detail: t(`printer.${one.trouble}`) })
  }
}
