/**
 * The one file that imports noble. Two forks with the same API stand behind it, and are only ever loaded here, lazily, because loading
 * one of them from its root opens the controller:
 * - `@abandonware/noble`: taken first on Linux, where it loads (its socket has to be compiled for the running Node);
 * - `@stoprocent/noble`, its maintained fork with prebuilt binaries: taken where the other does not load, and first on Windows and
 *   macOS, where only this one reports the MTU and keeps its bindings in repair.
 */
import { createRequire } from 'node:module'
import { REQUEST_UUID, RESPONSE_UUID, SERVICE_UUID } from '#shared/contracts/band-advert.ts'
import type { DriverWhy } from '#shared/contracts/troubles.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { AdapterState, BluetoothDriver, DriverLink, HeardAdvert } from './driver.ts'
import { HciGate } from './hci-gate.ts'
import type { HciTransport } from './hci-transport.ts'
import type { Noble, NobleCharacteristic, NoblePeripheral, NobleService } from './noble-types.ts'

export const DRIVER_CHOICES = ['auto', 'abandonware', 'stoprocent'] as const
export type DriverChoice = (typeof DRIVER_CHOICES)[number]

export type DriverParts = {
  readonly choice: DriverChoice
  readonly platform: NodeJS.Platform
  /** A controller in place of this machine's own. */
  readonly transport?: HciTransport
  /** A clock that never jumps back, milliseconds. */
  readonly nowMs: () => number
}

/** Documented number of the procedure at MTU 185, where the system does it and nothing can be counted: docs/protocol.md. */
export const ATT_REQUESTS_OF_THE_PROCEDURE = 7

type Fork = 'abandonware' | 'stoprocent'
type SocketClass = new () => HciTransport
const load = createRequire(import.meta.url)
const plain = (uuid: string) => uuid.replaceAll('-', '')
const SERVICE = plain(SERVICE_UUID)
const RESPONSE = plain(RESPONSE_UUID)
const REQUEST = plain(REQUEST_UUID)
const ADAPTER_STATES: ReadonlySet<string> = new Set(['poweredOn', 'poweredOff', 'unauthorized', 'unsupported', 'resetting'])

/** Loads the fork that `choice` and the platform ask for. Nothing is opened before `start`. `no-driver` with every reason in one line. */
export function createDriver(parts: DriverParts): Result<BluetoothDriver, { readonly code: 'no-driver'; readonly detail: string }> {
  const refusals: string[] = []
  for (const fork of orderOf(parts)) {
    try {
      return ok(new NobleDriver(fork, whyOf(parts, refusals), open(fork, parts)))
    } catch (cause) {
      refusals.push(`@${fork}/noble does not load (${codeOf(cause)})`)
    }
  }
  return err({ code: 'no-driver', detail: refusals.join('; ') })
}

function orderOf({ choice, platform }: DriverParts): readonly Fork[] {
  if (choice !== 'auto') return [choice]
  return platform === 'linux' ? ['abandonware', 'stoprocent'] : ['stoprocent', 'abandonware']
}

function whyOf({ choice }: DriverParts, refusals: readonly string[]): DriverWhy {
  if (choice !== 'auto') return 'chosen'
  return refusals.length > 0 ? 'other-missing' : 'usual'
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown reason'
}

type Opened = { readonly noble: Noble; readonly gate?: HciGate; readonly startNow: () => void }
type OpenParts = { readonly onBroken: (detail: string) => void }

/** Gives the library of one fork, through a gate where packets can be had. Throws when the fork does not load. */
function open(fork: Fork, parts: DriverParts): (handlers: OpenParts) => Opened {
  const onLinux = parts.platform === 'linux' || parts.platform === 'freebsd'
  if (!parts.transport && !onLinux) {
    const root = `@${fork}/noble`
    load.resolve(root)
    return () => {
      const noble = load(root) as Noble
      return { noble, startNow: () => void noble.state }
    }
  }
  const socketPackage = createRequire(load.resolve(`@${fork}/noble/package.json`)).resolve(`@${fork}/bluetooth-hci-socket`)
  const realSocket = parts.transport ? undefined : realSocketOf(fork, socketPackage)
  return ({ onBroken }) => {
    const transport = parts.transport ?? (realSocket && new realSocket())
    if (!transport) throw new Error('no transport')
    const gate = new HciGate(transport, { nowMs: parts.nowMs, onBroken })
    return withSocketReplaced(socketPackage, gate, () => {
      const NobleClass = load(`@${fork}/noble/lib/noble`) as new (bindings: unknown) => Noble
      const Bindings = load(`@${fork}/noble/lib/hci-socket/bindings`) as new (options: object) => unknown
      const noble = new NobleClass(new Bindings({}))
      return { noble, gate, startNow: () => withSocketReplaced(socketPackage, gate, () => void noble.state) }
    })
  }
}

/** The socket class of this machine, loaded before its place in the module cache is taken. */
const realSockets = new Map<Fork, SocketClass>()
function realSocketOf(fork: Fork, socketPackage: string): SocketClass {
  const known = realSockets.get(fork)
  if (known) return known
  const loaded = load(socketPackage) as SocketClass & { readonly loadDriver?: (kind: string) => SocketClass }
  const real = loaded.loadDriver ? loaded.loadDriver('default') : loaded
  realSockets.set(fork, real)
  return real
}

/** The library makes its own socket; while `work` runs, what it makes is our gate. */
let socketInPlace: HciTransport | undefined
const replaced = new Set<string>()
function withSocketReplaced<T>(socketPackage: string, gate: HciTransport, work: () => T): T {
  if (!replaced.has(socketPackage)) {
    const Replacement = function HciSocket() {
      return socketInPlace
    }
    load.cache[socketPackage] = moduleHolding(socketPackage, Object.assign(Replacement, { loadDriver: () => Replacement }))
    replaced.add(socketPackage)
  }
  socketInPlace = gate
  try {
    return work()
  } finally {
    socketInPlace = undefined
  }
}

function moduleHolding(id: string, exports: unknown): NodeJS.Module {
  const module = { id, filename: id, path: id, paths: [], loaded: true, exports, children: [], parent: null, isPreloading: false }
  return { ...module, require: load }
}

class NobleDriver implements BluetoothDriver {
  readonly name: Fork
  readonly why: DriverWhy
  readonly #opened: Opened
  readonly #peripherals = new Map<string, NoblePeripheral>()
  readonly #brokenListeners = new Set<(detail: string) => void>()
  readonly #adapterListeners = new Set<(state: AdapterState) => void>()
  readonly #advertListeners = new Set<(advert: HeardAdvert) => void>()
  #heard = 0
  #scanWanted = false
  #hasScanned = false
  #stoppingScan = false

  constructor(name: Fork, why: DriverWhy, opening: (handlers: OpenParts) => Opened) {
    this.name = name
    this.why = why
    this.#opened = opening({
      onBroken: (detail) => {
        for (const listener of this.#brokenListeners) listener(detail)
      },
    })
    this.#opened.noble.on('scanStop', () => this.#scanStopped())
    this.#opened.noble.on('discover', (peripheral: NoblePeripheral) => this.#discovered(peripheral))
  }

  start(): void {
    const { noble, startNow } = this.#opened
    // Started before it is listened to: a listener would have the library start itself later, when its socket is no longer ours to give.
    startNow()
    noble.on('stateChange', (state: string) => this.#adapterIs(state))
    if (noble.state !== 'unknown') this.#adapterIs(noble.state)
  }

  onAdapter(listener: (state: AdapterState) => void) {
    this.#adapterListeners.add(listener)
    return () => void this.#adapterListeners.delete(listener)
  }

  onAdvert(listener: (advert: HeardAdvert) => void) {
    this.#advertListeners.add(listener)
    return () => void this.#advertListeners.delete(listener)
  }

  onBroken(listener: (detail: string) => void) {
    this.#brokenListeners.add(listener)
    return () => void this.#brokenListeners.delete(listener)
  }

  /** A scan asked for while another is still being stopped begins when that has stopped: the forks would lose it. */
  startScan(): void {
    this.#scanWanted = true
    if (!this.#stoppingScan) this.#scan()
  }

  stopScan(): void {
    this.#scanWanted = false
    this.#stoppingScan = true
    this.#opened.noble.stopScanning()
  }

  knows(address: string): boolean {
    return this.#peripherals.has(address)
  }

  async connect(address: string): Promise<DriverLink> {
    const peripheral = this.#peripherals.get(address)
    if (!peripheral) throw new Error('never heard')
    await new Promise<void>((resolve, reject) => peripheral.connect((error) => (error ? reject(error) : resolve())))
    return new NobleLink(peripheral, this.#opened.gate)
  }

  cancelConnect(address: string): void {
    const peripheral = this.#peripherals.get(address)
    try {
      if (peripheral?.state === 'connecting') peripheral.cancelConnect()
      else peripheral?.disconnect()
    } catch {
      // The library throws when it has lost track of the connection; the caller sees whether it goes away.
      this.#peripherals.delete(address)
    }
  }

  addressesKept(): number {
    return this.#peripherals.size
  }

  advertsHeard(): number {
    return this.#opened.gate?.sieve.heard ?? this.#heard
  }

  stop(): void {
    this.#opened.noble.removeAllListeners()
    this.#opened.noble.stop?.()
    this.#opened.gate?.stop()
  }

  #scan(): void {
    this.#hasScanned = true
    // Errors show as silence, and the caller watches for silence.
    this.#opened.noble.startScanning([], true, () => {})
  }

  #scanStopped(): void {
    if (!this.#stoppingScan) return
    this.#stoppingScan = false
    if (this.#scanWanted) this.#scan()
  }

  #adapterIs(state: string): void {
    this.#stoppingScan = false
    // A fork that scanned when its adapter went away believes that it still does, and would not begin again.
    if (state === 'poweredOn' && this.#hasScanned) this.stopScan()
    const known = ADAPTER_STATES.has(state) ? (state as AdapterState) : 'unknown'
    for (const listener of this.#adapterListeners) listener(known)
  }

  #discovered(peripheral: NoblePeripheral): void {
    this.#heard += 1
    // The system's scanner lets everyone through, and the library remembers them all: so the count is of everyone, too.
    this.#peripherals.set(peripheral.id, peripheral)
    const { manufacturerData } = peripheral.advertisement
    if (!manufacturerData) return
    for (const listener of this.#advertListeners) listener({ address: peripheral.id, rssi: peripheral.rssi, manufacturerData })
  }
}

class NobleLink implements DriverLink {
  readonly #peripheral: NoblePeripheral
  readonly #gateLink: HciGate['newest']
  readonly #notificationListeners = new Set<(value: Uint8Array) => void>()
  readonly #endListeners = new Set<(why: 'link-lost' | 'malformed') => void>()
  #request: NobleCharacteristic | undefined

  constructor(peripheral: NoblePeripheral, gate: HciGate | undefined) {
    this.#peripheral = peripheral
    this.#gateLink = gate?.newest
    if (this.#gateLink) this.#gateLink.onBad = () => this.#tellEnd('malformed')
    peripheral.once('disconnect', () => this.#tellEnd('link-lost'))
  }

  async prepare(): Promise<number | null> {
    const service = await this.#service()
    const found = await new Promise<readonly NobleCharacteristic[]>((resolve, reject) =>
      service.discoverCharacteristics([], (error, characteristics) => (error ? reject(error) : resolve(characteristics ?? []))),
    )
    const one = (uuid: string, property: string) => {
      const matches = found.filter((characteristic) => characteristic.uuid === uuid && characteristic.properties.includes(property))
      return matches.length === 1 ? matches[0] : undefined
    }
    const response = one(RESPONSE, 'notify')
    this.#request = one(REQUEST, 'writeWithoutResponse')
    if (!response || !this.#request) throw new Error('not a band')
    response.on('data', (value: Buffer, isNotification: boolean) => {
      if (!isNotification) return
      for (const listener of this.#notificationListeners) listener(Uint8Array.from(value))
    })
    await new Promise<void>((resolve, reject) => response.subscribe((error) => (error ? reject(error) : resolve())))
    // Read after discovery: at the connect event it is not known yet.
    return this.#peripheral.mtu
  }

  async write(value: Uint8Array): Promise<void> {
    const request = this.#request
    if (!request) throw new Error('not prepared')
    await new Promise<void>((resolve, reject) => request.write(Buffer.from(value), true, (error) => (error ? reject(error) : resolve())))
  }

  onNotification(listener: (value: Uint8Array) => void): void {
    this.#notificationListeners.add(listener)
  }

  onEnd(listener: (why: 'link-lost' | 'malformed') => void): void {
    this.#endListeners.add(listener)
  }

  attRequests(): number {
    return this.#gateLink ? this.#gateLink.screen.requests : ATT_REQUESTS_OF_THE_PROCEDURE
  }

  unsent(): number {
    return this.#gateLink?.unsent ?? 0
  }

  disconnect(): void {
    try {
      this.#peripheral.disconnect()
    } catch {
      // Thrown when the library no longer knows the connection: then it is gone.
      this.#tellEnd('link-lost')
    }
  }

  async #service(): Promise<NobleService> {
    const services = await new Promise<readonly NobleService[]>((resolve, reject) =>
      this.#peripheral.discoverServices([SERVICE], (error, found) => (error ? reject(error) : resolve(found ?? []))),
    )
    const [service] = services
    if (!service || services.length !== 1) throw new Error('not a band')
    return service
  }

  #tellEnd(why: 'link-lost' | 'malformed'): void {
    for (const listener of this.#endListeners) listener(why)
  }
}
