/** A band on the conformance line: the very wristband of reference/band, with TCP for its radios and commands for hands. Its flash is a folder. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { fromBase64Url, fromHex, toBase64Url, toHex } from '#shared/contracts/bytes.ts'
import { type BandCommand, type BandReply, bandCommand, type LineRole } from '#shared/contracts/conformance-line.ts'
import { readKept } from '#shared/contracts/kept-json.ts'
import { NO_EXCHANGE, offersWanted } from '#shared/contracts/link-messages.ts'
import { ID_BYTES } from '#shared/contracts/radio-messages.ts'
import { generatePrivateJwk, type PrivateJwk, randomBytes, signerOf } from '#shared/crypto/keys.ts'
import type { BandConnection } from '../band/band.ts'
import { servePhone } from '../band/phone-link.ts'
import type { PhoneLink, RadioLink } from '../band/ports.ts'
import { Wristband } from '../band/wristband.ts'
import { privateJwk } from '../practice/kept-keys.ts'
import { openBandStore } from '../practice/stores.ts'
import { keepWhole, readWhole } from '../practice/whole-file.ts'
import { type Accept, controlGuest, type LineConnection, type LineGuest } from './line-server.ts'
import type { MovableClock } from './movable-clock.ts'

const NAME = 'host'
/** A band's identity moves when it is asked for its advertisement, which its radio does several times a second. */
const ADVERTISE_EVERY_MS = 1_000

const factoryFile = z.strictObject({
  bandId: z.string(),
  rootPoint: z.string(),
  key: privateJwk,
})
type Factory = { readonly bandId: string; readonly rootPoint: string; readonly key: PrivateJwk }
type Running = { readonly wristband: Wristband; readonly store: Awaited<ReturnType<typeof openBandStore>> }

export class BandHost {
  readonly #folder: string
  readonly #clock: MovableClock
  readonly #connections = new Set<LineConnection>()
  #running: Running | undefined
  #worn = false
  #vibrations = 0
  #advertising: NodeJS.Timeout | undefined

  private constructor(folder: string, clock: MovableClock) {
    this.#folder = folder
    this.#clock = clock
  }

  /** Goes on with the band the folder holds; one that holds none waits for `new`. */
  static async open(folder: string, clock: MovableClock): Promise<BandHost> {
    const host = new BandHost(folder, clock)
    await host.#start()
    host.#advertising = setInterval(() => void host.#running?.wristband.band?.advertisement(), ADVERTISE_EVERY_MS)
    return host
  }

  readonly accept: Accept = (role, connection) => {
    if (role === 'control') return controlGuest(connection, async (json) => this.#obey(json))
    const guest = this.#guest(role, connection)
    if (!guest) return undefined
    this.#connections.add(connection)
    return {
      receive: (frame) => guest.receive(frame),
      closed: () => {
        this.#connections.delete(connection)
        guest.closed()
      },
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#advertising)
    await this.#stop()
  }

  #guest(role: LineRole, connection: LineConnection): LineGuest | undefined {
    switch (role) {
      case 'terminal':
        return this.#terminal(connection)
      case 'phone':
        return this.#phone(connection)
      case 'phone-air':
        return this.#phoneOnAir(connection)
      default:
        return undefined
    }
  }

  #terminal(connection: LineConnection): LineGuest | undefined {
    const connected = this.#running?.wristband.band?.connect(radioOf(connection))
    return connected?.ok ? attGuest(connection, connected.value) : undefined
  }

  #phoneOnAir(connection: LineConnection): LineGuest | undefined {
    const wristband = this.#running?.wristband
    if (!wristband) return undefined
    const connectPhone = (side: PhoneLink) => wristband.connectPhone(side)
    return attGuest(connection, servePhone({ clock: this.#clock, link: radioOf(connection), connectPhone }))
  }

  #phone(connection: LineConnection): LineGuest | undefined {
    const connected = this.#running?.wristband.connectPhone({
      send: ({ offerId, message }) => connection.send({ type: 'relay', exchange: offerId, message }),
      offersWanted: (slot) =>
        connection.send({ type: 'relay', exchange: NO_EXCHANGE, message: { kind: 'offers-wanted', body: offersWanted.encode({ slot }) } }),
    })
    if (!connected) return undefined
    return {
      receive: (frame) =>
        frame.type === 'relay' ? connected.receive({ offerId: frame.exchange, message: frame.message }) : connection.end(),
      closed: () => connected.closed(),
    }
  }

  async #obey(json: Uint8Array): Promise<BandReply> {
    const command = readKept(bandCommand, Buffer.from(json).toString('utf8'))
    if (!command) return { ok: false }
    if (command.do === 'new') return this.#fresh(command.rootPoint)
    const wristband = this.#running?.wristband
    return wristband ? this.#handle(wristband, command) : { ok: false }
  }

  async #handle(wristband: Wristband, command: Exclude<BandCommand, { do: 'new' }>): Promise<BandReply> {
    switch (command.do) {
      case 'wear':
        this.#worn = command.worn
        wristband.state.setWorn(command.worn)
        return { ok: true }
      case 'knock':
        wristband.state.knocked(command.count)
        return { ok: true }
      case 'reset':
        wristband.reset()
        return { ok: true }
      case 'battery':
        await this.#stop()
        await this.#start()
        return { ok: true }
      case 'advance':
        await this.#clock.advance(command.ms)
        await wristband.band?.advertisement()
        return { ok: true }
      case 'look': {
        const seen = await wristband.band?.advertisement()
        const shown = seen ? { address: toHex(seen.address), advert: toHex(seen.manufacturerData) } : {}
        return { ok: true, vibrations: this.#vibrations, ...shown }
      }
    }
  }

  async #fresh(rootPoint: string): Promise<BandReply> {
    await this.#stop()
    const kept = [`band-${NAME}.jsonl`, `band-${NAME}.lock.json`, `band-${NAME}.slots.json`]
    await Promise.all(kept.map(async (file) => rm(join(this.#folder, file), { force: true })))
    const factory: Factory = { bandId: toHex(randomBytes(ID_BYTES)), rootPoint, key: await generatePrivateJwk() }
    if (!(await keepWhole(this.#factoryPath, JSON.stringify(factory))).ok) return { ok: false }
    this.#vibrations = 0
    this.#worn = false
    await this.#start()
    return { ok: true, bandId: factory.bandId, factoryPoint: toBase64Url((await signerOf(factory.key)).point) }
  }

  get #factoryPath(): string {
    return join(this.#folder, `band-${NAME}.factory.json`)
  }

  async #start(): Promise<void> {
    const text = await readWhole(this.#factoryPath)
    if (text === undefined) return
    const { bandId, rootPoint, key } = factoryFile.parse(JSON.parse(text))
    const store = await openBandStore(this.#folder, NAME)
    const wristband = await Wristband.start({
      clock: this.#clock,
      store: store.store,
      lock: store.lock,
      counterCeiling: store.ceiling,
      slots: store.slots,
      factory: {
        bandId: fromHex(bandId) ?? new Uint8Array(0),
        signer: await signerOf(key),
        rootPoint: fromBase64Url(rootPoint) ?? new Uint8Array(0),
      },
      onEvent: (event) => {
        if (event.type === 'vibrated') this.#vibrations += event.times
      },
    })
    // A battery is changed on the table or on the wrist: the sensor says which.
    if (this.#worn) wristband.state.setWorn(true)
    this.#running = { wristband, store }
  }

  async #stop(): Promise<void> {
    for (const connection of this.#connections) connection.end()
    this.#connections.clear()
    const running = this.#running
    this.#running = undefined
    await running?.store.close()
  }
}

function radioOf(connection: LineConnection): RadioLink {
  return { send: (pdu) => connection.send({ type: 'att', pdu }), disconnect: () => connection.end() }
}

function attGuest(connection: LineConnection, served: BandConnection): LineGuest {
  return {
    receive: (frame) => (frame.type === 'att' ? served.receive(frame.pdu) : connection.end()),
    closed: () => served.closed(),
  }
}
