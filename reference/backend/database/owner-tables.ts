/** Rows of what owners sign in with. Of every secret only the SHA-256 digest is kept, hex; times end in `_ms` where they are compared. */
import type { Generated } from 'kysely'
import type { FrozenBy } from '#shared/contracts/owner-api.ts'

/** What 0005 added to accounts: who froze it, and when. */
export type FrozenAccount = { frozen_by: Generated<FrozenBy | null>; frozen_at: Generated<string | null> }
/** What 0005 added to phones. A retired phone stays known, so that its id and its key never come back. */
export type RetiredPhone = { added_at: Generated<string | null>; retired_at: Generated<string | null> }

export type OwnerTables = {
  /** `user_handle`: base64url, random, what passkeys call the account. `recovery_name`: the first letters of all its recovery codes. */
  owners: { account_id: string; user_handle: string; recovery_name: string | null }
  /** `transports`: JSON array of the browser's words for how the key is reached. */
  passkeys: {
    id: string
    account_id: string
    credential_id: string
    public_key: Uint8Array
    counter: number
    transports: string
    label: string
    created_at: string
    last_used_at: string | null
  }
  passkey_challenges: { digest: string; purpose: ChallengePurpose; account_id: string | null; expires_at_ms: number }
  owner_sessions: {
    digest: string
    account_id: string
    signed_in_by: SignedInBy
    passkey_id: string | null
    opened_at_ms: number
    used_at_ms: number
    fresh_until_ms: number
  }
  recovery_codes: { digest: string; account_id: string; used_at: string | null }
  /** `phone_id`: of a passkey's invitation the phone that made it, of a phone's the phone that used it. */
  invitations: {
    digest: string
    account_id: string
    purpose: InvitationPurpose
    phone_id: string | null
    expires_at_ms: number
    used: number
  }
  /** `subject`: what was guessed at, or whence. Waiting grows with `failures`; the row is forgotten at `expires_at_ms`. */
  recovery_waits: { subject: string; failures: number; until_ms: number; expires_at_ms: number }
}

export type ChallengePurpose = 'register' | 'sign-in'
export type SignedInBy = 'passkey' | 'recovery-code'
export type InvitationPurpose = 'passkey' | 'phone'
