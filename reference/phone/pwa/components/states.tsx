import { IconCloudOff } from '@tabler/icons-react'
import type { UseQueryResult } from '@tanstack/react-query'
import { type ReactNode, useSyncExternalStore } from 'react'
import { useTranslation } from 'react-i18next'
import { type Refusal, waitOf } from '../flows/refusal.ts'
import type { Refused } from '../hooks.ts'
import { Button } from './button.tsx'

export function Loading() {
  const { t } = useTranslation()
  return (
    <p className="state" role="status">
      <span className="spinner" aria-hidden />
      {t('app.loading')}
    </p>
  )
}

/** Nothing can be shown, and why. */
export function Trouble({ refusal, onRetry }: { refusal: Refusal; onRetry: () => void }) {
  const { t } = useTranslation()
  return (
    <div className="state" role="alert">
      <IconCloudOff size={40} aria-hidden />
      <h2>{t('app.unreachable')}</h2>
      <p>{t(`refusals.${refusal.code}`)}</p>
      <Button onClick={onRetry} name="retry">
        {t('app.tryAgain')}
      </Button>
    </div>
  )
}

/** What a press came to when it was refused. `words`: better ones than the code alone has, where the screen knows more. */
export function RefusalNote({ refusal, words }: { refusal: Refusal | undefined; words?: string | undefined }) {
  const { t } = useTranslation()
  const wait = refusal && waitOf(refusal)
  return (
    <div role="alert" className="refusal-place">
      {refusal && (
        <p className="note note-bad">
          {words ?? t(`refusals.${refusal.code}`)} {wait && t(`app.${wait.unit}`, { count: wait.count })}
        </p>
      )}
    </div>
  )
}

/** What a press did. The place is there from the first, so that a screen reader hears what comes into it. */
export function DoneNote({ words }: { words: string | undefined }) {
  return (
    <div role="status" className="refusal-place">
      {words !== undefined && <p className="note note-good">{words}</p>}
    </div>
  )
}

/** The answer, or in its place that it is on its way or why it does not come. An answer of before stays when the next one fails. */
export function Answered<T>({ answer, children }: { answer: UseQueryResult<T, Refused>; children: (value: T) => ReactNode }) {
  const { t } = useTranslation()
  if (answer.data !== undefined) {
    return (
      <>
        {answer.error && (
          <p className="note" role="status">
            {t('app.stale')}
          </p>
        )}
        {children(answer.data)}
      </>
    )
  }
  if (answer.error) return <Trouble refusal={answer.error.refusal} onRetry={() => void answer.refetch()} />
  return <Loading />
}

function watchNetwork(changed: () => void): () => void {
  window.addEventListener('online', changed)
  window.addEventListener('offline', changed)
  return () => {
    window.removeEventListener('online', changed)
    window.removeEventListener('offline', changed)
  }
}

/** Said on every screen for as long as the browser knows of no network. */
export function OfflineNote() {
  const { t } = useTranslation()
  const isOnline = useSyncExternalStore(watchNetwork, () => navigator.onLine)
  return (
    <div role="status">
      {!isOnline && (
        <p className="offline-note">
          <IconCloudOff size={20} aria-hidden />
          {t('app.offline')}
        </p>
      )}
    </div>
  )
}
