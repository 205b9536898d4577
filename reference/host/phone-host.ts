/** A phone on the conformance line: the very wallet of reference/phone, with TCP in the place of its link to the band and commands for its owner. */
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { fromBase64Url, toBase64Url, toHex } from '#shared/contracts/bytes.ts'
import { type PhoneCommand, type PhoneReply, phoneCommand } from '#shared/contracts/conformance-line.ts'
import { readKept } from '#shared/contracts/kept-json.ts'
import { offersWanted } from '#shared/contracts/link-messages.ts'
import { ID_BYTES } from '#shared/contracts/radio-messages.ts'
import { generatePrivateJwk, randomBytes, signerOf } from '#shared/crypto/keys.ts'
import { createAllowanceBackend } from '../phone/allowance-backend.ts'
import { createBackendClient } from '../phone/backend-client.ts'
import { createBondBackend } from '../phone/bond-backend.ts'
import type { IdentityOwner, IdentityReply } from '../phone/identity.ts'
import { createIdentityBackend } from '../phone/identity-backend.ts'
import type { Owner } from '../phone/ports.ts'
import { privateJwk } from '../practice/kept-keys.ts'
import { keepWhole, readWhole } from '../practice/whole-file.ts'
import { HostedPhone } from './hosted-phone.ts'
import { type Accept, controlGuest, type LineConnection } from './line-server.ts'
import type { MovableClock } from './movable-clock.ts'

const NAME = 'host'

const identityFile = z.strictObject({
  phoneId: z.string(),
  rootPoint: z.string(),
  backend: z.url(),
  key: privateJwk,
})
type Identity = z.output<typeof identityFile>
type OwnerAnswers = Pick<Extract<PhoneCommand, { do: 'owner' }>, 'says' | 'gives' | 'always'>

export class PhoneHost {
  readonly #folder: string
  readonly #clock: MovableClock
  #phone: HostedPhone | undefined
  #band: LineConnection | undefined
  #hasNetwork = true
  #answers: OwnerAnswers = { says: 'yes' }
  #knocks: number | undefined
  #receipts: readonly string[] = []
  #questions = 0
  #identityQuestions = 0

  private constructor(folder: string, clock: MovableClock) {
    this.#folder = folder
    this.#clock = clock
  }

  /** Goes on as the phone the folder holds; one that holds none waits for `new`. */
  static async open(folder: string, clock: MovableClock): Promise<PhoneHost> {
    const host = new PhoneHost(folder, clock)
    await host.#start()
    return host
  }

  readonly accept: Accept = (role, connection) => {
    if (role === 'control') return controlGuest(connection, async (json) => this.#obey(json))
    if (role !== 'band') return undefined
    this.#band?.end()
    this.#band = connection
    return {
      receive: (frame) => {
        if (frame.type !== 'relay') return connection.end()
        const wanted = frame.message.kind === 'offers-wanted' ? offersWanted.decode(frame.message.body) : undefined
        if (wanted?.ok) this.#phone?.offersWanted(wanted.value.slot)
        else this.#phone?.receive({ offerId: frame.exchange, message: frame.message })
      },
      closed: () => {
        if (this.#band === connection) this.#band = undefined
      },
    }
  }

  async close(): Promise<void> {
    await this.#phone?.stop()
  }

  async #obey(json: Uint8Array): Promise<PhoneReply> {
    const command = readKept(phoneCommand, Buffer.from(json).toString('utf8'))
    if (!command) return { ok: false }
    if (command.do === 'new') return this.#fresh(command)
    return this.#phone ? this.#handle(this.#phone, command) : { ok: false }
  }

  async #handle(phone: HostedPhone, command: Exclude<PhoneCommand, { do: 'new' }>): Promise<PhoneReply> {
    switch (command.do) {
      case 'pair':
        this.#knocks = undefined
        void phone.pair((knocks) => {
          this.#knocks = knocks
        })
        return { ok: true }
      case 'unlock':
        // Whether the band was armed is the band's to say.
        await phone.unlock()
        return { ok: true }
      case 'owner':
        this.#answers = command
        return { ok: true }
      case 'network':
        this.#hasNetwork = command.on
        return { ok: true }
      case 'restart':
        await phone.stop()
        this.#band?.end()
        await this.#start()
        return { ok: true }
      case 'advance':
        await this.#clock.advance(command.ms)
        return { ok: true }
      case 'look': {
        const knocks = this.#knocks === undefined ? {} : { knocks: this.#knocks }
        const asked = { questions: this.#questions, identityQuestions: this.#identityQuestions }
        return { ok: true, bound: phone.isBound, setAside: phone.setAside, receipts: [...this.#receipts], ...asked, ...knocks }
      }
    }
  }

  async #fresh({ rootPoint, backend }: { readonly rootPoint: string; readonly backend: string }): Promise<PhoneReply> {
    await this.#phone?.stop()
    this.#phone = undefined
    const ours = (await readdir(this.#folder)).filter((file) => file.includes(`-${NAME}.`))
    await Promise.all(ours.map(async (file) => rm(join(this.#folder, file), { force: true })))
    const identity: Identity = { phoneId: toHex(randomBytes(ID_BYTES)), rootPoint, backend, key: await generatePrivateJwk() }
    if (!(await keepWhole(this.#identityPath, JSON.stringify(identity))).ok) return { ok: false }
    this.#band?.end()
    this.#hasNetwork = true
    this.#answers = { says: 'yes' }
    this.#knocks = undefined
    this.#receipts = []
    this.#questions = 0
    this.#identityQuestions = 0
    await this.#start()
    return { ok: true, phoneId: identity.phoneId, phonePoint: toBase64Url((await signerOf(identity.key)).point) }
  }

  get #identityPath(): string {
    return join(this.#folder, `phone-${NAME}.identity.json`)
  }

  async #start(): Promise<void> {
    const text = await readWhole(this.#identityPath)
    if (text === undefined) return
    const { phoneId, rootPoint, backend: baseUrl, key } = identityFile.parse(JSON.parse(text))
    const signer = await signerOf(key)
    const calls = { clock: this.#clock, baseUrl, phoneId, signer, hasNetwork: () => this.#hasNetwork }
    this.#phone = await HostedPhone.start({
      clock: this.#clock,
      folder: this.#folder,
      name: NAME,
      rootPoint: fromBase64Url(rootPoint) ?? new Uint8Array(0),
      signer,
      band: { send: ({ offerId, message }) => this.#band?.send({ type: 'relay', exchange: offerId, message }) },
      backend: createBackendClient(calls),
      bondBackend: createBondBackend(calls),
      allowanceBackend: createAllowanceBackend(calls),
      identityBackend: createIdentityBackend(calls),
      owner: this.#owner(),
    })
  }

  #owner(): Owner & IdentityOwner {
    return {
      confirm: async (_payment, signal) => {
        this.#questions += 1
        const { says } = this.#answers
        if (says === 'nothing') await untilTakenAway(signal)
        return says === 'yes' ? 'confirmed' : 'refused'
      },
      identify: async ({ claims }, signal): Promise<IdentityReply> => {
        this.#identityQuestions += 1
        const { says, gives = claims, always = false } = this.#answers
        if (says === 'nothing') await untilTakenAway(signal)
        return says === 'yes' ? { given: gives, always } : { given: [], always: false }
      },
      told: () => {},
      tell: (event) => {
        if (event.type === 'e-receipt') this.#receipts = [...this.#receipts, event.receiptNumber]
      },
    }
  }
}

/** An owner who looks away until the question is gone. */
async function untilTakenAway(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  const { promise, resolve } = Promise.withResolvers<void>()
  signal.addEventListener('abort', () => resolve(), { once: true })
  await promise
}
