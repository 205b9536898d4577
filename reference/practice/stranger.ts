/** Somebody who has found or taken a band: with an account and a phone of their own, to which they try to bind it. */
import { join } from 'node:path'
import * as z from 'zod'
import { machineId } from '#shared/contracts/backend-api.ts'
import { toBase64Url } from '#shared/contracts/bytes.ts'
import { pairOffer } from '#shared/contracts/link-messages.ts'
import { DIGEST_BYTES, NONCE_BYTES } from '#shared/contracts/radio-messages.ts'
import { generatePrivateJwk, newSigner, randomBytes, type Signer, signerOf } from '#shared/crypto/keys.ts'
import { sign1 } from '#shared/crypto/sign1.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { PhoneLink } from '../band/ports.ts'
import type { PhoneConnection } from '../band/wristband.ts'
import { BandBond } from '../phone/bond.ts'
import { createBondBackend } from '../phone/bond-backend.ts'
import type { PairRefusal } from '../phone/ports.ts'
import { SITE } from './cinema.ts'
import { newHexId, openOrMake, privateJwk } from './kept-keys.ts'
import type { PracticeClock } from './practice-clock.ts'
import type { RegistryClient } from './registry-client.ts'

const FILE_NAME = 'stranger.json'
const NAME = 'Stray Magpie'

const strangerKeys = z.strictObject({ accountId: machineId, phoneId: machineId, phoneKey: privateJwk })

export type StrangerParts = {
  readonly clock: PracticeClock
  readonly folder: string
  readonly backendUrl: string
  readonly rootPoint: Uint8Array
  readonly registry: RegistryClient
}
/** A band as a stranger has it in their hands. */
export type FoundBand = { readonly connectPhone: (side: PhoneLink) => PhoneConnection }

export class Stranger {
  readonly #parts: StrangerParts
  #phone: Promise<{ readonly signer: Signer; readonly backend: ReturnType<typeof createBondBackend> } | undefined> | undefined

  constructor(parts: StrangerParts) {
    this.#parts = parts
  }

  /** Tries to bind the band to the stranger's phone, as anybody would: by the wallet. */
  async pair(band: FoundBand): Promise<Result<void, PairRefusal>> {
    const phone = await this.#ready()
    if (!phone) return err('no-network')
    let connection: PhoneConnection | undefined
    const bond = new BandBond({
      clock: this.#parts.clock,
      band: { send: (relay) => queueMicrotask(() => connection?.receive(relay)) },
      backend: phone.backend,
      // Nothing is kept: a try that fails leaves nothing behind.
      store: { saveBond: async () => ok() },
      kept: undefined,
      phonePoint: phone.signer.point,
      rootPoint: this.#parts.rootPoint,
    })
    connection = band.connectPhone({ send: (relay) => queueMicrotask(() => bond.receive(relay)), offersWanted: () => undefined })
    const paired = await bond.pair(() => undefined)
    connection.closed()
    return paired.ok ? ok() : paired
  }

  /**
   * Goes around the band, as somebody with a workshop might who has its very factory key: an offer that is signed as the band itself would
   * sign it. `refused` is the backend's own lock.
   */
  async forge(band: {
    readonly bandId: Uint8Array
    readonly epoch: number
    readonly factory: Signer
  }): Promise<'refused' | 'no-answer' | 'taken'> {
    const phone = await this.#ready()
    if (!phone) return 'no-answer'
    const { point } = await newSigner()
    const said = {
      bandId: band.bandId,
      epoch: band.epoch + 1,
      point,
      agreementPoint: point,
      bandNonce: randomBytes(NONCE_BYTES),
      askDigest: randomBytes(DIGEST_BYTES),
      phonePoint: phone.signer.point,
    }
    const reply = await phone.backend.begin(await sign1(pairOffer, said, band.factory, { withKid: false }))
    if (reply.ok) return 'taken'
    return reply.error === 'refused' ? 'refused' : 'no-answer'
  }

  async #ready() {
    this.#phone ??= this.#register()
    const phone = await this.#phone
    // Without the backend nobody is registered; the next try may find it.
    if (!phone) this.#phone = undefined
    return phone
  }

  async #register() {
    const { clock, folder, backendUrl, registry } = this.#parts
    const { accountId, phoneId, phoneKey } = await openKeys(folder)
    const signer = await signerOf(phoneKey)
    const account = await registry.account(accountId, { displayName: NAME, currency: SITE.currency, openingBalance: 0 })
    const phone = account.ok ? await registry.phone(phoneId, { accountId, point: toBase64Url(signer.point) }) : account
    if (!phone.ok) return undefined
    return { signer, backend: createBondBackend({ clock, baseUrl: backendUrl, phoneId, signer, hasNetwork: () => true }) }
  }
}

async function openKeys(folder: string): Promise<z.output<typeof strangerKeys>> {
  const make = async () => ({ accountId: newHexId(), phoneId: newHexId(), phoneKey: await generatePrivateJwk() })
  return openOrMake(join(folder, FILE_NAME), strangerKeys, make)
}
