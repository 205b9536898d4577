/** The spare band of the practice world: nobody's, until a page in a browser becomes its phone. And the account it is there for. */
import { join } from 'node:path'
import * as z from 'zod'
import { machineId } from '#shared/contracts/backend-api.ts'
import { fromHex, toBase64Url } from '#shared/contracts/bytes.ts'
import { generatePrivateJwk, signerOf } from '#shared/crypto/keys.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { Band } from '../band/band.ts'
import type { PhoneLink } from '../band/ports.ts'
import { type PhoneConnection, Wristband } from '../band/wristband.ts'
import { RSSI_HEARD_MIN, rssiAt } from './air.ts'
import { MERCHANT, SITE } from './cinema.ts'
import { PRACTICE_LIMITS } from './customers.ts'
import { newHexId, openOrMake, privateJwk } from './kept-keys.ts'
import type { PracticeClock } from './practice-clock.ts'
import type { RegistryClient, RegistryRefusal } from './registry-client.ts'
import { openBandStore } from './stores.ts'

export const YOU = 'you'
const NAME = 'Blue Heron'
const MEMBER_NUMBER = 'AU-2718'
const OPENING_BALANCE = 5_000_00
/** Low enough that a seat and some popcorn ask for a yes on the phone now and then. */
const CONFIRM_ABOVE = 100_00
/** Not at the counter, so that nobody's first sale goes to it unasked. */
const FIRST_DISTANCE_M = 6
/** Neither the noise's one end nor the other. */
const MIDDLE = 0.5

const yourKeys = z.strictObject({ accountId: machineId, bandId: machineId, factoryKey: privateJwk })
type YourKeys = z.output<typeof yourKeys>

export type YourChanges = {
  readonly worn?: boolean | undefined
  readonly distance?: number | undefined
  readonly batteryPercent?: number | undefined
}
type YourWorld = {
  readonly clock: PracticeClock
  readonly folder: string
  readonly rootPoint: Uint8Array
  readonly registry: RegistryClient
  readonly serverMtu?: number
}

export class YourBand {
  readonly #registry: RegistryClient
  readonly #keys: YourKeys
  readonly #wristband: Wristband
  readonly #closeStore: () => Promise<void>
  #distanceM = FIRST_DISTANCE_M
  /** The band was carried out of every till's reach. */
  onOutOfReach = () => {}

  private constructor(parts: { registry: RegistryClient; keys: YourKeys; wristband: Wristband; closeStore: () => Promise<void> }) {
    this.#registry = parts.registry
    this.#keys = parts.keys
    this.#wristband = parts.wristband
    this.#closeStore = parts.closeStore
  }

  /** Brings the band to life from what it kept, and makes it and its account known to the backend. Throws where the files are not ours. */
  static async start(world: YourWorld): Promise<Result<YourBand, RegistryRefusal>> {
    const { clock, folder, rootPoint, registry, serverMtu } = world
    const keys = await openKeys(folder)
    const factory = await signerOf(keys.factoryKey)
    const account = { displayName: NAME, currency: SITE.currency, openingBalance: OPENING_BALANCE }
    const known = await registry.account(keys.accountId, { ...account, limits: { ...PRACTICE_LIMITS, confirmAbove: CONFIRM_ABOVE } })
    if (!known.ok) return known
    const named = await registry.cardName(keys.accountId, { name: NAME })
    if (!named.ok) return named
    const member = await registry.memberNumber(keys.accountId, MERCHANT.id, { number: MEMBER_NUMBER })
    if (!member.ok) return member
    const registered = await registry.band(keys.bandId, { factoryPoint: toBase64Url(factory.point) })
    if (!registered.ok) return registered
    const kept = await openBandStore(folder, YOU)
    const bandId = fromHex(keys.bandId)
    if (!bandId) return err({ code: 'malformed', message: 'the band has no id' })
    const wristband = await Wristband.start({
      clock,
      onEvent: () => undefined,
      store: kept.store,
      lock: kept.lock,
      slots: kept.slots,
      counterCeiling: kept.ceiling,
      factory: { bandId, signer: factory, rootPoint },
      ...(serverMtu === undefined ? {} : { serverMtu }),
    })
    return ok(new YourBand({ registry, keys, wristband, closeStore: async () => kept.close() }))
  }

  /** The band that pays; undefined while it is bound to nobody. */
  get band(): Band | undefined {
    return this.#wristband.band
  }

  distanceM = (): number => this.#distanceM

  connectPhone(side: PhoneLink): PhoneConnection {
    return this.#wristband.connectPhone(side)
  }

  set({ worn, distance, batteryPercent }: YourChanges): void {
    if (distance !== undefined) this.#distanceM = distance
    if (rssiAt(this.#distanceM, MIDDLE) < RSSI_HEARD_MIN) this.onOutOfReach()
    if (batteryPercent !== undefined) this.#wristband.state.setBattery(batteryPercent)
    if (worn !== undefined) this.#wristband.state.setWorn(worn)
  }

  knock(count: number): void {
    this.#wristband.state.knocked(count)
  }

  /** A one-time code with which a phone joins the account this band is there for. */
  async invite(): Promise<Result<string, RegistryRefusal>> {
    return this.#registry.invitePhone(this.#keys.accountId)
  }

  async stop(): Promise<void> {
    await this.#closeStore()
  }
}

async function openKeys(folder: string): Promise<YourKeys> {
  const make = async () => ({ accountId: newHexId(), bandId: newHexId(), factoryKey: await generatePrivateJwk() })
  return openOrMake(join(folder, 'your-band.json'), yourKeys, make)
}
