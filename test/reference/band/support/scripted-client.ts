import type { Band, BandConnection } from '#reference/band/band.ts'
import { ATT, CHARACTERISTIC, CLIENT_CONFIGURATION, isAttRequest, PRIMARY_SERVICE, u16 } from '#shared/contracts/att.ts'
import { concat } from '#shared/contracts/bytes.ts'
import { type Message, Reassembler, segmentBytes, toFrames } from '#shared/contracts/frames.ts'
import { ERROR_CODES, errorMessage } from '#shared/contracts/radio-messages.ts'

const REQUEST_HANDLE = 14
const CCCD_HANDLE = 10

/** A terminal that says exactly what a test has it say, and keeps everything the band says. One connection. */
export class ScriptedClient {
  readonly heard: Uint8Array[] = []
  readonly messages: Message[] = []
  requests = 0
  disconnected = false
  mtu = 23
  readonly #connection: BandConnection
  readonly #incoming = new Reassembler()
  #messageId = 0

  constructor(band: Band) {
    const connection = band.connect({
      send: (pdu) => this.#hear(pdu),
      disconnect: () => {
        this.disconnected = true
        this.close()
      },
    })
    if (!connection.ok) throw new Error(connection.error)
    this.#connection = connection.value
  }

  /** Sends a PDU; the answer, when it is one that gets an answer. */
  send(...parts: readonly Uint8Array[]): Uint8Array | undefined {
    const pdu = concat(...parts)
    if (isAttRequest(pdu)) this.requests += 1
    const before = this.heard.length
    this.#connection.receive(pdu)
    return this.heard[before]
  }

  /** The cold start of noble on a real link: MTU, services to the end, characteristics, descriptor, subscription. */
  prepare(mtuAsked = 256): void {
    const mtu = this.send(Uint8Array.of(ATT.exchangeMtuRequest), u16(mtuAsked))
    this.mtu = Math.max(23, Math.min(mtuAsked, (mtu?.[1] ?? 0) | ((mtu?.[2] ?? 0) << 8)))
    let service: readonly [number, number] = [1, 0xffff]
    for (let from = 1; from <= 0xffff; ) {
      const answer = this.send(Uint8Array.of(ATT.readByGroupTypeRequest), u16(from), u16(0xffff), u16(PRIMARY_SERVICE))
      if (answer?.[0] !== ATT.readByGroupTypeResponse) break
      const size = answer[1] ?? 0
      const last = answer.subarray(answer.length - size)
      service = [(last[0] ?? 0) | ((last[1] ?? 0) << 8), (last[2] ?? 0) | ((last[3] ?? 0) << 8)]
      from = service[1] + 1
    }
    for (let from = service[0]; from <= service[1]; ) {
      const answer = this.send(Uint8Array.of(ATT.readByTypeRequest), u16(from), u16(service[1]), u16(CHARACTERISTIC))
      if (answer?.[0] !== ATT.readByTypeResponse) break
      const value = (answer.at(-18) ?? 0) | ((answer.at(-17) ?? 0) << 8)
      if (value === service[1]) break
      from = value
    }
    this.send(Uint8Array.of(ATT.readByTypeRequest), u16(9), u16(10), u16(CLIENT_CONFIGURATION))
    this.subscribe()
  }

  subscribe(on = true): Uint8Array | undefined {
    return this.send(Uint8Array.of(ATT.writeRequest), u16(CCCD_HANDLE), u16(on ? 1 : 0))
  }

  frame(bytes: Uint8Array): void {
    this.send(Uint8Array.of(ATT.writeCommand), u16(REQUEST_HANDLE), bytes)
  }

  say(message: Message): void {
    this.#messageId += 1
    for (const frame of toFrames(message, this.#messageId, segmentBytes(this.mtu, this.mtu))) this.frame(frame)
  }

  of(kind: Message['kind']): readonly Message[] {
    return this.messages.filter((message) => message.kind === kind)
  }

  /** Names of the errors heard. */
  get errors(): readonly string[] {
    return this.of('error').map((message) => {
      const decoded = errorMessage.decode(message.body)
      const code = decoded.ok ? decoded.value.code : 0
      return Object.entries(ERROR_CODES).find(([, known]) => known === code)?.[0] ?? 'unknown'
    })
  }

  close(): void {
    this.#connection.closed()
  }

  #hear(pdu: Uint8Array): void {
    this.heard.push(pdu)
    if (pdu[0] !== ATT.notification) return
    const received = this.#incoming.receive(pdu.subarray(3), 0)
    if (!received.ok) throw new Error(`the band sent frames that end a session: ${received.error}`)
    if (received.value) this.messages.push(received.value)
  }
}
