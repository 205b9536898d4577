/**
 * The terminal's radio over Bluetooth: the port of main/ports.ts, with the library in a process of its own. What crosses to that
 * process is bytes and wishes; frames, messages and everything a payment knows stay here.
 */
import type { BandLink, Clock, Radio, Sighting, StartProcess } from '#main/ports.ts'
import { decodeAdvert } from '#shared/contracts/band-advert.ts'
import type { RadioStanding, RadioState, Unsubscribe } from '#shared/contracts/till.ts'
import type { RadioTrouble } from '#shared/contracts/troubles.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { FramedLink } from './framed-link.ts'
import { type CallEnding, type FromRadio, parseFromRadio, type RadioSighting, type ToRadio } from './noble/messages.ts'
import type { DriverChoice } from './noble/noble-adapter.ts'
import { ProcessKeeper } from './noble/process-keeper.ts'

/** Connecting, discovering and letting go all have timers in the radio process. If none of them speaks, it has failed. */
export const CONNECT_MAX_MS = 16_000
export const HANG_UP_MAX_MS = 4_000
/** noble keeps about 1 kB for each address it has ever heard: so many, and the process is replaced while nobody pays. */
export const ADDRESSES_MAX = 20_000
export const RSS_MAX_BYTES = 200 * 1_048_576
/** Native scanners have been seen to die after days (stoprocent/noble issue 140): a fresh process each day, while nobody pays. */
export const PROCESS_LIFE_MS = 86_400_000

type ConnectError = 'band-gone' | 'radio-failed' | 'busy'
/** For the log of whoever looks after the radio. Never an address. */
export type RadioFault = { readonly at: 'process' | 'connect' | 'link'; readonly error: string }

type Call =
  | { readonly state: 'idle' }
  | { readonly state: 'connecting'; readonly id: number; readonly settle: (result: Result<BandLink, ConnectError>) => void }
  | { readonly state: 'open'; readonly id: number; readonly link: FramedLink }
  | { readonly state: 'ending'; readonly id: number; readonly settle: () => void }

export type NobleRadioParts = {
  readonly startProcess: StartProcess
  readonly clock: Clock
  /** Until `useDriver` says otherwise. */
  readonly driver: DriverChoice
  /** A virtual controller behind this socket instead of the machine's own. */
  readonly hciSocket?: string
  readonly onFault?: (fault: RadioFault) => void
}

/** A radio that can change its driver: at once, or when the call it is in has ended. */
export interface DriverRadio extends Radio {
  useDriver(driver: DriverChoice): void
}

/** A radio for real bands. It does nothing before `start`. */
export function createNobleRadio(parts: NobleRadioParts): DriverRadio {
  return new NobleRadio(parts)
}

class NobleRadio implements DriverRadio {
  readonly #parts: NobleRadioParts
  readonly #keeper: ProcessKeeper
  readonly #stateListeners = new Set<() => void>()
  readonly #sightingListeners = new Set<(sighting: Sighting) => void>()
  #state: RadioStanding = { state: 'starting' }
  #call: Call = { state: 'idle' }
  #callId = 0
  #attRequests = 0
  #processStartedMs = 0
  #driver: DriverChoice
  /** The driver that the running process was started with. */
  #startedDriver: DriverChoice
  /** What the process said of itself before it went. */
  #lastFault: RadioTrouble | undefined
  readonly #writes: ((result: Result<void, 'link-lost'>) => void)[] = []

  constructor(parts: NobleRadioParts) {
    this.#parts = parts
    const { driver, hciSocket } = parts
    this.#driver = driver
    this.#startedDriver = driver
    this.#keeper = new ProcessKeeper({
      startProcess: parts.startProcess,
      args: () => ['--driver', this.#driver, ...(hciSocket === undefined ? [] : ['--hci-socket', hciSocket])],
      clock: parts.clock,
      onStart: () => {
        this.#processStartedMs = parts.clock.monotonicMs()
        this.#startedDriver = this.#driver
        this.#post({ type: 'scan', on: true })
      },
      onMessage: (message) => this.#heard(message),
      onLost: (detail, isFault) => this.#lost(detail, isFault),
      onSlept: () => this.#post({ type: 'scan-again' }),
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
    this.#become('starting')
    this.#keeper.start()
  }

  async stop(): Promise<void> {
    this.#keeper.stop()
    this.#dropCall()
    this.#become('starting')
  }

  useDriver(driver: DriverChoice): void {
    this.#driver = driver
    this.#considerDriver()
  }

  async connect(address: string): Promise<Result<BandLink, ConnectError>> {
    if (this.#call.state !== 'idle') return err('busy')
    if (this.#state.state !== 'scanning') return err('radio-failed')
    const { promise, resolve } = Promise.withResolvers<Result<BandLink, ConnectError>>()
    this.#callId += 1
    this.#attRequests = 0
    this.#call = { state: 'connecting', id: this.#callId, settle: resolve }
    const stopTimer = this.#parts.clock.after(CONNECT_MAX_MS, () => this.#keeper.replace('the radio process answers nothing'))
    this.#post({ type: 'connect', call: this.#callId, address })
    const link = await promise
    stopTimer()
    return link
  }

  // --- What the process says -------------------------------------------------------------------------------------------------------

  #heard(message: unknown): void {
    const parsed = parseFromRadio(message)
    if (!parsed.ok) return this.#keeper.replace('the radio process speaks nonsense')
    this.#keeper.heard()
    this.#take(parsed.value)
  }

  #take(message: FromRadio): void {
    switch (message.type) {
      case 'beat':
        return this.#considerRecycling(message.addresses, message.rssBytes)
      case 'driver':
        this.#state = { ...this.#state, driver: message.driver, why: message.why }
        return
      case 'scanning':
        return this.#become('scanning')
      case 'failed':
        return this.#become('failed', message.trouble)
      case 'sightings':
        for (const sighting of message.sightings) this.#sighted(sighting)
        return
      case 'linked':
        return this.#linked(message.call, message.mtu, message.attRequests)
      case 'written':
        if (this.#openCall(message.call)) this.#attRequests = message.attRequests
        if (this.#openCall(message.call) || this.#isEnding(message.call)) this.#writes.shift()?.(ok())
        return
      case 'notified':
        return this.#notified(message.call, message.value, message.attRequests)
      case 'ended':
        return this.#ended(message.call, message.ending)
      case 'fault':
        this.#lastFault = message.trouble
        return this.#fault({ at: 'process', error: message.detail })
    }
  }

  #sighted({ address, rssi, manufacturerData }: RadioSighting): void {
    const advert = decodeAdvert(manufacturerData)
    if (!advert) return
    const sighting = { address, rssi, advert, atMonotonicMs: this.#parts.clock.monotonicMs() }
    for (const listener of this.#sightingListeners) listener(sighting)
  }

  #linked(id: number, mtuReported: number | null, attRequests: number): void {
    const call = this.#call
    if (call.state !== 'connecting' || call.id !== id) return
    this.#attRequests = attRequests
    const link = new FramedLink({
      clock: this.#parts.clock,
      mtuReported,
      write: async (frame) => this.#write(id, frame),
      attRequests: () => this.#attRequests,
      hangUp: async () => this.#hangUp(id),
    })
    this.#call = { state: 'open', id, link }
    call.settle(ok(link))
  }

  #notified(id: number, value: Uint8Array, attRequests: number): void {
    const call = this.#openCall(id)
    if (!call) return
    this.#attRequests = attRequests
    call.link.notified(value)
  }

  #ended(id: number, ending: CallEnding): void {
    const call = this.#call
    if (call.state === 'idle' || call.id !== id) return
    this.#refuseWrites()
    if (call.state === 'ending') return call.settle()
    this.#call = { state: 'idle' }
    if (call.state === 'open') {
      if (ending !== 'link-lost') this.#fault({ at: 'link', error: ending })
      return call.link.end(ending === 'malformed' ? 'malformed' : 'link-lost')
    }
    this.#fault({ at: 'connect', error: ending })
    call.settle(err(ending === 'busy' || ending === 'radio-failed' ? ending : 'band-gone'))
  }

  // --- What the terminal does ------------------------------------------------------------------------------------------------------

  async #write(id: number, frame: Uint8Array): Promise<Result<void, 'link-lost'>> {
    if (!this.#openCall(id)) return err('link-lost')
    const { promise, resolve } = Promise.withResolvers<Result<void, 'link-lost'>>()
    this.#writes.push(resolve)
    this.#post({ type: 'write', call: id, value: Uint8Array.from(frame) })
    return promise
  }

  /** Resolves when the process has let the band go; one that does not is replaced. */
  async #hangUp(id: number): Promise<void> {
    if (!this.#openCall(id)) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const stopTimer = this.#parts.clock.after(HANG_UP_MAX_MS, () => this.#keeper.replace('the radio process does not hang up'))
    this.#call = {
      state: 'ending',
      id,
      settle: () => {
        stopTimer()
        this.#call = { state: 'idle' }
        resolve()
      },
    }
    this.#post({ type: 'hang-up', call: id })
    await promise
  }

  #openCall(id: number): Extract<Call, { readonly state: 'open' }> | undefined {
    return this.#call.state === 'open' && this.#call.id === id ? this.#call : undefined
  }

  #isEnding(id: number): boolean {
    return this.#call.state === 'ending' && this.#call.id === id
  }

  #considerRecycling(addresses: number, rssBytes: number): void {
    if (this.#call.state !== 'idle') return
    if (this.#considerDriver()) return
    const ageMs = this.#parts.clock.monotonicMs() - this.#processStartedMs
    if (addresses <= ADDRESSES_MAX && rssBytes <= RSS_MAX_BYTES && ageMs <= PROCESS_LIFE_MS) return
    this.#keeper.replace('a fresh radio process', false)
  }

  /** Another driver needs another process, which never takes a band from a payment: a call that is under way ends first. */
  #considerDriver(): boolean {
    if (this.#driver === this.#startedDriver || this.#call.state !== 'idle') return false
    this.#keeper.replace('the radio changes its driver', false)
    return true
  }

  #lost(detail: string, isFault: boolean): void {
    const trouble = this.#lastFault ?? 'process-failed'
    this.#lastFault = undefined
    this.#dropCall()
    if (!isFault) return this.#become('starting')
    this.#become('failed', trouble)
    this.#fault({ at: 'process', error: detail })
  }

  #dropCall(): void {
    const call = this.#call
    this.#refuseWrites()
    if (call.state === 'ending') return call.settle()
    this.#call = { state: 'idle' }
    if (call.state === 'connecting') call.settle(err('radio-failed'))
    if (call.state === 'open') call.link.end('link-lost')
  }

  #refuseWrites(): void {
    for (const refuse of this.#writes.splice(0)) refuse(err('link-lost'))
  }

  #become(state: RadioState, trouble?: RadioTrouble): void {
    if (this.#state.state === state && this.#state.trouble === trouble) return
    const { driver, why } = this.#state
    this.#state = { state, ...(driver ? { driver } : {}), ...(why ? { why } : {}), ...(trouble ? { trouble } : {}) }
    for (const listener of this.#stateListeners) listener()
  }

  #post(message: ToRadio): void {
    this.#keeper.post(message)
  }

  #fault(fault: RadioFault): void {
    this.#parts.onFault?.(fault)
  }
}
