import { IconPlugConnectedX } from '@tabler/icons-react'
import { useEffect, useState } from 'react'
import { useSay } from '../hooks.ts'
import type { Link } from '../terminal-client.ts'

/** A line that is back at once is not worth a word. */
const SAY_LOST_AFTER_MS = 600

/** Says that the line to the terminal is lost, over everything, until it is back by itself. */
export function Connection({ hasState, link }: { hasState: boolean; link: Link }) {
  return link === 'open' && hasState ? null : <NoLine hasState={hasState} link={link} />
}

function NoLine({ hasState, link }: { hasState: boolean; link: Link }) {
  const { t } = useSay()
  const [isLate, setIsLate] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setIsLate(true), SAY_LOST_AFTER_MS)
    return () => clearTimeout(timer)
  }, [])
  if (!isLate) return hasState ? null : <div className="connection connection-quiet" />
  const isFirst = !hasState && link !== 'lost'
  return (
    <div className="connection" role="alertdialog" aria-modal="true" aria-labelledby="connection-title" aria-describedby="connection-text">
      <div className="connection-card">
        <IconPlugConnectedX size={48} stroke={1.5} aria-hidden="true" />
        <h1 id="connection-title">{isFirst ? t('app.starting') : t('app.lostTitle')}</h1>
        {!isFirst && <p id="connection-text">{t('app.lostText')}</p>}
        <p className="connection-try" role="status">
          <span className="pulse-dot" aria-hidden="true" />
          {t('app.lostTry')}
        </p>
      </div>
    </div>
  )
}
