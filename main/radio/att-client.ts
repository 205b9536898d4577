/**
 * The ATT client procedures of one connection over a raw PDU pipe, in the order @abandonware/noble takes them on a real link (its
 * lib/hci-socket/gatt.js), so that requests counted here are the requests counted there: exchange MTU, Read By Group Type to the end,
 * Read By Type for the characteristics, Read By Type for the client configuration descriptor, Write Request to it.
 * One request is outstanding at a time, each under our own timer. Whatever goes wrong ends the client with one named error.
 */

import type { Clock } from '#main/ports.ts'
import { assert } from '#shared/assert.ts'
import {
  ATT,
  ATT_ERRORS,
  attError,
  CHARACTERISTIC,
  CLIENT_CONFIGURATION,
  isAttRequest,
  PRIMARY_SERVICE,
  PROPERTY,
  readU16,
  u16,
} from '#shared/contracts/att.ts'
import { REQUEST_UUID, RESPONSE_UUID, SERVICE_UUID, SESSION_UUID } from '#shared/contracts/band-advert.ts'
import { concat } from '#shared/contracts/bytes.ts'
import { err, ok, type Result } from '#shared/result.ts'
import {
  type Characteristic,
  characteristicsOf,
  descriptorOf,
  HANDLE_MAX,
  type HandleRange,
  type Service,
  servicesOf,
} from './att-answers.ts'

/** What noble asks for, and so what we ask for. A band may answer anything; `segmentBytes` decides what is used. */
export const MTU_ASKED = 256
/** A band answers within one or two connection intervals, at most 30 ms each; this is where we stop believing in it. */
export const ATT_REQUEST_TIMEOUT_MS = 2_000
/** Questions one discovery may take. A wristband of the trade has fewer than 20 services; at MTU 23 each may cost a question. */
export const DISCOVERY_ROUNDS_MAX = 32
/** Requests and indications of the band's own that we answer on one link, before we call it a flood. */
export const PEER_REQUESTS_MAX = 16

const INDICATION = 0x1d
const CONFIRMATION = 0x1e
/** Bit 6 of an opcode: a command, which wants no answer. */
const COMMAND_FLAG = 0x40
const NOTIFICATION_HEADER_BYTES = 3
const ERROR_RESPONSE_BYTES = 5
const NOTIFY_ON = 0x0001

export type AttError =
  | 'link-lost' // the connection ended
  | 'timeout' // a request was not answered in time
  | 'malformed' // a PDU or a list in it is not what ATT allows, or handles do not advance
  | 'unsolicited' // an answer to nothing, or to another question
  | 'flood' // more requests of the band's own than we answer
  | 'too-many-rounds' // a discovery that does not come to its end
  | 'refused' // an error answer where none belongs
  | 'not-a-band' // the service or one of its characteristics is missing

type Answer = { readonly kind: 'answer'; readonly pdu: Uint8Array } | { readonly kind: 'refusal'; readonly code: number }
type Waiting = { readonly opcode: number; readonly settle: (result: Result<Answer, AttError>) => void; readonly stopTimer: () => void }

/** Where a band keeps its three characteristics. `response` is a range because its descriptor is looked for in it. */
export type BandHandles = {
  readonly response: HandleRange & { readonly value: number }
  readonly session: number
  readonly request: number
}

export type AttClientParts = {
  readonly clock: Clock
  readonly send: (pdu: Uint8Array<ArrayBuffer>) => void
  readonly onNotification: (handle: number, value: Uint8Array<ArrayBuffer>) => void
  /** Called once, with what ended the client. The caller closes the connection. */
  readonly onEnd: (error: AttError) => void
}

export class AttClient {
  readonly #parts: AttClientParts
  #waiting: Waiting | undefined
  #ended: AttError | undefined
  #requests = 0
  #peerRequests = 0

  constructor(parts: AttClientParts) {
    this.#parts = parts
  }

  /** ATT requests that have gone out, counted as they leave. */
  requests(): number {
    return this.#requests
  }

  /** Ends the client from outside (the connection is gone, the link is closed). Safe to call twice. */
  end(error: AttError): void {
    if (this.#ended) return
    this.#ended = error
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.stopTimer()
    waiting?.settle(err(error))
    this.#parts.onEnd(error)
  }

  /** Takes one PDU from the band. */
  receive(pdu: Uint8Array): void {
    if (this.#ended) return
    const [opcode] = pdu
    if (opcode === undefined || pdu.length > MTU_ASKED) this.end('malformed')
    else if (opcode === ATT.notification) this.#notified(pdu)
    else if (opcode === INDICATION) this.#answerPeer(Uint8Array.of(CONFIRMATION))
    else if (opcode % 2 === 0) this.#asked(opcode)
    else this.#answered(opcode, pdu)
  }

  /** The MTU the band reported, unchecked (see `segmentBytes`); null when it does not take part in the exchange. */
  async exchangeMtu(): Promise<Result<number | null, AttError>> {
    const answer = await this.#request(concat(Uint8Array.of(ATT.exchangeMtuRequest), u16(MTU_ASKED)))
    if (!answer.ok) return answer
    if (answer.value.kind === 'refusal') return ok(null)
    const mtu = readU16(answer.value.pdu, 1)
    return mtu.ok && answer.value.pdu.length === 3 ? mtu : this.#fail('malformed')
  }

  /** Finds the band's service and its three characteristics. */
  async discover(): Promise<Result<BandHandles, AttError>> {
    const services = await this.#services()
    if (!services.ok) return services
    const ours = services.value.filter((service) => service.uuid === SERVICE_UUID)
    const [service] = ours
    if (!service || ours.length !== 1) return this.#fail('not-a-band')
    const characteristics = await this.#characteristics(service)
    if (!characteristics.ok) return characteristics
    const handles = bandHandles(characteristics.value, service)
    return handles ? ok(handles) : this.#fail('not-a-band')
  }

  /** Turns notifications on. They may begin to arrive before this returns. */
  async subscribe(response: HandleRange): Promise<Result<void, AttError>> {
    const answer = await this.#request(readByType(ATT.readByTypeRequest, response, CLIENT_CONFIGURATION))
    if (!answer.ok) return answer
    if (answer.value.kind === 'refusal') return this.#fail('not-a-band')
    const descriptor = descriptorOf(answer.value.pdu, response)
    if (!descriptor.ok) return this.#fail('malformed')
    const { handle, value } = descriptor.value
    const written = await this.#request(concat(Uint8Array.of(ATT.writeRequest), u16(handle), u16(value | NOTIFY_ON)))
    if (!written.ok) return written
    return written.value.kind === 'answer' ? ok() : this.#fail('refused')
  }

  /** A write command: no answer comes, so the only failure known here is a link that has ended. */
  write(handle: number, value: Uint8Array): Result<void, AttError> {
    if (this.#ended) return err(this.#ended)
    this.#send(concat(Uint8Array.of(ATT.writeCommand), u16(handle), value))
    return ok()
  }

  async #services(): Promise<Result<readonly Service[], AttError>> {
    const found: Service[] = []
    let from = 1
    for (let round = 0; round < DISCOVERY_ROUNDS_MAX; round += 1) {
      const answer = await this.#request(readByType(ATT.readByGroupTypeRequest, { start: from, end: HANDLE_MAX }, PRIMARY_SERVICE))
      if (!answer.ok) return answer
      if (answer.value.kind === 'refusal') return this.#endOfList(answer.value.code, found)
      const services = servicesOf(answer.value.pdu, from)
      if (!services.ok) return this.#fail('malformed')
      found.push(...services.value)
      from = (services.value.at(-1)?.end ?? HANDLE_MAX) + 1
      if (from > HANDLE_MAX) return ok(found)
    }
    return this.#fail('too-many-rounds')
  }

  async #characteristics(service: HandleRange): Promise<Result<readonly Characteristic[], AttError>> {
    const found: Characteristic[] = []
    let from = service.start
    for (let round = 0; round < DISCOVERY_ROUNDS_MAX; round += 1) {
      const asked = { start: from, end: service.end }
      const answer = await this.#request(readByType(ATT.readByTypeRequest, asked, CHARACTERISTIC))
      if (!answer.ok) return answer
      if (answer.value.kind === 'refusal') return this.#endOfList(answer.value.code, found)
      const characteristics = characteristicsOf(answer.value.pdu, asked)
      if (!characteristics.ok) return this.#fail('malformed')
      found.push(...characteristics.value)
      from = (characteristics.value.at(-1)?.value ?? service.end) + 1
      if (from > service.end) return ok(found)
    }
    return this.#fail('too-many-rounds')
  }

  /** `attribute not found` is how ATT says that a list has ended; any other error is a refusal. */
  #endOfList<T>(code: number, found: readonly T[]): Result<readonly T[], AttError> {
    return code === ATT_ERRORS.attributeNotFound ? ok(found) : this.#fail('refused')
  }

  async #request(pdu: Uint8Array<ArrayBuffer>): Promise<Result<Answer, AttError>> {
    if (this.#ended) return err(this.#ended)
    assert(!this.#waiting, 'one ATT request at a time')
    const { promise, resolve } = Promise.withResolvers<Result<Answer, AttError>>()
    const stopTimer = this.#parts.clock.after(ATT_REQUEST_TIMEOUT_MS, () => this.end('timeout'))
    this.#waiting = { opcode: pdu[0] ?? 0, settle: resolve, stopTimer }
    this.#send(pdu)
    return promise
  }

  #send(pdu: Uint8Array<ArrayBuffer>): void {
    if (isAttRequest(pdu)) this.#requests += 1
    this.#parts.send(pdu)
  }

  #fail(error: AttError): Result<never, AttError> {
    this.end(error)
    return err(this.#ended ?? error)
  }

  #notified(pdu: Uint8Array): void {
    const handle = readU16(pdu, 1)
    if (handle.ok) this.#parts.onNotification(handle.value, Uint8Array.from(pdu.subarray(NOTIFICATION_HEADER_BYTES)))
    else this.end('malformed')
  }

  /** The band may ask us, too: we have an MTU and no attributes. */
  #asked(opcode: number): void {
    if (opcode === ATT.exchangeMtuRequest) this.#answerPeer(concat(Uint8Array.of(ATT.exchangeMtuResponse), u16(MTU_ASKED)))
    else if ((opcode & COMMAND_FLAG) === 0) this.#answerPeer(attError(opcode, 0, ATT_ERRORS.requestNotSupported))
  }

  #answerPeer(pdu: Uint8Array<ArrayBuffer>): void {
    this.#peerRequests += 1
    if (this.#peerRequests > PEER_REQUESTS_MAX) this.end('flood')
    else this.#send(pdu)
  }

  #answered(opcode: number, pdu: Uint8Array): void {
    const waiting = this.#waiting
    const isRefusal = opcode === ATT.errorResponse
    if (isRefusal && pdu.length !== ERROR_RESPONSE_BYTES) return this.end('malformed')
    const answers = isRefusal ? pdu[1] : opcode - 1
    if (!waiting || answers !== waiting.opcode) return this.end('unsolicited')
    this.#waiting = undefined
    waiting.stopTimer()
    return waiting.settle(ok(isRefusal ? { kind: 'refusal', code: pdu[4] ?? 0 } : { kind: 'answer', pdu: Uint8Array.from(pdu) }))
  }
}

function readByType(opcode: number, range: HandleRange, type: number): Uint8Array<ArrayBuffer> {
  return concat(Uint8Array.of(opcode), u16(range.start), u16(range.end), u16(type))
}

/** A characteristic ends where the next one begins, the last one with its service. */
function bandHandles(found: readonly Characteristic[], service: HandleRange): BandHandles | undefined {
  const one = (uuid: string, property: number) => {
    const matches = found.filter((characteristic) => characteristic.uuid === uuid && (characteristic.properties & property) !== 0)
    return matches.length === 1 ? matches[0] : undefined
  }
  const response = one(RESPONSE_UUID, PROPERTY.notify)
  const session = one(SESSION_UUID, PROPERTY.read)
  const request = one(REQUEST_UUID, PROPERTY.writeCommand)
  if (!response || !session || !request) return undefined
  const after = found[found.indexOf(response) + 1]
  const end = after ? after.declaration - 1 : service.end
  return { response: { start: response.declaration, end, value: response.value }, session: session.value, request: request.value }
}
