import { IconPlugConnectedX } from '@tabler/icons-react'
import { useEffect, useLayoutEffect, useRef, useState } from 'react'
import { focusIsFree } from '../focus.ts'
import { useSay } from '../hooks.ts'
import type { Link } from '../terminal-client.ts'

/** A line that is back at once is not worth a word. */
const SAY_LOST_AFTER_MS = 600

/** Says that the line to the terminal is lost, over everything, until it is back by itself. */
export function Connection({ hasState, link }: { hasState: boolean; link: Link }) {
  const isOpen = link === 'open' && hasState
  useFocusKept(isOpen)
  return isOpen ? null : <NoLine hasState={hasState} link={link} />
}

/** What had the focus when the line was lost has it again when the line is back: whoever works by keyboard goes on where they were. */
function useFocusKept(isOpen: boolean): void {
  const kept = useRef<Element | null>(null)
  useLayoutEffect(() => {
    if (!isOpen) kept.current = document.activeElement
  }, [isOpen])
  useEffect(() => {
    if (!isOpen) return
    const { current } = kept
    kept.current = null
    if (focusIsFree() && current instanceof HTMLElement && current.isConnected) current.focus()
  }, [isOpen])
}

function NoLine({ hasState, link }: { hasState: boolean; link: Link }) {
  const { t } = useSay()
  const [isLate, setIsLate] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setIsLate(true), SAY_LOST_AFTER_MS)
    return () => clearTimeout(timer)
  }, [])
  const card = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (isLate) card.current?.focus()
  }, [isLate])
  if (!isLate) return hasState ? null : <div className="connection connection-quiet" />
  const isFirst = !hasState && link !== 'lost'
  return (
    <div className="connection" role="alertdialog" aria-modal="true" aria-labelledby="connection-title" aria-describedby="connection-text">
      <div className="connection-card" ref={card} tabIndex={-1}>
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
