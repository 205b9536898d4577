import { IconCheck } from '@tabler/icons-react'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import type { BandPaymentView } from '#shared/contracts/till.ts'
import { ATTEMPT_STAGES } from '#shared/domain/attempt.ts'
import { ArmedButton } from '../../components/armed-button.tsx'
import { PaymentRefusal } from '../../components/payment-refusal.tsx'
import { progressOf } from '../../flows/screen.ts'
import { useNowMs, useSay } from '../../hooks.ts'
import { otherLanguage } from '../../i18n/i18n.ts'
import { useAct, useTerminal } from '../../terminal-context.ts'

/** While a band is asked: how far it has come, what to tell the customer, how long it may still take, and the way to stop. */
export function AskingPanel({ payment }: { payment: BandPaymentView }) {
  const { t, language } = useSay()
  const { i18n } = useTranslation()
  const { client } = useTerminal()
  const { busy, act } = useAct()
  const { elapsedS, remainingS, fraction } = progressOf(payment, useNowMs())
  const title = useRef<HTMLHeadingElement>(null)
  useEffect(() => title.current?.focus(), [])
  const other = otherLanguage(language)
  const reached = ATTEMPT_STAGES.indexOf(payment.stage)
  return (
    <section className="panel asking" aria-labelledby="asking-title">
      <div className="asking-head">
        <span className="band-letter band-letter-big" aria-hidden="true">
          {payment.bandLetter}
        </span>
        <div>
          <h2 id="asking-title" tabIndex={-1} ref={title}>
            {t('pay.asking', { letter: payment.bandLetter })}
          </h2>
          <p className="asking-say">{t(`pay.stageSay.${payment.stage}`)}</p>
          <p className="other-language" lang={other}>
            {i18n.getFixedT(other)(`pay.stageSay.${payment.stage}`)}
          </p>
        </div>
      </div>
      <PaymentRefusal refusal={payment.refusal} />
      <ol className="stages" aria-label={t('pay.steps')}>
        {ATTEMPT_STAGES.map((stage, index) => (
          <li
            key={stage}
            className={index < reached ? 'stage stage-past' : index === reached ? 'stage stage-now' : 'stage'}
            aria-current={index === reached ? 'step' : undefined}
          >
            <span className="stage-mark" aria-hidden="true">
              {index < reached ? <IconCheck size={20} stroke={2.5} /> : index + 1}
            </span>
            {t(`pay.stage.${stage}`)}
          </li>
        ))}
      </ol>
      <div className="asking-time">
        <svg className="time-bar" viewBox="0 0 100 2" preserveAspectRatio="none" aria-hidden="true">
          <rect width="100" height="2" className="time-bar-back" />
          <rect width={100 * (1 - fraction)} height="2" className="time-bar-left" />
        </svg>
        <span className="figures">{t('pay.elapsed', { count: elapsedS })}</span>
        <span className="figures">{t('pay.remaining', { count: remainingS })}</span>
      </div>
      <div className="panel-foot asking-foot">
        <p className="asking-known">{t('pay.approving')}</p>
        <ArmedButton
          variant="default"
          fullWidth
          meaning={payment.requestId}
          disabled={busy}
          onPress={() => act(() => client.cancelPayment())}
        >
          {t('pay.cancel')}
        </ArmedButton>
      </div>
    </section>
  )
}
