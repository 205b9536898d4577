import { createServer, type Server, type Socket } from 'node:net'
import { toHex } from '#shared/contracts/bytes.ts'
import { decodeToAir, encodeFromAir, type FromAir, practiceDeframer, type ToAir } from '#shared/contracts/practice-link.ts'

/** What a scripted band does with one PDU: the PDUs it sends back, in order. */
export type ScriptedBand = (pdu: Uint8Array) => readonly Uint8Array[]

/** A practice air on a local port that says exactly what a test tells it to, and keeps what it was told. */
export class ScriptedAir {
  readonly heard: ToAir[] = []
  /** Connections that were ever made to this air. */
  connections = 0
  #server: Server | undefined
  #socket: Socket | undefined
  readonly #bands = new Map<string, () => ScriptedBand>()
  readonly #links = new Map<number, ScriptedBand>()
  #nextLink = 1

  /** Listens on `port`, or on any free one. The port that was taken is the result. */
  async listen(port = 0): Promise<number> {
    const server = createServer((socket) => this.#accept(socket))
    this.#server = server
    const { promise, resolve } = Promise.withResolvers<void>()
    server.listen(port, '127.0.0.1', resolve)
    await promise
    const address = server.address()
    return address && typeof address === 'object' ? address.port : 0
  }

  /** A band that accepts connections at this address; each connection gets a fresh script. */
  place(address: string, band: () => ScriptedBand): void {
    this.#bands.set(address, band)
  }

  say(message: FromAir): void {
    this.#socket?.write(encodeFromAir(message))
  }

  sayRaw(bytes: Uint8Array): void {
    this.#socket?.write(bytes)
  }

  /** The link that was opened last. */
  get lastLink(): number {
    return this.#nextLink - 1
  }

  async stop(): Promise<void> {
    this.#socket?.destroy()
    const { promise, resolve } = Promise.withResolvers<void>()
    if (this.#server) this.#server.close(() => resolve())
    else resolve()
    await promise
  }

  #accept(socket: Socket): void {
    this.connections += 1
    this.#socket = socket
    const deframer = practiceDeframer()
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk) => {
      const payloads = deframer.push(chunk)
      for (const payload of payloads.ok ? payloads.value : []) {
        const message = decodeToAir(payload)
        if (message.ok) this.#told(message.value)
      }
    })
  }

  #told(message: ToAir): void {
    this.heard.push(message)
    if (message.type === 'connect') {
      const band = this.#bands.get(toHex(message.address))
      if (!band) return
      const link = this.#nextLink
      this.#nextLink += 1
      this.#links.set(link, band())
      this.say({ type: 'connected', address: message.address, link })
    } else if (message.type === 'att') {
      for (const pdu of this.#links.get(message.link)?.(message.pdu) ?? []) this.say({ type: 'att', link: message.link, pdu })
    }
  }
}
