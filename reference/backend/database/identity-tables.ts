/** Rows of the identity card. `asked`, `given`: bits of claims (contracts/identity-messages.ts). */
export type SetBy = 'owner' | 'operator'

export type IdentityTables = {
  card_names: { account_id: string; name: string; set_by: SetBy }
  member_numbers: { account_id: string; merchant_id: string; number: string; set_by: SetBy }
  /** `redirect_uris`: a JSON array. `merchant_id`: whose members it may ask for. */
  web_services: { client_id: string; name: string; redirect_uris: string; merchant_id: string | null }
  assertion_nonces: { client_id: string; digest: string; expires_at_ms: number }
  assertions: { id: string; client_id: string; account_id: string; given: number; at: string }
  /** `binding`: hex digest of the one submission this key answers. `answer`: forgotten once nobody can ask again. */
  identity_requests: {
    id: string
    terminal_id: string
    request_id: string
    binding: string
    account_id: string
    merchant_id: string
    asked: number
    given: number
    kind: 'identity' | 'decline'
    answer: Uint8Array | null
    hint: string
    at: string
    answer_until_ms: number
  }
}
