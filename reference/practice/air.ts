/**
 * The practice air: a local socket that does for a terminal what a Bluetooth controller would. Terminals hear the bands that are near
 * enough, connect to one, and exchange the very ATT PDUs of a real link. A terminal that sends junk loses its own connection only.
 */
import { createServer, type Server, type Socket } from 'node:net'
import { isAttRequest } from '#shared/contracts/att.ts'
import { equalBytes } from '#shared/contracts/bytes.ts'
import { decodeToAir, encodeFromAir, type FromAir, practiceDeframer, type ToAir } from '#shared/contracts/practice-link.ts'
import { ok, type Result } from '#shared/result.ts'
import type { Band, BandConnection } from '../band/band.ts'
import { AirLink, type Direction, type Fate } from './air-link.ts'
import { listenAt, stopListening } from './local-socket.ts'
import type { PracticeClock } from './practice-clock.ts'

/** A band is heard this often while a terminal scans. */
export const ADVERT_INTERVAL_MS = 250
/**
 * Signal at one metre, dBm, and its loss with distance in free space: 20 dB for ten times the distance. A small transmitter on a wrist is
 * heard at about -59 dBm there; a little more keeps somebody at the counter clearly at the counter, and the others some steps away.
 */
export const RSSI_AT_1M = -57
const LOSS_PER_DECADE_DB = 20
/** The noise around it, ± dB. */
export const RSSI_NOISE_DB = 1.5
/** Fainter than this nothing is heard (sensitivity of common receivers). */
export const RSSI_HEARD_MIN = -95
const DISTANCE_MIN_M = 0.05
const RSSI_MAX = 20
/** Terminals served at once. */
export const TERMINALS_MAX = 16
/** Links of one terminal at once. Link numbers are one byte. */
export const LINKS_MAX = 8
const LINK_NUMBER_MAX = 255
/** Bytes a terminal may leave unread before it is taken for dead. */
const UNREAD_MAX_BYTES = 1_048_576

/** A band with its place in the world. One that is bound to nobody has nothing to say to terminals. */
export type AirBand = { readonly id: string; readonly band: Band | undefined; readonly distanceM: () => number }
export type AirFaults = (bandId: string, direction: Direction, pdu: Uint8Array) => Fate

export type AirParts = {
  readonly clock: PracticeClock
  readonly bands: readonly AirBand[]
  /** In [0, 1). */
  readonly random: () => number
  readonly intervalMs: number
  /** Consulted for every PDU. */
  readonly faults?: AirFaults
}

/** Strength of a signal, dBm, at this distance. `noise` in [0, 1). */
export function rssiAt(distanceM: number, noise: number): number {
  const exact = RSSI_AT_1M - LOSS_PER_DECADE_DB * Math.log10(Math.max(DISTANCE_MIN_M, distanceM))
  return Math.max(-127, Math.min(RSSI_MAX, Math.round(exact + (noise * 2 - 1) * RSSI_NOISE_DB)))
}

export class Air {
  readonly #parts: AirParts
  readonly #server: Server
  readonly #terminals = new Set<AirTerminal>()
  #stopped = false
  #stopTimer: (() => void) | undefined

  private constructor(parts: AirParts) {
    this.#parts = parts
    this.#server = createServer((socket) => this.#accept(socket))
  }

  /** Listens on a Unix socket or a Windows pipe. `cannot-listen` when the path is in use or not allowed. */
  static async listen(path: string, parts: AirParts): Promise<Result<Air, 'cannot-listen'>> {
    const air = new Air(parts)
    const listening = await listenAt(air.#server, { path })
    if (!listening.ok) return listening
    air.#advertise()
    return ok(air)
  }

  /** ATT requests heard since the start, over all links. */
  get attRequests(): number {
    return [...this.#terminals].reduce((total, terminal) => total + terminal.attRequests, 0)
  }

  /** Ends every connection to this band, as when it is taken out of range. */
  dropLinksOf(bandId: string): void {
    for (const terminal of this.#terminals) terminal.dropLinksOf(bandId)
  }

  async close(): Promise<void> {
    this.#stopped = true
    this.#stopTimer?.()
    for (const terminal of this.#terminals) terminal.close()
    await stopListening(this.#server)
  }

  #accept(socket: Socket): void {
    if (this.#terminals.size >= TERMINALS_MAX) {
      socket.destroy()
      return
    }
    const terminal = new AirTerminal(socket, this.#parts)
    this.#terminals.add(terminal)
    socket.once('close', () => this.#terminals.delete(terminal))
  }

  #advertise(): void {
    this.#stopTimer = this.#parts.clock.after(ADVERT_INTERVAL_MS, () => {
      void this.#advertiseOnce().then(() => {
        if (!this.#stopped) this.#advertise()
      })
    })
  }

  async #advertiseOnce(): Promise<void> {
    for (const { band, distanceM } of this.#parts.bands) {
      if (!band) continue
      // Asked for even when nobody listens: it is also what lets a band's identity rotate.
      const { address, manufacturerData } = await band.advertisement()
      const rssi = rssiAt(distanceM(), this.#parts.random())
      if (rssi < RSSI_HEARD_MIN) continue
      for (const terminal of this.#terminals) terminal.hear({ type: 'sighting', address, rssi, manufacturerData })
    }
  }
}

type OpenLink = { readonly bandId: string; readonly air: AirLink; readonly connection: BandConnection }

/** One terminal on the socket: what it scans and its links. */
class AirTerminal {
  readonly #socket: Socket
  readonly #parts: AirParts
  readonly #links = new Map<number, OpenLink>()
  #scanning = false
  #nextLink = 1
  attRequests = 0

  constructor(socket: Socket, parts: AirParts) {
    this.#socket = socket
    this.#parts = parts
    const deframer = practiceDeframer()
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => {
      const payloads = deframer.push(chunk)
      const messages = payloads.ok ? payloads.value.map((payload) => decodeToAir(payload)) : []
      for (const message of messages) {
        if (message.ok) this.#take(message.value)
        else socket.destroy()
      }
      if (!payloads.ok) socket.destroy()
    })
    // A socket error is always followed by close, which is where the links end.
    socket.on('error', () => socket.destroy())
    socket.once('close', () => {
      for (const { air } of this.#links.values()) air.end()
    })
  }

  hear(sighting: FromAir): void {
    if (this.#scanning) this.#send(sighting)
  }

  dropLinksOf(bandId: string): void {
    for (const link of this.#links.values()) if (link.bandId === bandId) link.air.end()
  }

  close(): void {
    this.#socket.destroy()
  }

  #take(message: ToAir): void {
    switch (message.type) {
      case 'scan':
        this.#scanning = message.on
        return
      case 'connect':
        void this.#connect(Uint8Array.from(message.address))
        return
      case 'disconnect':
        this.#links.get(message.link)?.air.end()
        return
      case 'att':
        if (isAttRequest(message.pdu)) this.attRequests += 1
        this.#links.get(message.link)?.air.send('to-band', message.pdu)
    }
  }

  async #connect(address: Uint8Array): Promise<void> {
    const target = await this.#bandAt(address)
    const number = this.#freeNumber()
    const inReach = target && rssiAt(target.distanceM(), 0.5) >= RSSI_HEARD_MIN
    if (this.#socket.destroyed) return
    if (!target || !inReach || number === undefined) return this.#send({ type: 'connect-failed', address })
    const { clock, intervalMs, faults } = this.#parts
    const air: AirLink = new AirLink({
      clock,
      intervalMs,
      fateOf: (direction, pdu) => faults?.(target.id, direction, pdu) ?? 'deliver',
      deliver: (direction, pdu) => {
        if (direction === 'to-terminal') this.#send({ type: 'att', link: number, pdu })
        else this.#links.get(number)?.connection.receive(pdu)
      },
      onEnd: () => {
        this.#links.get(number)?.connection.closed()
        this.#links.delete(number)
        this.#send({ type: 'disconnected', link: number })
      },
    })
    const connection = target.band?.connect({ send: (pdu) => air.send('to-terminal', pdu), disconnect: () => air.endAfter('to-terminal') })
    if (!connection?.ok) return this.#send({ type: 'connect-failed', address })
    this.#links.set(number, { bandId: target.id, air, connection: connection.value })
    this.#send({ type: 'connected', address, link: number })
  }

  async #bandAt(address: Uint8Array): Promise<AirBand | undefined> {
    for (const candidate of this.#parts.bands) {
      const said = await candidate.band?.advertisement()
      if (said && equalBytes(said.address, address)) return candidate
    }
    return undefined
  }

  #freeNumber(): number | undefined {
    if (this.#links.size >= LINKS_MAX) return undefined
    while (this.#links.has(this.#nextLink)) this.#nextLink = (this.#nextLink % LINK_NUMBER_MAX) + 1
    const number = this.#nextLink
    this.#nextLink = (this.#nextLink % LINK_NUMBER_MAX) + 1
    return number
  }

  #send(message: FromAir): void {
    if (this.#socket.destroyed || !this.#socket.writable) return
    this.#socket.write(encodeFromAir(message))
    if (this.#socket.writableLength > UNREAD_MAX_BYTES) this.#socket.destroy()
  }
}
