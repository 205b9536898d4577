/** A terminal in the harness's hands: the ATT procedures, frames as told, offers opened, requests sealed. One connection to a band. */
import { ATT, CHARACTERISTIC, CLIENT_CONFIGURATION, isAttRequest, PRIMARY_SERVICE, u16, uuidText } from '#shared/contracts/att.ts'
import { REQUEST_UUID, RESPONSE_UUID, SERVICE_UUID, SESSION_UUID } from '#shared/contracts/band-advert.ts'
import { concat } from '#shared/contracts/bytes.ts'
import { type Message, Reassembler, segmentBytes, toFrames } from '#shared/contracts/frames.ts'
import { ERROR_CODES, errorMessage, type MessageKind, type OfferMessage, offerMessage } from '#shared/contracts/radio-messages.ts'
import type { LineEnd, Patience } from './line.ts'
import { must } from './rule.ts'

const MTU_MIN = 23
const HANDLE_MAX = 0xffff
export const MTU_USUAL = 256
const NOTIFICATION_HEAD_BYTES = 3

export type Handles = { readonly response: number; readonly subscription: number; readonly session: number; readonly request: number }
type Heard = { readonly message: Message } | { readonly broken: string }

export class TerminalSide {
  readonly #line: LineEnd
  readonly #patience: Patience
  readonly #incoming = new Reassembler()
  readonly #heard: Heard[] = []
  /** Sizes of the notifications heard, value only. */
  readonly notified: number[] = []
  attRequests = 0
  /** What both sides said: min(asked, reported), never under 23. */
  mtu = MTU_MIN
  handles: Handles = { response: 0, subscription: 0, session: 0, request: 0 }
  #messageId = 0

  constructor(line: LineEnd, patience: Patience) {
    this.#line = line
    this.#patience = patience
  }

  get isClosed(): boolean {
    return this.#line.isClosed
  }

  async close(): Promise<void> {
    await this.#line.close()
  }

  /** Sends a request and takes its answer. */
  async ask(...parts: readonly Uint8Array[]): Promise<Uint8Array> {
    const pdu = concat(...parts)
    if (isAttRequest(pdu)) this.attRequests += 1
    this.#line.send({ type: 'att', pdu })
    const answer = await this.#line.take(
      (frame) => (frame.type === 'att' && frame.pdu[0] !== ATT.notification ? frame.pdu : undefined),
      this.#patience.answerMs,
    )
    must(answer, `no answer to the ATT request ${pdu[0]?.toString(16)}`)
    return answer
  }

  /** From connect to subscribed, as docs/protocol.md §4 has it. */
  async prepare(mtuAsked = MTU_USUAL): Promise<void> {
    const answer = await this.ask(Uint8Array.of(ATT.exchangeMtuRequest), u16(mtuAsked))
    must(answer[0] === ATT.exchangeMtuResponse && answer.length === 3, 'Exchange MTU is not answered with an MTU')
    this.mtu = Math.max(MTU_MIN, Math.min(mtuAsked, u16At(answer, 1)))
    const service = await this.#service()
    this.handles = await this.#characteristics(service)
    const written = await this.ask(Uint8Array.of(ATT.writeRequest), u16(this.handles.subscription), u16(1))
    must(written[0] === ATT.writeResponse, 'the subscription is not taken')
  }

  async #service(): Promise<{ readonly start: number; readonly end: number }> {
    let found: { readonly start: number; readonly end: number } | undefined
    for (let from = 1; from <= HANDLE_MAX; ) {
      const answer = await this.ask(Uint8Array.of(ATT.readByGroupTypeRequest), u16(from), u16(HANDLE_MAX), u16(PRIMARY_SERVICE))
      if (answer[0] !== ATT.readByGroupTypeResponse) break
      const entries = entriesOf(answer)
      must(entries.length > 0, 'a list of services is empty')
      for (const entry of entries) {
        if (uuidText(entry.subarray(4)) === SERVICE_UUID) found = { start: u16At(entry, 0), end: u16At(entry, 2) }
      }
      const end = u16At(entries.at(-1) ?? new Uint8Array(4), 2)
      must(end >= from, 'the handles of the services do not advance')
      from = end + 1
    }
    must(found, 'there is no payment service')
    return found
  }

  async #characteristics({ start, end }: { readonly start: number; readonly end: number }): Promise<Handles> {
    const found = new Map<string, number>()
    for (let from = start; from <= end; ) {
      const answer = await this.ask(Uint8Array.of(ATT.readByTypeRequest), u16(from), u16(end), u16(CHARACTERISTIC))
      if (answer[0] !== ATT.readByTypeResponse) break
      const entries = entriesOf(answer)
      must(entries.length > 0, 'a list of characteristics is empty')
      for (const entry of entries) found.set(uuidText(entry.subarray(5)), u16At(entry, 3))
      const last = u16At(entries.at(-1) ?? new Uint8Array(5), 3)
      must(last >= from, 'the handles of the characteristics do not advance')
      if (last === end) break
      from = last + 1
    }
    const [response, session, request] = [RESPONSE_UUID, SESSION_UUID, REQUEST_UUID].map((uuid) => found.get(uuid))
    must(response && session && request, 'a characteristic of the service is missing')
    const next = Math.min(...[...found.values()].filter((handle) => handle > response)) - 2
    const answer = await this.ask(Uint8Array.of(ATT.readByTypeRequest), u16(response), u16(next), u16(CLIENT_CONFIGURATION))
    must(answer[0] === ATT.readByTypeResponse, 'the response characteristic has no client configuration')
    return { response, session, request, subscription: u16At(answer, 2) }
  }

  /** One frame exactly as given, as a write command. */
  frame(bytes: Uint8Array): void {
    this.#line.send({ type: 'att', pdu: concat(Uint8Array.of(ATT.writeCommand), u16(this.handles.request), bytes) })
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
    const closed = await this.#line.until((_inbox, isClosed) => isClosed || undefined, this.#patience.answerMs)
    must(closed, otherwise)
  }

  async #notification(withinMs: number): Promise<boolean> {
    const value = await this.#line.take(
      (frame) => (frame.type === 'att' && frame.pdu[0] === ATT.notification ? frame.pdu.subarray(NOTIFICATION_HEAD_BYTES) : undefined),
      withinMs,
    )
    if (!value) return false
    this.notified.push(value.length)
    const received = this.#incoming.receive(value, performance.now())
    if (!received.ok) this.#heard.push({ broken: received.error })
    else if (received.value) this.#heard.push({ message: received.value })
    return true
  }
}

function entriesOf(answer: Uint8Array): readonly Uint8Array[] {
  const size = answer[1] ?? 0
  if (size === 0) return []
  return Array.from({ length: Math.floor((answer.length - 2) / size) }, (_, index) =>
    answer.subarray(2 + index * size, 2 + (index + 1) * size),
  )
}

export function u16At(bytes: Uint8Array, offset: number): number {
  return (bytes[offset] ?? 0) | ((bytes[offset + 1] ?? 0) << 8)
}
