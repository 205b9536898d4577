/** The backend's services over a file whose power can be cut, with terminals and customers of real keys. No HTTP, no real time. */
import { join } from 'node:path'
import { pino } from 'pino'
import { createServices } from '#reference/backend/app.ts'
import type { Database } from '#reference/backend/database/tables.ts'
import { createMetrics } from '#reference/backend/plugins/metrics.ts'
import { findPhone } from '#reference/backend/repositories/registry-repository.ts'
import type { Terms } from '#reference/backend/services/interest-rule.ts'
import { openSigningKeys, type SigningKeys } from '#reference/backend/signing-keys.ts'
import { fromBase64Url, toBase64Url } from '#shared/contracts/bytes.ts'
import { newSigner } from '#shared/crypto/keys.ts'
import { CURRENCY, type Customer, newId, OPERATOR_TOKEN, START_MS, type Terminal } from './backend-world.ts'
import { PoweredDatabase } from './power.ts'
import { boundOf, offerOf } from './scripted-pairing.ts'
import { limitsOf } from './wide-limits.ts'

type Services = ReturnType<typeof createServices>

const MERCHANT = 'aurora'
const SITE = 'aurora'
const TILL = 'aurora-1'
const NAME = { en: 'Aurora Cinema', 'zh-CN': '极光影城' }
const SITE_NAME = { en: 'Aurora Riverside', 'zh-CN': '极光滨江店' }

export class WalletWorld {
  readonly power: PoweredDatabase
  readonly #folder: string
  #nowMs = START_MS
  #terms: Terms
  #keys: SigningKeys | undefined
  #db: Database | undefined
  #services: Services | undefined
  #terminal: Omit<Terminal, 'call'> | undefined

  private constructor(folder: string, terms: Terms) {
    this.#folder = folder
    this.#terms = terms
    this.power = new PoweredDatabase(folder)
  }

  /** A backend in `folder` with one shop and one terminal. */
  static async open(folder: string, terms: Terms): Promise<WalletWorld> {
    const world = new WalletWorld(folder, terms)
    await world.restart()
    const { registry, certificates } = world.services
    await registry.putMerchant(MERCHANT, { name: NAME })
    const place = { timeZone: 'Asia/Shanghai', latitudeE5: 0, longitudeE5: 0, currency: CURRENCY }
    await registry.putSite(SITE, { merchantId: MERCHANT, name: SITE_NAME, address: NAME, ...place })
    await registry.putTerminal(TILL, { siteId: SITE, enrolmentCode: 'code-12345' })
    const signer = await newSigner()
    await certificates.enrol({ terminalId: TILL, code: 'code-12345', point: toBase64Url(signer.point) })
    world.#terminal = { id: TILL, merchantId: MERCHANT, siteId: SITE, signer, certificate: await world.#certificate() }
    return world
  }

  get db(): Database {
    return present(this.#db)
  }

  get services(): Services {
    return present(this.#services)
  }

  get terminal(): Omit<Terminal, 'call'> {
    return present(this.#terminal)
  }

  nowMs(): number {
    return this.#nowMs
  }

  /** Time passes, and the terminal keeps its certificate fresh. */
  async advance(ms: number): Promise<void> {
    this.#nowMs += ms
    this.#terminal = { ...this.terminal, certificate: await this.#certificate() }
  }

  /** A new process over the files of the last one: what was in memory is gone. */
  async restart(terms: Terms = this.#terms): Promise<void> {
    this.#terms = terms
    this.#keys = await openSigningKeys(join(this.#folder, 'keys.json'), Math.floor(this.#nowMs / 1_000))
    await this.#assemble()
  }

  /** As `restart`, after a cut: the keys cannot have changed. */
  async reopen(): Promise<void> {
    await this.#assemble()
  }

  async addCustomer(balance: number): Promise<Omit<Customer, 'call'>> {
    const [accountId, phoneId, bandId] = [newId(), newId(), newId()]
    const [phone, band, factory] = await Promise.all([newSigner(), newSigner(), newSigner()])
    const { registry, bands } = this.services
    // What an owner's limits refuse is no business of the money's.
    await registry.putAccount(accountId, { displayName: 'Mei', currency: CURRENCY, openingBalance: balance, ...limitsOf(undefined) })
    await registry.putPhone(phoneId, { accountId, point: toBase64Url(phone.point) })
    await bands.register(bandId, toBase64Url(factory.point))
    const scripted = { bandId, factory, band, epoch: 1, phonePoint: phone.point }
    const owned = present(await findPhone(present(this.#db), phoneId))
    const begun = await bands.beginPairing(owned, await offerOf(scripted))
    const binding = present(begun.ok ? toBase64Url(begun.value.signed) : undefined)
    const bound = await bands.confirmPairing(owned, bandId, await boundOf(scripted, binding))
    if (!bound.ok) throw new Error(bound.error.message)
    let counter = 0
    const nextCounter = () => {
      counter += 1
      return counter
    }
    return { accountId, phoneId, phone, bandId, factory, band, epoch: 1, nextCounter }
  }

  async close(): Promise<void> {
    await this.power.close()
  }

  async #assemble(): Promise<void> {
    const keys = present(this.#keys)
    this.#db = await this.power.open()
    const log = pino({ level: 'silent' })
    this.#services = createServices(
      { db: this.#db, clock: this, keys, newId, log, operatorToken: OPERATOR_TOKEN, interest: this.#terms },
      createMetrics(),
      { rpId: 'localhost', origin: () => 'http://localhost' },
    )
  }

  async #certificate(): Promise<Uint8Array<ArrayBuffer>> {
    const renewed = await this.services.certificates.renew(TILL)
    return present(renewed.ok ? fromBase64Url(renewed.value.certificate) : undefined)
  }
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the world is not open')
  return value
}
