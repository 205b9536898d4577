import { useState } from 'react'
import type { Result } from '#shared/result.ts'
import type { PhoneTrouble } from '../i18n/en-phone.ts'

/** What may go wrong when the phone is told to do something: a word of the catalog, and how long to wait, where there is a wait. */
export type Trouble = { readonly code: PhoneTrouble; readonly waitMs?: number }
type Refused = PhoneTrouble | { readonly code: PhoneTrouble; readonly waitMs?: number }

export type PhoneAct<A extends readonly unknown[]> = {
  /** False when it was refused, or is under way already. */
  readonly run: (...args: A) => Promise<boolean>
  readonly isBusy: boolean
  readonly trouble: Trouble | undefined
}

/** Something a press does with the phone: once at a time, with what went wrong kept for showing. */
export function usePhoneAct<A extends readonly unknown[]>(act: (...args: A) => Promise<Result<unknown, Refused> | undefined>): PhoneAct<A> {
  const [isBusy, setBusy] = useState(false)
  const [trouble, setTrouble] = useState<Trouble>()
  const run = async (...args: A) => {
    if (isBusy) return false
    setBusy(true)
    setTrouble(undefined)
    const done = (await act(...args)) ?? { ok: false as const, error: 'not-ready' as const }
    setBusy(false)
    if (done.ok) return true
    setTrouble(typeof done.error === 'string' ? { code: done.error } : done.error)
    return false
  }
  return { run, isBusy, trouble }
}
