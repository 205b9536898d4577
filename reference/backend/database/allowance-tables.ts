/** Rows about offline allowances, and about what must not be taken any more. */
import type { Generated, GeneratedAlways } from 'kysely'
import type { RevokedKind } from '#shared/contracts/allowance-api.ts'
import type { Currency } from '#shared/domain/money.ts'

/** Who stands for an authorization's money. */
export type Payer = 'wallet' | 'issuer'
export type PaidBy = { payer: Generated<Payer> }

export type AllowanceTables = {
  /** `revoked_at`, `closed_at`: ISO 8601 UTC; closed once no slot of it waits any more. */
  allowances: {
    id: string
    account_id: string
    band_id: string
    phone_id: string
    epoch: number
    lease_digest: string
    lease_serial: number
    cap: number
    currency: Currency
    from_s: number
    until_s: number
    settle_by_ms: number
    revoked_at: string | null
    closed_at: string | null
  }
  allowance_slots: {
    allowance_id: string
    counter: number
    slot: Uint8Array
    state: 'set-aside' | 'spent' | 'returned'
    request_digest: string | null
    authorization_id: string | null
  }
  /** The pseudonyms (hex) that phones have been given, as long as their certificates are good. */
  phone_certificates: { pseudonym: string; phone_id: string; until_s: number }
  /** What terminals must hear of. `id`: of an allowance, or the pseudonym of a key. */
  revoked: { cursor: GeneratedAlways<number>; kind: RevokedKind; id: string; until_s: number; at: string }
}
