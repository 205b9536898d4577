import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import type { BandPaymentView } from '#shared/contracts/till.ts'
import { ArmedButton } from '../../components/armed-button.tsx'
import { PaymentRefusal } from '../../components/payment-refusal.tsx'
import { Stages } from '../../components/stages.tsx'
import { TimeBar } from '../../components/time-bar.tsx'
import { useSay } from '../../hooks.ts'
import { otherLanguage } from '../../i18n/i18n.ts'
import { useAct, useTerminal } from '../../terminal-context.ts'

/** While a band is asked: how far it has come, what to tell the customer, how long it may still take, and the way to stop. */
export function AskingPanel({ payment }: { payment: BandPaymentView }) {
  const { t, language } = useSay()
  const { i18n } = useTranslation()
  const { client } = useTerminal()
  const { busy, act } = useAct()
  const title = useRef<HTMLHeadingElement>(null)
  useEffect(() => title.current?.focus(), [])
  const other = otherLanguage(language)
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
      <Stages stage={payment.stage} />
      <TimeBar asked={payment} />
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
