/** What people type onto their identity card, as the backend takes it. */
import { putMemberNumber } from '#shared/contracts/identity-api.ts'
import { CLAIM_NAME_MAX } from '#shared/contracts/identity-messages.ts'
import { text } from '#shared/contracts/structure.ts'

/** What a name must be to stand in a signed answer. */
const answerable = text(1, CLAIM_NAME_MAX)

/** Undefined: that is no name. */
export function cardNameTyped(typed: string): string | undefined {
  const name = typed.normalize('NFC').trim()
  return name.isWellFormed() && answerable.accepts(name) ? name : undefined
}

/** Full-width letters and figures are read as plain ones. Undefined: that is no member number. */
export function memberNumberTyped(typed: string): string | undefined {
  const read = putMemberNumber.body.safeParse({ number: typed.normalize('NFKC').trim() })
  return read.success ? read.data.number : undefined
}
