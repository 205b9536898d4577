/** Rules for a band: its attribute table, what fits into one frame, and how frames become messages (docs/protocol.md §4, §5). */
import { ATT, u16 } from '#shared/contracts/att.ts'
import { concat, equalBytes } from '#shared/contracts/bytes.ts'
import { MESSAGE_MAX_BYTES, type MessageKind } from '#shared/contracts/radio-messages.ts'
import { randomBytes } from '#shared/crypto/keys.ts'
import type { BandBench } from '../band-bench.ts'
import { must, type Rule } from '../rule.ts'
import type { TerminalSide } from '../terminal-side.ts'

const ATT_REQUESTS_MAX = 7
const MTUS = [23, 24, 64, 185, 247, 517]
const ATT_OVERHEAD = 3
const BODY_PER_FRAME = 16
/** More than a second after the segment before it. */
const TOO_LATE_MS = 1_200

/** A session with a request cut into frames of a few bytes, none of them sent. */
async function cutRequest(bench: BandBench, kind: MessageKind = 'request') {
  const { phone } = await bench.ready(2)
  const terminal = await bench.session()
  const { message } = await bench.request(await terminal.offer())
  return { phone, terminal, frames: terminal.framesOf(kind, message, BODY_PER_FRAME + 4) }
}

function sendAll(terminal: TerminalSide, frames: readonly Uint8Array[]): void {
  for (const frame of frames) terminal.frame(frame)
}

/** A frame with some bytes of its header changed. */
function changed(frame: Uint8Array, header: { readonly id?: number; readonly index?: number; readonly count?: number }): Uint8Array {
  const copy = Uint8Array.from(frame)
  if (header.id !== undefined) copy[1] = header.id
  if (header.index !== undefined) copy[2] = header.index
  if (header.count !== undefined) copy[3] = header.count
  return copy
}

const table: Rule<BandBench> = {
  id: 'gatt.table',
  section: '§4',
  says: 'The payment service is the last one and ends with the value of `request`; from connect to subscribed takes seven requests.',
  check: async (bench) => {
    await bench.ready(1)
    const terminal = await bench.session()
    must(terminal.attRequests <= ATT_REQUESTS_MAX, `it takes ${terminal.attRequests} ATT requests from connect to subscribed`)
    const { response, session, request } = terminal.handles
    must(response < session && session < request, 'the characteristics are not in the order response, session, request')
  },
}

const mtu: Rule<BandBench> = {
  id: 'gatt.mtu',
  section: '§4',
  says: 'A frame is at most min(MTU asked, MTU reported) - 3 bytes and the band works at every MTU from 23 to 517.',
  check: async (bench) => {
    const { phone, bonded } = await bench.ready(MTUS.length)
    for (const asked of MTUS) {
      const terminal = await bench.session(asked)
      await bench.prove(terminal, phone, bonded)
      const most = Math.max(0, ...terminal.notified)
      must(most <= terminal.mtu - ATT_OVERHEAD, `at MTU ${terminal.mtu} a frame of ${most} bytes is notified`)
      await terminal.close()
    }
  },
}

const readSession: Rule<BandBench> = {
  id: 'gatt.session',
  section: '§4',
  says: 'Reading `session` gives the OFFER on show.',
  check: async (bench) => {
    await bench.ready(1)
    const terminal = await bench.session()
    const pushed = await terminal.next('offer')
    must(pushed, 'no OFFER comes')
    let read: Uint8Array = new Uint8Array(0)
    for (;;) {
      const { session } = terminal.handles
      const isFirst = read.length === 0
      const answer = isFirst
        ? await terminal.ask(Uint8Array.of(ATT.readRequest), u16(session))
        : await terminal.ask(Uint8Array.of(0x0c), u16(session), u16(read.length))
      must(answer[0] === (isFirst ? ATT.readResponse : 0x0d), 'the session characteristic cannot be read')
      read = concat(read, answer.subarray(1))
      if (answer.length < terminal.mtu) break
    }
    must(equalBytes(read, pushed), 'the session characteristic holds something else than the OFFER that was pushed')
  },
}

const repeated: Rule<BandBench> = {
  id: 'frames.repeated',
  section: '§5',
  says: 'A segment already received, with the same bytes, is ignored.',
  check: async (bench) => {
    const { phone, terminal, frames } = await cutRequest(bench)
    sendAll(
      terminal,
      frames.flatMap((frame, index) => (index === 1 ? [frame, frame] : [frame])),
    )
    must(await phone.forwarded(), 'a request with one segment sent twice is not forwarded')
  },
}

/** Frames that must end the session with this error, and forward nothing. */
function ends(
  id: string,
  says: string,
  error: Parameters<TerminalSide['expectEnd']>[0],
  spoil: (frames: readonly Uint8Array[]) => readonly Uint8Array[],
): Rule<BandBench> {
  return {
    id,
    section: '§5',
    says,
    check: async (bench) => {
      const { terminal, frames } = await cutRequest(bench)
      sendAll(terminal, spoil(frames))
      await terminal.expectEnd(error)
    },
  }
}

const malformed: Rule<BandBench> = {
  id: 'frames.malformed',
  section: '§5',
  says: 'Less than 4 bytes, no body, an unknown kind, a count of 0 and an index not below the count each end the session as `malformed`.',
  check: async (bench) => {
    await bench.ready(1)
    const bad = [
      [2, 1, 0],
      [2, 1, 0, 1],
      [200, 1, 0, 1, 7],
      [2, 1, 0, 0, 7],
      [2, 1, 2, 2, 7],
    ]
    for (const bytes of bad) {
      const terminal = await bench.session()
      terminal.frame(Uint8Array.from(bytes))
      await terminal.expectEnd('malformed')
    }
  },
}

const kinds: Rule<BandBench> = {
  id: 'frames.kinds',
  section: '§5',
  says: 'From a terminal a band takes `request`, `probe`, `commit` and `cancel`; any other kind ends the session as `malformed`.',
  check: async (bench) => {
    await bench.ready(1)
    for (const kind of ['offer', 'answer', 'error', 'refill', 'arm', 'release'] as const) {
      const terminal = await bench.session()
      terminal.say(kind, Uint8Array.of(0xa0))
      await terminal.expectEnd('malformed')
    }
  },
}

const oversized: Rule<BandBench> = {
  id: 'frames.oversized',
  section: '§5',
  says: 'A count above 128, and segments that add up to more than 2,048 bytes, end the session as `oversized`.',
  check: async (bench) => {
    await bench.ready(1)
    const counted = await bench.session()
    counted.frame(Uint8Array.of(2, 1, 0, 129, 7))
    await counted.expectEnd('oversized')
    const long = await bench.session()
    const room = long.mtu - ATT_OVERHEAD - 4
    const count = Math.ceil((MESSAGE_MAX_BYTES + 1) / room)
    const body = randomBytes(count * room)
    for (let index = 0; index < count; index += 1)
      long.frame(concat(Uint8Array.of(2, 1, index, count), body.subarray(index * room, (index + 1) * room)))
    await long.expectEnd('oversized')
  },
}

const late: Rule<BandBench> = {
  id: 'frames.late',
  section: '§5',
  says: 'A segment later than 1 s after the one before ends the session as `timeout`.',
  check: async (bench) => {
    const { terminal, frames } = await cutRequest(bench)
    sendAll(terminal, frames.slice(0, 2))
    await terminal.expectEnd('timeout', TOO_LATE_MS + bench.patience.answerMs)
  },
}

export const BAND_FRAME_RULES: readonly Rule<BandBench>[] = [
  table,
  mtu,
  readSession,
  repeated,
  ends(
    'frames.altered',
    'A segment already received, with other bytes, ends the session as `altered-segment`.',
    'altered-segment',
    (frames) => {
      const [first = new Uint8Array(0), second = new Uint8Array(0)] = frames
      const other = Uint8Array.from(second)
      other[4] = (other[4] ?? 0) ^ 1
      return [first, second, other]
    },
  ),
  ends('frames.reordered', 'Segments out of their order end the session as `out-of-order`.', 'out-of-order', ([a, b, c, ...rest]) =>
    [a, c, b, ...rest].filter((frame) => frame !== undefined),
  ),
  ends('frames.missing', 'A segment that is left out ends the session as `out-of-order`.', 'out-of-order', (frames) =>
    frames.filter((_, index) => index !== frames.length - 2),
  ),
  ends(
    'frames.not-first',
    'A message that begins with another index than 0 ends the session as `out-of-order`.',
    'out-of-order',
    (frames) => frames.slice(1),
  ),
  ends('frames.count', 'A count that changes within a message ends the session as `out-of-order`.', 'out-of-order', (frames) =>
    frames.map((frame, index) => (index === 2 ? changed(frame, { count: (frame[3] ?? 0) + 1 }) : frame)).slice(0, 3),
  ),
  ends('frames.interleaved', 'A second message while one is open ends the session as `out-of-order`.', 'out-of-order', (frames) => {
    const [first = new Uint8Array(0), second = new Uint8Array(0)] = frames
    return [first, second, changed(first, { id: ((first[1] ?? 0) + 7) & 0xff })]
  }),
  malformed,
  kinds,
  oversized,
  late,
]
