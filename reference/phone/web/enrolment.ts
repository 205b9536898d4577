/** The first start of this phone: an id and a key of its own making, and the one-time code with which its owner lets it in. */
import type * as z from 'zod'
import { BACKEND_PATHS, getKeySet } from '#shared/contracts/backend-api.ts'
import { fromBase64Url, toBase64Url, toHex } from '#shared/contracts/bytes.ts'
import { enrolPhone, OWNER_PATHS } from '#shared/contracts/owner-api.ts'
import { ID_BYTES } from '#shared/contracts/radio-messages.ts'
import { generateHiddenKeys, randomBytes, type Signer, signerOfKeys } from '#shared/crypto/keys.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { Clock } from '../ports.ts'
import { createSignedCall } from '../signed-calls.ts'
import type { PhoneIdentity, PhoneMemory } from './memory.ts'

const KEY_SET_TIMEOUT_MS = 10_000

export type EnrolRefusal = 'code-refused' | 'no-network' | 'storage-failed' | 'enrolled-already'
/** A phone the backend has taken in. */
export type Enrolled = PhoneIdentity & { readonly account: NonNullable<PhoneIdentity['account']> }
export type Network = {
  readonly clock: Clock
  /** The page's own origin. */
  readonly baseUrl: string
  readonly hasNetwork: () => boolean
  readonly fetch?: typeof fetch
}

export function isEnrolled(identity: PhoneIdentity | undefined): identity is Enrolled {
  return identity?.account !== undefined
}

export async function signerOfPhone({ privateKey, publicKey }: PhoneIdentity): Promise<Signer> {
  return signerOfKeys(privateKey, publicKey)
}

/**
 * Lets this phone in. Id and key are on the disk before the code is used: when the answer is lost, the same code lets the same phone in
 * again. The root key is taken from the page's own origin now, and never again.
 */
export async function enrol(
  code: string,
  { memory, network, kept }: { readonly memory: PhoneMemory; readonly network: Network; readonly kept: PhoneIdentity | undefined },
): Promise<Result<Enrolled, EnrolRefusal>> {
  if (isEnrolled(kept)) return err('enrolled-already')
  const identity = kept ?? { phoneId: toHex(randomBytes(ID_BYTES)), ...(await generateHiddenKeys()) }
  if (!kept && !(await memory.saveIdentity(identity)).ok) return err('storage-failed')
  const rootPoint = await fetchRootPoint(network)
  if (!rootPoint) return err('no-network')
  const signer = await signerOfPhone(identity)
  const call = createSignedCall({ ...network, phoneId: identity.phoneId, signer })
  const body: z.input<typeof enrolPhone.body> = { phoneId: identity.phoneId, code, point: toBase64Url(signer.point) }
  const reply = await call('POST', OWNER_PATHS.enrolPhone, body)
  if (!reply.ok) return err(reply.error === 'refused' ? 'code-refused' : 'no-network')
  const parsed = enrolPhone.reply.safeParse(reply.value)
  if (!parsed.success) return err('no-network')
  const { displayName, currency } = parsed.data
  const enrolled: Enrolled = { ...identity, account: { displayName, currency, rootPoint } }
  return (await memory.saveIdentity(enrolled)).ok ? ok(enrolled) : err('storage-failed')
}

async function fetchRootPoint(network: Network): Promise<Uint8Array | undefined> {
  try {
    const response = await (network.fetch ?? fetch)(`${network.baseUrl}${BACKEND_PATHS.keySet}`, {
      redirect: 'error',
      signal: AbortSignal.timeout(KEY_SET_TIMEOUT_MS),
    })
    const parsed = getKeySet.reply.safeParse(await response.json())
    return parsed.success ? fromBase64Url(parsed.data.rootPoint) : undefined
  } catch {
    return undefined
  }
}
