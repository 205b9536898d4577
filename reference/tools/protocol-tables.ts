/** The tables of docs/protocol.md, made from the source, so that the document cannot say anything else. */
import { IDENTIFY_LIFETIME_S } from '#main/identity/identify-statement.ts'
import { TOLD_SHOWN_MS } from '#main/identity/identity-desk.ts'
import { KNOCK_CANDIDATES_MAX, KNOCK_LISTEN_MS, KNOCK_ROUNDS_MAX } from '#main/payments/knock-round.ts'
import { PRESENCE_TIMEOUT_MS } from '#main/payments/presence.ts'
import { ATT_REQUEST_TIMEOUT_MS, DISCOVERY_ROUNDS_MAX, MTU_ASKED } from '#main/radio/att-client.ts'
import { PREPARE_TIMEOUT_MS } from '#main/radio/att-session.ts'
import { RECEIVED_MESSAGES_MAX, WRITE_TIMEOUT_MS } from '#main/radio/framed-link.ts'
import { CONNECT_TIMEOUT_MS } from '#main/radio/practice-radio.ts'
import { FORGET_AFTER_MS, LEAD_DB, LEAD_MS } from '#main/radio/sightings.ts'
import { SESSIONS_PER_MINUTE_MAX } from '#reference/band/band.ts'
import { ARMED_MAX_MS, DISARM_AFTER_MS, KNOCKS_KEPT_MS, SETTLED_AFTER_MS } from '#reference/band/band-state.ts'
import { KNOCK_WAIT_MS } from '#reference/band/lock.ts'
import { OFFERS_MAX } from '#reference/band/offers.ts'
import { OFFER_WAIT_MS, REQUESTS_PER_SESSION_MAX, SESSION_MAX_MS, SILENCE_MAX_MS } from '#reference/band/session.ts'
import { RELAYED_KEPT_MS } from '#reference/band/slots.ts'
import { BOUND_WAIT_MS, LINK_WAIT_MS } from '#reference/phone/bond.ts'
import { OFFER_GRACE_S } from '#reference/phone/offers.ts'
import { ALLOWANCE_LIFETIME_S, ALLOWANCE_SETTLE_S } from '#shared/contracts/allowance-api.ts'
import { CAPTURE_DAYS, HOLD_LIFETIME_MS, TERMINAL_CERTIFICATE_DAYS } from '#shared/contracts/backend-api.ts'
import {
  ADVERT_BYTES,
  COMPANY_ID,
  ID_SLOT_MS,
  REQUEST_UUID,
  RESPONSE_UUID,
  SERVICE_UUID,
  SESSION_UUID,
} from '#shared/contracts/band-advert.ts'
import { CBOR_DEPTH_MAX, CBOR_SIZE_MAX_BYTES } from '#shared/contracts/cbor.ts'
import { MESSAGE_TIMEOUT_MS, SEGMENT_TIMEOUT_MS, SEGMENTS_MAX } from '#shared/contracts/frames.ts'
import * as identity from '#shared/contracts/identity-messages.ts'
import * as link from '#shared/contracts/link-messages.ts'
import { LINK_FRAME_BYTES_MIN } from '#shared/contracts/phone-link.ts'
import * as messages from '#shared/contracts/radio-messages.ts'
import * as slots from '#shared/contracts/slot-messages.ts'
import type { FieldShape, Structure } from '#shared/contracts/structure.ts'
import { SIGNATURE_AGE_MAX_S, SIGNATURE_CLOCK_SKEW_S } from '#shared/crypto/http-signature.ts'
import { CLOCK_TOLERANCE_S } from '#shared/crypto/key-set.ts'
import { REASON_LIST, REASONS } from '#shared/domain/reasons.ts'

type Described = { readonly fields: Structure<unknown>['fields']; readonly label?: string }

function isDescribed(value: unknown): value is Described {
  return typeof value === 'object' && value !== null && 'fields' in value && 'decode' in value
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

function codes(of: Readonly<Record<string, number>>): string {
  return table(
    ['code', 'name'],
    Object.entries(of).map(([name, code]) => [code, `\`${name}\``]),
  )
}

function limitOf(shape: FieldShape): string {
  switch (shape.type) {
    case 'integer':
      return `${shape.min} to ${shape.max}`
    case 'bytes':
      return shape.min === shape.max ? `${shape.max} bytes` : `${shape.min} to ${shape.max} bytes`
    case 'text':
      return `${shape.min} to ${shape.max} characters`
    case 'bytes-list':
      return `at most ${shape.max} of ${shape.length} bytes`
  }
}

const TYPE_WORDS = { integer: 'integer', bytes: 'byte string', text: 'text', 'bytes-list': 'array of byte strings' } as const

function structureTable({ fields, label }: Described): string {
  const rows = Object.entries(fields).map(([name, { key, optional, shape }]) => [
    key,
    `\`${name}\`${optional ? ' (optional)' : ''}`,
    TYPE_WORDS[shape.type],
    limitOf(shape),
  ])
  return table(['key', 'field', 'type', 'limit'], label === undefined ? rows : [[0, 'label', 'text', `\`${label}\``], ...rows])
}

const LIMITS: readonly (readonly [what: string, value: number, unit: string])[] = [
  ['CBOR item: size', CBOR_SIZE_MAX_BYTES, 'bytes'],
  ['CBOR item: arrays and maps inside one another', CBOR_DEPTH_MAX, 'levels'],
  ['message', messages.MESSAGE_MAX_BYTES, 'bytes'],
  ['segments of a message', SEGMENTS_MAX, ''],
  ['from one segment to the next', SEGMENT_TIMEOUT_MS, 'ms'],
  ['from first segment to last', MESSAGE_TIMEOUT_MS, 'ms'],
  ['MTU the terminal asks for', MTU_ASKED, 'bytes'],
  ['terminal: connection is made', CONNECT_TIMEOUT_MS, 'ms'],
  ['terminal: connected to subscribed', PREPARE_TIMEOUT_MS, 'ms'],
  ['terminal: one ATT request', ATT_REQUEST_TIMEOUT_MS, 'ms'],
  ['terminal: one write is taken by the radio', WRITE_TIMEOUT_MS, 'ms'],
  ['terminal: questions of one discovery', DISCOVERY_ROUNDS_MAX, ''],
  ['terminal: unread messages on a link', RECEIVED_MESSAGES_MAX, ''],
  ['terminal: a band unheard is forgotten', FORGET_AFTER_MS, 'ms'],
  ['terminal: lead of the proposed band', LEAD_DB, 'dB'],
  ['terminal: the lead must last', LEAD_MS, 'ms'],
  ['terminal: bands asked for a knock', KNOCK_CANDIDATES_MAX, ''],
  ['terminal: one presence', PRESENCE_TIMEOUT_MS, 'ms'],
  ['terminal: a count is on show', KNOCK_LISTEN_MS, 'ms'],
  ['terminal: counts one after another', KNOCK_ROUNDS_MAX, ''],
  ['terminal: one question who somebody is', IDENTIFY_LIFETIME_S, 's'],
  ['terminal: what was told is on show', TOLD_SHOWN_MS, 'ms'],
  ['band: offers kept', OFFERS_MAX, ''],
  ['band: waits for an offer before it says busy', OFFER_WAIT_MS, 'ms'],
  ['band: subscribed terminal that asks nothing', SILENCE_MAX_MS, 'ms'],
  ['band: whole session', SESSION_MAX_MS, 'ms'],
  ['band: requests of one session', REQUESTS_PER_SESSION_MAX, ''],
  ['band: sessions within a minute', SESSIONS_PER_MINUTE_MAX, ''],

  ['band: off the wrist until disarmed', DISARM_AFTER_MS, 'ms'],
  ['band: back on the wrist until it counts as put on', SETTLED_AFTER_MS, 'ms'],
  ['band: armed by one unlock', ARMED_MAX_MS, 'ms'],
  ['band: waits for the knock of a pairing', KNOCK_WAIT_MS, 'ms'],
  ['band and phone: one frame, at least', LINK_FRAME_BYTES_MIN, 'bytes'],
  ['phone: waits for the band to answer', LINK_WAIT_MS, 'ms'],
  ['phone: waits for the band to be bound', BOUND_WAIT_MS, 'ms'],
  ['band: last run of knocks is kept', KNOCKS_KEPT_MS, 'ms'],
  ['advert: version to rotating id', ADVERT_BYTES, 'bytes'],
  ['rotating id, address and pseudonym live', ID_SLOT_MS, 'ms'],
  ['offer outlives its slot', OFFER_GRACE_S, 's'],
  ['request: lifetime', messages.REQUEST_LIFETIME_MAX_S, 's'],
  ['clocks of honest parts differ by', CLOCK_TOLERANCE_S, 's'],
  ['signed HTTP call: age', SIGNATURE_AGE_MAX_S, 's'],
  ['signed HTTP call: clock skew', SIGNATURE_CLOCK_SKEW_S, 's'],
  ['terminal certificate lives', TERMINAL_CERTIFICATE_DAYS, 'days'],
  ['offline allowance may be spent for', ALLOWANCE_LIFETIME_S, 's'],
  ['its slots are settled for so much longer', ALLOWANCE_SETTLE_S, 's'],
  ['slots of one allowance', slots.SLOTS_MAX, ''],
  ['band remembers a request for its slot', RELAYED_KEPT_MS, 'ms'],
  ['held money is captured or reversed within', CAPTURE_DAYS, 'days'],
  ['seat hold lives', HOLD_LIFETIME_MS, 'ms'],
]

/** Every generated block of the document, by the name in its markers. */
export function protocolTables(): ReadonlyMap<string, string> {
  const structures = [...Object.entries(messages), ...Object.entries(link), ...Object.entries(identity), ...Object.entries(slots)].flatMap(
    ([name, value]) => (isDescribed(value) ? [[name, structureTable(value)] as const] : []),
  )
  return new Map([
    ...structures,
    ['kinds', codes(messages.MESSAGE_KINDS)],
    ['errors', codes(messages.ERROR_CODES)],
    ['link-refusals', codes(link.LINK_REFUSALS)],
    ['slot-refusals', codes(slots.SLOT_REFUSALS)],
    ['stages', codes(messages.PENDING_STAGES)],
    ['answers', codes(messages.ANSWER_KINDS)],
    ['purposes', codes(messages.KEY_PURPOSES)],
    [
      'flags',
      codes({
        worn: messages.FLAG_WORN,
        armed: messages.FLAG_ARMED,
        'phone linked': messages.FLAG_PHONE_LINKED,
        'low battery': messages.FLAG_LOW_BATTERY,
      }),
    ],
    [
      'reasons',
      table(
        ['code', 'name', 'what the cashier says'],
        REASON_LIST.map((reason) => [REASONS[reason].code, `\`${reason}\``, REASONS[reason].say.en]),
      ),
    ],
    [
      'uuids',
      table(
        ['what', 'UUID'],
        [
          ['service', SERVICE_UUID],
          ['`response`', RESPONSE_UUID],
          ['`session`', SESSION_UUID],
          ['`request`', REQUEST_UUID],
          ['company id', `0x${COMPANY_ID.toString(16).toUpperCase()}`],
        ],
      ),
    ],
    [
      'limits',
      table(
        ['what', 'at most'],
        LIMITS.map(([what, value, unit]) => [what, `${value} ${unit}`.trim()]),
      ),
    ],
  ])
}

const BLOCK = /<!-- begin ([\w-]+) -->\n([\s\S]*?)\n<!-- end \1 -->/g

/** The generated blocks a document holds, by name. */
export function blocksOf(document: string): ReadonlyMap<string, string> {
  return new Map([...document.matchAll(BLOCK)].map(([, name = '', body = '']) => [name, body]))
}

/** The document with these blocks put in; blocks without a new content stay as they are. */
export function withBlocks(document: string, blocks: ReadonlyMap<string, string>): string {
  return document.replace(BLOCK, (_whole, name: string, body: string) => {
    return `<!-- begin ${name} -->\n${blocks.get(name) ?? body}\n<!-- end ${name} -->`
  })
}
