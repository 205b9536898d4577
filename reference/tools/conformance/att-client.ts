/** The ATT procedures of docs/protocol.md §4, on one connection to a band: MTU, discovery of one service, notifications on. */
import { ATT, CHARACTERISTIC, CLIENT_CONFIGURATION, isAttRequest, PRIMARY_SERVICE, u16, uuidText } from '#shared/contracts/att.ts'
import { concat } from '#shared/contracts/bytes.ts'
import type { LineEnd, Patience } from './line.ts'
import { must } from './rule.ts'

const MTU_MIN = 23
const HANDLE_MAX = 0xffff
const NOTIFICATION_HEAD_BYTES = 3

/** Of a service whose band side notifies, holds one value to read, and is written to. */
export type ServiceUuids = { readonly service: string; readonly notify: string; readonly read: string; readonly write: string }
export type ServiceHandles = { readonly notify: number; readonly subscription: number; readonly read: number; readonly write: number }
type Range = { readonly start: number; readonly end: number }

export class AttClient {
  readonly #line: LineEnd
  readonly #patience: Patience
  attRequests = 0
  /** What both sides said: min(asked, reported), never under 23. */
  mtu = MTU_MIN
  /** Services as they were found, in order. */
  services: readonly string[] = []

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

  write(handle: number, value: Uint8Array): void {
    this.#line.send({ type: 'att', pdu: concat(Uint8Array.of(ATT.writeCommand), u16(handle), value) })
  }

  /** The value of the next notification; undefined when none comes in time, or the band ends the connection first. */
  async notification(withinMs: number): Promise<Uint8Array | undefined> {
    return this.#line.take(
      (frame) => (frame.type === 'att' && frame.pdu[0] === ATT.notification ? frame.pdu.subarray(NOTIFICATION_HEAD_BYTES) : undefined),
      withinMs,
    )
  }

  async expectClosed(otherwise: string): Promise<void> {
    const closed = await this.#line.until((_inbox, isClosed) => isClosed || undefined, this.#patience.answerMs)
    must(closed, otherwise)
  }

  /** From connect to what can be subscribed to. */
  async discover(uuids: ServiceUuids, mtuAsked: number): Promise<ServiceHandles> {
    const answer = await this.ask(Uint8Array.of(ATT.exchangeMtuRequest), u16(mtuAsked))
    must(answer[0] === ATT.exchangeMtuResponse && answer.length === 3, 'Exchange MTU is not answered with an MTU')
    this.mtu = Math.max(MTU_MIN, Math.min(mtuAsked, u16At(answer, 1)))
    return this.#characteristics(uuids, await this.#service(uuids.service))
  }

  /** Turns notifications on or off. */
  async subscribe({ subscription }: ServiceHandles, on = true): Promise<void> {
    const written = await this.ask(Uint8Array.of(ATT.writeRequest), u16(subscription), u16(on ? 1 : 0))
    must(written[0] === ATT.writeResponse, 'the subscription is not taken')
  }

  async read(handle: number): Promise<Uint8Array> {
    const answer = await this.ask(Uint8Array.of(ATT.readRequest), u16(handle))
    must(answer[0] === ATT.readResponse, 'a characteristic that is to be read cannot be')
    return answer.subarray(1)
  }

  async #service(uuid: string): Promise<Range> {
    const found = new Map<string, Range>()
    for (let from = 1; from <= HANDLE_MAX; ) {
      const answer = await this.ask(Uint8Array.of(ATT.readByGroupTypeRequest), u16(from), u16(HANDLE_MAX), u16(PRIMARY_SERVICE))
      if (answer[0] !== ATT.readByGroupTypeResponse) break
      const entries = entriesOf(answer)
      must(entries.length > 0, 'a list of services is empty')
      for (const entry of entries) found.set(uuidText(entry.subarray(4)), { start: u16At(entry, 0), end: u16At(entry, 2) })
      const end = u16At(entries.at(-1) ?? new Uint8Array(4), 2)
      must(end >= from, 'the handles of the services do not advance')
      from = end + 1
    }
    this.services = [...found.keys()]
    const range = found.get(uuid)
    must(range, `there is no service ${uuid}`)
    return range
  }

  async #characteristics({ notify, read, write }: ServiceUuids, { start, end }: Range): Promise<ServiceHandles> {
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
    const [notified, readable, written] = [notify, read, write].map((uuid) => found.get(uuid))
    must(notified && readable && written, 'a characteristic of the service is missing')
    const next = Math.min(...[...found.values()].filter((handle) => handle > notified)) - 2
    const answer = await this.ask(Uint8Array.of(ATT.readByTypeRequest), u16(notified), u16(next), u16(CLIENT_CONFIGURATION))
    must(answer[0] === ATT.readByTypeResponse, 'the characteristic that notifies has no client configuration')
    return { notify: notified, read: readable, write: written, subscription: u16At(answer, 2) }
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
