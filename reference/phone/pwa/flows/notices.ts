/** What a notice is about, so that its words can name it. */
import type { NoticeKind } from '#shared/contracts/notices.ts'
import { CLAIMS, type Claim } from '#shared/domain/claims.ts'
import { shortId } from './format.ts'

const BY = ['passkey', 'recovery-code', 'operator', 'backend', 'phone', 'owner'] as const
export type By = (typeof BY)[number]

/** `by`: who did it. `claim`: which part of the identity card. `text`: to be shown as it is: a device's short id, a label, a count. */
export type Detail =
  | { readonly kind: 'by'; readonly by: By }
  | { readonly kind: 'claim'; readonly claim: Claim }
  | { readonly kind: 'text'; readonly text: string }

export function detailOf(kind: NoticeKind, detail: string): Detail {
  switch (kind) {
    case 'band-paired':
    case 'band-released':
    case 'pairing-refused':
    case 'phone-added':
    case 'phone-retired':
    case 'allowance-fork':
      return { kind: 'text', text: shortId(detail) }
    case 'account-frozen':
    case 'account-unfrozen':
    case 'limits-changed': {
      const by = BY.find((each) => each === detail)
      return by === undefined ? { kind: 'text', text: detail } : { kind: 'by', by }
    }
    case 'card-changed': {
      const claim = CLAIMS.find((each) => each === detail)
      return claim === undefined ? { kind: 'text', text: detail } : { kind: 'claim', claim }
    }
    case 'passkey-added':
    case 'passkey-removed':
    case 'recovery-code-used':
    case 'recovery-codes-made':
      return { kind: 'text', text: detail }
  }
}

/** What an owner who did not do it themselves should act on at once. */
const ALARMING: ReadonlySet<NoticeKind> = new Set([
  'pairing-refused',
  'phone-added',
  'passkey-added',
  'recovery-code-used',
  'allowance-fork',
])

export function isAlarming(kind: NoticeKind): boolean {
  return ALARMING.has(kind)
}
