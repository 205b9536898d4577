import { useEffect, useId, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Question } from '#reference/phone/web/state.ts'
import { useLanguage } from '../hooks.ts'
import { moneyText } from './asked-list.tsx'
import { thePhone, usePhone, useSecondsUntil } from './phone.ts'

/** A tap that was on its way when the question appeared is nobody's yes. */
const TAP_GUARD_MS = 600
const BUZZ_MS = [200, 100, 200]

/** The question of a payment, over whatever screen is open. One at a time, the oldest first. */
export function ApprovalSheet() {
  const [question] = usePhone().questions
  return question ? <Sheet key={question.requestId} question={question} /> : null
}

function Sheet({ question }: { question: Question }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const ref = useRef<HTMLDialogElement>(null)
  const id = useId()
  const isGuarded = useGuard()
  const seconds = useSecondsUntil(question.untilMs)
  useEffect(() => {
    const dialog = ref.current
    dialog?.showModal()
    if ('vibrate' in navigator) navigator.vibrate(BUZZ_MS)
    return () => dialog?.close()
  }, [])
  const answer = (isYes: boolean) => {
    if (isGuarded) return
    if (isYes) thePhone()?.approve(question.requestId)
    else thePhone()?.refuse(question.requestId)
  }
  return (
    // Escape is no answer: the question stays until it is answered or its time is over.
    <dialog ref={ref} className="ask" aria-labelledby={id} onCancel={(event) => event.preventDefault()} data-ask={question.requestId}>
      <p className="ask-name">{question.name}</p>
      <h2 id={id} className="ask-amount figures">
        {t('phone.ask.title', { amount: moneyText(question, language) })}
      </h2>
      <p>
        <span className="phone-quiet">{t('phone.ask.at')}: </span>
        {question.site}
      </p>
      <p className="phone-quiet">{t('phone.ask.certified')}</p>
      <p className="ask-left figures" role="timer">
        {t('phone.ask.left', { count: seconds })}
      </p>
      <div className="ask-acts">
        <button
          type="button"
          className="button button-main ask-yes"
          aria-disabled={isGuarded}
          data-act="approve"
          onClick={() => answer(true)}
        >
          {t('phone.ask.yes')}
        </button>
        <button type="button" className="button button-plain" aria-disabled={isGuarded} data-act="refuse" onClick={() => answer(false)}>
          {t('phone.ask.no')}
        </button>
      </div>
    </dialog>
  )
}

function useGuard(): boolean {
  const [isGuarded, setGuarded] = useState(true)
  useEffect(() => {
    const timer = setTimeout(() => setGuarded(false), TAP_GUARD_MS)
    return () => clearTimeout(timer)
  }, [])
  return isGuarded
}
