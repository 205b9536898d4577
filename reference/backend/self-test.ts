import { assert } from '#shared/assert.ts'
import { importVerifyKey } from '#shared/crypto/keys.ts'
import { selfTest as knownAnswers } from '#shared/crypto/self-test.ts'
import type { SigningKeys } from './signing-keys.ts'

/** Known answers and a round trip with our own keys, before the first call is taken. Throws when the platform's cryptography is wrong. */
export async function selfTest(keys: SigningKeys): Promise<void> {
  const known = await knownAnswers()
  assert(known.ok, `self-test: ${known.ok || known.error} gives wrong answers here`)
  const message = new TextEncoder().encode('our own signature')
  const authorizer = keys.signer('authorizer', keys.createdAtS)
  const own = await importVerifyKey(authorizer.point)
  assert(own.ok && (await own.value.verify(authorizer.signNow(message), message)), 'self-test: our own signature does not verify')
}
