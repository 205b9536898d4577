import { IconCloudOff } from '@tabler/icons-react'
import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Refusal } from '../flows/refusal.ts'
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
      <Button onClick={onRetry}>{t('app.tryAgain')}</Button>
    </div>
  )
}

/** What a press came to when it was refused. */
export function RefusalNote({ refusal }: { refusal: Refusal | undefined }) {
  const { t } = useTranslation()
  return (
    <div role="alert" className="refusal-place">
      {refusal && <p className="note note-bad">{t(`refusals.${refusal.code}`)}</p>}
    </div>
  )
}

/** The answer, or in its place that it is on its way or why it does not come. */
export function Answered<T>({ answer, children }: { answer: UseQueryResult<T, Refused>; children: (value: T) => ReactNode }) {
  if (answer.data !== undefined) return children(answer.data)
  if (answer.error) return <Trouble refusal={answer.error.refusal} onRetry={() => void answer.refetch()} />
  return <Loading />
}
