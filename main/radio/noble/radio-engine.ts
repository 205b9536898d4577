/**
 * The radio process without the process: takes the terminal's wishes, drives a Bluetooth library, says what happens. It holds one
 * connection at a time. Every step has its own timer here, because the library's promises may stay open for ever; whatever does not
 * come to its end ends the process, and the terminal starts another.
 */
import type { Clock } from '#main/ports.ts'
import { ADVERT_BYTES, decodeAdvert } from '#shared/contracts/band-advert.ts'
import type { RadioTrouble } from '#shared/contracts/troubles.ts'
import type { AdapterState, BluetoothDriver, DriverLink, HeardAdvert } from './driver.ts'
import {
  type CallEnding,
  DETAIL_MAX_CHARS,
  type FromRadio,
  parseToRadio,
  type RadioSighting,
  SIGHTINGS_PER_BATCH_MAX,
  type ToRadio,
  VALUE_MAX_BYTES,
} from './messages.ts'

/** Said this often; the terminal gives up on a process that has been silent for some of these. */
export const BEAT_MS = 500
export const CONNECT_TIMEOUT_MS = 5_000
/** MTU, discovery and subscription: seven questions of one or two connection intervals each, forty at MTU 23. */
export const PREPARE_TIMEOUT_MS = 8_000
/** After a disconnect the library must let go within this time, or it is beyond repair. */
export const LET_GO_TIMEOUT_MS = 2_000
/** What was written just before hanging up gets this long to leave. */
export const LINGER_MS = 200
const LINGER_STEP_MS = 5
/** Sightings are collected for this long: one message to the terminal carries them all. */
export const BATCH_MS = 100
/** No advert from anyone for so long while scanning: many a driver stops scanning without a word (noble issues 129, 223, 598). */
export const SILENCE_MAX_MS = 10_000
/** Scans begun again in vain, after something had once been heard, before the whole process is given up. */
export const SILENCES_MAX = 3
/** Connections in a row that timed out before the library itself is doubted. */
export const CONNECT_TIMEOUTS_MAX = 2
/** An adapter that is not ready after this long is asked for afresh by a new process. */
export const ADAPTER_WAIT_MS = 10_000
/** Notifications kept while the subscription is still being confirmed. */
const EARLY_NOTIFICATIONS_MAX = 32

const ADAPTER_TROUBLES: Readonly<Record<Exclude<AdapterState, 'poweredOn'>, RadioTrouble>> = {
  poweredOff: 'switched-off',
  unauthorized: 'not-allowed',
  unsupported: 'no-adapter',
  resetting: 'restarting',
  unknown: 'no-answer',
}

export type EngineParts = {
  readonly driver: BluetoothDriver
  readonly clock: Clock
  readonly post: (message: FromRadio) => void
  /** Resident memory of this process, bytes. */
  readonly rssBytes: () => number
  /** Ends the process. */
  readonly giveUp: (detail: string) => void
}

type Call = {
  readonly id: number
  readonly address: string
  phase: 'looking' | 'connecting' | 'preparing' | 'open' | 'ending'
  link: DriverLink | undefined
  ending: CallEnding
  readonly early: Uint8Array[]
  stopTimer: () => void
}

export class RadioEngine {
  readonly #parts: EngineParts
  readonly #heard = new Map<string, RadioSighting>()
  readonly #stops: (() => void)[] = []
  #adapter: AdapterState = 'unknown'
  #scanWanted = false
  #scanning = false
  #call: Call | undefined
  #connectTimeouts = 0
  #advertsSeen = 0
  #lastAdvertMs: number
  #silences = 0
  #everHeard = false
  #ended = false
  #stopAdapterTimer = () => {}
  #stopBeat = () => {}
  #stopBatch: (() => void) | undefined

  constructor(parts: EngineParts) {
    this.#parts = parts
    this.#lastAdvertMs = parts.clock.monotonicMs()
  }

  start(): void {
    const { driver } = this.#parts
    this.#stops.push(
      driver.onBroken((detail) => this.#giveUp('library-failed', detail)),
      driver.onAdapter((state) => this.#adapterIs(state)),
      driver.onAdvert((advert) => this.#hear(advert)),
    )
    this.#post({ type: 'driver', driver: driver.name, why: driver.why })
    this.#waitForAdapter()
    this.#beat()
    driver.start()
  }

  stop(): void {
    if (this.#ended) return
    this.#ended = true
    for (const stop of this.#stops) stop()
    this.#stopAdapterTimer()
    this.#stopBeat()
    this.#stopBatch?.()
    this.#call?.stopTimer()
    try {
      this.#parts.driver.stop()
    } catch {
      // A library that cannot stop is about to be killed with its process anyway.
      this.#scanning = false
    }
  }

  /** One message of the terminal. Anything else is ignored: only our own host holds the other end. */
  handle(message: unknown): void {
    const parsed = parseToRadio(message)
    if (parsed.ok && !this.#ended) this.#take(parsed.value)
  }

  #take(message: ToRadio): void {
    switch (message.type) {
      case 'scan':
        this.#scanWanted = message.on
        return this.#followScan()
      case 'scan-again':
        return this.#scanAgain()
      case 'connect':
        return this.#connect(message.call, message.address)
      case 'write':
        return this.#write(message.call, message.value)
      case 'hang-up':
        if (this.#call?.id === message.call) this.#hangUp(this.#call, 'hung-up')
        return
    }
  }

  // --- Adapter and scan ------------------------------------------------------------------------------------------------------------

  #adapterIs(state: AdapterState): void {
    this.#adapter = state
    if (state === 'poweredOn') {
      this.#stopAdapterTimer()
      this.#scanning = false
      return this.#followScan()
    }
    this.#scanning = false
    if (this.#call) this.#over(this.#call, 'radio-failed')
    this.#post({ type: 'failed', trouble: ADAPTER_TROUBLES[state] })
    this.#waitForAdapter()
  }

  #waitForAdapter(): void {
    this.#stopAdapterTimer()
    this.#stopAdapterTimer = this.#parts.clock.after(ADAPTER_WAIT_MS, () => {
      this.#giveUp(ADAPTER_TROUBLES[this.#adapter === 'poweredOn' ? 'unknown' : this.#adapter], `adapter ${this.#adapter}`)
    })
  }

  /** Scans when that is wanted and possible: never while a connection is being made, which the two forks cannot do at once. */
  #followScan(): void {
    const should =
      this.#scanWanted && this.#adapter === 'poweredOn' && (!this.#call || this.#call.phase === 'open' || this.#call.phase === 'looking')
    if (should === this.#scanning) return
    this.#scanning = should
    if (!should) return this.#drive(() => this.#parts.driver.stopScan())
    this.#lastAdvertMs = this.#parts.clock.monotonicMs()
    this.#drive(() => this.#parts.driver.startScan())
    this.#post({ type: 'scanning' })
  }

  #scanAgain(): void {
    if (!this.#scanning) return this.#followScan()
    this.#drive(() => this.#parts.driver.stopScan())
    this.#scanning = false
    this.#followScan()
  }

  #watchSilence(nowMs: number): void {
    const seen = this.#parts.driver.advertsHeard()
    if (seen !== this.#advertsSeen || !this.#scanning) {
      if (seen !== this.#advertsSeen) {
        this.#silences = 0
        this.#everHeard = true
      }
      this.#advertsSeen = seen
      this.#lastAdvertMs = nowMs
      return
    }
    if (nowMs - this.#lastAdvertMs < SILENCE_MAX_MS) return
    this.#silences += 1
    if (this.#everHeard && this.#silences > SILENCES_MAX && !this.#call) return this.#giveUp('nothing-heard', 'nothing is heard any more')
    this.#scanAgain()
  }

  #hear({ address, rssi, manufacturerData }: HeardAdvert): void {
    // The company id and our version, and nothing else, leaves this process.
    if (manufacturerData.length !== 2 + ADVERT_BYTES || !decodeAdvert(manufacturerData)) return
    if (!Number.isInteger(rssi) || rssi < -128 || rssi > 127) return
    if (this.#call?.phase === 'looking' && this.#call.address === address) this.#dial(this.#call)
    if (this.#heard.size >= SIGHTINGS_PER_BATCH_MAX && !this.#heard.has(address) && !this.#makeRoom(rssi)) return
    this.#heard.set(address, { address, rssi, manufacturerData: Uint8Array.from(manufacturerData) })
    this.#stopBatch ??= this.#parts.clock.after(BATCH_MS, () => {
      this.#stopBatch = undefined
      const sightings = [...this.#heard.values()]
      this.#heard.clear()
      this.#post({ type: 'sightings', sightings })
    })
  }

  /** In a crowd the faintest gives way. */
  #makeRoom(rssi: number): boolean {
    const faintest = [...this.#heard.values()].reduce((a, b) => (b.rssi < a.rssi ? b : a))
    return faintest.rssi < rssi && this.#heard.delete(faintest.address)
  }

  // --- One connection --------------------------------------------------------------------------------------------------------------

  #connect(id: number, address: string): void {
    if (this.#call) return this.#post({ type: 'ended', call: id, ending: 'busy' })
    if (this.#adapter !== 'poweredOn') return this.#post({ type: 'ended', call: id, ending: 'radio-failed' })
    const { clock, driver } = this.#parts
    const call: Call = { id, address, phase: 'looking', link: undefined, ending: 'hung-up', early: [], stopTimer: () => {} }
    this.#call = call
    call.stopTimer = clock.after(CONNECT_TIMEOUT_MS, () => this.#connectTimedOut(call))
    // The terminal may know a band from the process before this one: then it has to be heard here first.
    if (driver.knows(address)) this.#dial(call)
  }

  #dial(call: Call): void {
    call.phase = 'connecting'
    this.#followScan()
    this.#parts.driver.connect(call.address).then(
      (link) => this.#connected(call, link),
      () => {
        if (call.phase === 'connecting') this.#over(call, 'not-there')
      },
    )
  }

  #connectTimedOut(call: Call): void {
    if (call.phase === 'looking') return this.#over(call, 'not-there')
    this.#connectTimeouts += 1
    call.phase = 'ending'
    this.#parts.driver.cancelConnect(call.address)
    this.#over(call, 'not-there')
    if (this.#connectTimeouts >= CONNECT_TIMEOUTS_MAX) this.#giveUp('stuck', 'connections do not come about any more')
  }

  #connected(call: Call, link: DriverLink): void {
    this.#connectTimeouts = 0
    if (call !== this.#call || call.phase !== 'connecting') return link.disconnect()
    call.stopTimer()
    call.link = link
    call.phase = 'preparing'
    link.onEnd((why) =>
      why === 'malformed' ? this.#hangUp(call, 'malformed') : this.#over(call, call.phase === 'ending' ? call.ending : why),
    )
    link.onNotification((value) => this.#notified(call, value))
    call.stopTimer = this.#parts.clock.after(PREPARE_TIMEOUT_MS, () => this.#hangUp(call, 'timeout'))
    link.prepare().then(
      (mtu) => this.#prepared(call, link, mtu),
      () => this.#hangUp(call, 'not-a-band'),
    )
  }

  #prepared(call: Call, link: DriverLink, mtu: number | null): void {
    if (call !== this.#call || call.phase !== 'preparing') return
    call.stopTimer()
    call.phase = 'open'
    const known = typeof mtu === 'number' && Number.isInteger(mtu) && mtu >= 0 && mtu <= 0xffff ? mtu : null
    this.#post({ type: 'linked', call: call.id, mtu: known, attRequests: link.attRequests() })
    for (const value of call.early.splice(0)) this.#notified(call, value)
    this.#followScan()
  }

  #notified(call: Call, value: Uint8Array): void {
    if (call !== this.#call || call.phase === 'ending' || !call.link) return
    if (value.length === 0 || value.length > VALUE_MAX_BYTES) return this.#hangUp(call, 'malformed')
    if (call.phase === 'open') {
      this.#post({ type: 'notified', call: call.id, value: Uint8Array.from(value), attRequests: call.link.attRequests() })
    } else if (call.early.length < EARLY_NOTIFICATIONS_MAX) call.early.push(value)
    else this.#hangUp(call, 'malformed')
  }

  #write(id: number, value: Uint8Array): void {
    const call = this.#call
    const link = call?.link
    if (call?.id !== id || call.phase !== 'open' || !link) return
    // A write that never settles is seen by the terminal, which has a timer on each.
    link.write(value).then(
      () => this.#post({ type: 'written', call: id, attRequests: link.attRequests() }),
      () => this.#hangUp(call, 'link-lost'),
    )
  }

  #hangUp(call: Call, ending: CallEnding): void {
    if (call !== this.#call || call.phase === 'ending') return
    const { link } = call
    call.stopTimer()
    call.ending = ending
    if (!link) {
      call.phase = 'ending'
      this.#parts.driver.cancelConnect(call.address)
      return this.#over(call, ending)
    }
    call.phase = 'ending'
    this.#linger(call, link, ending === 'hung-up' ? LINGER_MS : 0)
  }

  /** Disconnects once everything written has left, or after `leftMs`. */
  #linger(call: Call, link: DriverLink, leftMs: number): void {
    if (call !== this.#call) return
    const { clock } = this.#parts
    if (leftMs > 0 && (leftMs === LINGER_MS || link.unsent() > 0)) {
      call.stopTimer = clock.after(LINGER_STEP_MS, () => this.#linger(call, link, leftMs - LINGER_STEP_MS))
      return
    }
    call.stopTimer = clock.after(LET_GO_TIMEOUT_MS, () => this.#giveUp('stuck', 'a connection could not be ended'))
    link.disconnect()
  }

  #over(call: Call, ending: CallEnding): void {
    if (call !== this.#call) return
    call.stopTimer()
    this.#call = undefined
    this.#post({ type: 'ended', call: call.id, ending })
    this.#followScan()
  }

  // --- The process itself ----------------------------------------------------------------------------------------------------------

  #beat(): void {
    const { clock, driver, rssBytes } = this.#parts
    this.#post({ type: 'beat', addresses: driver.addressesKept(), rssBytes: rssBytes() })
    this.#watchSilence(clock.monotonicMs())
    if (!this.#ended) this.#stopBeat = clock.after(BEAT_MS, () => this.#beat())
  }

  #drive(step: () => void): void {
    try {
      step()
    } catch (cause) {
      this.#giveUp('library-failed', cause instanceof Error ? cause.message : 'unknown reason')
    }
  }

  #giveUp(trouble: RadioTrouble, detail: string): void {
    if (this.#ended) return
    this.#post({ type: 'fault', trouble, detail: shortened(detail) })
    this.stop()
    this.#parts.giveUp(detail)
  }

  #post(message: FromRadio): void {
    if (!this.#ended) this.#parts.post(message)
  }
}

function shortened(text: string): string {
  return text.slice(0, DETAIL_MAX_CHARS)
}
