import { type QueryKey, type UseQueryResult, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Language } from '#shared/domain/words.ts'
import type { Answer } from './api/client.ts'
import type { Refusal } from './flows/refusal.ts'
import { languageOf } from './i18n/i18n.ts'

/** A refusal on its way through the query library, which knows failures as thrown errors. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly refusal: Refusal

  constructor(refusal: Refusal) {
    super(refusal.code)
    this.refusal = refusal
  }
}

/** Asks the backend, keeps the answer under this key, and asks again when it was changed. */
export function useAnswer<T>(key: QueryKey, ask: () => Answer<T>): UseQueryResult<T, Refused> {
  return useQuery<T, Refused>({
    queryKey: key,
    queryFn: async () => {
      const answer = await ask()
      if (!answer.ok) throw new Refused(answer.error)
      return answer.value
    },
  })
}

export type Act<A extends readonly unknown[], T> = {
  /** Undefined when it was refused, or is under way already: a second press does nothing. */
  readonly run: (...args: A) => Promise<T | undefined>
  readonly isBusy: boolean
  readonly refusal: Refusal | undefined
}

/** Something a press does: once at a time, with its refusal kept for showing. */
export function useAct<A extends readonly unknown[], T>(act: (...args: A) => Answer<T>): Act<A, T> {
  const [isBusy, setBusy] = useState(false)
  const [refusal, setRefusal] = useState<Refusal>()
  const run = async (...args: A) => {
    if (isBusy) return undefined
    setBusy(true)
    setRefusal(undefined)
    const answer = await act(...args)
    setBusy(false)
    if (answer.ok) return answer.value
    setRefusal(answer.error)
    return undefined
  }
  return { run, isBusy, refusal }
}

export function useLanguage(): Language {
  const { i18n } = useTranslation()
  return languageOf(i18n.language)
}
