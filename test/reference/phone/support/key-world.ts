/** The keys of a whole small world of parts that trust each other. */
import { type KeyPurpose, terminalCertificate } from '#shared/contracts/radio-messages.ts'
import { KeySet } from '#shared/crypto/key-set.ts'
import type { Signer } from '#shared/crypto/keys.ts'
import { sign1 } from '#shared/crypto/sign1.ts'
import type { ManualClock } from '#test/support/manual-clock.ts'
import { testSigner, vouchFor } from '#test/support/test-keys.ts'

const YEAR_S = 365 * 24 * 3_600

/** Keys of a whole small world, and statements about them. */
export async function keyWorld(clock: ManualClock) {
  const nowS = Math.floor(clock.nowMs() / 1000)
  const window = { from: nowS - YEAR_S, until: nowS + YEAR_S }
  const names = ['root', 'terminal-ca', 'phone-ca', 'authorizer', 'identity', 'terminal', 'band', 'stranger'] as const
  const signers = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await testSigner(name)] as const)))
  const signer = (name: (typeof names)[number]): Signer => {
    const found = signers[name]
    if (!found) throw new Error(name)
    return found
  }
  const purposes: readonly KeyPurpose[] = ['terminal-ca', 'phone-ca', 'authorizer', 'identity']
  const statements = await Promise.all(
    purposes.map(async (purpose) => vouchFor(signer('root'), purpose, signers[purpose] ?? signer('root'), window)),
  )
  const keySet = await KeySet.open(signer('root').point, statements)
  if (!keySet.ok) throw new Error(keySet.error)
  const certificateFields = {
    ...{ terminalId: 'aurora-1', merchantId: 'aurora', name: 'Aurora Cinema 极光影院', site: 'Riverside 江畔店' },
    ...{ latitudeE5: 3_123_590, longitudeE5: 12_149_100, ...window },
  }
  const certify = async (by: Signer, changes: Partial<typeof certificateFields> = {}) =>
    sign1(terminalCertificate, { ...certificateFields, point: signer('terminal').point, ...changes }, by, { withKid: true })
  return { signer, statements, keySet: keySet.value, certify, terminalCertificate: await certify(signer('terminal-ca')) }
}
export type KeyWorld = Awaited<ReturnType<typeof keyWorld>>
