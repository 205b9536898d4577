import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import type { IdentifyView } from '#shared/contracts/identify.ts'
import { ArmedButton } from '../../components/armed-button.tsx'
import { Stages } from '../../components/stages.tsx'
import { TimeBar } from '../../components/time-bar.tsx'
import { useSay } from '../../hooks.ts'
import { otherLanguage } from '../../i18n/i18n.ts'
import { useAct, useTerminal } from '../../terminal-context.ts'

/** While the customer is asked: what to tell them, how far it is, how long it may still take, and the way to stop. */
export function AskedPanel({ asked }: { asked: Extract<IdentifyView, { state: 'asking' }> }) {
  const { t, language } = useSay()
  const { i18n } = useTranslation()
  const { client } = useTerminal()
  const { busy, act } = useAct()
  const title = useRef<HTMLHeadingElement>(null)
  useEffect(() => title.current?.focus(), [])
  const other = otherLanguage(language)
  return (
    <section className="panel asking" aria-labelledby="asking-title" data-testid="asking-who">
      <div className="asking-head">
        <span className="band-letter band-letter-big" aria-hidden="true">
          {asked.bandLetter}
        </span>
        <div>
          <h2 id="asking-title" tabIndex={-1} ref={title}>
            {t('identify.asking', { letter: asked.bandLetter })}
          </h2>
          <p className="asking-say">{t(`identify.stageSay.${asked.stage}`)}</p>
          <p className="other-language" lang={other}>
            {i18n.getFixedT(other)(`identify.stageSay.${asked.stage}`)}
          </p>
        </div>
      </div>
      <Stages stage={asked.stage} />
      <TimeBar asked={asked} />
      <div className="panel-foot">
        <ArmedButton variant="default" fullWidth meaning={asked.requestId} disabled={busy} onPress={() => act(() => client.endIdentify())}>
          {t('identify.stop')}
        </ArmedButton>
      </div>
    </section>
  )
}
