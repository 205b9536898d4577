/** What an owner is told of their account, each once: a closed list, so that every wallet has words for all of it. */
export const NOTICE_KINDS = [
  'band-paired',
  'band-released',
  /** A phone tried to take a band that is bound to this account. */
  'pairing-refused',
  'account-frozen',
  'account-unfrozen',
  'phone-added',
  'phone-retired',
  'passkey-added',
  'passkey-removed',
  'recovery-code-used',
  'recovery-codes-made',
  'limits-changed',
  /** The operator put something else on the identity card. What the owner puts there themselves is no news to them. */
  'card-changed',
  'allowance-fork',
] as const
export type NoticeKind = (typeof NOTICE_KINDS)[number]
