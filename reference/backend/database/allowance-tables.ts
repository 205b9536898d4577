/** Rows about offline allowances. */
import type { Generated, GeneratedAlways } from 'kysely'
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
  revocations: { cursor: GeneratedAlways<number>; allowance_id: string; until_s: number; at: string }
}
