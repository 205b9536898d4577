/** Rules for a band: armed only by its phone, and only on the wrist; and an identity in the air that lasts a quarter of an hour (§3, §8.3, §9, §13). */
import { createHmac } from 'node:crypto'
import { ID_SLOT_MS } from '#shared/contracts/band-advert.ts'
import { toHex } from '#shared/contracts/bytes.ts'
import type { ErrorCode } from '#shared/contracts/radio-messages.ts'
import { randomBytes } from '#shared/crypto/keys.ts'
import type { BandBench } from '../band-bench.ts'
import { ARM_MINUTES, type Bonded, type PhoneSide } from '../phone-side.ts'
import { must, type Rule } from '../rule.ts'
import { NEXT_SLOT_MS } from '../slots.ts'

const DISARMED_MS = 5_500
const FLICKER_MS = 4_000
/** Off, brushed against the wrist, off again: together longer than five seconds. */
const BRUSH = { offMs: 3_000, onMs: 500, againMs: 2_500 }
const LIVES_MINUTES = 1

/** What the band says to a REQUEST now: the error, or nothing when it forwards it. */
async function obstacle(bench: BandBench, phone: PhoneSide, error: ErrorCode | undefined): Promise<void> {
  await bench.refill(phone, 1)
  const terminal = await bench.session()
  const { message } = await bench.request(await terminal.offer())
  terminal.say('request', message)
  if (error) await terminal.expectError(error)
  else must(await phone.forwarded(), 'a band that is worn, armed and linked forwards no request')
  await terminal.close()
}

/** Bound and on the wrist, and told to arm by a message that must not do it. */
function staysUnarmed(
  id: string,
  says: string,
  arm: (bench: BandBench, phone: PhoneSide, bonded: Bonded) => Promise<void>,
): Rule<BandBench> {
  return {
    id,
    section: '§8.3',
    says,
    check: async (bench) => {
      const { phone, bonded } = await bench.bound()
      await bench.do({ do: 'wear', worn: true })
      await arm(bench, phone, bonded)
      await phone.expectRefused('not-available', 'armed')
    },
  }
}

const unarmed: Rule<BandBench> = {
  id: 'request.not-armed',
  section: '§9',
  says: 'A REQUEST to a band that is not armed gets `not-armed`, and the session goes on with a new OFFER.',
  check: async (bench) => {
    const { phone } = await bench.bound()
    await bench.do({ do: 'wear', worn: true })
    await bench.refill(phone, 1)
    const terminal = await bench.session()
    terminal.say('request', (await bench.request(await terminal.offer())).message)
    await terminal.expectError('not-armed')
    await terminal.offer()
  },
}

const unworn: Rule<BandBench> = {
  id: 'request.not-worn',
  section: '§9',
  says: 'A REQUEST to a band off the wrist gets `not-worn`.',
  check: async (bench) => {
    const { phone } = await bench.ready(0)
    await bench.do({ do: 'wear', worn: false })
    await obstacle(bench, phone, 'not-worn')
  },
}

const unlinked: Rule<BandBench> = {
  id: 'request.not-linked',
  section: '§9',
  says: 'A REQUEST to a band whose phone has gone gets `phone-not-linked`, and so does a terminal that finds no offer there.',
  check: async (bench) => {
    const { phone } = await bench.ready(0)
    await phone.close()
    const terminal = await bench.session()
    await terminal.expectError('phone-not-linked')
  },
}

const armOnce: Rule<BandBench> = {
  id: 'arm.once',
  section: '§8.3',
  says: 'Each ARM-NONCE is good once: an ARM said again arms nothing.',
  check: async (bench) => {
    const { phone, bonded } = await bench.bound()
    await bench.do({ do: 'wear', worn: true })
    const nonce = await phone.armNonce()
    const minutes = { said: ARM_MINUTES, signed: ARM_MINUTES }
    await phone.arm(nonce, bonded.keys.linkKey, minutes)
    await phone.expectArmed()
    await phone.arm(nonce, bonded.keys.linkKey, minutes)
    await phone.expectRefused('not-available', 'armed')
  },
}

const armOff: Rule<BandBench> = {
  id: 'arm.not-worn',
  section: '§8.3',
  says: 'A band off the wrist is not armed: `not-worn`.',
  check: async (bench) => {
    const { phone } = await bench.bound()
    phone.say('arm-ask', Uint8Array.of(0xa1, 1, 0x19, 0x05, 0xa0))
    await phone.expectRefused('not-worn', 'arm-nonce')
  },
}

const armLives: Rule<BandBench> = {
  id: 'arm.lifetime',
  section: '§8.3',
  says: 'An unlock is good for the minutes it names, and no longer.',
  check: async (bench) => {
    const { phone, bonded } = await bench.bound()
    await bench.do({ do: 'wear', worn: true })
    await phone.arm(await phone.armNonce(LIVES_MINUTES), bonded.keys.linkKey, { said: LIVES_MINUTES, signed: LIVES_MINUTES })
    await phone.expectArmed()
    await bench.advance(LIVES_MINUTES * 60_000 + 1_000)
    await obstacle(bench, phone, 'not-armed')
  },
}

const off: Rule<BandBench> = {
  id: 'wear.off',
  section: '§13',
  says: 'Off the wrist for 5 s the band is disarmed, and being put on again does not arm it.',
  check: async (bench) => {
    const { phone } = await bench.ready(0)
    await bench.do({ do: 'wear', worn: false })
    await bench.advance(DISARMED_MS)
    await bench.do({ do: 'wear', worn: true })
    await obstacle(bench, phone, 'not-armed')
  },
}

const flicker: Rule<BandBench> = {
  id: 'wear.flicker',
  section: '§13',
  says: 'Off the wrist for less than 5 s, as a loose strap is, the band stays armed.',
  check: async (bench) => {
    const { phone } = await bench.ready(0)
    await bench.do({ do: 'wear', worn: false })
    await bench.advance(FLICKER_MS)
    await bench.do({ do: 'wear', worn: true })
    await obstacle(bench, phone, undefined)
  },
}

const brush: Rule<BandBench> = {
  id: 'wear.brush',
  section: '§8.3',
  says: 'A band that only brushes the wrist was not put back on: what it was off before counts on.',
  check: async (bench) => {
    const { phone } = await bench.ready(0)
    await bench.do({ do: 'wear', worn: false })
    await bench.advance(BRUSH.offMs)
    await bench.do({ do: 'wear', worn: true })
    await bench.advance(BRUSH.onMs)
    await bench.do({ do: 'wear', worn: false })
    await bench.advance(BRUSH.againMs)
    await bench.do({ do: 'wear', worn: true })
    await obstacle(bench, phone, 'not-armed')
  },
}

function disarms(id: string, says: string, how: 'reset' | 'battery'): Rule<BandBench> {
  return {
    id,
    section: '§8.3',
    says,
    check: async (bench) => {
      const { phone, bonded } = await bench.ready(0)
      await bench.do({ do: how })
      await phone.close()
      await bench.do({ do: 'wear', worn: true })
      await obstacle(bench, await bench.again(bonded), 'not-armed')
    },
  }
}

const rotates: Rule<BandBench> = {
  id: 'advert.rotates',
  section: '§3',
  says: 'Rotating id and address change together with the slot, and the id is the one of the agreed key.',
  check: async (bench) => {
    const { bonded } = await bench.bound()
    const see = async () => {
      const { address, rotatingId } = await bench.advertised()
      const slot = Math.floor(bench.nowMs() / ID_SLOT_MS)
      // The switch into a slot falls within its first minute.
      const ids = [slot, slot - 1].map((one) => idOf(bonded.keys.idKey, one))
      must(ids.includes(toHex(rotatingId)), 'the rotating id is not the one of the agreed key for this slot')
      return { address, id: toHex(rotatingId) }
    }
    const before = await see()
    await bench.advance(NEXT_SLOT_MS)
    const after = await see()
    must(after.id !== before.id, 'the rotating id outlives its slot')
    must(after.address !== before.address, 'the address outlives the rotating id')
  },
}

function idOf(key: Uint8Array, slot: number): string {
  const number = Buffer.alloc(8)
  number.writeBigUInt64BE(BigInt(slot))
  return createHmac('sha256', key).update(number).digest('hex').slice(0, 16)
}

const rotatedOffers: Rule<BandBench> = {
  id: 'advert.offers',
  section: '§8',
  says: 'When its identity changes the band drops its offers, and asks for new ones.',
  check: async (bench) => {
    const { phone } = await bench.ready(2)
    await bench.advance(NEXT_SLOT_MS)
    must((await phone.wanted()) !== undefined, 'a band with a new identity asks for no offers')
    const terminal = await bench.session()
    const first = await terminal.first(['offer', 'error'], bench.patience.answerMs)
    must(first?.kind !== 'offer', 'an offer outlives the identity it was left for')
  },
}

export const BAND_WEAR_RULES: readonly Rule<BandBench>[] = [
  unarmed,
  unworn,
  unlinked,
  staysUnarmed('arm.mac', 'An ARM whose MAC is not made with the link key arms nothing.', async (_bench, phone) => {
    await phone.arm(await phone.armNonce(), randomBytes(32), { said: ARM_MINUTES, signed: ARM_MINUTES })
  }),
  staysUnarmed('arm.minutes', 'An ARM for another time than its MAC covers arms nothing.', async (_bench, phone, bonded) => {
    await phone.arm(await phone.armNonce(), bonded.keys.linkKey, { said: ARM_MINUTES, signed: LIVES_MINUTES })
  }),
  armOnce,
  armOff,
  armLives,
  off,
  flicker,
  brush,
  disarms('wear.reset', 'A reset disarms the band.', 'reset'),
  disarms('wear.battery', 'A battery change disarms the band.', 'battery'),
  rotates,
  rotatedOffers,
]
