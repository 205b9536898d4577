import { IconCircleOff } from '@tabler/icons-react'
import { useEffect, useRef } from 'react'
import type { IdentifyView } from '#shared/contracts/identify.ts'
import { IDENTIFY_REASONS } from '#shared/domain/identify-reasons.ts'
import { otherLanguage } from '#shared/domain/words.ts'
import { ArmedButton } from '../../components/armed-button.tsx'
import { isAskingAgainIdle } from '../../flows/identify.ts'
import { useSay } from '../../hooks.ts'
import { useAct, useTerminal } from '../../terminal-context.ts'
import { useUi } from '../../ui-store.ts'

/** Nothing was told: the sentence to say, smaller in the guest's other language, and the next step. */
export function UntoldPanel({ untold }: { untold: Extract<IdentifyView, { state: 'untold' }> }) {
  const { t, words, language } = useSay()
  const { client } = useTerminal()
  const { busy, act } = useAct()
  const goTo = useUi((ui) => ui.goTo)
  const button = useRef<HTMLButtonElement>(null)
  useEffect(() => button.current?.focus(), [])
  const other = otherLanguage(language)
  const { say, next } = IDENTIFY_REASONS[untold.reason]
  const isIdle = isAskingAgainIdle(untold.reason)
  const putAway = () => act(() => client.endIdentify(), isIdle ? () => goTo('selling') : undefined)
  return (
    <section className="panel ended" aria-labelledby="untold-title" data-testid="untold" data-reason={untold.reason}>
      <div className="ended-mark">
        <IconCircleOff size={40} stroke={1.6} aria-hidden="true" />
        <h2 id="untold-title">{t('identify.untold')}</h2>
        <span>{t('pay.band', { letter: untold.bandLetter })}</span>
      </div>
      <p className="ended-say">{words(say)}</p>
      <p className="other-language" lang={other}>
        {say[other]}
      </p>
      <div className="ended-next">
        <h3>{t('pay.nextStep')}</h3>
        <p>{words(next)}</p>
      </div>
      <div className="panel-foot">
        <ArmedButton
          ref={button}
          className="charge"
          fullWidth
          data-primary
          aria-keyshortcuts="F8"
          meaning={untold.requestId}
          disabled={busy}
          onPress={putAway}
        >
          {isIdle ? t('pay.back') : t('identify.again')}
        </ArmedButton>
      </div>
    </section>
  )
}
