/** The terminal's radio in practice: the port of main/ports.ts over the practice link, where the bands of the training world are heard. */
import type { NetConnectOpts } from 'node:net'
import type { BandLink, Clock, Radio, Sighting } from '#main/ports.ts'
import { decodeAdvert } from '#shared/contracts/band-advert.ts'
import { fromHex, toHex } from '#shared/contracts/bytes.ts'
import { ADDRESS_BYTES, type FromAir } from '#shared/contracts/practice-link.ts'
import type { RadioStanding, RadioState, Unsubscribe } from '#shared/contracts/till.ts'
import type { RadioTrouble } from '#shared/contracts/troubles.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { AttError } from './att-client.ts'
import { AttSession } from './att-session.ts'
import { PracticeSocket } from './practice-socket.ts'

/** A band that does not accept a connection in this time is gone (design: own timer on every call of the radio). */
export const CONNECT_TIMEOUT_MS = 5_000
const DRIVER = { driver: 'practice', why: 'usual' } as const

type ConnectError = 'band-gone' | 'radio-failed' | 'busy'
/** Why a connection did not become, or did not stay, a link: for the log of whoever looks after the radio. Never an address. */
export type LinkFault =
  | { readonly at: 'connect' | 'prepare' | 'link'; readonly error: AttError | 'no-answer' | 'not-there' }
  /** The world is gone, and why, as the system says it. */
  | { readonly at: 'air'; readonly error: string }

/** One connection at a time: what is going on with it. */
type Call =
  | { readonly state: 'idle' }
  | { readonly state: 'connecting'; readonly address: string; readonly settle: (result: Result<AttSession, ConnectError>) => void }
  | { readonly state: 'open'; readonly link: number; readonly session: AttSession }

export type PracticeRadioParts = {
  /** Where the practice air listens. */
  readonly where: NetConnectOpts
  readonly clock: Clock
  /** A number in [0, 1), for the jitter of reconnecting. */
  readonly random: () => number
  readonly onFault?: (fault: LinkFault) => void
}

/** A radio that hears the practice world at `where`. It does nothing before `start`. */
export function createPracticeRadio(parts: PracticeRadioParts): Radio {
  return new PracticeRadio(parts)
}

class PracticeRadio implements Radio {
  readonly #parts: PracticeRadioParts
  readonly #socket: PracticeSocket
  readonly #stateListeners = new Set<() => void>()
  readonly #sightingListeners = new Set<(sighting: Sighting) => void>()
  #state: RadioStanding = { state: 'starting', ...DRIVER }
  #call: Call = { state: 'idle' }

  constructor(parts: PracticeRadioParts) {
    this.#parts = parts
    this.#socket = new PracticeSocket({
      where: parts.where,
      clock: parts.clock,
      random: parts.random,
      onOpen: () => {
        this.#socket.send({ type: 'scan', on: true })
        this.#become('scanning')
      },
      onMessage: (message) => this.#heard(message),
      onLost: (detail) => {
        if (this.#state.state !== 'failed') this.#fault({ at: 'air', error: detail })
        this.#dropCall()
        this.#become('failed', 'practice-gone')
      },
    })
  }

  state() {
    return this.#state
  }

  onState(listener: () => void): Unsubscribe {
    this.#stateListeners.add(listener)
    return () => this.#stateListeners.delete(listener)
  }

  onSighting(listener: (sighting: Sighting) => void): Unsubscribe {
    this.#sightingListeners.add(listener)
    return () => this.#sightingListeners.delete(listener)
  }

  start(): void {
    this.#socket.start()
  }

  async stop(): Promise<void> {
    this.#dropCall()
    this.#become('starting')
    await this.#socket.stop()
  }

  async connect(address: string): Promise<Result<BandLink, ConnectError>> {
    if (this.#call.state !== 'idle') return err('busy')
    const bytes = fromHex(address)
    if (bytes?.length !== ADDRESS_BYTES) return err('band-gone')
    const session = await this.#session(address, bytes)
    if (!session.ok) return session
    const link = await session.value.prepare()
    if (link.ok) return link
    this.#fault({ at: 'prepare', error: link.error })
    return err(this.#state.state === 'scanning' ? 'band-gone' : 'radio-failed')
  }

  async #session(address: string, bytes: Uint8Array): Promise<Result<AttSession, ConnectError>> {
    const { promise, resolve } = Promise.withResolvers<Result<AttSession, ConnectError>>()
    const stopTimer = this.#parts.clock.after(CONNECT_TIMEOUT_MS, () => {
      this.#fault({ at: 'connect', error: 'no-answer' })
      this.#refuseCall('band-gone')
    })
    this.#call = { state: 'connecting', address, settle: resolve }
    if (!this.#socket.send({ type: 'connect', address: bytes })) this.#refuseCall('radio-failed')
    const session = await promise
    stopTimer()
    return session
  }

  #heard(message: FromAir): void {
    switch (message.type) {
      case 'sighting':
        return this.#sighted(message)
      case 'connected':
        return this.#connected(toHex(message.address), message.link)
      case 'connect-failed':
        if (this.#call.state !== 'connecting' || this.#call.address !== toHex(message.address)) return undefined
        this.#fault({ at: 'connect', error: 'not-there' })
        return this.#refuseCall('band-gone')
      case 'disconnected':
        if (this.#call.state === 'open' && this.#call.link === message.link) this.#call.session.end('link-lost')
        return undefined
      case 'att':
        if (this.#call.state === 'open' && this.#call.link === message.link) this.#call.session.receive(message.pdu)
        return undefined
    }
  }

  #connected(address: string, link: number): void {
    const call = this.#call
    if (call.state !== 'connecting' || call.address !== address) {
      // A connection that comes after we gave up on it is closed, or the band would stay taken.
      this.#socket.send({ type: 'disconnect', link })
      return
    }
    const session = new AttSession({
      clock: this.#parts.clock,
      send: (pdu) => this.#socket.send({ type: 'att', link, pdu }),
      hangUp: () => this.#hangUp(link),
    })
    this.#call = { state: 'open', link, session }
    call.settle(ok(session))
  }

  #refuseCall(error: ConnectError): void {
    const call = this.#call
    if (call.state !== 'connecting') return
    this.#call = { state: 'idle' }
    call.settle(err(error))
  }

  #sighted(message: Extract<FromAir, { type: 'sighting' }>): void {
    const advert = decodeAdvert(message.manufacturerData)
    if (!advert) return
    const atMonotonicMs = this.#parts.clock.monotonicMs()
    const sighting = { address: toHex(message.address), rssi: message.rssi, advert, atMonotonicMs }
    for (const listener of this.#sightingListeners) listener(sighting)
  }

  #hangUp(link: number): void {
    if (this.#call.state !== 'open' || this.#call.link !== link) return
    this.#call = { state: 'idle' }
    this.#socket.send({ type: 'disconnect', link })
  }

  #dropCall(): void {
    this.#refuseCall('radio-failed')
    if (this.#call.state === 'open') this.#call.session.end('link-lost')
  }

  #become(state: RadioState, trouble?: RadioTrouble): void {
    if (this.#state.state === state) return
    this.#state = { state, ...DRIVER, ...(trouble ? { trouble } : {}) }
    for (const listener of this.#stateListeners) listener()
  }

  #fault(fault: LinkFault): void {
    this.#parts.onFault?.(fault)
  }
}
