import type { BandPaymentView } from '#shared/contracts/till.ts'
import { ArmedButton } from '../../components/armed-button.tsx'
import { AskingHead } from '../../components/asking-head.tsx'
import { PaymentRefusal } from '../../components/payment-refusal.tsx'
import { Stages } from '../../components/stages.tsx'
import { TimeBar } from '../../components/time-bar.tsx'
import { useSay } from '../../hooks.ts'
import { useAct, useTerminal } from '../../terminal-context.ts'

/** While a band is asked: how far it has come, what to tell the customer, how long it may still take, and the way to stop. */
export function AskingPanel({ payment }: { payment: BandPaymentView }) {
  const { t } = useSay()
  const { client } = useTerminal()
  const { busy, act } = useAct()
  return (
    <section className="panel asking" aria-labelledby="asking-title">
      <AskingHead of="pay" letter={payment.bandLetter} stage={payment.stage} />
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
