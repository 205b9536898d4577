/** Registers the practice world at its backend. Running it again changes nothing; a new day gets a new programme. */
import { toBase64Url } from '#shared/contracts/bytes.ts'
import { signerOf } from '#shared/crypto/keys.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { MERCHANT, SITE, TERMINAL_ID } from './cinema.ts'
import { CUSTOMER_IDS, CUSTOMERS, type CustomerId, PRACTICE_LIMITS } from './customers.ts'
import type { RegistryClient, RegistryRefusal } from './registry-client.ts'
import { programmeAt } from './showtimes.ts'
import type { WorldState } from './world-state.ts'

export type SeedRefusal = RegistryRefusal & { readonly step: string }

/** Everything the world needs to be known by the backend. Stops at the first refusal and names its step. */
export async function seedWorld(registry: RegistryClient, state: WorldState, nowMs: number): Promise<Result<void, SeedRefusal>> {
  const { id: siteId, ...site } = SITE
  const steps: readonly (readonly [step: string, act: () => ReturnType<RegistryClient['merchant']>])[] = [
    ['merchant', async () => registry.merchant(MERCHANT.id, { name: MERCHANT.name })],
    ['site', async () => registry.site(siteId, { ...site, merchantId: MERCHANT.id })],
    ['terminal', async () => registry.terminal(TERMINAL_ID, { siteId, enrolmentCode: state.enrolmentCode })],
    ...CUSTOMERS.map(({ id }) => [`customer ${id}`, async () => seedCustomer(registry, state, id)] as const),
    ['programme', async () => seedProgramme(registry, nowMs)],
  ]
  for (const [step, act] of steps) {
    const done = await act()
    if (!done.ok) return err({ ...done.error, step })
  }
  return ok()
}

/** Today's programme in the site's time zone. */
export async function seedProgramme(registry: RegistryClient, nowMs: number): ReturnType<RegistryClient['programme']> {
  return registry.programme(SITE.id, programmeAt(nowMs))
}

async function seedCustomer(
  registry: RegistryClient,
  state: WorldState,
  id: (typeof CUSTOMERS)[number]['id'],
): ReturnType<RegistryClient['account']> {
  const character = CUSTOMERS.find((candidate) => candidate.id === id)
  const keys = state.customers[id]
  if (!character) return err({ code: 'unknown', message: `no customer ${id}` })
  const { displayName, openingBalance, frozen } = character
  const account = await registry.account(keys.accountId, { displayName, currency: SITE.currency, openingBalance, limits: PRACTICE_LIMITS })
  if (!account.ok) return account
  const named = await registry.cardName(keys.accountId, { name: displayName })
  if (!named.ok) return named
  const member = await registry.memberNumber(keys.accountId, MERCHANT.id, { number: memberNumberOf(id) })
  if (!member.ok) return member
  const [phone, band] = await Promise.all([signerOf(keys.phoneKey), signerOf(keys.factoryKey)])
  const phoneDone = await registry.phone(keys.phoneId, { accountId: keys.accountId, point: toBase64Url(phone.point) })
  if (!phoneDone.ok) return phoneDone
  const bandDone = await registry.band(keys.bandId, { factoryPoint: toBase64Url(band.point) })
  if (!bandDone.ok) return bandDone
  return registry.freeze(keys.accountId, { frozen })
}

/** Each customer of the practice world is a member of its cinema. */
function memberNumberOf(id: CustomerId): string {
  return `AC-${1_001 + CUSTOMER_IDS.indexOf(id)}`
}
