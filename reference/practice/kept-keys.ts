/** Keys and ids as a practice world keeps them in its files. Practice keys, never real ones. */
import * as z from 'zod'
import { toHex } from '#shared/contracts/bytes.ts'
import { ID_BYTES } from '#shared/contracts/radio-messages.ts'
import { type PrivateJwk, randomBytes } from '#shared/crypto/keys.ts'
import { readWhole, writeWhole } from './whole-file.ts'

export const privateJwk = z.strictObject({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: z.string(),
  y: z.string(),
  d: z.string(),
}) satisfies z.ZodType<PrivateJwk>

/** Of an account, a phone or a band. */
export function newHexId(): string {
  return toHex(randomBytes(ID_BYTES))
}

/** What the file holds; where there is none, what is made now, on disk before it is used. Throws when the file is there but is not ours. */
export async function openOrMake<T>(path: string, schema: z.ZodType<T>, make: () => Promise<T>): Promise<T> {
  const text = await readWhole(path)
  if (text !== undefined) return schema.parse(JSON.parse(text))
  const made = await make()
  await writeWhole(path, JSON.stringify(made, undefined, 2))
  return made
}
