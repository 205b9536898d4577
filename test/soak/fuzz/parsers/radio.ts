/** What comes over the air and over the practice link: adverts, ATT both ways, HCI packets, frames, the radio process's messages. */
import { EventEmitter } from 'node:events'
import { characteristicsOf, descriptorOf, HANDLE_MAX, servicesOf } from '#main/radio/att-answers.ts'
import { AttSession } from '#main/radio/att-session.ts'
import { AttScreen } from '#main/radio/noble/att-screen.ts'
import { HciGate } from '#main/radio/noble/hci-gate.ts'
import type { HciTransport } from '#main/radio/noble/hci-transport.ts'
import { parseFromRadio, parseToRadio } from '#main/radio/noble/messages.ts'
import { GattServer, SERVER_MTU_MAX } from '#reference/band/gatt-server.ts'
import { ATT, CHARACTERISTIC, CLIENT_CONFIGURATION, isAttRequest, PRIMARY_SERVICE, u16 } from '#shared/contracts/att.ts'
import { decodeAdvert, encodeAdvert } from '#shared/contracts/band-advert.ts'
import { concat } from '#shared/contracts/bytes.ts'
import { Reassembler, toFrames } from '#shared/contracts/frames.ts'
import { decodeFromAir, decodeToAir, encodeFromAir, encodeToAir, practiceDeframer } from '#shared/contracts/practice-link.ts'
import { errorMessage, MESSAGE_MAX_BYTES, pendingMessage } from '#shared/contracts/radio-messages.ts'
import { byteFaults } from '../byte-faults.ts'
import { type Json, jsonFaults } from '../json-faults.ts'
import { judged, otherBytes, type Parser } from '../parser.ts'
import { inChunks, inPieces } from '../pieces.ts'

const FRAME_ERRORS = ['malformed', 'out-of-order', 'altered-segment', 'oversized', 'timeout']
const ATT_ERRORS = ['link-lost', 'timeout', 'malformed', 'unsolicited', 'flood', 'too-many-rounds', 'refused', 'not-a-band']
const LINK_ERRORS: ReadonlySet<string> = new Set(['link-lost', 'timeout', ...FRAME_ERRORS])
const MTUS = [0, 5, 23, 24, 64, 185, 247, 517, 0xffff]
const PDU_MAX_BYTES = 512
/** Where the band's table has its payment service (reference/band/gatt-table.ts). */
const SERVICE = { start: 7, end: 14 }

export function radioParsers(): readonly Parser[] {
  return [frames(), adverts(), attAnswers(), attSession(), attScreen(), gattServer(), hciGate(), practiceLink(), fromRadio(), toRadio()]
}

/** Each frame is 20 ms after the one before. Accepted when a message came out of it. */
function frames(): Parser {
  const step = 20
  const bodies = [
    errorMessage.encode({ code: 1, retryAfterSeconds: 0 }),
    new Uint8Array(300).fill(5),
    new Uint8Array(MESSAGE_MAX_BYTES).fill(6),
  ]
  const cut = bodies.flatMap((body, index) => [
    toFrames({ kind: 'offer', body }, index, 182),
    ...(body.length <= 300 ? [toFrames({ kind: 'answer', body }, index, 20)] : []),
  ])
  return inPieces('frames', cut, (pieces) => {
    const reassembler = new Reassembler()
    let whole = 0
    let ended: string | undefined
    for (const [index, piece] of pieces.entries()) {
      const result = reassembler.receive(piece, index * step)
      if (result.ok && ended !== undefined) return { fault: `taken after the session had ended with ${ended}` }
      if (!result.ok && !FRAME_ERRORS.includes(result.error)) return { fault: `the error ${result.error} is not documented` }
      if (!result.ok) ended = result.error
      if (result.ok && result.value && result.value.body.length > MESSAGE_MAX_BYTES) return { fault: 'longer than a message can be' }
      if (result.ok && result.value) whole += 1
    }
    return whole > 0 ? 'accepted' : 'refused'
  })
}

const ADVERT = encodeAdvert({ flags: 7, rotatingId: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) })

function adverts(): Parser {
  return {
    name: 'adverts',
    specimens: [ADVERT],
    make: byteFaults([ADVERT]),
    run: (input) => {
      const advert = decodeAdvert(input)
      const fault = advert && otherBytes(encodeAdvert(advert), input)
      return fault === undefined ? (advert ? 'accepted' : 'refused') : { fault }
    },
  }
}

/** What an honest band answers to each of our requests, in their order, and a message it pushes. */
function honestAnswers(mtu = 185): readonly Uint8Array[] {
  const band = new GattServer(mtu, () => new Uint8Array(0))
  const answers: Uint8Array[] = []
  const ask = (...parts: readonly Uint8Array[]) => {
    const { answer = new Uint8Array(0) } = band.receive(concat(...parts))
    answers.push(answer)
    return answer
  }
  const range = (opcode: number, start: number, end: number, type: number) => ask(Uint8Array.of(opcode), u16(start), u16(end), u16(type))
  ask(Uint8Array.of(ATT.exchangeMtuRequest), u16(256))
  for (let from = 1, asked = true; asked; ) {
    const found = servicesOf(range(ATT.readByGroupTypeRequest, from, HANDLE_MAX, PRIMARY_SERVICE), from)
    asked = found.ok
    from = (found.ok ? (found.value.at(-1)?.end ?? 0) : 0) + 1
  }
  for (let from = SERVICE.start; from <= SERVICE.end; ) {
    const found = characteristicsOf(range(ATT.readByTypeRequest, from, SERVICE.end, CHARACTERISTIC), { ...SERVICE, start: from })
    from = (found.ok ? (found.value.at(-1)?.value ?? HANDLE_MAX) : HANDLE_MAX) + 1
  }
  range(ATT.readByTypeRequest, 8, 10, CLIENT_CONFIGURATION)
  ask(Uint8Array.of(ATT.writeRequest), u16(10), u16(1))
  const [pending = new Uint8Array(0)] = toFrames({ kind: 'pending', body: pendingMessage.encode({ stage: 1 }) }, 0, 20)
  return [...answers, band.notification(pending)]
}

/** The first byte chooses the question, the next four the range that was asked about. */
function attAnswers(): Parser {
  const [, services = new Uint8Array(0), more = services, , characteristics = services, descriptor = services] = honestAnswers()
  const specimens = [
    [0, 1, 14, services],
    [0, 7, 14, more],
    [1, 7, 14, characteristics],
    [2, 8, 10, descriptor],
  ].map(([which, start, end, pdu]) => concat(Uint8Array.of(Number(which)), u16(Number(start)), u16(Number(end)), pdu as Uint8Array))
  return {
    name: 'ATT answers',
    specimens,
    make: byteFaults(specimens),
    run: (input) => {
      const asked = { start: (input[1] ?? 0) | ((input[2] ?? 0) << 8), end: (input[3] ?? 0) | ((input[4] ?? 0) << 8) }
      const pdu = input.subarray(5)
      switch ((input[0] ?? 0) % 3) {
        case 0:
          return judged(servicesOf(pdu, asked.start), ['malformed'], (found) => (found.length > 0 ? undefined : 'an empty list'))
        case 1:
          return judged(characteristicsOf(pdu, asked), ['malformed'], (found) =>
            found.every(({ declaration, value }) => declaration >= asked.start && value <= asked.end)
              ? undefined
              : 'outside what was asked',
          )
        default:
          return judged(descriptorOf(pdu, asked), ['malformed'])
      }
    },
  }
}

const stillClock = { nowMs: () => 0, monotonicMs: () => 0, after: () => () => {} }

/** Turns of the microtask queue in which a client that is going to ask its next question has asked it. */
const TURNS = 16

/** A whole client: whenever it has asked, or has nothing to ask, it gets the next piece; at the end the link is gone. */
function attSession(): Parser {
  return inPieces('ATT client', [honestAnswers(), honestAnswers(23)], async (pieces) => {
    let asked = false
    let hungUp = 0
    const session = new AttSession({
      clock: stillClock,
      send: (pdu) => {
        asked ||= isAttRequest(pdu)
      },
      hangUp: () => {
        hungUp += 1
      },
    })
    const preparing = session.prepare()
    for (const piece of pieces) {
      for (let turn = 0; turn < TURNS && !asked; turn += 1) await Promise.resolve()
      asked = false
      session.receive(piece)
    }
    for (let turn = 0; turn < TURNS; turn += 1) await Promise.resolve()
    session.end('link-lost')
    const link = await preparing
    const message = link.ok ? await link.value.receive(0) : undefined
    if (hungUp !== 1) return { fault: `hung up ${hungUp} times` }
    if (message && !message.ok && !LINK_ERRORS.has(message.error)) return { fault: `the error ${message.error} is not documented` }
    return judged(link, ATT_ERRORS)
  })
}

/** Ours and theirs take turns. */
function attScreen(): Parser {
  const answers = honestAnswers().slice(0, -1)
  const asked = [
    concat(Uint8Array.of(ATT.exchangeMtuRequest), u16(256)),
    concat(Uint8Array.of(ATT.readByGroupTypeRequest), u16(1), u16(HANDLE_MAX), u16(PRIMARY_SERVICE)),
    concat(Uint8Array.of(ATT.readByGroupTypeRequest), u16(7), u16(HANDLE_MAX), u16(PRIMARY_SERVICE)),
    concat(Uint8Array.of(ATT.readByGroupTypeRequest), u16(15), u16(HANDLE_MAX), u16(PRIMARY_SERVICE)),
    concat(Uint8Array.of(ATT.readByTypeRequest), u16(7), u16(14), u16(CHARACTERISTIC)),
    concat(Uint8Array.of(ATT.readByTypeRequest), u16(8), u16(10), u16(CLIENT_CONFIGURATION)),
    concat(Uint8Array.of(ATT.writeRequest), u16(10), u16(1)),
  ]
  const turns = answers.flatMap((answer, index) => [asked[index] ?? answer, answer])
  return inPieces('ATT screen', [turns], (pieces) => {
    const screen = new AttScreen()
    const passed = pieces.map((piece, index) => (index % 2 === 0 ? screen.sent(piece) : screen.received(piece)))
    return passed.every(Boolean) ? 'accepted' : 'refused'
  })
}

/** The first piece chooses the MTU that the band offers; each other one is a PDU of a client. */
function gattServer(): Parser {
  const session = new Uint8Array(PDU_MAX_BYTES).fill(3)
  const requests = [
    Uint8Array.of(5),
    concat(Uint8Array.of(ATT.exchangeMtuRequest), u16(256)),
    concat(Uint8Array.of(ATT.readByGroupTypeRequest), u16(1), u16(HANDLE_MAX), u16(PRIMARY_SERVICE)),
    concat(Uint8Array.of(ATT.readByTypeRequest), u16(7), u16(14), u16(CHARACTERISTIC)),
    concat(Uint8Array.of(ATT.findInformationRequest), u16(1), u16(HANDLE_MAX)),
    concat(Uint8Array.of(ATT.readRequest), u16(12)),
    concat(Uint8Array.of(0x0c), u16(12), u16(180)),
    concat(Uint8Array.of(ATT.writeRequest), u16(10), u16(1)),
    concat(Uint8Array.of(ATT.writeCommand), u16(14), new Uint8Array(20)),
    Uint8Array.of(0x1e),
  ]
  return inPieces('ATT server', [requests], ([chosen, ...pdus]) => {
    const server = new GattServer(MTUS[(chosen?.[0] ?? 0) % MTUS.length] ?? 0, () => session)
    let refusals = 0
    for (const pdu of pdus) {
      const { answer } = server.receive(pdu)
      if (answer && answer.length > server.mtu) return { fault: `an answer of ${answer.length} bytes at MTU ${server.mtu}` }
      if (server.mtu < 23 || server.mtu > SERVER_MTU_MAX) return { fault: `MTU ${server.mtu}` }
      if (answer?.[0] === ATT.errorResponse) refusals += 1
    }
    return refusals === 0 ? 'accepted' : 'refused'
  })
}

/** A controller whose every packet is a piece. */
class Controller extends EventEmitter implements HciTransport {
  bindRaw(): number {
    return 0
  }
  bindUser(): number {
    return 0
  }
  isDevUp(): boolean {
    return true
  }
  setFilter(): void {}
  start(): void {}
  stop(): void {}
  write(): void {}
}

/** Packets of a controller; every fourth piece is one of ours on its way out. Accepted when the library saw one of an open connection. */
function hciGate(): Parser {
  const handle = 0x40
  const acl = (pdu: Uint8Array, flags = 2) =>
    concat(Uint8Array.of(2), u16(handle | (flags << 12)), u16(pdu.length + 4), u16(pdu.length), u16(4), pdu)
  const advert = concat(
    Uint8Array.of(4, 0x3e, 12 + ADVERT.length + 2, 2, 1, 0, 1, 1, 2, 3, 4, 5, 6, ADVERT.length + 2, ADVERT.length + 1, 0xff),
    ADVERT,
    Uint8Array.of(0xc4),
  )
  const extended = concat(
    Uint8Array.of(4, 0x3e, 40, 0x0d, 1, 0, 0, 1),
    new Uint8Array(20).fill(9),
    Uint8Array.of(ADVERT.length + 1, 0xff),
    ADVERT,
  )
  const connected = concat(Uint8Array.of(4, 0x3e, 19, 1, 0), u16(handle), new Uint8Array(16))
  const disconnected = concat(Uint8Array.of(4, 5, 4, 0), u16(handle), Uint8Array.of(0x13))
  const completed = concat(Uint8Array.of(4, 0x13, 5, 1), u16(handle), u16(1))
  const [mtuAnswer = new Uint8Array(0)] = honestAnswers()
  const asked = acl(concat(Uint8Array.of(ATT.exchangeMtuRequest), u16(256)), 0)
  const notified = acl(concat(Uint8Array.of(ATT.notification), u16(9), new Uint8Array(20)))
  const cut = notified.subarray(0, 14)
  const rest = concat(Uint8Array.of(2), u16(handle | (1 << 12)), u16(notified.length - 14), notified.subarray(14))
  const script = [advert, extended, connected, asked, acl(mtuAnswer), completed, notified, asked, cut, rest, disconnected]
  return inPieces('HCI packets', [script], (pieces) => {
    const controller = new Controller()
    let broken: string | undefined
    let passed = 0
    const gate = new HciGate(controller, { nowMs: () => 0, onBroken: (detail) => (broken = detail) })
    gate.on('data', (packet: Buffer) => {
      if (packet[0] === 2) passed += 1
    })
    for (const [index, piece] of pieces.entries()) {
      const packet = Buffer.from(piece)
      // The library writes only whole packets of its own.
      if (index % 4 === 3 && packet.length >= 9) gate.write(packet)
      else controller.emit('data', packet)
    }
    return broken === undefined ? (passed > 0 ? 'accepted' : 'refused') : { fault: `the library was made to throw: ${broken}` }
  })
}

/** Read at both ends. */
function practiceLink(): Parser {
  const address = Uint8Array.of(1, 2, 3, 4, 5, 6)
  const pdu = new Uint8Array(40).fill(8)
  const toAir = [
    { type: 'scan', on: true },
    { type: 'connect', address },
    { type: 'disconnect', link: 3 },
    { type: 'att', link: 3, pdu },
  ] as const
  const fromAir = [
    { type: 'sighting', address, rssi: -60, manufacturerData: ADVERT },
    { type: 'connected', address, link: 3 },
    { type: 'connect-failed', address },
    { type: 'disconnected', link: 3 },
    { type: 'att', link: 3, pdu },
  ] as const
  const specimens = [toAir.map(encodeToAir), fromAir.map(encodeFromAir)]
  return inChunks('practice link', specimens, practiceDeframer, (payload, framed) => {
    const outcomes = [
      judged(decodeToAir(payload), ['malformed'], (message) => otherBytes(encodeToAir(message), framed)),
      judged(decodeFromAir(payload), ['malformed'], (message) => otherBytes(encodeFromAir(message), framed)),
    ]
    return outcomes.find((outcome) => typeof outcome === 'object') ?? (outcomes.includes('accepted') ? 'accepted' : 'refused')
  })
}

/** Messages between processes hold bytes, which JSON does not: they stand in it as `{"bytes": hex}`. */
function messages(name: string, specimens: readonly Json[], parse: (message: unknown) => { readonly ok: boolean }): Parser {
  return {
    name,
    specimens: specimens.map((value) => new Uint8Array(Buffer.from(JSON.stringify(value)))),
    make: jsonFaults(specimens),
    run: (input) => {
      let message: unknown
      try {
        message = JSON.parse(Buffer.from(input).toString('utf8'), (_, value: unknown) =>
          typeof value === 'object' && value !== null && 'bytes' in value && typeof value.bytes === 'string'
            ? new Uint8Array(Buffer.from(value.bytes, 'hex'))
            : value,
        )
      } catch {
        return 'refused'
      }
      return parse(message).ok ? 'accepted' : 'refused'
    },
  }
}

const address = 'a1b2c3d4e5f6'

function fromRadio(): Parser {
  const specimens: readonly Json[] = [
    { type: 'beat', addresses: 3, rssBytes: 100_000 },
    { type: 'driver', driver: 'stoprocent', why: 'usual' },
    { type: 'scanning' },
    { type: 'failed', trouble: 'no-adapter' },
    { type: 'sightings', sightings: [{ address, rssi: -60, manufacturerData: { bytes: Buffer.from(ADVERT).toString('hex') } }] },
    { type: 'linked', call: 1, mtu: 185, attRequests: 7 },
    { type: 'notified', call: 1, value: { bytes: '0102' }, attRequests: 7 },
    { type: 'ended', call: 1, ending: 'timeout' },
    { type: 'fault', trouble: 'stuck', detail: 'why' },
  ]
  return messages('radio process to terminal', specimens, parseFromRadio)
}

function toRadio(): Parser {
  const specimens: readonly Json[] = [
    { type: 'scan', on: true },
    { type: 'scan-again' },
    { type: 'connect', call: 1, address },
    { type: 'write', call: 1, value: { bytes: '0102' } },
    { type: 'hang-up', call: 1 },
  ]
  return messages('terminal to radio process', specimens, parseToRadio)
}
