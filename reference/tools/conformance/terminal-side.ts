/** A terminal in the harness's hands: frames as told, offers opened, requests sealed. One connection to a band. */
import { REQUEST_UUID, RESPONSE_UUID, SERVICE_UUID, SESSION_UUID } from '#shared/contracts/band-advert.ts'
import { type Message, Reassembler, segmentBytes, toFrames } from '#shared/contracts/frames.ts'
import { ERROR_CODES, errorMessage, type MessageKind, type OfferMessage, offerMessage } from '#shared/contracts/radio-messages.ts'
import { AttClient } from './att-client.ts'
import type { LineEnd, Patience } from './line.ts'
import { must } from './rule.ts'

export const MTU_USUAL = 256
const PAYMENT_SERVICE = { service: SERVICE_UUID, notify: RESPONSE_UUID, read: SESSION_UUID, write: REQUEST_UUID }

export type Handles = { readonly response: number; readonly subscription: number; readonly session: number; readonly request: number }
type Heard = { readonly message: Message } | { readonly broken: string }

export class TerminalSide {
  readonly #att: AttClient
  readonly #patience: Patience
  readonly #incoming = new Reassembler()
  readonly #heard: Heard[] = []
  /** Sizes of the notifications heard, value only. */
  readonly notified: number[] = []
  handles: Handles = { response: 0, subscription: 0, session: 0, request: 0 }
  #messageId = 0

  constructor(line: LineEnd, patience: Patience) {
    this.#att = new AttClient(line, patience)
    this.#patience = patience
  }

  get isClosed(): boolean {
    return this.#att.isClosed
  }

  get attRequests(): number {
    return this.#att.attRequests
  }

  get mtu(): number {
    return this.#att.mtu
  }

  /** UUIDs of the services found, in order. */
  get services(): readonly string[] {
    return this.#att.services
  }

  async close(): Promise<void> {
    await this.#att.close()
  }

  /** Sends an ATT request and takes its answer. */
  async ask(...parts: readonly Uint8Array[]): Promise<Uint8Array> {
    return this.#att.ask(...parts)
  }

  /** From connect to subscribed, as docs/protocol.md §4 has it. */
  async prepare(mtuAsked = MTU_USUAL): Promise<void> {
    const found = await this.#att.discover(PAYMENT_SERVICE, mtuAsked)
    this.handles = { response: found.notify, subscription: found.subscription, session: found.read, request: found.write }
    await this.#att.subscribe(found)
  }

  /** One frame exactly as given, as a write command. */
  frame(bytes: Uint8Array): void {
    this.#att.write(this.handles.request, bytes)
  }

  /** The frames of a message, for rules that send them in their own way. */
  framesOf(kind: MessageKind, body: Uint8Array, perFrame = segmentBytes(this.mtu, this.mtu)): Uint8Array[] {
    this.#messageId = (this.#messageId + 1) & 0xff
    return toFrames({ kind, body: Uint8Array.from(body) }, this.#messageId, perFrame)
  }

  say(kind: MessageKind, body: Uint8Array): void {
    for (const frame of this.framesOf(kind, body)) this.frame(frame)
  }

  /** The next message of this kind; undefined when none comes in time, or the band ends the connection first. */
  async next(kind: MessageKind, withinMs?: number): Promise<Uint8Array | undefined> {
    return (await this.first([kind], withinMs))?.body
  }

  /** The next message of any of these kinds. */
  async first(kinds: readonly MessageKind[], withinMs = this.#patience.answerMs): Promise<Message | undefined> {
    const endMs = performance.now() + withinMs
    for (;;) {
      const at = this.#heard.findIndex((heard) => 'broken' in heard || kinds.includes(heard.message.kind))
      const heard = this.#heard[at]
      if (heard) {
        must('message' in heard, `the band's frames cannot be put together: ${'broken' in heard ? heard.broken : ''}`)
        this.#heard.splice(at, 1)
        return heard.message
      }
      if (!(await this.#notification(Math.max(0, endMs - performance.now())))) return undefined
    }
  }

  /** The newest OFFER, waiting for one when none has come. */
  async offer(): Promise<OfferMessage> {
    const body = await this.next('offer')
    must(body, 'no OFFER comes')
    const offer = offerMessage.decode(body)
    must(offer.ok, 'the OFFER is not as its table says')
    return offer.value
  }

  /** Waits for an ERROR of this name. */
  async expectError(name: keyof typeof ERROR_CODES, withinMs = this.#patience.answerMs): Promise<void> {
    const body = await this.next('error', withinMs)
    must(body, `no ERROR comes, where \`${name}\` is due`)
    const decoded = errorMessage.decode(body)
    must(decoded.ok, 'the ERROR is not as its table says')
    const said = Object.entries(ERROR_CODES).find(([, code]) => code === decoded.value.code)?.[0]
    must(said === name, `the band says \`${said}\` where \`${name}\` is due`)
  }

  /** An ERROR of this name, and the end of the connection. */
  async expectEnd(name: keyof typeof ERROR_CODES, withinMs?: number): Promise<void> {
    await this.expectError(name, withinMs)
    await this.expectClosed(`after \`${name}\` the band does not end the session`)
  }

  async expectClosed(otherwise: string): Promise<void> {
    await this.#att.expectClosed(otherwise)
  }

  async #notification(withinMs: number): Promise<boolean> {
    const value = await this.#att.notification(withinMs)
    if (!value) return false
    this.notified.push(value.length)
    const received = this.#incoming.receive(value, performance.now())
    if (!received.ok) this.#heard.push({ broken: received.error })
    else if (received.value) this.#heard.push({ message: received.value })
    return true
  }
}
