import { Button } from '@mantine/core'
import { IconAlertTriangle, IconChecks } from '@tabler/icons-react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { AlarmView, UnknownYesView } from '#shared/contracts/recovery.ts'
import { Confirm } from '../../components/dialog.tsx'
import { QueryState } from '../../components/query-state.tsx'
import { alarmWords, seatsWords } from '../../flows/attention.ts'
import { useSay } from '../../hooks.ts'
import { useAct, useTerminal, useTillState } from '../../terminal-context.ts'

/** The list may change at the backend's word, without a change of the count that is pushed. */
const ASK_AGAIN_MS = 10_000
const RECOVERY = 'recovery'

/** For managers: payments nobody can place, each to be ended once, and alarms. */
export function AttentionScreen() {
  const { t } = useSay()
  const { client } = useTerminal()
  const { status } = useTillState()
  const query = useQuery({
    queryKey: [RECOVERY, status.attention],
    queryFn: () => client.recovery(),
    refetchInterval: ASK_AGAIN_MS,
    placeholderData: (previous) => previous,
  })
  return (
    <div className="attention">
      <section className="panel" aria-labelledby="attention-title">
        <header className="panel-head">
          <h1 id="attention-title" tabIndex={-1}>
            {t('attention.title')}
          </h1>
        </header>
        <div className="panel-scroll attention-list">
          <QueryState query={query} loading={t('attention.loading')}>
            {({ unknownYeses, alarms }) => (
              <>
                {unknownYeses.length === 0 && alarms.length === 0 && (
                  <p className="empty">
                    <IconChecks size={44} stroke={1.2} aria-hidden="true" />
                    <br />
                    <strong>{t('attention.none')}</strong>
                    <br />
                    {t('attention.noneNext')}
                  </p>
                )}
                {unknownYeses.length > 0 && <Yeses yeses={unknownYeses} />}
                {alarms.length > 0 && <Alarms alarms={alarms} />}
              </>
            )}
          </QueryState>
        </div>
      </section>
    </div>
  )
}

function Yeses({ yeses }: { yeses: readonly UnknownYesView[] }) {
  const { t } = useSay()
  return (
    <>
      <h2 className="attention-kind">{t('attention.yeses')}</h2>
      <p className="attention-text">{t('attention.yesesText')}</p>
      <ul className="yeses">
        {yeses.map((yes) => (
          <li key={yes.authorizationId} className={yes.state === 'waiting' ? 'yes' : 'yes yes-ended'} data-yes={yes.state}>
            <YesFacts yes={yes} />
            {yes.state === 'waiting' ? <YesActs yes={yes} /> : <p className="yes-end">{t(`attention.ended.${yes.state}`)}</p>}
          </li>
        ))}
      </ul>
    </>
  )
}

function YesFacts({ yes }: { yes: UnknownYesView }) {
  const { t, money, time, day, words } = useSay()
  const at = (instant: string) => `${day(Date.parse(instant))} ${time(instant)}`
  return (
    <>
      <strong className="yes-amount figures">{money(yes.amount)}</strong>
      <dl className="yes-facts">
        <div>
          <dt>{t('attention.payer')}</dt>
          <dd>{yes.payerName}</dd>
        </div>
        <div>
          <dt>{t('attention.approved')}</dt>
          <dd className="figures">{at(yes.approvedAt)}</dd>
        </div>
        <div>
          <dt>{t('attention.seats')}</dt>
          <dd>{seatsWords(yes, t, words)}</dd>
        </div>
        <div>
          <dt>{t('attention.captureBy')}</dt>
          <dd className="figures">{day(Date.parse(yes.captureBy))}</dd>
        </div>
      </dl>
    </>
  )
}

function YesActs({ yes }: { yes: UnknownYesView }) {
  const { t, money } = useSay()
  const { client } = useTerminal()
  const { busy, refused, act } = useAct('here')
  const queries = useQueryClient()
  const [asked, setAsked] = useState<'recover' | 'reverse'>()
  const of = { amount: money(yes.amount), name: yes.payerName }
  const end = (how: 'recover' | 'reverse') =>
    act(
      () => client.endUnknownYes({ authorizationId: yes.authorizationId, how }),
      () => {
        setAsked(undefined)
        void queries.invalidateQueries({ queryKey: [RECOVERY] })
      },
    )
  return (
    <div className="yes-acts">
      <Button variant="default" onClick={() => setAsked('recover')}>
        {t('attention.recover')}
      </Button>
      <Button variant="default" onClick={() => setAsked('reverse')}>
        {t('attention.reverse')}
      </Button>
      {asked !== undefined && (
        <Confirm
          title={t(`attention.${asked}Title`, of)}
          text={t(`attention.${asked}Text`)}
          yes={t(`attention.${asked}Yes`)}
          no={t('attention.keep')}
          takesAway={asked === 'reverse'}
          busy={busy}
          refused={refused}
          onYes={() => end(asked)}
          onNo={() => setAsked(undefined)}
        />
      )}
    </div>
  )
}

function Alarms({ alarms }: { alarms: readonly AlarmView[] }) {
  const { t, time, day } = useSay()
  const { client } = useTerminal()
  const { busy, act } = useAct()
  const queries = useQueryClient()
  return (
    <>
      <h2 className="attention-kind">{t('attention.alarms')}</h2>
      <ul className="alarms">
        {alarms.map((alarm) => (
          <li key={alarm.id} className="alarm">
            <IconAlertTriangle size={24} aria-hidden="true" />
            <AlarmText alarm={alarm} />
            <span className="alarm-at figures">
              {day(Date.parse(alarm.at))} {time(alarm.at)}
            </span>
            <Button
              variant="default"
              disabled={busy}
              onClick={() =>
                act(
                  () => client.putAwayAlarm({ id: alarm.id }),
                  () => void queries.invalidateQueries({ queryKey: [RECOVERY] }),
                )
              }
            >
              {t('attention.seen')}
            </Button>
          </li>
        ))}
      </ul>
    </>
  )
}

function AlarmText({ alarm }: { alarm: AlarmView }) {
  const { t } = useSay()
  const { say, detail } = alarmWords(alarm, t)
  return (
    <span>
      {say}
      {detail !== '' && <span className="alarm-detail">{detail}</span>}
    </span>
  )
}
