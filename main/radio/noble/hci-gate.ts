/**
 * Stands between the Bluetooth library and the controller's HCI socket, in the place of the socket package the library loads. Through
 * it pass all packets both ways, so that here adverts of strangers are dropped, ATT is read along and counted on the wire, and an
 * exception of the library is caught instead of ending the process in the middle of a callback.
 */
import { EventEmitter } from 'node:events'
import { AdvertSieve } from './advert-sieve.ts'
import { AttScreen } from './att-screen.ts'
import { HCI_ACL, HCI_EVENT, type HciTransport } from './hci-transport.ts'

const ATT_CHANNEL = 4
const ACL_HEADER_BYTES = 5
const L2CAP_HEADER_BYTES = 4
/** Bluetooth Core 5.4, Vol 4 Part E 5.4.2: a packet that goes on with what the one before it began. */
const CONTINUES = 1
const DISCONNECTION_COMPLETE = 0x05
const COMPLETED_PACKETS = 0x13
const LE_META_EVENT = 0x3e
const CONNECTION_COMPLETE = 0x01
const ENHANCED_CONNECTION_COMPLETE = 0x0a
const HANDLE_BITS = 0xfff
/** The largest L2CAP packet a band has reason to send: the longest attribute and its header. */
const L2CAP_MAX_BYTES = 520
/** Fragments kept while a packet is incomplete: the largest one in the smallest pieces. */
const FRAGMENTS_MAX = 32

/** One connection as the gate sees it. */
export class GateLink {
  readonly screen = new AttScreen()
  readonly fragments: Buffer[] = []
  unsent = 0
  isBad = false
  onBad: () => void = () => {}

  /** What the other side (or the library, endlessly asking) has done ends the connection. */
  refuse(): void {
    if (this.isBad) return
    this.isBad = true
    this.onBad()
  }
}

export class HciGate extends EventEmitter implements HciTransport {
  readonly sieve: AdvertSieve
  /** The connection that was opened last. */
  newest: GateLink | undefined
  readonly #inner: HciTransport
  readonly #links = new Map<number, GateLink>()
  readonly #onBroken: (detail: string) => void

  constructor(inner: HciTransport, parts: { readonly nowMs: () => number; readonly onBroken: (detail: string) => void }) {
    super()
    this.#inner = inner
    this.#onBroken = parts.onBroken
    this.sieve = new AdvertSieve(parts.nowMs)
    inner.on('data', (packet: Buffer) => this.#incoming(packet))
    inner.on('error', (error: Error) => this.#tell('error', error))
    inner.on('state', () => this.#tell('state'))
  }

  bindRaw(deviceId?: number): number {
    return this.#inner.bindRaw(deviceId)
  }

  bindUser(deviceId?: number): number {
    return this.#inner.bindUser(deviceId)
  }

  isDevUp(): boolean {
    return this.#inner.isDevUp()
  }

  setFilter(filter: Buffer): void {
    this.#inner.setFilter(filter)
  }

  start(): void {
    this.#inner.start()
  }

  stop(): void {
    this.#inner.stop()
  }

  write(packet: Buffer): void {
    const link = packet[0] === HCI_ACL ? this.#links.get(packet.readUInt16LE(1) & HANDLE_BITS) : undefined
    if (link) {
      link.unsent += 1
      const pdu = attStartOf(packet)
      if (pdu && !link.screen.sent(pdu)) link.refuse()
      if (link.isBad) return
    }
    this.#inner.write(packet)
  }

  #incoming(packet: Buffer): void {
    if (packet[0] === HCI_ACL) return this.#incomingAcl(packet)
    if (!this.sieve.passes(packet)) return
    if (packet[0] === HCI_EVENT) this.#note(packet)
    this.#tell('data', packet)
  }

  /** Keeps the list of connections, and how much of each is still to be sent. */
  #note(packet: Buffer): void {
    if (packet[1] === LE_META_EVENT && (packet[3] === CONNECTION_COMPLETE || packet[3] === ENHANCED_CONNECTION_COMPLETE)) {
      if (packet.length < 7 || packet[4] !== 0) return
      this.newest = new GateLink()
      this.#links.set(packet.readUInt16LE(5) & HANDLE_BITS, this.newest)
    } else if (packet[1] === DISCONNECTION_COMPLETE && packet.length >= 6) {
      this.#links.delete(packet.readUInt16LE(4) & HANDLE_BITS)
    } else if (packet[1] === COMPLETED_PACKETS) {
      for (let at = 4; at + 4 <= packet.length; at += 4) {
        const link = this.#links.get(packet.readUInt16LE(at) & HANDLE_BITS)
        if (link) link.unsent = Math.max(0, link.unsent - packet.readUInt16LE(at + 2))
      }
    }
  }

  /** Holds fragments back until a packet is whole and has been looked at. */
  #incomingAcl(packet: Buffer): void {
    if (packet.length < ACL_HEADER_BYTES) return
    const word = packet.readUInt16LE(1)
    const link = this.#links.get(word & HANDLE_BITS)
    if (!link || link.isBad) return
    if (((word >> 12) & 3) === CONTINUES) {
      if (link.fragments.length === 0) return
    } else link.fragments.length = 0
    link.fragments.push(packet)
    const whole = link.fragments.length === 1 ? packet.subarray(ACL_HEADER_BYTES) : bodyOf(link.fragments)
    if (whole.length < L2CAP_HEADER_BYTES) return link.refuse()
    const length = whole.readUInt16LE(0)
    if (length > L2CAP_MAX_BYTES || link.fragments.length > FRAGMENTS_MAX) return link.refuse()
    const pdu = whole.subarray(L2CAP_HEADER_BYTES)
    if (pdu.length < length) return
    if (pdu.length > length) return link.refuse()
    if (whole.readUInt16LE(2) === ATT_CHANNEL && !link.screen.received(pdu)) return link.refuse()
    for (const fragment of link.fragments.splice(0)) this.#tell('data', fragment)
  }

  #tell(event: 'data' | 'error' | 'state', value?: Buffer | Error): void {
    try {
      this.emit(event, value)
    } catch (cause) {
      this.#onBroken(cause instanceof Error ? cause.message : String(cause))
    }
  }
}

/** The ATT PDU that begins in this packet; whole for every request, which all fit the smallest packet. */
function attStartOf(packet: Buffer): Buffer | undefined {
  const begins = ((packet.readUInt16LE(1) >> 12) & 3) !== CONTINUES
  const body = ACL_HEADER_BYTES + L2CAP_HEADER_BYTES
  if (!begins || packet.length < body || packet.readUInt16LE(ACL_HEADER_BYTES + 2) !== ATT_CHANNEL) return undefined
  return packet.subarray(body)
}

function bodyOf(fragments: readonly Buffer[]): Buffer {
  return Buffer.concat(fragments.map((fragment) => fragment.subarray(ACL_HEADER_BYTES)))
}
