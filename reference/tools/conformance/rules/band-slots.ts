/** Rules for a band: the slot counter, which lets its phone pay without a network (docs/protocol.md §8.5). */
import { equalBytes, toHex } from '#shared/contracts/bytes.ts'
import type { SlotLease } from '#shared/contracts/slot-messages.ts'
import { randomBytes } from '#shared/crypto/keys.ts'
import type { BandBench } from '../band-bench.ts'
import type { Bonded, PhoneSide } from '../phone-side.ts'
import { expectSlotRefused, leaseOf, proofOf, sayAsk, sayOpen, slotWord } from '../phone-slots.ts'
import { must, type Rule } from '../rule.ts'
import type { TerminalSide } from '../terminal-side.ts'

const SECTION = '§8.5'
const KNOCKS = 3
/** A request may be paid with a slot for 90 s after it was passed on. */
const PASSED_ON_LONG_AGO_MS = 91_000
/** Off the wrist for so long disarms. */
const OFF_MS = 6_000
const COUNTER = 5

type Leased = { readonly phone: PhoneSide; readonly bonded: Bonded; readonly lease: SlotLease; readonly terminal: TerminalSide }

/** Worn, armed, with an allowance's key, and a terminal in session. */
async function leased(bench: BandBench): Promise<Leased> {
  const { phone, bonded } = await bench.ready()
  const lease = await leaseOf(phone, bonded)
  return { phone, bonded, lease, terminal: await bench.session() }
}

/** Passes a request on; gives the digest the phone asks with. */
async function passedOn(bench: BandBench, { terminal, phone, bonded }: Leased, as: 'request' | 'probe' = 'request') {
  return bench.prove(terminal, phone, bonded, as)
}

/** The band was out of sight of everybody; its phone comes back, arms it, and leaves offers. */
async function meetAgain(bench: BandBench, { bonded, lease }: Leased): Promise<Leased> {
  const phone = await bench.again(bonded)
  await bench.putOn(phone, bonded, 2)
  return { phone, bonded, lease, terminal: await bench.session() }
}

const leases: Rule<BandBench> = {
  id: 'slots.lease',
  section: SECTION,
  says: 'SLOT-OPEN of its own phone gets a lease of this band and epoch, for the key that was named; `serial` grows with each, `next` never falls.',
  check: async (bench) => {
    const made = await leased(bench)
    await proofOf(made.phone, made.lease, (await passedOn(bench, made)).proof.requestDigest, made.lease.next + 1)
    const second = await leaseOf(made.phone, made.bonded)
    must(equalBytes(made.lease.bandId, bench.bandId) && made.lease.epoch === made.bonded.offer.epoch, 'a lease names another band or epoch')
    must(second.serial > made.lease.serial, `after the lease ${made.lease.serial} comes the lease ${second.serial}`)
    must(second.next >= made.lease.next + 2, `value ${made.lease.next + 1} was signed, and the next lease begins with ${second.next}`)
  },
}

const freshKeys: Rule<BandBench> = {
  id: 'slots.key',
  section: SECTION,
  says: 'Each lease has a key of its own, and that of the lease before signs no more.',
  check: async (bench) => {
    const made = await leased(bench)
    const second = await leaseOf(made.phone, made.bonded)
    must(!equalBytes(second.point, made.lease.point), 'two leases have the same key')
    must(!equalBytes(second.point, made.bonded.offer.point), 'a lease has the key of the pairing')
    await proofOf(made.phone, second, (await passedOn(bench, made)).proof.requestDigest, second.next)
  },
}

const strangers: Rule<BandBench> = {
  id: 'slots.stranger',
  section: SECTION,
  says: 'Only the phone that has proven itself is heard: to SLOT-OPEN and SLOT-ASK of a stranger the band says nothing.',
  check: async (bench) => {
    const made = await leased(bench)
    const { proof } = await passedOn(bench, made)
    const other = await bench.phone()
    sayOpen(other, other.signer.point)
    sayAsk(other, proof.requestDigest, made.lease.next)
    must(!(await slotWord(other, bench.patience.silenceMs)), "the band answers a stranger's SLOT-OPEN or SLOT-ASK")
    await proofOf(made.phone, made.lease, proof.requestDigest, made.lease.next)
  },
}

const proofs: Rule<BandBench> = {
  id: 'slots.proof',
  section: SECTION,
  says: 'SLOT-PROOF names the request, the nonce of its OFFER, the counter, and what the band felt when it passed the request on.',
  check: async (bench) => {
    const made = await leased(bench)
    await bench.do({ do: 'knock', count: KNOCKS })
    const { proof } = await passedOn(bench, made)
    const said = await proofOf(made.phone, made.lease, proof.requestDigest, made.lease.next)
    must(equalBytes(said.bandNonce, proof.bandNonce), 'SLOT-PROOF names another nonce')
    must(said.flags === proof.flags, `the proof of the request has the flags ${proof.flags}, that of the slot ${said.flags}`)
    must(said.knocks === KNOCKS, `${KNOCKS} knocks stand in SLOT-PROOF as ${said.knocks}`)
  },
}

const unknown: Rule<BandBench> = {
  id: 'slots.request',
  section: SECTION,
  says: 'SLOT-ASK for a request that the band has not passed on is refused as `not-available`, and so is one without a lease.',
  check: async (bench) => {
    const { phone, bonded } = await bench.ready()
    const terminal = await bench.session()
    const { proof } = await bench.prove(terminal, phone, bonded)
    await expectSlotRefused(phone, proof.requestDigest, 0, 'not-available')
    await leaseOf(phone, bonded)
    await expectSlotRefused(phone, randomBytes(32), 0, 'not-available')
  },
}

const probes: Rule<BandBench> = {
  id: 'slots.probe',
  section: SECTION,
  says: 'A PROBE, such as one that asks who is there, is never paid with a slot.',
  check: async (bench) => {
    const made = await leased(bench)
    const { proof } = await passedOn(bench, made, 'probe')
    await expectSlotRefused(made.phone, proof.requestDigest, made.lease.next, 'not-available')
  },
}

const old: Rule<BandBench> = {
  id: 'slots.late',
  section: '§13',
  says: 'A request is paid with a slot within 90 s of being passed on, and not later.',
  check: async (bench) => {
    const made = await leased(bench)
    const { proof } = await passedOn(bench, made)
    await bench.advance(PASSED_ON_LONG_AGO_MS)
    await expectSlotRefused(made.phone, proof.requestDigest, made.lease.next, 'not-available')
  },
}

const notWorn: Rule<BandBench> = {
  id: 'slots.not-worn',
  section: SECTION,
  says: 'Off the wrist nothing is signed and no value is used up.',
  check: async (bench) => {
    const made = await leased(bench)
    const { proof } = await passedOn(bench, made)
    await bench.do({ do: 'wear', worn: false })
    const next = await expectSlotRefused(made.phone, proof.requestDigest, made.lease.next, 'not-worn')
    must(next === made.lease.next, `a refusal off the wrist moves the counter from ${made.lease.next} to ${next}`)
  },
}

const notArmed: Rule<BandBench> = {
  id: 'slots.not-armed',
  section: SECTION,
  says: 'Not armed, nothing is signed.',
  check: async (bench) => {
    const made = await leased(bench)
    const { proof } = await passedOn(bench, made)
    await bench.do({ do: 'wear', worn: false })
    await bench.advance(OFF_MS)
    await bench.do({ do: 'wear', worn: true })
    await expectSlotRefused(made.phone, proof.requestDigest, made.lease.next, 'not-armed')
  },
}

const used: Rule<BandBench> = {
  id: 'slots.used',
  section: SECTION,
  says: 'A value is for one request: for another it is refused as `counter-used`, with the first value that is free.',
  check: async (bench) => {
    const made = await leased(bench)
    const counter = made.lease.next
    const first = await passedOn(bench, made)
    const second = await passedOn(bench, made)
    await proofOf(made.phone, made.lease, first.proof.requestDigest, counter)
    const next = await expectSlotRefused(made.phone, second.proof.requestDigest, counter, 'counter-used')
    must(next === counter + 1, `after ${counter} the band calls ${next} free`)
    await proofOf(made.phone, made.lease, second.proof.requestDigest, next)
  },
}

const again: Rule<BandBench> = {
  id: 'slots.again',
  section: SECTION,
  says: 'The same value for the same request is signed again: a word may be lost.',
  check: async (bench) => {
    const made = await leased(bench)
    const { proof } = await passedOn(bench, made)
    for (let asked = 0; asked < 2; asked += 1) await proofOf(made.phone, made.lease, proof.requestDigest, made.lease.next)
    const second = await leaseOf(made.phone, made.bonded)
    must(second.next === made.lease.next + 1, `one value was signed twice, and the next lease begins with ${second.next}`)
  },
}

const kept: Rule<BandBench> = {
  id: 'slots.kept',
  section: SECTION,
  says: 'Counter and key survive a reset and a battery change; values that were skipped are lost.',
  check: async (bench) => {
    const made = await leased(bench)
    await proofOf(made.phone, made.lease, (await passedOn(bench, made)).proof.requestDigest, COUNTER)
    await made.terminal.close()
    let back = made
    for (const what of ['reset', 'battery'] as const) {
      await back.phone.close()
      await bench.do({ do: what })
      back = await meetAgain(bench, made)
      const { proof } = await passedOn(bench, back)
      const next = await expectSlotRefused(back.phone, proof.requestDigest, COUNTER - 2, 'counter-used')
      must(next > COUNTER, `after ${what} the counter goes back from ${COUNTER + 1} to ${next}`)
      if (what === 'battery') await proofOf(back.phone, made.lease, proof.requestDigest, next)
      await back.terminal.close()
    }
  },
}

const released: Rule<BandBench> = {
  id: 'slots.released',
  section: SECTION,
  says: 'After a release nothing is left: no key, and in the next epoch a lease of that epoch, the first of it.',
  check: async (bench) => {
    const { phone, bonded, lease } = await leased(bench)
    await bench.release(phone, bonded.offer.epoch)
    sayOpen(phone, phone.signer.point)
    must(!(await slotWord(phone, bench.patience.silenceMs)), 'a band that is bound to nobody leases a slot counter')
    const next = await bench.phone()
    const anew = await bench.pair(next)
    await bench.putOn(next, anew, 1)
    const { proof } = await bench.prove(await bench.session(), next, anew)
    await expectSlotRefused(next, proof.requestDigest, lease.next, 'not-available')
    const first = await leaseOf(next, anew)
    must(first.epoch === anew.offer.epoch, `in epoch ${anew.offer.epoch} a lease names epoch ${first.epoch}`)
    must(toHex(first.point) !== toHex(lease.point), 'the key of a lease outlives a release')
  },
}

export const BAND_SLOT_RULES: readonly Rule<BandBench>[] = [
  leases,
  freshKeys,
  strangers,
  proofs,
  unknown,
  probes,
  old,
  notWorn,
  notArmed,
  used,
  again,
  kept,
  released,
]
