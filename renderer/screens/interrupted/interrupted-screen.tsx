import {
  IconAlertTriangle,
  IconArmchair,
  IconCircleCheck,
  IconCircleDashed,
  IconHelpHexagon,
  IconPrinter,
  IconWallet,
} from '@tabler/icons-react'
import { type ReactNode, useEffect, useRef } from 'react'
import type { InterruptedView } from '#shared/contracts/recovery.ts'
import { ArmedButton } from '../../components/armed-button.tsx'
import { PaymentRefusal } from '../../components/payment-refusal.tsx'
import { minutesAndSeconds, secondsUntil } from '../../flows/countdown.ts'
import { finishWords, interruptedRows, type Tone } from '../../flows/interrupted.ts'
import { useNowMs, useSay } from '../../hooks.ts'
import { useAct, useTerminal, useTillState } from '../../terminal-context.ts'

const TONE_ICONS = { good: IconCircleCheck, quiet: IconCircleDashed, warn: IconAlertTriangle, busy: IconHelpHexagon } as const

/** A stop of the till interrupted a sale: what is known, one line each, and the two ways to end it. */
export function InterruptedScreen() {
  const { t, money, time } = useSay()
  const { interrupted, payment } = useTillState()
  const nowMs = useNowMs()
  const title = useRef<HTMLHeadingElement>(null)
  useEffect(() => title.current?.focus(), [])
  if (interrupted === undefined) return null
  const { tender, total, startedAt, payerName, isPromise = false, canUndo, undoneAt } = interrupted
  const { charged, seats, printed } = interruptedRows(interrupted)
  const refusal = payment?.tender === 'band' && payment.requestId === interrupted.requestId ? payment.refusal : undefined
  return (
    <div className="interrupted">
      <section className="panel interrupted-card" aria-labelledby="interrupted-title" data-testid="interrupted">
        <header className="interrupted-head">
          <div>
            <h1 id="interrupted-title" tabIndex={-1} ref={title}>
              {t('interrupted.title')}
            </h1>
            <p>{t('interrupted.lead')}</p>
          </div>
          <p className="interrupted-sum">
            <strong className="figures">{money(total)}</strong>
            <span className="figures">
              {t(`interrupted.${tender}`)} · {time(startedAt)}
            </span>
          </p>
        </header>
        <dl className="facts" aria-live="polite">
          <Fact icon={<IconWallet size={28} stroke={1.6} />} question={t('interrupted.charged')} tone={charged.tone} name="charged">
            {t(`interrupted.chargedIs.${charged.words}`)}
            {payerName !== undefined && <span className="fact-more">{t('interrupted.paidBy', { name: payerName })}</span>}
            {isPromise && <span className="fact-more">{t('pay.promise')}</span>}
          </Fact>
          <Fact icon={<IconArmchair size={28} stroke={1.6} />} question={t('interrupted.seats')} tone={seats.tone} name="seats">
            {t(`interrupted.seatsIs.${seats.words}`)}
          </Fact>
          <Fact icon={<IconPrinter size={28} stroke={1.6} />} question={t('interrupted.printed')} tone={printed.tone} name="printed">
            {t(`interrupted.printedIs.${printed.words}`)}
          </Fact>
        </dl>
        <PaymentRefusal refusal={refusal} />
        <div className="interrupted-notes">
          {canUndo && <p>{t('interrupted.undoText')}</p>}
          {!canUndo && interrupted.charged === 'unknown' && <p>{t('interrupted.waitsForBackend')}</p>}
          {undoneAt !== undefined && (
            <p className="figures" role="timer">
              {t('interrupted.undoneIn', { left: minutesAndSeconds(secondsUntil(undoneAt, nowMs)) })}
            </p>
          )}
        </div>
        <Acts interrupted={interrupted} trouble={refusal?.code ?? ''} />
      </section>
    </div>
  )
}

/** `trouble`: words above that come and go, and move the buttons. */
function Acts({ interrupted, trouble }: { interrupted: InterruptedView; trouble: string }) {
  const { t } = useSay()
  const { client } = useTerminal()
  const { busy, act } = useAct()
  const { requestId, canFinish, canUndo } = interrupted
  return (
    <div className="panel-foot interrupted-foot">
      {canUndo && (
        <ArmedButton
          variant="default"
          className="interrupted-undo"
          meaning={`${requestId} ${trouble}`}
          disabled={busy}
          onPress={() => act(() => client.undoInterrupted())}
        >
          {t('interrupted.undo')}
        </ArmedButton>
      )}
      <ArmedButton
        className="charge"
        data-primary
        meaning={`${requestId} ${canFinish ? finishWords(interrupted) : 'wait'} ${canUndo} ${trouble}`}
        disabled={!canFinish || busy}
        onPress={() => act(() => client.finishInterrupted())}
      >
        {canFinish ? t(`interrupted.finish.${finishWords(interrupted)}`) : t('interrupted.finishWait')}
      </ArmedButton>
    </div>
  )
}

function Fact({
  icon,
  question,
  tone,
  name,
  children,
}: {
  icon: ReactNode
  question: string
  tone: Tone
  name: string
  children: ReactNode
}) {
  const Mark = TONE_ICONS[tone]
  return (
    <div className={`fact fact-${tone}`} data-testid={`interrupted-${name}`}>
      <dt>
        <span aria-hidden="true">{icon}</span>
        {question}
      </dt>
      <dd>
        <Mark size={26} aria-hidden="true" />
        <span>{children}</span>
      </dd>
    </div>
  )
}
