/** Rules for a band: the service that phones find, on an address of its own, and what is said over it (docs/protocol.md §8.6). */
import { SERVICE_UUID } from '#shared/contracts/band-advert.ts'
import { bandStatus } from '#shared/contracts/link-messages.ts'
import { LINK_FRAME_BYTES_MAX, LINK_FRAME_BYTES_MIN, PHONE_SERVICE_UUID } from '#shared/contracts/phone-link.ts'
import { FLAG_PHONE_LINKED, FLAG_WORN, MESSAGE_KINDS, type MessageKind } from '#shared/contracts/radio-messages.ts'
import { randomBytes } from '#shared/crypto/keys.ts'
import type { AirLine } from '../air-line.ts'
import type { BandBench } from '../band-bench.ts'
import type { PhoneSide } from '../phone-side.ts'
import { must, type Rule } from '../rule.ts'

const SECTION = '§8.6'
const MTUS = [40, 64, 185, 247, 517]
/** Frames of 36 bytes: one too few. */
const MTU_TOO_SMALL = 39
const ATT_OVERHEAD = 3
const ALL_KINDS = Object.keys(MESSAGE_KINDS) as MessageKind[]

const table: Rule<BandBench> = {
  id: 'air.service',
  section: SECTION,
  says: 'At the address for phones there is the service for phones and no payment service; at the rotating one it is the other way round.',
  check: async (bench) => {
    await bench.ready(1)
    const { services } = (await bench.air()).att
    must(!services.includes(SERVICE_UUID), 'the payment service is there at the address for phones')
    const terminal = await bench.session()
    must(!terminal.services.includes(PHONE_SERVICE_UUID), 'a terminal finds the service for phones')
  },
}

const frameBytes: Rule<BandBench> = {
  id: 'air.frames',
  section: SECTION,
  says: 'The value to read is what a frame may have at this MTU, at most 512, and no frame is longer; a pairing goes through at each.',
  check: async (bench) => {
    for (const mtu of MTUS) {
      const air = await bench.air(mtu)
      const fits = Math.min(LINK_FRAME_BYTES_MAX, air.att.mtu - ATT_OVERHEAD)
      must(air.frameBytes === fits, `at MTU ${air.att.mtu} a frame is said to have ${air.frameBytes} bytes`)
      const phone = await bench.phoneOnAir(air)
      await phone.askForOffer(bench.factoryPoint)
      must(Math.max(...air.notified) <= fits, `at MTU ${air.att.mtu} a frame of ${Math.max(...air.notified)} bytes is notified`)
      await air.close()
    }
  },
}

const smallMtu: Rule<BandBench> = {
  id: 'air.small-mtu',
  section: SECTION,
  says: 'With frames under 37 bytes the band ends the connection instead of saying anything.',
  check: async (bench) => {
    await bench.bound()
    const air = await bench.air(MTU_TOO_SMALL)
    must(air.frameBytes < LINK_FRAME_BYTES_MIN, `at MTU ${MTU_TOO_SMALL} a frame is said to have ${air.frameBytes} bytes`)
    await air.att.subscribe(air.handles)
    must(!(await air.att.notification(bench.patience.silenceMs)), 'something is said in frames of 36 bytes')
    await air.att.expectClosed('a link with frames of 36 bytes is kept')
  },
}

const exchange: Rule<BandBench> = {
  id: 'air.exchange',
  section: SECTION,
  says: 'The exchange id stands in front of the body: FORWARD reaches the phone under its own, and what the phone says under it reaches the terminal.',
  check: async (bench) => {
    const { phone, bonded } = await bench.bound()
    await phone.close()
    const owner = await bench.phoneOnAir(await bench.air(), bonded.phone)
    await bench.knows(owner, bonded)
    await bench.putOn(owner, bonded, 2)
    const terminal = await bench.session()
    const made = await bench.prove(terminal, owner, bonded)
    owner.say('pending', Uint8Array.of(0xa1, 1, 1), made.exchange)
    must(await terminal.next('pending'), 'what the phone says over the air does not reach the terminal')
  },
}

/** Frames that nobody may send. Each is the end of its connection. */
const BROKEN: readonly (readonly [string, readonly Uint8Array[]])[] = [
  ['an unknown kind', [Uint8Array.of(99, 1, 0, 1, ...randomBytes(12))]],
  ['a body no longer than an exchange id', [Uint8Array.of(MESSAGE_KINDS['pair-ask'], 1, 0, 1, ...new Uint8Array(8))]],
  ['a segment that is left out', [0, 2].map((index) => Uint8Array.of(MESSAGE_KINDS['pair-ask'], 1, index, 3, ...randomBytes(30)))],
]

const faults: Rule<BandBench> = {
  id: 'air.faults',
  section: SECTION,
  says: 'The faults of §5 end the connection of the phone that makes them, and no other.',
  check: async (bench) => {
    const other = await bench.phoneOnAir(await bench.air())
    for (const [what, frames] of BROKEN) {
      const air = await bench.air()
      await bench.phoneOnAir(air)
      for (const frame of frames) air.frame(frame)
      await air.att.expectClosed(`${what} does not end the connection`)
    }
    await other.askForOffer(bench.factoryPoint)
  },
}

/** Everything the band says to this phone until it falls silent. */
async function heardBy(bench: BandBench, phone: PhoneSide): Promise<readonly MessageKind[]> {
  const heard: MessageKind[] = []
  for (;;) {
    const message = await phone.next(ALL_KINDS, bench.patience.silenceMs)
    if (!message) return heard
    heard.push(message.kind)
  }
}

const strangers: Rule<BandBench> = {
  id: 'air.stranger',
  section: SECTION,
  says: 'A bound band greets a stranger with LINK-NONCE and tells nothing else: neither its state nor what it wants, whatever happens to it.',
  check: async (bench) => {
    await bench.bound()
    const stranger = await bench.phoneOnAir(await bench.air())
    await bench.do({ do: 'wear', worn: true })
    await bench.do({ do: 'wear', worn: false })
    const heard = await heardBy(bench, stranger)
    must(String(heard) === 'link-nonce', `a stranger hears ${heard.join(', ')}`)
  },
}

async function linkedFlag(bench: BandBench): Promise<boolean> {
  return ((await bench.advertised()).flags & FLAG_PHONE_LINKED) !== 0
}

const unsubscribed: Rule<BandBench> = {
  id: 'air.unsubscribed',
  section: SECTION,
  says: 'A phone counts as there while it has notifications on; when it has turned them on again it is asked anew who it is.',
  check: async (bench) => {
    const { phone, bonded } = await bench.bound()
    await phone.close()
    const air: AirLine = await bench.air()
    const owner = await bench.phoneOnAir(air, bonded.phone)
    await bench.knows(owner, bonded)
    must(await linkedFlag(bench), 'a band with its phone on the air says that it has none')
    await air.att.subscribe(air.handles, false)
    must(!(await linkedFlag(bench)), 'a phone that has turned notifications off still counts as there')
    await air.att.subscribe(air.handles)
    await owner.linkNonce()
  },
}

const status: Rule<BandBench> = {
  id: 'status.told',
  section: SECTION,
  says: 'BAND-STATUS goes to its own phone when the two meet and whenever it changes.',
  check: async (bench) => {
    const { phone } = await bench.bound()
    const flagsTold = async () => {
      const said = await phone.next(['band-status'])
      const told = said && bandStatus.decode(said.body)
      must(told?.ok, 'no BAND-STATUS comes')
      return told.value.flags & FLAG_WORN
    }
    must((await flagsTold()) === 0, 'BAND-STATUS says that a band on the table is worn')
    await bench.do({ do: 'wear', worn: true })
    const endMs = performance.now() + bench.patience.answerMs
    while ((await flagsTold()) === 0) must(performance.now() < endMs, 'BAND-STATUS does not say that the band is worn')
  },
}

export const BAND_AIR_RULES: readonly Rule<BandBench>[] = [table, frameBytes, smallMtu, exchange, faults, strangers, unsubscribed, status]
