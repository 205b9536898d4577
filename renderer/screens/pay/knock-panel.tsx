import { IconHandClick } from '@tabler/icons-react'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import type { KnockView } from '#shared/contracts/till.ts'
import { otherLanguage } from '#shared/domain/words.ts'
import { ArmedButton } from '../../components/armed-button.tsx'
import { secondsUntil } from '../../flows/countdown.ts'
import { knockWhyWords } from '../../flows/knock-why.ts'
import { listed } from '../../flows/refusal.ts'
import { useNowMs, useSay } from '../../hooks.ts'
import { useAct, useTerminal, useTillState } from '../../terminal-context.ts'
import { putKnockAway } from '../../use-shortcuts.ts'

/** Who pays is settled by a knock: the count, as large as it can be, who is asked, and how long. Or how the round ended. */
export function KnockPanel({ knock }: { knock: KnockView }) {
  switch (knock.state) {
    case 'listening':
      return <Listening knock={knock} />
    case 'nobody':
    case 'several':
      return <Ended knock={knock} state={knock.state} />
  }
}

function Listening({ knock }: { knock: KnockView }) {
  const say = useSay()
  const { t, language } = say
  const { knockWhy } = useTillState()
  const { i18n } = useTranslation()
  const { client } = useTerminal()
  const { busy, act } = useAct()
  const title = useRef<HTMLHeadingElement>(null)
  useEffect(() => title.current?.focus(), [])
  const other = otherLanguage(language)
  const leftS = secondsUntil(knock.endsAt, useNowMs())
  return (
    <section className="panel knock" aria-labelledby="knock-title" data-testid="knock">
      <div className="knock-body">
        <h2 id="knock-title" tabIndex={-1} ref={title}>
          {t('knock.title')}
        </h2>
        <p className="knock-count" aria-hidden="true">
          <strong className="figures">{knock.count}</strong>
          <span className="knock-hands">
            {Array.from({ length: knock.count }, (_, index) => (
              <IconHandClick key={index} size={44} stroke={1.6} />
            ))}
          </span>
        </p>
        <p className="knock-say">{t('knock.say', { count: knock.count })}</p>
        <p className="other-language" lang={other}>
          {i18n.getFixedT(other)('knock.say', { count: knock.count })}
        </p>
        <ul className="knock-letters" aria-label={t('knock.asked', { letters: listed(knock.letters, t) })}>
          {knock.letters.map((letter) => (
            <li key={letter} className="band-letter" aria-hidden="true">
              {letter}
            </li>
          ))}
        </ul>
        {knockWhy && <p className="bands-knock">{knockWhyWords(knockWhy, say)}</p>}
        <p className="knock-left figures" role="timer">
          {t('knock.left', { count: leftS })}
        </p>
      </div>
      <div className="panel-foot">
        <ArmedButton variant="default" fullWidth meaning="stop" disabled={busy} onPress={() => act(() => client.cancelPayment())}>
          {t('knock.cancel')}
        </ArmedButton>
      </div>
    </section>
  )
}

function Ended({ knock, state }: { knock: KnockView; state: 'nobody' | 'several' }) {
  const { t } = useSay()
  const { client } = useTerminal()
  const { busy, act } = useAct()
  const again = useRef<HTMLButtonElement>(null)
  useEffect(() => again.current?.focus(), [])
  return (
    <section className="panel ended" aria-labelledby="knock-title" data-testid={`knock-${state}`}>
      <div className="ended-mark doubt-mark">
        <IconHandClick size={40} stroke={1.6} aria-hidden="true" />
        <h2 id="knock-title">{t('knock.title')}</h2>
        <span>{t('knock.asked', { letters: listed(knock.letters, t) })}</span>
      </div>
      <p className="ended-say">{t(`knock.${state}`, { count: knock.count })}</p>
      <div className="ended-next">
        <h3>{t('pay.nextStep')}</h3>
        <p>{t(`knock.${state}Next`)}</p>
        <p className="ended-quiet">{t('knock.nothing')}</p>
      </div>
      <div className="panel-foot ended-foot">
        <ArmedButton variant="default" className="ended-again" meaning="back" onPress={() => putKnockAway(knock, client)}>
          {t('knock.back')}
        </ArmedButton>
        <ArmedButton
          ref={again}
          className="charge"
          data-primary
          meaning={state}
          disabled={busy}
          onPress={() => act(() => client.chargeByKnock())}
        >
          {t('knock.again')}
        </ArmedButton>
      </div>
    </section>
  )
}
