import { Button } from '@mantine/core'
import { IconRefresh } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import type { Refused } from '#shared/contracts/till.ts'
import type { Result } from '#shared/result.ts'
import { type Notice, noticeWords } from '../flows/refusal.ts'
import { useSay } from '../hooks.ts'

/** What the till was asked for, as the query library keeps it. */
type Asked<T> = {
  readonly data: T | undefined
  readonly isError: boolean
  readonly isFetching: boolean
  readonly refetch: () => unknown
}
type QueryStateProps<T> = {
  readonly query: Asked<T>
  /** Said until the first answer. */
  readonly loading: string
  readonly className?: string
  readonly children: (data: T) => ReactNode
}

/** What was asked for, or which of the other states it is in: an error never looks like an empty list, nor like loading. */
export function QueryState<T>({ query, loading, className = 'empty', children }: QueryStateProps<T>) {
  if (query.data !== undefined) return children(query.data)
  if (query.isError) return <CannotShow notice={{ code: 'no-answer' }} query={query} className={className} />
  return <p className={className}>{loading}</p>
}

/** As QueryState, for what the till may refuse. */
export function AnswerState<T>({ query, children, ...rest }: Omit<QueryStateProps<Result<T, Refused>>, 'children'> & Children<T>) {
  return (
    <QueryState query={query} {...rest}>
      {(answer) => (answer.ok ? children(answer.value) : <CannotShow notice={answer.error} query={query} className={rest.className} />)}
    </QueryState>
  )
}
type Children<T> = { readonly children: (value: T) => ReactNode }

type CannotShowProps = { readonly notice: Notice; readonly query: Asked<unknown>; readonly className?: string | undefined }

function CannotShow({ notice, query, className = 'empty' }: CannotShowProps) {
  const { t } = useSay()
  const { say, next } = noticeWords(notice, t)
  return (
    <div className={className} role="alert" data-testid="cannot-show" data-code={notice.code}>
      <p>
        <strong>{say}</strong>
        {/* What to do about an act that got no answer is not what to do about a question: that is asked again. */}
        {notice.code !== 'no-answer' && (
          <>
            <br />
            {next}
          </>
        )}
      </p>
      <Button
        variant="default"
        className="try-again"
        disabled={query.isFetching}
        leftSection={<IconRefresh aria-hidden="true" />}
        onClick={() => void query.refetch()}
      >
        {t('app.tryAgain')}
      </Button>
    </div>
  )
}
