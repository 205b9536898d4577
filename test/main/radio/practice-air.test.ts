import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { createPracticeRadio } from '#main/radio/practice-radio.ts'
import { createSightings } from '#main/radio/sightings.ts'
import { Band } from '#reference/band/band.ts'
import type { Relay } from '#reference/band/ports.ts'
import { ADVERT_INTERVAL_MS, Air } from '#reference/practice/air.ts'
import { equalBytes } from '#shared/contracts/bytes.ts'
import { forwardMessage, offerMessage, phoneOffer, refillMessage } from '#shared/contracts/radio-messages.ts'
import { sign1 } from '#shared/crypto/sign1.ts'
import { ok } from '#shared/result.ts'
import { ManualClock } from '#test/support/manual-clock.ts'
import { testSigner } from '#test/support/test-keys.ts'
import { until } from '#test/support/until.ts'

const closers: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

/** A band on the wrist, armed, its phone linked, one offer left on it; an air it stands in; a radio that hears it. */
async function world(serverMtu: number) {
  const clock = new ManualClock()
  const signer = await testSigner('band')
  const toPhone: Relay[] = []
  const phone = { send: (relay: Relay) => toPhone.push(relay), offersWanted: () => undefined }
  const store = { saveCounter: async () => ok() }
  const idKey = new Uint8Array(32).fill(3)
  const band = new Band({ clock, store, counterCeiling: 0, signer, idKey, epoch: 1, phone, onEvent: () => undefined, serverMtu })
  band.state.setWorn(true)
  band.setPhoneLinked(true)
  band.state.arm()
  await band.advertisement()
  const offerId = new Uint8Array(8).fill(4)
  const expires = Math.floor(clock.nowMs() / 1000) + 900
  const offer = await sign1(phoneOffer, { offerId, sealingPoint: signer.point, expires }, signer, { withKid: false })
  band.fromPhone({ offerId, message: { kind: 'refill', body: refillMessage.encode({ offerId, offer, certificate: new Uint8Array(150) }) } })

  const folder = await mkdtemp(join(tmpdir(), 'bandtill-air-'))
  const path = join(folder, 'air.sock')
  const air = await Air.listen(path, { clock, bands: [{ id: 'one', band, distanceM: () => 0.5 }], random: () => 0.5, intervalMs: 0 })
  if (!air.ok) throw new Error(air.error)
  const radio = createPracticeRadio({ where: { path }, clock, random: () => 0 })
  closers.push(async () => {
    await radio.stop()
    await air.value.close()
    await rm(folder, { recursive: true })
  })
  const sightings = createSightings({ clock, newId: () => 'sighting' })
  radio.onSighting((sighting) => sightings.hear(sighting))
  radio.start()
  await until('scanning', () => radio.state().state === 'scanning')
  for (let adverts = 0; adverts < 50 && sightings.list().length === 0; adverts += 1) await clock.advance(ADVERT_INTERVAL_MS)
  const [seen] = sightings.list()
  const address = seen && sightings.addressOf(seen.id)
  if (!seen || !address) throw new Error('no band was heard')
  return { air: air.value, radio, band, toPhone, offerId, seen, address }
}

test.each([
  [23, 9, 34],
  [64, 8, 10],
  [185, 7, 3],
  [247, 7, 3],
  [517, 7, 3],
])('the reference band at MTU %s: %s requests, %s segments, and every byte arrives both ways', async (mtu, requests, segments) => {
  const { air, radio, band, toPhone, offerId, seen, address } = await world(mtu)
  expect(seen).toMatchObject({ letter: 'A', worn: true, armed: true, phoneLinked: true })
  const link = await radio.connect(address)
  if (!link.ok) throw new Error(link.error)
  expect(link.value.attRequests()).toBe(air.attRequests)
  expect(link.value.attRequests()).toBe(requests)
  const offer = await link.value.receive(1_000)
  expect(offer.ok && offerMessage.decode(offer.value.body).ok).toBe(true)
  const request = Uint8Array.from({ length: 534 }, (_, index) => index & 0xff)
  expect(await link.value.send({ kind: 'request', body: request })).toEqual(ok())
  expect(link.value.lastSent()).toEqual({ segments, bytes: 534 })
  await until('the phone has it', () => toPhone.length > 0)
  const forward = forwardMessage.decode(toPhone[0]?.message.body ?? new Uint8Array(0))
  expect(forward.ok && equalBytes(forward.value.request, request)).toBe(true)
  const answer = Uint8Array.from({ length: 300 }, (_, index) => index & 0xff)
  band.fromPhone({ offerId, message: { kind: 'answer', body: answer } })
  expect(await link.value.receive(1_000)).toEqual(ok({ kind: 'answer', body: answer }))
  await link.value.close()
})

test('a band taken out of range ends the link', async () => {
  const { air, radio, address } = await world(185)
  const link = await radio.connect(address)
  if (!link.ok) throw new Error(link.error)
  await link.value.receive(1_000)
  const waiting = link.value.receive(60_000)
  air.dropLinksOf('one')
  expect(await waiting).toEqual({ ok: false, error: 'link-lost' })
})
