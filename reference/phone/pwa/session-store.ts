import { create } from 'zustand'
import { OWNER_PATHS, type OwnerStanding, ownerStanding, signOut } from '#shared/contracts/owner-api.ts'
import { type Answer, call } from './api/client.ts'
import { showPasskey } from './api/passkeys.ts'
import type { Refusal } from './flows/refusal.ts'

/** `ended`: there was a session and there is none any more, by time or from elsewhere. `left`: the owner signed out here. */
export type Session =
  | { readonly state: 'asking' }
  | { readonly state: 'unreachable'; readonly refusal: Refusal }
  | { readonly state: 'signed-out'; readonly why: 'never' | 'ended' | 'left' }
  | { readonly state: 'signed-in'; readonly standing: OwnerStanding }

type SessionStore = {
  readonly session: Session
  /** Asks the backend how this browser stands. */
  readonly ask: () => Promise<void>
  readonly arrive: (standing: OwnerStanding) => void
  /** The backend said that nobody is signed in. */
  readonly end: () => void
  readonly leave: (everywhere: boolean) => Answer<unknown>
}

export const useSession = create<SessionStore>((set, get) => ({
  session: { state: 'asking' },
  ask: async () => {
    const answer = await call('GET', OWNER_PATHS.standing, ownerStanding)
    if (answer.ok) return get().arrive(answer.value)
    if (answer.error.code === 'unsigned') return get().end()
    // A page that already shows something goes on showing it: its next call says what is wrong.
    if (get().session.state !== 'signed-in') set({ session: { state: 'unreachable', refusal: answer.error } })
  },
  arrive: (standing) => set({ session: { state: 'signed-in', standing } }),
  end: () => {
    const { session } = get()
    if (session.state !== 'signed-out') set({ session: { state: 'signed-out', why: session.state === 'signed-in' ? 'ended' : 'never' } })
  },
  leave: async (everywhere) => {
    const answer = await call('POST', OWNER_PATHS.signOut, signOut.reply, { everywhere })
    if (answer.ok || answer.error.code === 'unsigned') set({ session: { state: 'signed-out', why: 'left' } })
    return answer
  },
}))

/**
 * A call of a signed-in owner. Where it needs a passkey shown just now, the browser asks for one and the call is made again, once; where the
 * session has ended, the page learns of it.
 */
export async function asOwner<T>(act: () => Answer<T>): Answer<T> {
  const { arrive, end } = useSession.getState()
  let answer = await act()
  if (!answer.ok && answer.error.code === 'not-fresh') {
    const shown = await showPasskey()
    if (!shown.ok) return shown
    arrive(shown.value)
    answer = await act()
  }
  if (!answer.ok && answer.error.code === 'unsigned') end()
  return answer
}
