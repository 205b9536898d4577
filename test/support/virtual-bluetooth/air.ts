/**
 * The air between virtual Bluetooth LE controllers: who advertises, who is connected to whom. What crosses it are whole L2CAP packets,
 * which a test may look at, change, or count.
 */
import { isAttRequest } from '#shared/contracts/att.ts'

export const ATT_CHANNEL = 4
/** Every advertiser is heard this often. */
export const ADVERT_EVERY_MS = 20

/** What one station says to everyone, and how strongly it arrives (dBm). */
export type Advert = { readonly data: Buffer; readonly scanResponse: Buffer; readonly rssi: number }
export type AttDirection = 'to-band' | 'to-terminal'

export interface LinkEnd {
  receive(channel: number, packet: Buffer): void
  closed(): void
}

export interface Station {
  /** 12 hex digits. */
  readonly address: string
  /** Undefined while it does not advertise, as when it is connected. */
  advert(): Advert | undefined
  /** A central connects; the station's end of the link. */
  accept(link: AirLink): LinkEnd
}

export interface Scanner {
  hear(address: string, advert: Advert): void
}

/** One connection: the central's end is made by whoever connects, the peripheral's by the station. */
export class AirLink {
  readonly #air: VirtualAir
  #central: LinkEnd | undefined
  #peripheral: LinkEnd | undefined
  #open = true

  constructor(air: VirtualAir, central: LinkEnd, station: Station) {
    this.#air = air
    this.#central = central
    this.#peripheral = station.accept(this)
    air.linked(this)
  }

  deliver(pdu: Buffer): void {
    setImmediate(() => {
      if (this.#open) this.#central?.receive(ATT_CHANNEL, pdu)
    })
  }

  send(direction: AttDirection, channel: number, packet: Buffer): void {
    if (!this.#open) return
    let passed: Buffer | undefined = packet
    if (channel === ATT_CHANNEL) {
      if (direction === 'to-band' && isAttRequest(packet)) this.#air.attRequests += 1
      passed = this.#air.onAtt(direction, packet)
    }
    if (!passed) return
    const arriving = passed
    setImmediate(() => {
      if (this.#open) (direction === 'to-band' ? this.#peripheral : this.#central)?.receive(channel, arriving)
    })
  }

  close(): void {
    if (!this.#open) return
    // What was sent before arrives first.
    setImmediate(() => {
      if (!this.#open) return
      this.#open = false
      this.#central?.closed()
      this.#peripheral?.closed()
    })
  }
}

export class VirtualAir {
  readonly stations = new Set<Station>()
  readonly scanners = new Set<Scanner>()
  /** ATT requests that have crossed the air towards a band. */
  attRequests = 0
  /** Sees every ATT PDU; what it returns goes on, nothing is lost. */
  onAtt: (direction: AttDirection, pdu: Buffer) => Buffer | undefined = (_direction, pdu) => pdu
  #newest: AirLink | undefined
  readonly #timer: NodeJS.Timeout

  constructor() {
    this.#timer = setInterval(() => this.#advertise(), ADVERT_EVERY_MS)
  }

  stationAt(address: string): Station | undefined {
    return [...this.stations].find((station) => station.address === address && station.advert() !== undefined)
  }

  linked(link: AirLink): void {
    this.#newest = link
  }

  /** An ATT PDU to the terminal that the band never sent, on the link opened last. It is not shown to `onAtt`. */
  inject(pdu: Buffer): void {
    this.#newest?.deliver(pdu)
  }

  /** The link opened last ends, as when the band is taken away. */
  dropLink(): void {
    this.#newest?.close()
  }

  close(): void {
    clearInterval(this.#timer)
    this.stations.clear()
    this.scanners.clear()
  }

  #advertise(): void {
    for (const station of this.stations) {
      const advert = station.advert()
      if (!advert) continue
      for (const scanner of this.scanners) scanner.hear(station.address, advert)
    }
  }
}

/** Holds both sides to `mtu`, whatever they would agree on by themselves. */
export function holdMtuTo(mtu: number): VirtualAir['onAtt'] {
  return (_direction, pdu) => {
    if (pdu.length !== 3 || (pdu[0] !== 2 && pdu[0] !== 3)) return pdu
    const held = Buffer.from(pdu)
    held.writeUInt16LE(Math.min(mtu, pdu.readUInt16LE(1)), 1)
    return held
  }
}

/** The band answers the MTU question with this, whatever it is; its own side stays at `real`. */
export function answerMtuWith(claimed: number, real: number): VirtualAir['onAtt'] {
  const hold = holdMtuTo(real)
  return (direction, pdu) => {
    const passed = hold(direction, pdu)
    if (!passed || passed.length !== 3 || passed[0] !== 3) return passed
    const lie = Buffer.from(passed)
    lie.writeUInt16LE(claimed, 1)
    return lie
  }
}
