import { expect, test } from 'vitest'
import { decodeAdvert, encodeAdvert } from '#shared/contracts/band-advert.ts'
import { decodeSign1, encodeSign1, protectedHeader } from '#shared/contracts/cose.ts'
import { Reassembler, toFrames } from '#shared/contracts/frames.ts'
import { decodeFromAir, decodeToAir, encodeFromAir, encodeToAir, practiceDeframer } from '#shared/contracts/practice-link.ts'
import { MESSAGE_KINDS, type MessageKind } from '#shared/contracts/radio-messages.ts'
import { Seeded } from '#test/support/seeded.ts'
import { STRUCTURES, smallest } from '#test/support/structures.ts'

/** 100,000 in all, shared among the four loops. */
const MESSAGES = 60_000
const SESSIONS = 5_000
const FRAMES_PER_SESSION = 4
const LINKS = 20_000
const SEED = 20_301_102

/** Runs one round, and names the seed of the round that failed. */
function rounds(count: number, round: (random: Seeded) => void): void {
  for (let index = 0; index < count; index += 1) {
    const seed = SEED + index
    try {
      round(new Seeded(seed))
    } catch (error) {
      throw new Error(`round with seed ${seed} failed`, { cause: error })
    }
  }
}

const signed = encodeSign1(protectedHeader(new Uint8Array(8)), new Uint8Array(40), new Uint8Array(64))
const bodies = [...STRUCTURES.map(([, structure]) => structure.encode(smallest(structure))), signed]
const kinds = Object.keys(MESSAGE_KINDS) as MessageKind[]

test('60,000 altered messages: every decoder answers, none throws', () => {
  let refused = 0
  rounds(MESSAGES, (random) => {
    const received = random.mutate(random.pick(bodies))
    const [, structure] = random.pick(STRUCTURES)
    const decoded = structure.decode(received)
    if (decoded.ok) expect(structure.encode(decoded.value)).toEqual(received)
    else refused += 1
    decodeSign1(received)
    decodeAdvert(received)
  })
  expect(refused).toBeGreaterThan(MESSAGES / 2)
})

test('20,000 altered frames: every session ends in messages or in a named error', () => {
  const endings = new Set<string>()
  rounds(SESSIONS, (random) => {
    const reassembler = new Reassembler()
    const frames = toFrames({ kind: random.pick(kinds), body: random.pick(bodies) }, random.below(256), 20 + random.below(60))
    let nowMs = 0
    for (let count = 0; count < FRAMES_PER_SESSION; count += 1) {
      const frame = frames[count % frames.length] ?? new Uint8Array(0)
      nowMs += random.below(40) === 0 ? 1_500 : 20
      const result = reassembler.receive(random.below(3) === 0 ? random.mutate(frame) : frame, nowMs)
      endings.add(result.ok ? (result.value ? 'message' : 'open') : result.error)
    }
  })
  expect([...endings].sort()).toEqual(['altered-segment', 'malformed', 'message', 'open', 'out-of-order', 'oversized', 'timeout'])
})

test('20,000 altered pieces of the practice link: decoded or refused, never thrown', () => {
  const honest = [
    encodeToAir({ type: 'scan', on: true }),
    encodeToAir({ type: 'connect', address: new Uint8Array(6) }),
    encodeToAir({ type: 'att', link: 3, pdu: new Uint8Array(40) }),
    encodeFromAir({
      type: 'sighting',
      address: new Uint8Array(6),
      rssi: -60,
      manufacturerData: encodeAdvert({ flags: 7, rotatingId: new Uint8Array(8) }),
    }),
    encodeFromAir({ type: 'connected', address: new Uint8Array(6), link: 3 }),
    encodeFromAir({ type: 'att', link: 3, pdu: new Uint8Array(40) }),
  ]
  let decoded = 0
  rounds(LINKS, (random) => {
    const deframer = practiceDeframer()
    for (let count = 0; count < 3; count += 1) {
      const payloads = deframer.push(random.below(2) === 0 ? random.mutate(random.pick(honest)) : random.pick(honest))
      if (!payloads.ok) return
      for (const payload of payloads.value) {
        if (decodeFromAir(payload).ok) decoded += 1
        if (decodeToAir(payload).ok) decoded += 1
      }
    }
  })
  expect(decoded).toBeGreaterThan(LINKS / 2)
})
