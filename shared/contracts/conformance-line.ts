/**
 * The conformance line: how a band or a phone of any maker is tried out, over TCP in the place of its radios, its sensors and its owner's
 * hands. docs/conformance.md is this file in words. Each frame is a 2-byte big-endian length, one type byte and a body; ATT PDUs and
 * messages between band and phone inside are exactly those of docs/protocol.md.
 */
import * as z from 'zod'
import { CLAIMS } from '#shared/domain/claims.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { Message } from './frames.ts'
import { LengthPrefixed, lengthPrefixed } from './length-prefixed.ts'
import { MESSAGE_KINDS, messageKindOf, OFFER_ID_BYTES } from './radio-messages.ts'

export const LINE_VERSION = 1
/** Type and body: the longest message between band and phone, with its head, and room for a command's JSON. */
export const LINE_FRAME_MAX_BYTES = 8_192
/**
 * What a connection is. A band takes `terminal`, `phone`, `phone-air` and `control`, a phone takes `band` and `control`. `phone-air` is a phone
 * as the band's radio meets it, in ATT PDUs; `phone` one whose messages arrive whole.
 */
export const LINE_ROLES = { terminal: 1, phone: 2, band: 3, control: 4, 'phone-air': 5 } as const
export type LineRole = keyof typeof LINE_ROLES

export type LineFrame =
  /** The first frame of each connection, from the harness. */
  | { readonly type: 'hello'; readonly role: LineRole }
  /** The first frame back: the target has taken the connection. One that it has no room for is closed without. */
  | { readonly type: 'welcome' }
  | { readonly type: 'att'; readonly pdu: Uint8Array }
  | { readonly type: 'relay'; readonly exchange: Uint8Array; readonly message: Message }
  /** JSON in UTF-8: what is in it is declared below. */
  | { readonly type: 'command' | 'reply'; readonly json: Uint8Array }

const TYPES = { hello: 1, welcome: 2, att: 3, relay: 4, command: 5, reply: 6 } as const

function frame(type: keyof typeof TYPES, ...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return lengthPrefixed(TYPES[type], ...parts)
}

export function encodeLineFrame(line: LineFrame): Uint8Array<ArrayBuffer> {
  switch (line.type) {
    case 'hello':
      return frame('hello', Uint8Array.of(LINE_VERSION, LINE_ROLES[line.role]))
    case 'welcome':
      return frame('welcome')
    case 'att':
      return frame('att', line.pdu)
    case 'relay':
      return frame('relay', line.exchange, Uint8Array.of(MESSAGE_KINDS[line.message.kind]), line.message.body)
    case 'command':
    case 'reply':
      return frame(line.type, line.json)
  }
}

/** The frame in one payload: `malformed` unless its type is known and its body is one of that type. */
export function decodeLineFrame(payload: Uint8Array): Result<LineFrame, 'malformed'> {
  const body = Uint8Array.from(payload.subarray(1))
  switch (payload[0]) {
    case TYPES.hello:
      return helloOf(body)
    case TYPES.welcome:
      return body.length === 0 ? ok({ type: 'welcome' }) : err('malformed')
    case TYPES.att:
      return body.length === 0 ? err('malformed') : ok({ type: 'att', pdu: body })
    case TYPES.relay:
      return relayOf(body)
    case TYPES.command:
      return body.length === 0 ? err('malformed') : ok({ type: 'command', json: body })
    case TYPES.reply:
      return body.length === 0 ? err('malformed') : ok({ type: 'reply', json: body })
    default:
      return err('malformed')
  }
}

function helloOf(body: Uint8Array): Result<LineFrame, 'malformed'> {
  const [version, code] = body
  const role = (Object.keys(LINE_ROLES) as LineRole[]).find((name) => LINE_ROLES[name] === code)
  return body.length === 2 && version === LINE_VERSION && role ? ok({ type: 'hello', role }) : err('malformed')
}

function relayOf(body: Uint8Array<ArrayBuffer>): Result<LineFrame, 'malformed'> {
  const kind = messageKindOf(body[OFFER_ID_BYTES] ?? 0)
  const said = body.slice(OFFER_ID_BYTES + 1)
  if (!kind || said.length === 0) return err('malformed')
  return ok({ type: 'relay', exchange: body.slice(0, OFFER_ID_BYTES), message: { kind, body: said } })
}

/** Splits what comes over the line into payloads. */
export function lineDeframer(): LengthPrefixed {
  return new LengthPrefixed(LINE_FRAME_MAX_BYTES)
}

const point = z.string().regex(/^[A-Za-z0-9_-]{44}$/)
/** Without a path: the calls have their own. */
const origin = z.string().regex(/^https?:\/\/[\w.[\]:-]{1,100}$/)
const hexId = z.string().regex(/^[0-9a-f]{32}$/)
/** A day and some: what a rule lets pass at most. */
const ADVANCE_MAX_MS = 100_000_000

/** What the harness tells a band's maker's hands to do. */
export const bandCommand = z.discriminatedUnion('do', [
  /** A band as it leaves the factory, believing this root: whatever it was before is gone. */
  z.strictObject({ do: z.literal('new'), rootPoint: point }),
  z.strictObject({ do: z.literal('wear'), worn: z.boolean() }),
  z.strictObject({ do: z.literal('knock'), count: z.int().min(1).max(15) }),
  /** The button held, as a thief would. */
  z.strictObject({ do: z.literal('reset') }),
  /** The battery out and in again: only what is on flash is left, and every connection is gone. */
  z.strictObject({ do: z.literal('battery') }),
  z.strictObject({ do: z.literal('advance'), ms: z.int().min(1).max(ADVANCE_MAX_MS) }),
  z.strictObject({ do: z.literal('look') }),
])
/** `ok` false: this target has no such hands, and what needs them is not tested. */
export const bandReply = z.strictObject({
  ok: z.boolean(),
  /** After `new`: 32 hex digits, and the point it signs PAIR-OFFERs with. */
  bandId: hexId.optional(),
  factoryPoint: point.optional(),
  /** After `look`, of a band that is bound: what it advertises now, and from where. */
  address: z
    .string()
    .regex(/^[0-9a-f]{12}$/)
    .optional(),
  advert: z
    .string()
    .regex(/^(?:[0-9a-f]{2}){1,64}$/)
    .optional(),
  /** After `look`: how often it has vibrated since `new`. */
  vibrations: z.int().min(0).optional(),
})
export type BandCommand = z.output<typeof bandCommand>
export type BandReply = z.output<typeof bandReply>

/** What the harness tells a phone's owner, and the phone's radio, to do. */
export const phoneCommand = z.discriminatedUnion('do', [
  /** A phone that knows no band, believing this root and calling this backend. */
  z.strictObject({ do: z.literal('new'), rootPoint: point, backend: origin }),
  /** Begins to pair with the band on the line; `look` says how it goes. */
  z.strictObject({ do: z.literal('pair') }),
  /** The owner unlocks the phone, which arms the band. */
  z.strictObject({ do: z.literal('unlock') }),
  /** What the owner says when asked from now on. */
  z.strictObject({
    do: z.literal('owner'),
    says: z.enum(['yes', 'no', 'nothing']),
    /** Asked who they are, an owner who says yes gives these and no more; without a list, all that is asked. */
    gives: z.array(z.enum(CLAIMS)).max(CLAIMS.length).optional(),
    /** And agrees to the same for the next time this merchant asks. */
    always: z.boolean().optional(),
  }),
  z.strictObject({ do: z.literal('network'), on: z.boolean() }),
  /** Off and on again: only what is on disk is left. */
  z.strictObject({ do: z.literal('restart') }),
  z.strictObject({ do: z.literal('advance'), ms: z.int().min(1).max(ADVANCE_MAX_MS) }),
  z.strictObject({ do: z.literal('look') }),
])
export const phoneReply = z.strictObject({
  ok: z.boolean(),
  /** After `new`: how the phone calls itself to the backend, and its key. */
  phoneId: hexId.optional(),
  phonePoint: point.optional(),
  /** After `look`: the count the owner is to knock, once the phone shows it. */
  knocks: z.int().min(2).max(4).optional(),
  /** After `look`: it is bound, and has told the backend so. */
  bound: z.boolean().optional(),
  /** Receipt numbers of the e-receipts the owner was shown since `new`. */
  receipts: z.array(z.string()).optional(),
  /** Payments the owner was asked about since `new`. */
  questions: z.int().min(0).optional(),
  /** How often the owner was asked who they are since `new`. */
  identityQuestions: z.int().min(0).optional(),
  /** After `look`: what may be paid without a network, minor units. */
  setAside: z.int().min(0).optional(),
})
export type PhoneCommand = z.output<typeof phoneCommand>
export type PhoneReply = z.output<typeof phoneReply>
