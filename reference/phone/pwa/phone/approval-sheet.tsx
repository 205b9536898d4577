import { type ReactNode, useEffect, useId, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Question, Subject } from '#reference/phone/web/state.ts'
import { useLanguage } from '../hooks.ts'
import { moneyText } from './asked-list.tsx'
import { thePhone, usePhone, useSecondsUntil } from './phone.ts'

/** A tap that was on its way when the question appeared is nobody's yes. */
const TAP_GUARD_MS = 600
const BUZZ_MS = [200, 100, 200]

type Claims = Extract<Subject, { kind: 'identify' }>['claims']

/** What this phone is asked, over whatever screen is open. One question at a time, the oldest first. */
export function ApprovalSheet() {
  const [question] = usePhone().questions
  if (!question) return null
  const { subject, requestId } = question
  return subject.kind === 'pay' ? (
    <Pay key={requestId} question={question} subject={subject} />
  ) : (
    <Identify key={requestId} question={question} claims={subject.claims} />
  )
}

function Pay({ question, subject }: { question: Question; subject: Extract<Subject, { kind: 'pay' }> }) {
  const { t } = useTranslation()
  const language = useLanguage()
  return (
    <Sheet
      question={question}
      title={t('phone.ask.title', { amount: moneyText(subject, language) })}
      yes={t('phone.ask.yes')}
      no={t('phone.ask.no')}
      onYes={() => thePhone()?.approve(question.requestId)}
    />
  )
}

/** Each thing asked for is given by itself. Giving none is a no. */
function Identify({ question, claims }: { question: Question; claims: Claims }) {
  const { t } = useTranslation()
  const [given, setGiven] = useState<Claims>(claims)
  const [always, setAlways] = useState(false)
  return (
    <Sheet
      question={question}
      title={t('phone.who.title')}
      yes={t('phone.who.yes')}
      no={t('phone.who.no')}
      onYes={() => thePhone()?.approve(question.requestId, { given, always })}
    >
      <fieldset className="choice ask-claims">
        <legend>{t('phone.who.wants')}</legend>
        {claims.map((claim) => (
          <label key={claim}>
            <input
              type="checkbox"
              checked={given.includes(claim)}
              onChange={({ target }) => setGiven(claims.filter((each) => (each === claim ? target.checked : given.includes(each))))}
            />
            <span>{t(`phone.who.claims.${claim}`)}</span>
          </label>
        ))}
        <label>
          <input type="checkbox" checked={always} onChange={({ target }) => setAlways(target.checked)} />
          <span>{t('phone.who.always')}</span>
        </label>
      </fieldset>
    </Sheet>
  )
}

type SheetProps = {
  readonly question: Question
  readonly title: string
  readonly yes: string
  readonly no: string
  readonly onYes: () => void
  readonly children?: ReactNode
}

function Sheet({ question, title, yes, no, onYes, children }: SheetProps) {
  const { t } = useTranslation()
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
  const press = (act: () => void) => {
    if (!isGuarded) act()
  }
  return (
    // Escape is no answer: the question stays until it is answered or its time is over.
    <dialog ref={ref} className="ask" aria-labelledby={id} onCancel={(event) => event.preventDefault()} data-ask={question.requestId}>
      <p className="ask-name">{question.name}</p>
      <h2 id={id} className="ask-amount figures">
        {title}
      </h2>
      <p>
        <span className="quiet">{t('phone.ask.at')}: </span>
        {question.site}
      </p>
      <p className="quiet">{t('phone.ask.certified')}</p>
      {children}
      <p className="ask-left figures" role="timer">
        {t('phone.ask.left', { count: seconds })}
      </p>
      <div className="ask-acts">
        <button
          type="button"
          className="button button-main ask-yes"
          aria-disabled={isGuarded}
          data-act="approve"
          onClick={() => press(onYes)}
        >
          {yes}
        </button>
        <button
          type="button"
          className="button button-plain"
          aria-disabled={isGuarded}
          data-act="refuse"
          onClick={() => press(() => thePhone()?.refuse(question.requestId))}
        >
          {no}
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
