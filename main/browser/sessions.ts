/**
 * Who may use the screens of the browser host: whoever opened a one-time address, until the terminal is stopped.
 * Tokens and session ids are 32 random bytes; only their digests are kept, so a lookup's time says nothing about them.
 */
import { createHash, randomBytes } from 'node:crypto'
import type { SessionStore } from './session-file.ts'

const SECRET_BYTES = 32
/** Addresses printed and not used yet. Asking for more forgets the oldest. */
const TOKENS_MAX = 4
/** Cookies handed out for one address before any came back: a page that was opened twice, a preview that never returns. */
const OFFERS_PER_TOKEN_MAX = 4
/** Screens in use at once. One more ends the oldest. */
const SESSIONS_MAX = 8

export interface Sessions {
  /** A new one-time token, base64url. */
  newToken(): string
  /**
   * The session id that this token offers, or undefined for a token that is unknown or spent. The token is spent when a session has been
   * made with it: when an offered id first comes back. So a link preview or a monitor that looks at the address does no harm.
   */
  enter(token: string): string | undefined
  /** Whether this id is a session. The first use of an offered id makes the session and spends its token. */
  admit(sessionId: string | undefined): boolean
  /** Writes down the sessions there are, for the run after a crash. */
  keep(): void
  /** Ends all sessions: the terminal is being stopped. */
  end(): void
}

/** Starts with no token, and with the sessions of a run that crashed. */
export function createSessions(store: SessionStore): Sessions {
  const tokens = new Map<string, Set<string>>()
  const offers = new Map<string, string>()
  const sessions = new Set<string>(store.load())

  const spend = (token: string) => {
    for (const offer of tokens.get(token) ?? []) offers.delete(offer)
    tokens.delete(token)
  }
  return {
    newToken() {
      const token = secret()
      if (tokens.size >= TOKENS_MAX) spend(oldest(tokens.keys()))
      tokens.set(digest(token), new Set())
      return token
    },
    enter(token) {
      const key = digest(token)
      const offered = tokens.get(key)
      if (!offered) return undefined
      const sessionId = secret()
      if (offered.size >= OFFERS_PER_TOKEN_MAX) {
        const forgotten = oldest(offered)
        offered.delete(forgotten)
        offers.delete(forgotten)
      }
      offered.add(digest(sessionId))
      offers.set(digest(sessionId), key)
      return sessionId
    },
    admit(sessionId) {
      if (sessionId === undefined) return false
      const key = digest(sessionId)
      if (sessions.has(key)) return true
      const token = offers.get(key)
      if (token === undefined) return false
      spend(token)
      if (sessions.size >= SESSIONS_MAX) sessions.delete(oldest(sessions))
      sessions.add(key)
      store.save([...sessions])
      return true
    },
    keep() {
      if (sessions.size > 0) store.save([...sessions])
    },
    end() {
      sessions.clear()
      store.clear()
    },
  }
}

function secret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url')
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64')
}

/** The first of a set or map that is not empty: both keep the order of insertion. */
function oldest(keys: Iterable<string>): string {
  const [first = ''] = keys
  return first
}
