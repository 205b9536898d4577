import { IconCircleOff } from '@tabler/icons-react'
import { useEffect, useRef } from 'react'
import type { BandPaymentView } from '#shared/contracts/till.ts'
import { REASONS } from '#shared/domain/reasons.ts'
import { otherLanguage } from '#shared/domain/words.ts'
import { ArmedButton } from '../../components/armed-button.tsx'
import { endingOf, endingWords, firstAct } from '../../flows/ending.ts'
import { useSay } from '../../hooks.ts'
import { useAct, useTerminal, useTillState } from '../../terminal-context.ts'
import { useUi } from '../../ui-store.ts'

/** A band payment that ended without money: the sentence to say, smaller in the guest's other language, and the next step. */
export function EndedPanel({ payment }: { payment: BandPaymentView }) {
  const say = useSay()
  const { t, language } = say
  const { status } = useTillState()
  const other = otherLanguage(language)
  const ending = endingOf(payment, status.backend.state === 'offline')
  const said = endingWords(ending, say)
  return (
    <section className="panel ended" aria-labelledby="ended-title" data-testid="not-paid" data-reason={payment.reason ?? payment.state}>
      <div className="ended-mark">
        <IconCircleOff size={40} stroke={1.6} aria-hidden="true" />
        <h2 id="ended-title">{t('pay.notPaid')}</h2>
        <span>{t('pay.band', { letter: payment.bandLetter })}</span>
      </div>
      <p className="ended-say">{said.say}</p>
      {ending.kind === 'reason' && (
        <p className="other-language" lang={other}>
          {REASONS[ending.reason].say[other]}
        </p>
      )}
      <div className="ended-next">
        <h3>{t('pay.nextStep')}</h3>
        <p>{said.next}</p>
        {ending.kind === 'reversed' && ending.isPromise && (
          <p className="ended-promise" data-testid="promise">
            {t('pay.promise')}
          </p>
        )}
        {ending.kind !== 'reversed' && <p className="ended-quiet">{t('pay.nothingCharged')}</p>}
      </div>
      <EndedActs payment={payment} first={firstAct(ending)} />
    </section>
  )
}

/** What helps comes first and has the focus: after a refused wallet, another way to pay. */
function EndedActs({ payment, first }: { payment: BandPaymentView; first: 'again' | 'another-way' }) {
  const { t } = useSay()
  const { client } = useTerminal()
  const { busy, act } = useAct()
  const dismiss = useUi((ui) => ui.dismiss)
  const openPay = useUi((ui) => ui.openPay)
  const primary = useRef<HTMLButtonElement>(null)
  useEffect(() => primary.current?.focus(), [])
  const again = () => {
    dismiss(payment.requestId)
    openPay()
  }
  if (first === 'again') {
    return (
      <div className="panel-foot">
        <ArmedButton ref={primary} className="charge" fullWidth data-primary meaning={payment.requestId} onPress={again}>
          {t('pay.again')}
        </ArmedButton>
      </div>
    )
  }
  return (
    <div className="panel-foot ended-foot">
      <ArmedButton variant="default" className="ended-again" meaning={payment.requestId} onPress={again}>
        {t('pay.again')}
      </ArmedButton>
      <ArmedButton
        ref={primary}
        className="charge"
        data-primary
        meaning={payment.requestId}
        disabled={busy}
        aria-keyshortcuts="F9"
        onPress={() => act(() => client.startCash())}
      >
        {t('pay.anotherWay')}
      </ArmedButton>
    </div>
  )
}
