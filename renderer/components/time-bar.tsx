import { type Asked, progressOf } from '../flows/screen.ts'
import { useNowMs, useSay } from '../hooks.ts'

/** How much of its time a question to a band has left. */
export function TimeBar({ asked }: { asked: Asked }) {
  const { t } = useSay()
  const { elapsedS, remainingS, fraction } = progressOf(asked, useNowMs())
  return (
    <div className="asking-time">
      <svg className="time-bar" viewBox="0 0 100 2" preserveAspectRatio="none" aria-hidden="true">
        <rect width="100" height="2" className="time-bar-back" />
        <rect width={100 * (1 - fraction)} height="2" className="time-bar-left" />
      </svg>
      <span className="figures">{t('pay.elapsed', { count: elapsedS })}</span>
      <span className="figures">{t('pay.remaining', { count: remainingS })}</span>
    </div>
  )
}
