import { Button } from '@mantine/core'
import { IconCircleOff } from '@tabler/icons-react'
import { useEffect, useRef } from 'react'
import type { BandPaymentView } from '#shared/contracts/till.ts'
import { REASONS } from '#shared/domain/reasons.ts'
import { noticeWords } from '../../flows/refusal.ts'
import { useSay } from '../../hooks.ts'
import { otherLanguage } from '../../i18n/i18n.ts'
import { useTillState } from '../../terminal-context.ts'
import { useUi } from '../../ui-store.ts'

/** A band payment that ended without money: the sentence to say, smaller in the guest's other language, and the next step. */
export function EndedPanel({ payment }: { payment: BandPaymentView }) {
  const { t, language, words } = useSay()
  const { status } = useTillState()
  const dismiss = useUi((ui) => ui.dismiss)
  const openPay = useUi((ui) => ui.openPay)
  const again = useRef<HTMLButtonElement>(null)
  useEffect(() => again.current?.focus(), [])
  const other = otherLanguage(language)
  const isReversed = payment.state === 'reversed'
  // What was asked may have been approved: only a payment that never was can say that nothing was charged.
  const reason = isReversed || payment.reason === undefined ? undefined : REASONS[payment.reason]
  const refused = payment.refusal === undefined ? undefined : noticeWords(payment.refusal, t)
  return (
    <section
      className="panel ended"
      aria-labelledby="ended-title"
      role="status"
      data-testid="not-paid"
      data-reason={payment.reason ?? payment.state}
    >
      <div className="ended-mark">
        <IconCircleOff size={40} stroke={1.6} aria-hidden="true" />
        <h2 id="ended-title">{t('pay.notPaid')}</h2>
        <span>{t('pay.band', { letter: payment.bandLetter })}</span>
      </div>
      <p className="ended-say">{refused?.say ?? (reason === undefined ? t('pay.reversed') : words(reason.say))}</p>
      {refused === undefined && reason !== undefined && (
        <p className="other-language" lang={other}>
          {reason.say[other]}
        </p>
      )}
      <div className="ended-next">
        <h3>{t('pay.nextStep')}</h3>
        <p>{refused?.next ?? (reason === undefined ? t('pay.reversedNext') : words(reason.next))}</p>
        {isReversed && status.backend.state === 'offline' && <p>{t('pay.reversedOffline')}</p>}
        {!isReversed && <p className="ended-quiet">{t('pay.nothingCharged')}</p>}
      </div>
      <div className="panel-foot">
        <Button
          ref={again}
          className="charge"
          fullWidth
          data-primary
          onClick={() => {
            dismiss(payment.requestId)
            openPay()
          }}
        >
          {t('pay.again')}
        </Button>
      </div>
    </section>
  )
}
