/**
 * Where HCI packets go: a controller of this machine, or a virtual one behind a local socket (option `--hci-socket`), which is how the
 * whole radio runs where there is no Bluetooth: in tests, in measurements, in an emulator. The methods are those both forks of noble
 * call on their HCI socket package.
 */
import { EventEmitter } from 'node:events'
import { connect, type Socket } from 'node:net'

export const HCI_COMMAND = 0x01
export const HCI_ACL = 0x02
export const HCI_EVENT = 0x04
/** Bytes a controller may leave unread. Commands and writes of a payment come to less than 8 kB. */
const UNREAD_MAX_BYTES = 1_048_576

/** `data` with one whole packet, `error`; the packet type is its first byte. */
export interface HciTransport extends EventEmitter {
  bindRaw(deviceId?: number): number
  bindUser(deviceId?: number): number
  isDevUp(): boolean
  setFilter(filter: Buffer): void
  start(): void
  stop(): void
  write(packet: Buffer): void
}

/** Cuts a byte stream into HCI packets (Bluetooth Core 5.4, Vol 4 Part A: UART transport). */
export class HciDeframer {
  #rest: Buffer = Buffer.alloc(0)

  /** Whole packets; undefined once the stream cannot be followed. */
  push(chunk: Buffer): readonly Buffer[] | undefined {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const packets: Buffer[] = []
    let at = 0
    while (at < bytes.length) {
      const length = packetBytes(bytes, at)
      if (length === 'unknown') return undefined
      if (length === 'short' || at + length > bytes.length) break
      packets.push(bytes.subarray(at, at + length))
      at += length
    }
    this.#rest = Buffer.from(bytes.subarray(at))
    return packets
  }
}

function packetBytes(bytes: Buffer, at: number): number | 'short' | 'unknown' {
  const left = bytes.length - at
  switch (bytes[at]) {
    case HCI_COMMAND:
      return left < 4 ? 'short' : 4 + bytes.readUInt8(at + 3)
    case HCI_ACL:
      return left < 5 ? 'short' : 5 + bytes.readUInt16LE(at + 3)
    case HCI_EVENT:
      return left < 3 ? 'short' : 3 + bytes.readUInt8(at + 2)
    default:
      return 'unknown'
  }
}

/** A virtual controller behind a local socket. A socket that closes is an adapter that was pulled out. */
export class LocalHciSocket extends EventEmitter implements HciTransport {
  readonly #path: string
  #socket: Socket | undefined
  #isUp = true

  constructor(path: string) {
    super()
    this.#path = path
  }

  bindRaw(): number {
    return 0
  }

  bindUser(): number {
    return 0
  }

  isDevUp(): boolean {
    return this.#isUp
  }

  setFilter(): void {
    // A virtual controller says nothing that would have to be filtered.
  }

  start(): void {
    if (this.#socket) return
    const socket = connect({ path: this.#path })
    const deframer = new HciDeframer()
    this.#socket = socket
    socket.on('data', (chunk) => {
      const packets = deframer.push(chunk)
      if (!packets) socket.destroy()
      for (const packet of packets ?? []) this.emit('data', packet)
    })
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      this.#isUp = false
      this.emit('state')
    })
  }

  stop(): void {
    this.#socket?.removeAllListeners('close')
    this.#socket?.destroy()
  }

  write(packet: Buffer): void {
    const socket = this.#socket
    if (!socket || socket.destroyed) return
    socket.write(packet)
    if (socket.writableLength > UNREAD_MAX_BYTES) socket.destroy()
  }
}
