/** Something that advertises like a band and answers as a test tells it to, PDU by PDU. */
import { encodeAdvert } from '#shared/contracts/band-advert.ts'
import { concat } from '#shared/contracts/bytes.ts'
import { FLAG_ARMED, FLAG_PHONE_LINKED, FLAG_WORN } from '#shared/contracts/radio-messages.ts'
import { type Advert, type AirLink, ATT_CHANNEL, type LinkEnd, type Station, type VirtualAir } from './air.ts'

/** Gives the PDUs to send back to one PDU; `say` sends more whenever the script likes. */
export type Script = (pdu: Buffer, say: (pdu: Uint8Array) => void) => readonly Uint8Array[]

export const PEER_ADDRESS = 'c0ffee00baad'

/** A band's manufacturer data as an advertising structure, after the flags. */
export function bandAdvertData(rotatingId: Uint8Array, flags = FLAG_WORN | FLAG_ARMED | FLAG_PHONE_LINKED): Buffer {
  const manufacturerData = encodeAdvert({ flags, rotatingId })
  return Buffer.from(concat(Uint8Array.of(2, 1, 6, manufacturerData.length + 1, 0xff), manufacturerData))
}

export class ScriptedPeer implements Station {
  readonly address: string
  connections = 0
  isLinked = false
  rssi = -30
  data = bandAdvertData(new Uint8Array(8).fill(9))
  readonly #air: VirtualAir
  readonly #script: () => Script

  constructor(air: VirtualAir, script: () => Script, address = PEER_ADDRESS) {
    this.#air = air
    this.#script = script
    this.address = address
    air.stations.add(this)
  }

  advert(): Advert | undefined {
    return this.isLinked ? undefined : { data: this.data, scanResponse: Buffer.alloc(0), rssi: this.rssi }
  }

  accept(link: AirLink): LinkEnd {
    this.connections += 1
    this.isLinked = true
    const script = this.#script()
    const say = (pdu: Uint8Array) => link.send('to-terminal', ATT_CHANNEL, Buffer.from(pdu))
    return {
      receive: (channel, packet) => {
        if (channel !== ATT_CHANNEL) return
        for (const pdu of script(packet, say)) say(pdu)
      },
      closed: () => {
        this.isLinked = false
      },
    }
  }

  leave(): void {
    this.#air.stations.delete(this)
  }
}
