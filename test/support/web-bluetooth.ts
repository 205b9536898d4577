/**
 * `navigator.bluetooth` as a page sees it, in front of a real band's attribute server: what the page calls becomes the ATT requests a
 * browser would make of it, and what the band notifies becomes the page's events. Typed as the browser's own, so that it can do no more.
 */
import { servePhone } from '#reference/band/phone-link.ts'
import type { PhoneLink } from '#reference/band/ports.ts'
import type { PhoneConnection } from '#reference/band/wristband.ts'
import { ATT, CHARACTERISTIC, CLIENT_CONFIGURATION, PRIMARY_SERVICE, u16, uuidText } from '#shared/contracts/att.ts'
import { concat } from '#shared/contracts/bytes.ts'
import type { WarpClock } from './warp-clock.ts'

const MTU_ASKED = 517
const HANDLE_MAX = 0xffff

export type VirtualPeripheral = {
  readonly clock: WarpClock
  readonly connectPhone: (side: PhoneLink) => PhoneConnection
  readonly mtu?: number
}

/** A browser with one band near it. */
export class VirtualBluetooth {
  readonly device: VirtualDevice
  /** Whether the owner picks the band in the browser's chooser. */
  isChosen = true
  /** Whether this browser remembers the band for the page. */
  isRemembered = false
  readonly asked: (RequestDeviceOptions | undefined)[] = []

  constructor(peripheral: VirtualPeripheral) {
    this.device = new VirtualDevice(peripheral)
  }

  async requestDevice(options?: RequestDeviceOptions): Promise<BluetoothDevice> {
    this.asked.push(options)
    if (!this.isChosen) throw new DOMException('User cancelled the requestDevice() chooser.', 'NotFoundError')
    return this.device
  }

  async getDevices(): Promise<BluetoothDevice[]> {
    return this.isRemembered ? [this.device] : []
  }
}

class Emitter extends EventTarget {
  oncharacteristicvaluechanged = () => {}
  onserviceadded = () => {}
  onservicechanged = () => {}
  onserviceremoved = () => {}
}

class VirtualDevice extends Emitter implements BluetoothDevice {
  readonly id = 'virtual-band'
  readonly watchingAdvertisements = false
  readonly gatt: VirtualServer
  onadvertisementreceived = () => {}
  ongattserverdisconnected = () => {}

  constructor(peripheral: VirtualPeripheral) {
    super()
    this.gatt = new VirtualServer(this, peripheral)
  }

  async forget(): Promise<void> {}

  async watchAdvertisements(): Promise<void> {}
}

class VirtualServer implements BluetoothRemoteGATTServer {
  readonly device: VirtualDevice
  connected = false
  /** The band is out of reach: nothing connects. */
  isFar = false
  /** The next writes fail, as on a link that has just broken. */
  writesFail = false
  frames = 0
  isWriting = false
  readonly #peripheral: VirtualPeripheral
  #connection: ReturnType<typeof servePhone> | undefined
  #answers: Uint8Array[] = []
  onNotified: (handle: number, value: Uint8Array<ArrayBuffer>) => void = () => {}

  constructor(device: VirtualDevice, peripheral: VirtualPeripheral) {
    this.device = device
    this.#peripheral = peripheral
  }

  async connect(): Promise<BluetoothRemoteGATTServer> {
    if (this.isFar) throw new DOMException('Connection attempt failed.', 'NetworkError')
    const { clock, connectPhone, mtu = MTU_ASKED } = this.#peripheral
    this.#answers = []
    this.#connection = servePhone({
      clock,
      connectPhone,
      serverMtu: Math.min(185, mtu),
      link: { send: (pdu) => this.#hear(pdu), disconnect: () => queueMicrotask(() => this.drop()) },
    })
    this.connected = true
    this.ask(Uint8Array.of(ATT.exchangeMtuRequest), u16(mtu))
    return this
  }

  disconnect(): void {
    this.drop()
  }

  /** The way between is gone, whoever ended it. */
  drop(): void {
    if (!this.connected) return
    this.connected = false
    this.#connection?.closed()
    this.#connection = undefined
    queueMicrotask(() => this.device.dispatchEvent(new Event('gattserverdisconnected')))
  }

  async getPrimaryService(uuid: BluetoothServiceUUID): Promise<BluetoothRemoteGATTService> {
    const service = (await this.getPrimaryServices()).find((candidate) => candidate.uuid === uuid)
    if (!service) throw new DOMException(`No Services matching UUID ${uuid} found in Device.`, 'NotFoundError')
    return service
  }

  async getPrimaryServices(): Promise<BluetoothRemoteGATTService[]> {
    const services: VirtualService[] = []
    for (let from = 1; from < HANDLE_MAX; ) {
      const answer = this.ask(Uint8Array.of(ATT.readByGroupTypeRequest), u16(from), u16(0xffff), u16(PRIMARY_SERVICE))
      if (answer[0] !== ATT.readByGroupTypeResponse) break
      const size = answer[1] ?? 0
      for (let at = 2; at < answer.length; at += size) {
        const range = { start: u16At(answer, at), end: u16At(answer, at + 2) }
        services.push(new VirtualService(this, uuidText(answer.subarray(at + 4, at + size)), range))
        from = range.end + 1
      }
    }
    return services
  }

  /** One ATT request, and the band's answer to it. */
  ask(...parts: readonly Uint8Array[]): Uint8Array {
    if (!this.#connection) throw new DOMException('GATT Server is disconnected.', 'NetworkError')
    this.#answers = []
    this.#connection.receive(concat(...parts))
    return this.#answers[0] ?? new Uint8Array(0)
  }

  #hear(pdu: Uint8Array): void {
    if (pdu[0] !== ATT.notification) this.#answers.push(pdu)
    else queueMicrotask(() => this.connected && this.onNotified(u16At(pdu, 1), Uint8Array.from(pdu.subarray(3))))
  }
}

type Range = { readonly start: number; readonly end: number }

class VirtualService extends Emitter implements BluetoothRemoteGATTService {
  readonly device: VirtualDevice
  readonly isPrimary = true
  readonly uuid: string
  readonly #server: VirtualServer
  readonly #range: Range

  constructor(server: VirtualServer, uuid: string, range: Range) {
    super()
    this.device = server.device
    this.uuid = uuid
    this.#server = server
    this.#range = range
  }

  async getCharacteristic(uuid: BluetoothCharacteristicUUID): Promise<BluetoothRemoteGATTCharacteristic> {
    const found = (await this.getCharacteristics()).find((candidate) => candidate.uuid === uuid)
    if (!found) throw new DOMException(`No Characteristics matching UUID ${uuid} found in Service.`, 'NotFoundError')
    return found
  }

  async getCharacteristics(): Promise<BluetoothRemoteGATTCharacteristic[]> {
    const { start, end } = this.#range
    const found: VirtualCharacteristic[] = []
    for (let from = start; from <= end; ) {
      const answer = this.#server.ask(Uint8Array.of(ATT.readByTypeRequest), u16(from), u16(end), u16(CHARACTERISTIC))
      if (answer[0] !== ATT.readByTypeResponse) break
      const size = answer[1] ?? 0
      for (let at = 2; at < answer.length; at += size) {
        const handle = u16At(answer, at + 3)
        found.push(new VirtualCharacteristic(this, this.#server, { handle, uuid: uuidText(answer.subarray(at + 5, at + size)), end }))
        from = handle
      }
    }
    return found
  }

  async getIncludedService(): Promise<BluetoothRemoteGATTService> {
    throw new DOMException('No included services.', 'NotFoundError')
  }

  async getIncludedServices(): Promise<BluetoothRemoteGATTService[]> {
    return []
  }
}

class VirtualCharacteristic extends Emitter implements BluetoothRemoteGATTCharacteristic {
  readonly service: VirtualService
  readonly uuid: string
  readonly properties = {
    broadcast: false,
    read: true,
    writeWithoutResponse: true,
    write: false,
    notify: true,
    indicate: false,
    authenticatedSignedWrites: false,
    reliableWrite: false,
    writableAuxiliaries: false,
  }
  value: DataView | undefined
  readonly #server: VirtualServer
  readonly #handle: number
  readonly #end: number

  constructor(
    service: VirtualService,
    server: VirtualServer,
    found: { readonly handle: number; readonly uuid: string; readonly end: number },
  ) {
    super()
    this.service = service
    this.uuid = found.uuid
    this.#server = server
    this.#handle = found.handle
    this.#end = found.end
  }

  async getDescriptor(): Promise<BluetoothRemoteGATTDescriptor> {
    throw new DOMException('No such descriptor.', 'NotFoundError')
  }

  async getDescriptors(): Promise<BluetoothRemoteGATTDescriptor[]> {
    return []
  }

  async readValue(): Promise<DataView> {
    const answer = this.#server.ask(Uint8Array.of(ATT.readRequest), u16(this.#handle))
    if (answer[0] !== ATT.readResponse) throw new DOMException('GATT operation not permitted.', 'NotSupportedError')
    const value = Uint8Array.from(answer.subarray(1))
    return new DataView(value.buffer)
  }

  async writeValue(value: BufferSource): Promise<void> {
    return this.writeValueWithResponse(value)
  }

  async writeValueWithResponse(_value: BufferSource): Promise<void> {
    throw new DOMException('GATT operation not permitted.', 'NotSupportedError')
  }

  async writeValueWithoutResponse(value: BufferSource): Promise<void> {
    // A write is on its way for a moment; another one in that moment is the page's fault, as it is in a browser.
    if (this.#server.writesFail || !this.#server.connected) throw new DOMException('GATT operation failed.', 'NetworkError')
    if (this.#server.isWriting) throw new DOMException('GATT operation already in progress.', 'NetworkError')
    this.#server.isWriting = true
    const bytes = ArrayBuffer.isView(value) ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : new Uint8Array(value)
    this.#server.frames += 1
    this.#server.ask(Uint8Array.of(ATT.writeCommand), u16(this.#handle), bytes)
    await Promise.resolve()
    this.#server.isWriting = false
  }

  async startNotifications(): Promise<BluetoothRemoteGATTCharacteristic> {
    const answer = this.#server.ask(Uint8Array.of(ATT.findInformationRequest), u16(this.#handle + 1), u16(this.#end))
    const descriptor = u16At(answer, 2)
    if (u16At(answer, 4) !== CLIENT_CONFIGURATION) throw new DOMException('Characteristic does not notify.', 'NotSupportedError')
    this.#server.onNotified = (handle, bytes) => {
      if (handle !== this.#handle) return
      this.value = new DataView(bytes.buffer)
      this.dispatchEvent(new Event('characteristicvaluechanged'))
    }
    this.#server.ask(Uint8Array.of(ATT.writeRequest), u16(descriptor), u16(1))
    return this
  }

  async stopNotifications(): Promise<BluetoothRemoteGATTCharacteristic> {
    return this
  }
}

function u16At(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8)
}
