/** What the backend signed, out of its reply. */
import { fromBase64Url } from '#shared/contracts/bytes.ts'
import { decline } from '#shared/contracts/radio-messages.ts'
import { reasonOfCode } from '#shared/domain/reasons.ts'
import type { BackendWorld, Reply } from './backend-world.ts'

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
