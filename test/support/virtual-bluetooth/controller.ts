/**
 * A virtual Bluetooth LE controller: HCI packets in and out, as over the socket of a real one, enough of them for noble as the central
 * and for ble-host as the peripheral (Bluetooth Core 5.4, Vol 4 Part E). Packets longer than its buffers are cut and put together.
 */
import { EventEmitter } from 'node:events'
import { HCI_ACL, HCI_COMMAND, HCI_EVENT, type HciTransport } from '#main/radio/noble/hci-transport.ts'
import type { Advert, AirLink, LinkEnd, Scanner, Station, VirtualAir } from './air.ts'
import { AirLink as Link } from './air.ts'

/** Bytes of one ACL packet: a link-layer packet with data length extension. */
const ACL_BYTES = 251
const ACL_PACKETS = 8
const BEGINS = 2
const CONTINUES = 1
const STATUS_UNKNOWN_CONNECTION = 0x02
const REMOTE_ENDED = 0x13
const LOCAL_ENDED = 0x16

type OpenLink = { readonly link: AirLink; readonly direction: 'to-band' | 'to-terminal'; partial: Buffer; wanted: number }

export class VirtualController extends EventEmitter implements HciTransport, Station, Scanner {
  address: string
  rssi = -40
  /** False: as after the adapter has been switched off. */
  isUp = true
  readonly #air: VirtualAir
  readonly #links = new Map<number, OpenLink>()
  #nextHandle = 0x40
  #advertising = false
  #data = Buffer.alloc(0)
  #scanResponse = Buffer.alloc(0)
  #pending: string | undefined
  #retry: NodeJS.Timeout | undefined

  constructor(air: VirtualAir, address: string) {
    super()
    this.#air = air
    this.address = address
    air.stations.add(this)
  }

  // --- HciTransport ----------------------------------------------------------------------------------------------------------------

  bindRaw(): number {
    return 0
  }
  bindUser(): number {
    return 0
  }
  isDevUp(): boolean {
    return this.isUp
  }
  setFilter(): void {
    // There is nothing to filter out.
  }
  start(): void {
    // It hears from the moment it is made.
  }
  stop(): void {
    this.detach()
  }

  /** The controller is gone, or the program that held it is: its links end, it hears and says nothing more. */
  detach(): void {
    this.#reset()
    this.#air.stations.delete(this)
  }

  switchOff(): void {
    this.isUp = false
    this.#reset()
    this.emit('state')
  }

  switchOn(): void {
    this.isUp = true
    this.emit('state')
  }

  write(packet: Buffer): void {
    if (!this.isUp) return
    if (packet[0] === HCI_COMMAND) this.#command(packet.readUInt16LE(1), packet.subarray(4))
    else if (packet[0] === HCI_ACL) this.#sendAcl(packet)
  }

  // --- Station and scanner ---------------------------------------------------------------------------------------------------------

  advert(): Advert | undefined {
    return this.#advertising ? { data: this.#data, scanResponse: this.#scanResponse, rssi: this.rssi } : undefined
  }

  accept(link: AirLink): LinkEnd {
    this.#advertising = false
    return this.#opened(link, 'to-terminal', 1, '000000000000')
  }

  hear(address: string, { data, scanResponse, rssi }: Advert): void {
    this.#report(0, address, data, rssi)
    if (scanResponse.length > 0) this.#report(4, address, scanResponse, rssi)
  }

  // --- Commands --------------------------------------------------------------------------------------------------------------------

  #command(opcode: number, body: Buffer): void {
    const ok = (...bytes: readonly number[]) => this.#complete(opcode, Buffer.from([0, ...bytes]))
    switch (opcode) {
      case 0x0c03: // Reset
        this.#reset()
        return ok()
      case 0x1001: // Read Local Version: 5.0
        return ok(9, 0, 0, 9, 0x0f, 0, 0, 0)
      case 0x1002: // Read Local Supported Commands
        return this.#complete(opcode, Buffer.alloc(65))
      case 0x1005: // Read Buffer Size
        return ok(ACL_BYTES, 0, 0, ACL_PACKETS, 0, 0, 0)
      case 0x1009: // Read BD_ADDR
        return ok(...this.#addressBytes(this.address))
      case 0x0c6c: // Read LE Host Supported
        return ok(1, 0)
      case 0x2002: // LE Read Buffer Size
        return ok(ACL_BYTES, 0, ACL_PACKETS)
      case 0x2003: // LE Read Local Supported Features: none
      case 0x201c: // LE Read Supported States
        return this.#complete(opcode, Buffer.alloc(9))
      case 0x2007: // LE Read Advertising Channel Tx Power
        return ok(0)
      case 0x200f: // LE Read White List Size
        return ok(8)
      case 0x202f: // LE Read Maximum Data Length
        return ok(251, 0, 0x48, 8, 251, 0, 0x48, 8)
      case 0x2018: // LE Rand
        return ok(1, 2, 3, 4, 5, 6, 7, 8)
      case 0x2008: // LE Set Advertising Data
        this.#data = Buffer.from(body.subarray(1, 1 + body.readUInt8(0)))
        return ok()
      case 0x2009: // LE Set Scan Response Data
        this.#scanResponse = Buffer.from(body.subarray(1, 1 + body.readUInt8(0)))
        return ok()
      case 0x200a: // LE Set Advertising Enable
        this.#advertising = body[0] === 1
        return ok()
      default:
        return this.#linkCommand(opcode, body)
    }
  }

  #linkCommand(opcode: number, body: Buffer): void {
    switch (opcode) {
      case 0x200c: // LE Set Scan Enable
        if (body[0] === 1) this.#air.scanners.add(this)
        else this.#air.scanners.delete(this)
        return this.#complete(opcode, Buffer.from([0]))
      case 0x200d: // LE Create Connection
        this.#status(opcode)
        this.#pending = Buffer.from(body.subarray(6, 12)).reverse().toString('hex')
        return this.#tryConnect()
      case 0x200e: // LE Create Connection Cancel
        this.#complete(opcode, Buffer.from([0]))
        if (this.#pending === undefined) return
        this.#stopConnecting()
        return this.#event(0x3e, Buffer.concat([Buffer.from([1, STATUS_UNKNOWN_CONNECTION]), Buffer.alloc(17)]))
      case 0x0406: // Disconnect
        this.#status(opcode)
        return this.#ended(body.readUInt16LE(0), LOCAL_ENDED)
      default:
        return this.#complete(opcode, Buffer.from([0]))
    }
  }

  #tryConnect(): void {
    const address = this.#pending
    if (address === undefined) return
    const station = this.#air.stationAt(address)
    if (!station) {
      this.#retry = setTimeout(() => this.#tryConnect(), 10)
      return
    }
    this.#stopConnecting()
    // The two ends meet once the link exists: the central's end is wired to it as soon as it is made.
    let end: LinkEnd | undefined
    const link = new Link(this.#air, { receive: (channel, packet) => end?.receive(channel, packet), closed: () => end?.closed() }, station)
    end = this.#opened(link, 'to-band', 0, address)
  }

  #stopConnecting(): void {
    this.#pending = undefined
    clearTimeout(this.#retry)
  }

  #opened(link: AirLink, direction: 'to-band' | 'to-terminal', role: number, peer: string): LinkEnd {
    const handle = this.#nextHandle
    this.#nextHandle += 1
    this.#links.set(handle, { link, direction, partial: Buffer.alloc(0), wanted: 0 })
    const complete = Buffer.alloc(19)
    complete[0] = 1
    complete.writeUInt16LE(handle, 2)
    complete[4] = role
    complete[5] = 1
    complete.set(this.#addressBytes(peer), 6)
    complete.writeUInt16LE(6, 12)
    complete.writeUInt16LE(100, 16)
    this.#event(0x3e, complete)
    return {
      receive: (channel, packet) => this.#receiveAcl(handle, channel, packet),
      closed: () => {
        if (this.#links.delete(handle)) this.#event(5, Buffer.from([0, handle & 0xff, handle >> 8, REMOTE_ENDED]))
      },
    }
  }

  #ended(handle: number, reason: number): void {
    const open = this.#links.get(handle)
    if (!open) return
    this.#links.delete(handle)
    open.link.close()
    this.#event(5, Buffer.from([0, handle & 0xff, handle >> 8, reason]))
  }

  #reset(): void {
    this.#air.scanners.delete(this)
    this.#advertising = false
    this.#stopConnecting()
    for (const { link } of this.#links.values()) link.close()
    this.#links.clear()
  }

  // --- Data ------------------------------------------------------------------------------------------------------------------------

  #sendAcl(packet: Buffer): void {
    const word = packet.readUInt16LE(1)
    const handle = word & 0xfff
    const open = this.#links.get(handle)
    if (!open) return
    const body = packet.subarray(5)
    if (((word >> 12) & 3) === CONTINUES) open.partial = Buffer.concat([open.partial, body])
    else {
      open.partial = Buffer.from(body)
      open.wanted = 4 + body.readUInt16LE(0)
    }
    if (open.partial.length >= open.wanted)
      open.link.send(open.direction, open.partial.readUInt16LE(2), Buffer.from(open.partial.subarray(4)))
    this.#event(0x13, Buffer.from([1, handle & 0xff, handle >> 8, 1, 0]))
  }

  #receiveAcl(handle: number, channel: number, packet: Buffer): void {
    const head = Buffer.alloc(4)
    head.writeUInt16LE(packet.length, 0)
    head.writeUInt16LE(channel, 2)
    const whole = Buffer.concat([head, packet])
    for (let at = 0; at < whole.length; at += ACL_BYTES) {
      const part = whole.subarray(at, at + ACL_BYTES)
      const acl = Buffer.alloc(5)
      acl[0] = HCI_ACL
      acl.writeUInt16LE(handle | ((at === 0 ? BEGINS : CONTINUES) << 12), 1)
      acl.writeUInt16LE(part.length, 3)
      this.#say(Buffer.concat([acl, part]))
    }
  }

  #report(type: number, address: string, data: Buffer, rssi: number): void {
    const head = Buffer.from([2, 1, type, 1, ...this.#addressBytes(address), data.length])
    this.#event(0x3e, Buffer.concat([head, data, Buffer.from([rssi & 0xff])]))
  }

  #addressBytes(address: string): Buffer {
    return Buffer.from(address, 'hex').reverse()
  }

  #complete(opcode: number, result: Buffer): void {
    this.#event(0x0e, Buffer.concat([Buffer.from([1, opcode & 0xff, opcode >> 8]), result]))
  }

  #status(opcode: number): void {
    this.#event(0x0f, Buffer.from([0, 1, opcode & 0xff, opcode >> 8]))
  }

  #event(code: number, body: Buffer): void {
    this.#say(Buffer.concat([Buffer.from([HCI_EVENT, code, body.length]), body]))
  }

  #say(packet: Buffer): void {
    setImmediate(() => this.emit('data', packet))
  }
}
