import { IconHelpHexagon } from '@tabler/icons-react'
import { useEffect, useRef } from 'react'
import type { PaymentView } from '#shared/contracts/till.ts'
import { ArmedButton } from '../../components/armed-button.tsx'
import { PaymentRefusal } from '../../components/payment-refusal.tsx'
import { minutesAndSeconds, secondsUntil } from '../../flows/countdown.ts'
import { useNowMs, useSay } from '../../hooks.ts'
import { useAct, useTerminal, useTillState } from '../../terminal-context.ts'

/** In doubt: what is known, what the till does by itself, and the one way out. */
export function DoubtPanel({ payment }: { payment: PaymentView | undefined }) {
  const { t, money, time } = useSay()
  const { client } = useTerminal()
  const { status } = useTillState()
  const { busy, act } = useAct()
  const nowMs = useNowMs()
  const title = useRef<HTMLHeadingElement>(null)
  useEffect(() => title.current?.focus(), [])
  const band = payment?.tender === 'band' ? payment : undefined
  const nextS = band?.nextQueryAt === undefined ? undefined : secondsUntil(band.nextQueryAt, nowMs)
  return (
    <section className="panel doubt" aria-labelledby="doubt-title" data-testid="in-doubt">
      <div className="ended-mark doubt-mark">
        <IconHelpHexagon size={40} stroke={1.6} aria-hidden="true" />
        <h2 id="doubt-title" tabIndex={-1} ref={title}>
          {t('doubt.title')}
        </h2>
      </div>
      <p className="ended-say">
        {band === undefined ? t('doubt.knownBare') : t('doubt.known', { letter: band.bandLetter, amount: money(band.total) })}
      </p>
      <PaymentRefusal refusal={band?.refusal} />
      <div className="ended-next">
        <p>{t('doubt.locked')}</p>
        <p className="doubt-asking">
          <span className="pulse-dot" aria-hidden="true" />
          <span className="figures">
            {nextS === undefined || nextS === 0 ? t('doubt.asking') : t('doubt.askingNext', { count: nextS })}
          </span>
        </p>
        {band?.undoneAt !== undefined && (
          <p className="doubt-undone figures" role="timer" data-testid="undone-at">
            {t('doubt.undoneIn', { time: time(band.undoneAt), left: minutesAndSeconds(secondsUntil(band.undoneAt, nowMs)) })}
          </p>
        )}
      </div>
      <div className="panel-foot">
        <p className="doubt-cancel">{status.backend.state === 'offline' ? t('doubt.cancelOffline') : t('doubt.cancelText')}</p>
        <ArmedButton
          className="charge"
          color="curtain"
          fullWidth
          meaning="undo"
          disabled={busy}
          onPress={() => act(() => client.cancelPayment())}
        >
          {t('doubt.cancel')}
        </ArmedButton>
      </div>
    </section>
  )
}
