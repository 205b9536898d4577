/** The rows of the backend's database as TypeScript sees them. Only repositories read or write them. */
import type { Generated, GeneratedAlways, Kysely, Transaction } from 'kysely'
import type { NoticeKind } from '#shared/contracts/notices.ts'
import type { PostingKind } from '#shared/contracts/wallet-api.ts'
import type { Currency } from '#shared/domain/money.ts'
import type { SeatState } from '#shared/domain/programme.ts'
import type { AllowanceTables, PaidBy } from './allowance-tables.ts'
import type { IdentityTables } from './identity-tables.ts'
import type { FrozenAccount, OwnerTables, RetiredPhone } from './owner-tables.ts'

type TablesElsewhere = OwnerTables & IdentityTables & AllowanceTables

export type Tables = TablesElsewhere & {
  merchants: { id: string; name_en: string; name_zh: string }
  sites: {
    id: string
    merchant_id: string
    name_en: string
    name_zh: string
    address_en: string
    address_zh: string
    time_zone: string
    latitude_e5: number
    longitude_e5: number
    currency: Currency
  }
  /** `code_hash`: hex SHA-256 of the enrolment code. `point`: base64url, once enrolled. `epoch`: of its journal, the newest heard of. */
  terminals: {
    id: string
    site_id: string
    code_hash: string
    point: string | null
    state: 'registered' | 'active' | 'suspended'
    epoch: Generated<number>
  }
  /**
   * `interest_day`: the last day whose interest is settled, empty before the first. `interest_carried`: what that left over, in the parts of
   * a minor unit of services/interest-rule.ts.
   */
  accounts: {
    id: string
    display_name: string
    currency: Currency
    opening_balance: number
    frozen: number
    interest_day: Generated<string>
    interest_carried: Generated<number>
  } & FrozenAccount
  interest_terms: { from_day: string; basis_points: number; time_zone: string }
  phones: { id: string; account_id: string; point: string } & RetiredPhone
  /** `counter`: the largest proof counter seen in this epoch, -1 before the first. */
  bands: {
    id: string
    account_id: string
    phone_id: string
    point: string
    epoch: number
    counter: number
    state: 'active' | 'blocked'
  }
  band_nonces: { band_id: string; nonce: string }
  call_nonces: { key_id: string; nonce: string; expires_at_ms: number }
  programmes: { site_id: string; version: string; body: string }
  showtimes: { id: string; site_id: string; hall_id: string; starts_at_ms: number }
  holds: {
    id: string
    terminal_id: string
    showtime_id: string
    state: 'held' | 'pinned' | 'sold' | 'released'
    request_id: string | null
    expires_at_ms: number
  }
  seats: { showtime_id: string; seat: string; state: SeatState; hold_id: string | null; receipt_id: string | null }
  /** `binding`: hex digest of the one submit this key answers. A row without an answer remembers a reversal that came first. */
  attempts: {
    terminal_id: string
    request_id: string
    binding: string | null
    statement_digest: string | null
    answer_kind: 'authorization' | 'decline' | null
    answer: Uint8Array | null
    hint: string | null
    reason: string | null
    reversed_at: string | null
    /** Whom it asked, for what and when; absent while only a reversal is known. */
    account_id: Generated<string | null>
    merchant_id: Generated<string | null>
    amount: Generated<number | null>
    currency: Generated<Currency | null>
    asked_at: Generated<string | null>
  }
  authorizations: {
    rowid: GeneratedAlways<number>
    id: string
    terminal_id: string
    request_id: string
    account_id: string
    band_id: string
    merchant_id: string
    amount: number
    captured: number
    currency: Currency
    state: 'held' | 'captured' | 'reversed'
    approved_at: string
    capture_by_ms: number
    receipt_id: string | null
    /** The void that gave the money back, once it did. */
    voided_by: Generated<string | null>
  } & PaidBy
  /** `rowid`: rows are never removed, so it is the order of posting. */
  postings: { rowid: GeneratedAlways<number>; id: string; kind: PostingKind; reference: string; at: string }
  /** `at`: as its posting says. */
  entries: { posting_id: string; account: string; currency: Currency; amount: number; at: string }
  balances: { account: string; currency: Currency; amount: number }
  outbox_entries: {
    terminal_id: string
    id: string
    kind: string
    body: string
    outcome: 'applied' | 'quarantined'
    alarm: string | null
    received_at: string
  }
  quarantined_entries: {
    terminal_id: string
    entry_id: string
    body_digest: string
    kind: string
    body: string
    why: string
    received_at: string
  }
  /** `rowid`: rows are never removed, so it is the order of arrival. */
  receipts: {
    rowid: GeneratedAlways<number>
    receipt_id: string
    terminal_id: string
    series: string
    number: number
    total: number
    currency: Currency
    entry_id: string
  }
  heads: {
    terminal_id: string
    epoch: number
    seq: number
    head: string
    source: 'request' | 'receipt' | 'outbox'
    signature: Generated<string | null>
    kid: Generated<string | null>
    at: string
  }
  restores: { terminal_id: string; epoch: number; incarnation: string; previous_incarnation: string; series: string; at: string }
  waiting_voids: { receipt_id: string; of_receipt_id: string }
  /** `release`: the signed order, once the owner let the band go. `epoch`: of the newest binding that the band confirmed, 0 before. */
  wristbands: {
    id: string
    factory_point: string
    state: 'factory' | 'paired' | 'released'
    epoch: number
    release: Uint8Array | null
    released_at: string | null
  }
  pairings: {
    band_id: string
    epoch: number
    point: string
    phone_id: string
    binding: Uint8Array
    confirmed_at: string | null
    at: string
  }
  /** What an owner allows. An account without a row has the defaults of its currency. */
  limits: {
    account_id: string
    per_payment: number
    per_day: number
    per_merchant_per_day: number
    confirm_above: number
    no_knock_limit: number
    velocity_payments: number
    velocity_minutes: number
    place_max_metres: number
  }
  /** `before`, `after`: the settings as JSON. `changed_by`: `phone:<id>` or `owner`. */
  limit_changes: { id: string; account_id: string; changed_by: string; before: string; after: string; at: string }
  notices: { id: string; account_id: string; kind: NoticeKind; detail: string; at: string; read_at: string | null }
  alarms: { id: string; kind: string; terminal_id: string | null; detail: string; at: string }
}

/** Reads may use either; whatever writes asks for a transaction. */
export type Database = Kysely<Tables>
export type Tx = Transaction<Tables>
