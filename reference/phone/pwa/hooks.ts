import { type QueryKey, type UseQueryResult, useQuery } from '@tanstack/react-query'
import { useLayoutEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type Language, languageOf } from '#shared/domain/words.ts'
import type { Result } from '#shared/result.ts'
import type { Answer } from './api/client.ts'
import type { Refusal } from './flows/refusal.ts'
import { usePreferences } from './preferences.ts'
import { useSession } from './session-store.ts'

/** A refusal on its way through the query library, which knows failures as thrown errors. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly refusal: Refusal

  constructor(refusal: Refusal) {
    super(refusal.code)
    this.refusal = refusal
  }
}

/** Asks the backend, keeps the answer under this key, and asks again when it was changed. Nobody signed in: nothing is asked. */
export function useAnswer<T>(key: QueryKey, ask: () => Answer<T>): UseQueryResult<T, Refused> {
  const isSignedIn = useSession((store) => store.session.state === 'signed-in')
  return useQuery<T, Refused>({
    queryKey: key,
    enabled: isSignedIn,
    queryFn: async () => {
      const answer = await ask()
      if (!answer.ok) throw new Refused(answer.error)
      return answer.value
    },
  })
}

export type Act<A extends readonly unknown[], T, E> = {
  /** Undefined when it was refused, or is under way already: a second press does nothing. */
  readonly run: (...args: A) => Promise<{ readonly value: T } | undefined>
  readonly isBusy: boolean
  readonly refusal: E | undefined
  /** Forgets what the last press came to. */
  readonly reset: () => void
}

/** Something a press does: once at a time, with its refusal kept for showing. */
export function useAct<A extends readonly unknown[], T, E = Refusal>(act: (...args: A) => Promise<Result<T, E>>): Act<A, T, E> {
  const [isBusy, setBusy] = useState(false)
  const [refusal, setRefusal] = useState<E>()
  const run = async (...args: A) => {
    if (isBusy) return undefined
    setBusy(true)
    setRefusal(undefined)
    const answer = await act(...args)
    setBusy(false)
    if (answer.ok) return { value: answer.value }
    setRefusal(answer.error)
    return undefined
  }
  return { run, isBusy, refusal, reset: () => setRefusal(undefined) }
}

type AskedFirst<S> = {
  /** What the person is asked about, while they are asked. */
  readonly asked: S | undefined
  readonly ask: (subject: S) => void
  /** What `Confirm` takes of it. */
  readonly dialog: {
    readonly isBusy: boolean
    readonly refusal: Refusal | undefined
    readonly onDo: () => void
    readonly onClose: () => void
  }
}

/** Something that cannot be taken back: it is asked about first, then done, and `then` says so once the question is closed. */
export function useAskFirst<S, T>(act: (subject: S) => Answer<T>, then: (subject: S, value: T) => Promise<void> | void): AskedFirst<S> {
  const [asked, setAsked] = useState<S>()
  const { run, isBusy, refusal, reset } = useAct(act)
  const go = async (subject: S) => {
    const done = await run(subject)
    if (!done) return
    setAsked(undefined)
    await then(subject, done.value)
  }
  const onDo = () => {
    if (asked !== undefined) void go(asked)
  }
  const onClose = () => {
    setAsked(undefined)
    reset()
  }
  return { asked, ask: (subject) => setAsked(() => subject), dialog: { isBusy, refusal, onDo, onClose } }
}

export function useLanguage(): Language {
  const { i18n } = useTranslation()
  return languageOf(i18n.language)
}

/** The title, the language and the colours of the document are as chosen, before anything is painted otherwise. */
export function usePreferencesOnPage(title: string): void {
  const { i18n } = useTranslation()
  const { language, scheme } = usePreferences()
  useLayoutEffect(() => {
    void i18n.changeLanguage(language)
    document.documentElement.lang = language
  }, [i18n, language])
  useLayoutEffect(() => {
    document.title = title
  }, [title])
  useLayoutEffect(() => {
    document.documentElement.dataset['scheme'] = scheme
  }, [scheme])
}
