/** What the backend signed, out of its reply. */
import { fromBase64Url, toHex } from '#shared/contracts/bytes.ts'
import { authorization, decline } from '#shared/contracts/radio-messages.ts'
import { reasonOfCode } from '#shared/domain/reasons.ts'
import type { BackendWorld, Reply } from './backend-world.ts'
import type { SubmitWish } from './submits.ts'

/** The signed bytes of a yes or a no; a reply without them fails. */
export function signedOf(reply: Reply): Uint8Array<ArrayBuffer> {
  const bytes = fromBase64Url(String(reply.json['signed']))
  if (!bytes) throw new Error(`no signed answer: ${JSON.stringify(reply)}`)
  return bytes
}

/** A no, signed by the authorizer; anything else fails. */
export async function declineOf(world: BackendWorld, reply: Reply) {
  if (reply.status !== 200 || reply.json['kind'] !== 'decline') throw new Error(`not a decline: ${JSON.stringify(reply)}`)
  const opened = await world.keys.keySet.open('authorizer', decline, signedOf(reply), world.nowS())
  if (!opened.ok) throw new Error(opened.error)
  return { value: opened.value, reason: reasonOfCode(opened.value.reason), hint: reply.json['hint'] }
}

/** Pays, and says what a receipt captures of it. Anything but a yes, signed by the authorizer, fails. */
export async function paidBy(world: BackendWorld, wish: SubmitWish & { readonly amount: number }) {
  const reply = await world.submit(wish)
  const opened = await world.keys.keySet.open('authorizer', authorization, signedOf(reply), world.nowS())
  if (!opened.ok) throw new Error(`not authorized: ${JSON.stringify(reply.json)}`)
  return {
    requestId: reply.built.requestId,
    authorizationId: toHex(opened.value.authorizationId),
    amount: wish.amount,
    authorization: String(reply.json['signed']),
  }
}
