/** The slot counter of a band: one value, one request, whatever the phone asks and whenever the power goes. */
import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import type { SlotRecord } from '#reference/band/ports.ts'
import { RELAYED_KEPT_MS, RELAYED_MAX, Slots } from '#reference/band/slots.ts'
import { FLAG_ARMED, FLAG_PHONE_LINKED, FLAG_WORN } from '#shared/contracts/radio-messages.ts'
import {
  SLOT_REFUSALS,
  type SlotRefusal,
  slotAskMessage,
  slotLease,
  slotLeaseMessage,
  slotOpenMessage,
  slotProof,
  slotProofMessage,
  slotRefusedMessage,
} from '#shared/contracts/slot-messages.ts'
import { importVerifyKey, type Signer, signerOf } from '#shared/crypto/keys.ts'
import { openSign1 } from '#shared/crypto/sign1.ts'
import { err, ok } from '#shared/result.ts'
import { ManualClock } from '#test/support/manual-clock.ts'
import { testSigner } from '#test/support/test-keys.ts'

const BAND_ID = new Uint8Array(16).fill(9)
const FLAGS = FLAG_WORN | FLAG_ARMED | FLAG_PHONE_LINKED

let signer: Signer
let phone: Signer
beforeAll(async () => {
  ;[signer, phone] = await Promise.all([testSigner('slots: band'), testSigner('slots: phone')])
})

/** A band with its flash. A write can fail before or after it has reached the flash. */
class Band {
  flash: SlotRecord | undefined
  next: 'works' | 'lost' | 'written-but-failed' = 'works'
  obstacle: 'not-worn' | 'not-armed' | 'phone-not-linked' | undefined
  readonly clock = new ManualClock()
  slots!: Slots

  constructor(epoch = 1) {
    this.crash(epoch)
  }

  crash(epoch = 1): void {
    this.slots = new Slots({
      clock: this.clock,
      store: {
        saveSlots: async (slots) => {
          const fate = this.next
          this.next = 'works'
          if (fate !== 'lost') this.flash = slots
          return fate === 'works' ? ok() : err('storage-failed' as const)
        },
      },
      record: this.flash,
      bandId: BAND_ID,
      signer,
      epoch,
      obstacle: () => this.obstacle,
    })
  }

  pass(digest: Uint8Array): void {
    this.slots.relayed({ requestDigest: digest, bandNonce: new Uint8Array(16).fill(3), flags: FLAGS, knocks: 2 })
  }

  async open() {
    const said = await this.slots.open(slotOpenMessage.encode({ phonePoint: phone.point }))
    const message = said.kind === 'slot-lease' ? slotLeaseMessage.decode(said.body) : undefined
    const key = await importVerifyKey(signer.point)
    if (!message?.ok || !key.ok) return undefined
    const lease = await openSign1(slotLease, message.value.lease, key.value)
    return lease.ok ? lease.value : undefined
  }

  /** What the band signed, checked by the key of this lease; or the name of its refusal. */
  async ask(requestDigest: Uint8Array, counter: number, point: Uint8Array | undefined) {
    const said = await this.slots.prove(slotAskMessage.encode({ requestDigest, counter }))
    if (said.kind === 'slot-refused') {
      const refused = slotRefusedMessage.decode(said.body)
      if (!refused.ok) throw new Error(refused.error)
      const name = Object.entries(SLOT_REFUSALS).find(([, code]) => code === refused.value.code)?.[0] as SlotRefusal
      return { refused: name, next: refused.value.next }
    }
    const message = slotProofMessage.decode(said.body)
    const key = await importVerifyKey(point ?? new Uint8Array(33))
    if (!message.ok || !key.ok) throw new Error('nothing that can be checked')
    const proof = await openSign1(slotProof, message.value.proof, key.value)
    if (!proof.ok) throw new Error(proof.error)
    return { proof: proof.value }
  }
}

const digestOf = (value: number) => new Uint8Array(32).fill(value)

test('a request that was passed on gets one value, with what the band felt then; the same again is said again', async () => {
  const band = new Band()
  const lease = await band.open()
  expect(lease).toMatchObject({ epoch: 1, next: 0, serial: 1, phonePoint: phone.point })
  band.pass(digestOf(1))
  const first = await band.ask(digestOf(1), 0, lease?.point)
  expect(first).toEqual({
    proof: { requestDigest: digestOf(1), bandNonce: new Uint8Array(16).fill(3), counter: 0, flags: FLAGS, knocks: 2 },
  })
  band.crash()
  // The band has forgotten what it passed on, and signs nothing it does not know.
  expect(await band.ask(digestOf(1), 0, lease?.point)).toEqual({ refused: 'not-available', next: 1 })
  band.pass(digestOf(1))
  expect(await band.ask(digestOf(1), 0, lease?.point)).toEqual(first)
})

test('a phone that was restored from a copy asks for a value that is spent: refused, with the next that is free', async () => {
  const band = new Band()
  const lease = await band.open()
  band.pass(digestOf(1))
  band.pass(digestOf(2))
  await band.ask(digestOf(1), 0, lease?.point)
  expect(await band.ask(digestOf(2), 0, lease?.point)).toEqual({ refused: 'counter-used', next: 1 })
  expect(await band.ask(digestOf(2), 1, lease?.point)).toMatchObject({ proof: { counter: 1 } })
  // Values that are skipped are lost.
  band.pass(digestOf(3))
  expect(await band.ask(digestOf(3), 7, lease?.point)).toMatchObject({ proof: { counter: 7 } })
  band.pass(digestOf(4))
  expect(await band.ask(digestOf(4), 5, lease?.point)).toEqual({ refused: 'counter-used', next: 8 })
})

test('a new lease has a new key, goes on counting, and what was not spent under the old one can be spent no more', async () => {
  const band = new Band()
  const first = await band.open()
  band.pass(digestOf(1))
  await band.ask(digestOf(1), 0, first?.point)
  const second = await band.open()
  expect(second).toMatchObject({ next: 1, serial: 2 })
  expect(second?.point).not.toEqual(first?.point)
  band.pass(digestOf(2))
  await expect(band.ask(digestOf(2), 2, first?.point)).rejects.toThrow('bad-signature')
})

test.each(['not-worn', 'not-armed'] as const)('%s: nothing is given away', async (obstacle) => {
  const band = new Band()
  const lease = await band.open()
  band.pass(digestOf(1))
  band.obstacle = obstacle
  expect(await band.ask(digestOf(1), 0, lease?.point)).toEqual({ refused: obstacle, next: 0 })
})

test('what was passed on too long ago, too many requests ago, or never, gets nothing', async () => {
  const band = new Band()
  const lease = await band.open()
  expect(await band.ask(digestOf(1), 0, lease?.point)).toEqual({ refused: 'not-available', next: 0 })
  band.pass(digestOf(1))
  await band.clock.advance(RELAYED_KEPT_MS)
  expect(await band.ask(digestOf(1), 0, lease?.point)).toEqual({ refused: 'not-available', next: 0 })
  band.pass(digestOf(2))
  for (let other = 0; other < RELAYED_MAX; other += 1) band.pass(digestOf(10 + other))
  expect(await band.ask(digestOf(2), 0, lease?.point)).toEqual({ refused: 'not-available', next: 0 })
})

test('without an allowance, after another pairing, and with a disk that refuses, nothing is signed', async () => {
  const band = new Band()
  band.pass(digestOf(1))
  expect(await band.ask(digestOf(1), 0, undefined)).toEqual({ refused: 'not-available', next: 0 })
  const lease = await band.open()
  band.next = 'lost'
  expect(await band.ask(digestOf(1), 0, lease?.point)).toEqual({ refused: 'not-available', next: 0 })
  band.next = 'lost'
  expect(await band.open()).toBeUndefined()
  band.crash(2)
  band.pass(digestOf(1))
  expect(await band.ask(digestOf(1), 0, lease?.point)).toEqual({ refused: 'not-available', next: 0 })
})

const act = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('ask' as const),
      digest: fc.integer({ min: 0, max: 5 }),
      counter: fc.integer({ min: 0, max: 9 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('open' as const) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('crash' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('fail' as const), how: fc.constantFrom('lost' as const, 'written-but-failed' as const) }),
  },
)

test('no value is ever signed for two requests under one key, across crashes and failing writes', async () => {
  let proofs = 0
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 40 }), async (acts) => {
      const band = new Band()
      await band.open()
      const given = new Map<string, number>()
      for (const each of acts) {
        if (each.type === 'crash') band.crash()
        if (each.type === 'fail') band.next = each.how
        if (each.type === 'open') await band.open()
        if (each.type !== 'ask') continue
        band.pass(digestOf(each.digest))
        const answer = await band.ask(digestOf(each.digest), each.counter, await pointOf(band)).catch(() => undefined)
        if (!answer || !('proof' in answer)) continue
        proofs += 1
        const name = `${band.flash?.serial} ${each.counter}`
        expect(given.get(name) ?? each.digest, name).toBe(each.digest)
        given.set(name, each.digest)
      }
    }),
    { numRuns: 100 },
  )
  expect(proofs).toBeGreaterThan(0)
})

async function pointOf(band: Band): Promise<Uint8Array | undefined> {
  return band.flash && (await signerOf(band.flash.key)).point
}
