import { err, type Result } from '#shared/result.ts'
import { type Act, useAct } from '../hooks.ts'
import type { PhoneTrouble } from '../i18n/en-phone.ts'

type Refused = PhoneTrouble | { readonly code: PhoneTrouble }

/** Something a press does with the phone; what went wrong is a word of the catalog. */
export function usePhoneAct<A extends readonly unknown[]>(
  act: (...args: A) => Promise<Result<unknown, Refused> | undefined>,
): Act<A, unknown, PhoneTrouble> {
  return useAct(async (...args: A) => {
    const done = (await act(...args)) ?? err('not-ready' as const)
    if (done.ok) return done
    return err(typeof done.error === 'string' ? done.error : done.error.code)
  })
}
