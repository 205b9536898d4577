/** Rules for a phone: paying without a network, out of money that was set aside (docs/protocol.md §8.5). */
import { equalBytes, toHex } from '#shared/contracts/bytes.ts'
import { FLAG_ARMED, forwardMessage, payStatement } from '#shared/contracts/radio-messages.ts'
import type { SlotProof } from '#shared/contracts/slot-messages.ts'
import { newSigner, randomBytes, sha256 } from '#shared/crypto/keys.ts'
import { type OpenedOffline, openOffline } from '#shared/crypto/offline.ts'
import { peekSign1 } from '#shared/crypto/sign1.ts'
import { BIG_SLOT_CAP, SLOT_CAP } from '../backend-desks.ts'
import type { Answer, Asked, PhoneBench } from '../phone-bench.ts'
import { must, type Rule, Untestable } from '../rule.ts'

const SECTION = '§8.5'
const SHORT_LIFE_S = 60
const RUN_OUT_MS = 61_000
/** Counters of the six small slots begin at 0; that of the big one. */
const BIG_SLOT = 6

/** Paired, and money is set aside. A phone that never asks its band for a lease pays through its network only. */
async function setAside(bench: PhoneBench): Promise<void> {
  bench.band.slots.isLeasing = true
  await bench.paired()
  const isLeased = await bench.comesToBe(() => bench.band.slots.leases > 0)
  if (!isLeased) throw new Untestable('the phone asks its band for no lease')
  await bench.until('no money is set aside, though band and backend have given what it takes', (reply) => (reply.setAside ?? 0) > 0)
}

/** Money is set aside, and the network is gone. */
async function inBasement(bench: PhoneBench): Promise<void> {
  await setAside(bench)
  await bench.do({ do: 'network', on: false })
}

/** An answer out of the allowance whose three statements hold together; what they say. */
async function paid(bench: PhoneBench, asked: Asked): Promise<OpenedOffline & { readonly answer: Answer }> {
  const answer = await bench.answer(asked)
  must(
    answer?.kind === 'offline',
    `without a network, with money set aside, the phone says ${answer?.kind ?? 'nothing'} ${answer?.reason ?? ''}`,
  )
  const { signed: authorization, slot, slotProof } = answer
  must(slot && slotProof, 'an offline answer comes without its slot or without the proof of the band')
  const opened = await openOffline({ authorization, slot, slotProof }, bench.authority.keys)
  must(opened.ok, `the evidence of an offline answer does not hold together: ${opened.ok ? '' : opened.error}`)
  must(equalBytes(opened.value.authorization.statementDigest, asked.digest), 'an offline answer is about another statement')
  return { ...opened.value, answer }
}

const opens: Rule<PhoneBench> = {
  id: 'offline.lease',
  section: SECTION,
  says: 'With a network the phone asks its band for a lease and brings it to the backend; one that its band has not signed, or for another key, it does not.',
  check: async (bench) => {
    const { slots } = bench.band
    const otherPoint = (await newSigner()).point
    slots.spoilLease = (lease) => ({ ...lease, phonePoint: otherPoint })
    slots.isLeasing = true
    await bench.paired()
    await bench.until('the phone asks its band for no lease', () => slots.leases === 1)
    slots.spoilLease = (lease) => lease
    slots.otherSigner = await newSigner()
    await bench.expectAuthorization(await bench.ask())
    await bench.until('after a lease that is none the phone asks for no other', () => slots.leases === 2)
    slots.otherSigner = undefined
    await bench.expectAuthorization(await bench.ask())
    await bench.until('no money is set aside', (reply) => (reply.setAside ?? 0) === BIG_SLOT * SLOT_CAP + BIG_SLOT_CAP)
    must(bench.backend.allowances.opened.length === 1, 'a lease is brought to the backend that its band has not signed for this phone')
  },
}

const answers: Rule<PhoneBench> = {
  id: 'offline.answer',
  section: SECTION,
  says: 'Without a network the answer is kind 7: authorization, slot and proof, about this very request, and made now; its slot is the first that fits.',
  check: async (bench) => {
    await inBasement(bench)
    const asked = await bench.ask()
    const { authorization, slot, proof } = await paid(bench, asked)
    const statement = peekSign1(payStatement, asked.statement)
    const forward = forwardMessage.decode(asked.forward)
    must(statement.ok && forward.ok, 'the harness reads its own request')
    const { requestId, amount, currency, time, lifetime } = statement.value.value
    must(equalBytes(authorization.requestId, requestId), 'an offline answer names another request')
    must(authorization.amount === amount && authorization.currency === currency, 'an offline answer is about another amount')
    must(authorization.merchantId === 'conform' && authorization.terminalId === 'conform-1', 'an offline answer is for another terminal')
    must(equalBytes(authorization.requestDigest, await sha256(forward.value.request)), 'an offline answer names another REQUEST')
    must(equalBytes(proof.bandNonce, asked.bandNonce), 'an offline answer carries the proof of another session')
    const isNow = authorization.approvedAt >= time && authorization.approvedAt <= time + lifetime
    must(isNow, 'an offline answer is not made at a time within the request')
    must(slot.counter === 0, `the first slot fits, and slot ${slot.counter} is spent`)
    must(bench.backend.submitted.length === 0, 'without a network something is submitted')
  },
}

/** Words of a band that do not stand behind this payment. */
const SPOILED: readonly (readonly [string, (proof: SlotProof) => SlotProof])[] = [
  ['another counter', (proof) => ({ ...proof, counter: proof.counter + 1 })],
  ['another request', (proof) => ({ ...proof, requestDigest: randomBytes(32) })],
  ['a band that is not armed', (proof) => ({ ...proof, flags: proof.flags & ~FLAG_ARMED })],
]

const evidence: Rule<PhoneBench> = {
  id: 'offline.evidence',
  section: SECTION,
  says: 'A SLOT-PROOF that does not stand behind this payment is not passed on: `no-network-no-allowance`.',
  check: async (bench) => {
    await inBasement(bench)
    const { slots } = bench.band
    for (const [, spoil] of SPOILED) {
      slots.spoilProof = spoil
      await bench.expectRefusal(await bench.ask(), 'no-network-no-allowance')
    }
    slots.spoilProof = (proof) => proof
    slots.otherSigner = await newSigner()
    await bench.expectRefusal(await bench.ask(), 'no-network-no-allowance')
  },
}

const used: Rule<PhoneBench> = {
  id: 'offline.used',
  section: SECTION,
  says: 'Told `counter-used`, the phone goes on with the slot of the first value that is free.',
  check: async (bench) => {
    await inBasement(bench)
    const { slots } = bench.band
    slots.next = 3
    const { slot } = await paid(bench, await bench.ask())
    must(slot.counter === 3, `the band calls 3 free, and slot ${slot.counter} is spent`)
    const counters = slots.asked.map(({ counter }) => counter)
    must(String(counters) === '0,3', `the band calls 3 free, and is asked for ${counters.join(', ')}`)
  },
}

const fits: Rule<PhoneBench> = {
  id: 'offline.cap',
  section: SECTION,
  says: 'An amount above the cap of a slot takes the first slot it fits into; above every cap nothing is asked of the band and the phone refuses.',
  check: async (bench) => {
    await inBasement(bench)
    const big = await paid(bench, await bench.ask({ statement: { amount: SLOT_CAP + 1 } }))
    must(big.slot.counter === BIG_SLOT, `an amount above the small slots takes slot ${big.slot.counter}`)
    const asked = bench.band.slots.asked.length
    await bench.expectRefusal(await bench.ask({ statement: { amount: BIG_SLOT_CAP + 1 } }), 'no-network-no-allowance')
    must(bench.band.slots.asked.length === asked, 'the band is asked for a slot that the amount does not fit into')
  },
}

const once: Rule<PhoneBench> = {
  id: 'offline.once',
  section: SECTION,
  says: 'One slot for one request: the same statement again gets the same answer, also after a restart; another request gets another slot.',
  check: async (bench) => {
    await inBasement(bench)
    const first = await bench.ask()
    const { answer } = await paid(bench, first)
    const isSame = (other: Answer) =>
      [other.signed, other.slot, other.slotProof].map((bytes) => toHex(bytes ?? new Uint8Array(0))).join() ===
      [answer.signed, answer.slot, answer.slotProof].map((bytes) => toHex(bytes ?? new Uint8Array(0))).join()
    must(isSame((await paid(bench, await bench.sameAgain(first))).answer), 'the same statement gets another offline answer')
    const second = await paid(bench, await bench.ask())
    must(second.slot.counter === 1, `after slot 0 another request gets slot ${second.slot.counter}`)
    await bench.do({ do: 'network', on: true })
    await bench.restart()
    must(isSame((await paid(bench, await bench.sameAgain(first))).answer), 'after a restart the same statement gets another answer')
    must(bench.band.slots.asked.length === 2, 'a slot is asked for again for a request that has one')
  },
}

const told: Rule<PhoneBench> = {
  id: 'offline.told',
  section: SECTION,
  says: 'When there is a network again, the phone tells the backend of the payment: statement, authorization, slot and proof.',
  check: async (bench) => {
    await inBasement(bench)
    const asked = await bench.ask()
    const { answer } = await paid(bench, asked)
    await bench.do({ do: 'network', on: true })
    bench.band.wants(bench.slot)
    await bench.until('the backend is not told of an offline payment', () => bench.backend.allowances.told.length > 0)
    const [said] = bench.backend.allowances.told
    const isWhole =
      said && answer.slot && answer.slotProof && equalBytes(said.slot, answer.slot) && equalBytes(said.slotProof, answer.slotProof)
    must(isWhole && equalBytes(said.authorization, answer.signed), 'the backend is told something else than the terminal')
    must(equalBytes(said.statement, asked.statement), 'the backend is told of another statement')
  },
}

const runOut: Rule<PhoneBench> = {
  id: 'offline.until',
  section: SECTION,
  says: 'An allowance that has run out is not spent.',
  check: async (bench) => {
    bench.backend.allowances.lifetimeS = SHORT_LIFE_S
    await inBasement(bench)
    await bench.advance(RUN_OUT_MS)
    await bench.expectRefusal(await bench.ask(), 'no-network-no-allowance')
    must(bench.band.slots.asked.length === 0, 'the band is asked for a slot of an allowance that has run out')
  },
}

const revoked: Rule<PhoneBench> = {
  id: 'offline.revoked',
  section: SECTION,
  says: 'A phone with a network learns that its allowance was stopped, and asks its band for another lease.',
  check: async (bench) => {
    await setAside(bench)
    bench.backend.allowances.revokeAll()
    bench.band.wants(bench.slot)
    await bench.until('an allowance that was stopped is kept', () => bench.band.slots.leases === 2)
    await bench.until('another lease is not brought to the backend', () => bench.backend.allowances.opened.length === 2)
  },
}

export const PHONE_OFFLINE_RULES: readonly Rule<PhoneBench>[] = [opens, answers, evidence, used, fits, once, told, runOut, revoked]
