import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import type { AttemptStage } from '#shared/domain/attempt.ts'
import { otherLanguage } from '#shared/domain/words.ts'
import { useSay } from '../hooks.ts'

/** Which band is asked, and what to tell its customer now, in both languages. Its title takes the focus when it appears. */
export function AskingHead({ of, letter, stage }: { of: 'pay' | 'identify'; letter: string; stage: AttemptStage }) {
  const { t, language } = useSay()
  const { i18n } = useTranslation()
  const title = useRef<HTMLHeadingElement>(null)
  useEffect(() => title.current?.focus(), [])
  const other = otherLanguage(language)
  return (
    <div className="asking-head">
      <span className="band-letter band-letter-big" aria-hidden="true">
        {letter}
      </span>
      <div>
        <h2 id="asking-title" tabIndex={-1} ref={title}>
          {t(`${of}.asking`, { letter })}
        </h2>
        <p className="asking-say">{t(`${of}.stageSay.${stage}`)}</p>
        <p className="other-language" lang={other}>
          {i18n.getFixedT(other)(`${of}.stageSay.${stage}`)}
        </p>
      </div>
    </div>
  )
}
