/** A virtual Bluetooth controller that does nothing but scan, in a crowd as dense as wanted: HCI over a local socket. */
import { createServer, type Server, type Socket } from 'node:net'
import { HCI_COMMAND, HCI_EVENT, HciDeframer } from '#main/radio/noble/hci-transport.ts'
import { encodeAdvert } from '#shared/contracts/band-advert.ts'
import { concat } from '#shared/contracts/bytes.ts'
import { FLAGS_READY } from '#shared/contracts/radio-messages.ts'

const SCAN_ENABLE = 0x200c
/** Adverts leave in bursts of this spacing. */
const BURST_MS = 10
/** What a controller answers, by opcode, after the status; others answer with the status alone (Bluetooth Core 5.4, Vol 4 Part E). */
const ANSWERS: Readonly<Record<number, readonly number[]>> = {
  0x1001: [9, 0, 0, 9, 0x0f, 0, 0, 0],
  0x1002: Array.from({ length: 64 }, () => 0),
  0x1009: [0xaa, 0, 0, 0, 0, 0xaa],
  0x0c6c: [1, 0],
  0x2002: [251, 0, 8],
  0x2003: [0, 0, 0, 0, 0, 0, 0, 0],
}

export type Crowd = {
  readonly path: string
  /** Adverts a second. */
  readonly perSecond: number
  /** Advertisers they come from. */
  readonly addresses: number
  /** Of all advertisers, how many out of 100 say what a band says. */
  readonly bandsPercent: number
}

export class HciCrowd {
  readonly #server: Server
  readonly #packets: readonly Buffer[]
  readonly #perSecond: number
  readonly #sockets = new Set<Socket>()
  /** Adverts said to whoever scanned. */
  said = 0

  private constructor(crowd: Crowd) {
    this.#perSecond = crowd.perSecond
    this.#packets = Array.from({ length: crowd.addresses }, (_, index) => advertOf(index, index % 100 < crowd.bandsPercent))
    this.#server = createServer((socket) => this.#serve(socket))
  }

  static async listen(crowd: Crowd): Promise<HciCrowd> {
    const made = new HciCrowd(crowd)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    made.#server.once('error', reject)
    made.#server.listen(crowd.path, resolve)
    await promise
    return made
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#server.close(() => resolve())
    await promise
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket)
    const deframer = new HciDeframer()
    let scanning = false
    let spoken = 0
    let sinceMs = 0
    const timer = setInterval(() => {
      if (!scanning) return
      const due = Math.floor(((performance.now() - sinceMs) / 1_000) * this.#perSecond)
      const burst: Buffer[] = []
      for (; spoken < due; spoken += 1) burst.push(this.#packets[spoken % this.#packets.length] ?? Buffer.alloc(0))
      this.said += burst.length
      if (burst.length > 0) socket.write(Buffer.concat(burst))
    }, BURST_MS)
    socket.on('data', (chunk) => {
      for (const packet of deframer.push(chunk) ?? []) {
        if (packet[0] !== HCI_COMMAND) continue
        const opcode = packet.readUInt16LE(1)
        if (opcode === SCAN_ENABLE) {
          scanning = packet[4] === 1
          sinceMs = performance.now()
          spoken = 0
        }
        const body = Buffer.from([1, opcode & 0xff, opcode >> 8, 0, ...(ANSWERS[opcode] ?? [])])
        socket.write(Buffer.concat([Buffer.from([HCI_EVENT, 0x0e, body.length]), body]))
      }
    })
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      clearInterval(timer)
      this.#sockets.delete(socket)
    })
  }
}

/** One advertising report. A stranger's looks like a phone's: flags, a service, the maker's data of another company. */
function advertOf(index: number, isBand: boolean): Buffer {
  const address = Buffer.alloc(6)
  address.writeUInt32LE(index, 0)
  address[5] = 0xc0
  const rotatingId = Buffer.alloc(8)
  rotatingId.writeUInt32LE(index, 0)
  const stranger = Uint8Array.of(0x4c, 0, 0x10, 5, 1, 0x18, 0x5a, index & 0xff, (index >> 8) & 0xff, 0, 0, 0)
  const manufacturerData = isBand ? encodeAdvert({ flags: FLAGS_READY, rotatingId }) : stranger
  const data = concat(Uint8Array.of(2, 1, 6, manufacturerData.length + 1, 0xff), manufacturerData)
  const rssi = 256 - 50 - (index % 40)
  const body = concat(Uint8Array.of(2, 1, 0, 1), address, Uint8Array.of(data.length), data, Uint8Array.of(rssi))
  return Buffer.from(concat(Uint8Array.of(HCI_EVENT, 0x3e, body.length), body))
}
