/**
 * The attribute server of one connection: a PDU in, at most one PDU out, and what it means for the session. Whatever a client sends is
 * answered by an error response or ignored as the specification says; nothing a client sends can throw.
 */
import { ATT, attError, PRIMARY_SERVICE, u16 } from '#shared/contracts/att.ts'
import { concat, equalBytes } from '#shared/contracts/bytes.ts'
import { ATT_MTU_MIN } from '#shared/contracts/frames.ts'
import { err, ok, type Result } from '#shared/result.ts'
import {
  ATTRIBUTES,
  type Attribute,
  REQUEST_HANDLE,
  RESPONSE_HANDLE,
  SERVER_ERRORS,
  SESSION_HANDLE,
  SUBSCRIPTION_HANDLE,
} from './gatt-table.ts'

/** What the band offers as its MTU: one link-layer packet of 251 bytes with room to spare, and the size phones settle on. */
export const SERVER_MTU = 185
export const SERVER_MTU_MAX = 517
const READ_BLOB_REQUEST = 0x0c
const READ_BLOB_RESPONSE = 0x0d
const CONFIRMATION = 0x1e
/** Bit 6 of an opcode marks a command, which is never answered. */
const COMMAND_BIT = 0x40
const HANDLE_MAX = 0xffff

export type GattEvent =
  | { readonly type: 'subscribed' }
  | { readonly type: 'unsubscribed' }
  | { readonly type: 'written'; readonly bytes: Uint8Array<ArrayBuffer> }
export type GattReply = { readonly answer?: Uint8Array<ArrayBuffer>; readonly event?: GattEvent }
type Refused = { readonly handle: number; readonly code: number }
type Answer = Result<GattReply, Refused>

export class GattServer {
  readonly #serverMtu: number
  readonly #readSession: () => Uint8Array
  readonly #attributes: readonly Attribute[]
  #agreedMtu: number | undefined
  #subscribed = false

  /** `serverMtu`: 23 to 517. `readSession` gives the value of the `session` characteristic: for a terminal the current OFFER, or nothing. */
  constructor(serverMtu: number, readSession: () => Uint8Array, attributes: readonly Attribute[] = ATTRIBUTES) {
    this.#serverMtu = Math.max(ATT_MTU_MIN, Math.min(SERVER_MTU_MAX, Math.trunc(serverMtu) || ATT_MTU_MIN))
    this.#readSession = readSession
    this.#attributes = attributes
  }

  /** The MTU both sides have agreed on; 23 until they do. */
  get mtu(): number {
    return this.#agreedMtu ?? ATT_MTU_MIN
  }

  get subscribed(): boolean {
    return this.#subscribed
  }

  notification(value: Uint8Array): Uint8Array<ArrayBuffer> {
    return concat(Uint8Array.of(ATT.notification), u16(RESPONSE_HANDLE), value)
  }

  receive(pdu: Uint8Array): GattReply {
    const opcode = pdu[0]
    if (opcode === undefined || opcode === CONFIRMATION) return {}
    if ((opcode & COMMAND_BIT) !== 0) return this.#command(opcode, pdu)
    // Even opcodes are requests, odd ones are what a server sends: a client that sends them is ignored.
    if (opcode % 2 === 1) return {}
    const reply = pdu.length > this.mtu ? refuse(0, SERVER_ERRORS.invalidPdu) : this.#request(opcode, pdu)
    return reply.ok ? reply.value : { answer: attError(opcode, reply.error.handle, reply.error.code) }
  }

  #command(opcode: number, pdu: Uint8Array): GattReply {
    if (opcode !== ATT.writeCommand || pdu.length < 3 || pdu.length > this.mtu || u16At(pdu, 1) !== REQUEST_HANDLE) return {}
    return { event: { type: 'written', bytes: Uint8Array.from(pdu.subarray(3)) } }
  }

  #request(opcode: number, pdu: Uint8Array): Answer {
    switch (opcode) {
      case ATT.exchangeMtuRequest:
        return this.#exchangeMtu(pdu)
      case ATT.readByGroupTypeRequest:
      case ATT.readByTypeRequest:
        return this.#readByType(opcode, pdu)
      case ATT.findInformationRequest:
        return this.#findInformation(pdu)
      case ATT.readRequest:
        return pdu.length === 3 ? this.#read(u16At(pdu, 1), 0, ATT.readResponse) : refuse(0, SERVER_ERRORS.invalidPdu)
      case READ_BLOB_REQUEST:
        return pdu.length === 5 ? this.#read(u16At(pdu, 1), u16At(pdu, 3), READ_BLOB_RESPONSE) : refuse(0, SERVER_ERRORS.invalidPdu)
      case ATT.writeRequest:
        return this.#write(pdu)
      default:
        return refuse(0, SERVER_ERRORS.requestNotSupported)
    }
  }

  #exchangeMtu(pdu: Uint8Array): Answer {
    if (pdu.length !== 3) return refuse(0, SERVER_ERRORS.invalidPdu)
    // Once per connection (Core 5.4, Vol 3 Part F 3.4.2.1): a second exchange changes nothing.
    if (this.#agreedMtu !== undefined) return refuse(0, SERVER_ERRORS.requestNotSupported)
    this.#agreedMtu = Math.max(ATT_MTU_MIN, Math.min(this.#serverMtu, u16At(pdu, 1)))
    return answer(Uint8Array.of(ATT.exchangeMtuResponse), u16(this.#serverMtu))
  }

  /** Read By Group Type and Read By Type: entries of one length, as many as fit. */
  #readByType(opcode: number, pdu: Uint8Array): Answer {
    const range = rangeOf(pdu, [7, 21])
    if (!range.ok) return range
    const byGroup = opcode === ATT.readByGroupTypeRequest
    const type = pdu.subarray(5)
    if (byGroup && !equalBytes(type, u16(PRIMARY_SERVICE))) return refuse(range.value.start, SERVER_ERRORS.unsupportedGroupType)
    const found = this.#within(range.value).filter((attribute) => equalBytes(attribute.type, type))
    const entries: Uint8Array[] = []
    let length = 0
    for (const attribute of found) {
      const value = this.#valueOf(attribute)
      if (!value && entries.length === 0) return refuse(attribute.handle, SERVER_ERRORS.readNotPermitted)
      if (!value) break
      const head = byGroup ? concat(u16(attribute.handle), u16(attribute.groupEnd ?? attribute.handle)) : u16(attribute.handle)
      const entry = concat(head, value).subarray(0, Math.min(this.mtu - 2, 255))
      if (entries.length > 0 && (entry.length !== entries[0]?.length || length + entry.length > this.mtu - 2)) break
      entries.push(entry)
      length += entry.length
    }
    const first = entries[0]
    if (!first) return refuse(range.value.start, SERVER_ERRORS.attributeNotFound)
    return answer(Uint8Array.of(byGroup ? ATT.readByGroupTypeResponse : ATT.readByTypeResponse, first.length), ...entries)
  }

  #findInformation(pdu: Uint8Array): Answer {
    const range = rangeOf(pdu, [5])
    if (!range.ok) return range
    const found = this.#within(range.value)
    const first = found[0]
    if (!first) return refuse(range.value.start, SERVER_ERRORS.attributeNotFound)
    const entryBytes = 2 + first.type.length
    const differs = found.findIndex((attribute) => attribute.type.length !== first.type.length)
    const alike = differs < 0 ? found : found.slice(0, differs)
    const entries = alike.slice(0, Math.floor((this.mtu - 2) / entryBytes)).map(({ handle, type }) => concat(u16(handle), type))
    return answer(Uint8Array.of(ATT.findInformationResponse, first.type.length === 2 ? 1 : 2), ...entries)
  }

  #read(handle: number, offset: number, opcode: number): Answer {
    const attribute = this.#attributes.find((candidate) => candidate.handle === handle)
    if (!attribute) return refuse(handle, SERVER_ERRORS.invalidHandle)
    const value = this.#valueOf(attribute)
    if (!value) return refuse(handle, SERVER_ERRORS.readNotPermitted)
    if (offset > value.length) return refuse(handle, SERVER_ERRORS.invalidOffset)
    return answer(Uint8Array.of(opcode), value.subarray(offset, offset + this.mtu - 1))
  }

  #write(pdu: Uint8Array): Answer {
    if (pdu.length < 3) return refuse(0, SERVER_ERRORS.invalidPdu)
    const handle = u16At(pdu, 1)
    if (!this.#attributes.some((attribute) => attribute.handle === handle)) return refuse(handle, SERVER_ERRORS.invalidHandle)
    if (handle !== SUBSCRIPTION_HANDLE) return refuse(handle, SERVER_ERRORS.writeNotPermitted)
    if (pdu.length !== 5) return refuse(handle, SERVER_ERRORS.invalidLength)
    const configuration = u16At(pdu, 3)
    if (configuration > 1) return refuse(handle, SERVER_ERRORS.improperConfiguration)
    const changed = this.#subscribed !== (configuration === 1)
    this.#subscribed = configuration === 1
    const reply: GattReply = { answer: Uint8Array.of(ATT.writeResponse) }
    return ok(changed ? { ...reply, event: { type: this.#subscribed ? 'subscribed' : 'unsubscribed' } } : reply)
  }

  #within({ start, end }: Range): readonly Attribute[] {
    return this.#attributes.filter(({ handle }) => handle >= start && handle <= end)
  }

  #valueOf(attribute: Attribute): Uint8Array | undefined {
    if (attribute.value instanceof Uint8Array) return attribute.value
    if (attribute.value === 'subscription') return u16(this.#subscribed ? 1 : 0)
    return attribute.handle === SESSION_HANDLE ? this.#readSession() : undefined
  }
}

type Range = { readonly start: number; readonly end: number }

function rangeOf(pdu: Uint8Array, lengths: readonly number[]): Result<Range, Refused> {
  if (!lengths.includes(pdu.length)) return refuse(0, SERVER_ERRORS.invalidPdu)
  const range = { start: u16At(pdu, 1), end: u16At(pdu, 3) }
  return range.start === 0 || range.start > range.end ? refuse(range.start, SERVER_ERRORS.invalidHandle) : ok(range)
}

function u16At(pdu: Uint8Array, offset: number): number {
  return ((pdu[offset] ?? 0) | ((pdu[offset + 1] ?? 0) << 8)) & HANDLE_MAX
}

function answer(...parts: readonly Uint8Array[]): Answer {
  return ok({ answer: concat(...parts) })
}

function refuse(handle: number, code: number): Result<never, Refused> {
  return err({ handle, code })
}
