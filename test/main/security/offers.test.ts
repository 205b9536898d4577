/** Cases 13 and 17: an OFFER that is not what it seems is not asked, and nothing leaves the terminal for it. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { decodeAdvert, encodeAdvert } from '#shared/contracts/band-advert.ts'
import { decodeCbor, encodeCbor } from '#shared/contracts/cbor.ts'
import { encodeSign1, protectedHeader, toBeSigned } from '#shared/contracts/cose.ts'
import { phoneCertificate, phoneOffer } from '#shared/contracts/radio-messages.ts'
import { randomBytes, type Signer } from '#shared/crypto/keys.ts'
import { sign1 } from '#shared/crypto/sign1.ts'
import { CounterWorld, demand } from '#test/support/counter-world.ts'
import { LyingBand, type ShownOffer } from '#test/support/lying-band.ts'
import { testSigner } from '#test/support/test-keys.ts'

const DAY_S = 86_400

let world: CounterWorld
let band: LyingBand
let stranger: Signer
beforeAll(async () => {
  world = await CounterWorld.build()
  band = await LyingBand.make(world.backend.keys, world.clock)
  world.hooks.radio = () => band
  stranger = await testSigner('stranger')
  await world.start()
  await world.ready()
})
afterAll(async () => world.close())

const nowS = () => Math.floor(world.clock.nowMs() / 1_000)
const certificateFor = (point: Uint8Array, window: { readonly from: number; readonly until: number }) =>
  world.backend.keys.signer('phone-ca', nowS()).statementNow(phoneCertificate, { pseudonym: randomBytes(8), point, ...window })
const now = () => ({ from: nowS() - DAY_S, until: nowS() + DAY_S })

/** The same statement under a label of another version, really signed. */
async function ofVersion2(bytes: Uint8Array, signer: Signer): Promise<Uint8Array> {
  const decoded = decodeCbor(bytes)
  if (!decoded.ok || !(decoded.value instanceof Map)) throw new Error('the payload is a map')
  const payload = encodeCbor(new Map([...decoded.value, [0, 'bt2o'] as const]))
  const header = protectedHeader()
  return encodeSign1(header, payload, await signer.sign(toBeSigned(header, payload)))
}

const OFFERS: Readonly<Record<string, (made: ShownOffer) => Promise<Partial<ShownOffer>>>> = {
  'case 13: an offer that has expired': async ({ fields }) => ({
    offer: await sign1(phoneOffer, { ...fields, expires: nowS() - 600 }, band.phone, { withKid: false }),
  }),
  'case 13: an offer signed by another phone than its certificate names': async ({ fields }) => ({
    offer: await sign1(phoneOffer, fields, stranger, { withKid: false }),
  }),
  'case 13: the certificate of another phone': async () => ({ certificate: certificateFor(stranger.point, now()) }),
  'case 13: a certificate that its phone has signed itself': async () => ({
    certificate: await sign1(phoneCertificate, { pseudonym: randomBytes(8), point: band.phone.point, ...now() }, band.phone, {
      withKid: true,
    }),
  }),
  'case 13: a certificate of yesterday': async () => ({
    certificate: certificateFor(band.phone.point, { from: nowS() - 2 * DAY_S, until: nowS() - DAY_S }),
  }),
  'case 13: a certificate of tomorrow': async () => ({
    certificate: certificateFor(band.phone.point, { from: nowS() + DAY_S, until: nowS() + 2 * DAY_S }),
  }),
  'case 13: an offer altered in one bit': async ({ offer }) => ({ offer: offer.map((byte, at) => (at === 40 ? byte ^ 1 : byte)) }),
  'case 14: an offer whose sealing key is nothing but zeros': async ({ fields }) => ({
    offer: await sign1(phoneOffer, { ...fields, sealingPoint: new Uint8Array(33) }, band.phone, { withKid: false }),
  }),
  'case 14: an offer whose sealing key is off the curve': async ({ fields }) => ({
    offer: await sign1(phoneOffer, { ...fields, sealingPoint: new Uint8Array(33).fill(0xff).fill(2, 0, 1) }, band.phone, {
      withKid: false,
    }),
  }),
  'case 17: an offer of another version': async ({ fields }) => ({ offer: await ofVersion2(phoneOffer.encode(fields), band.phone) }),
}

test.each(Object.keys(OFFERS))('%s: not asked, band-not-usable', async (name) => {
  const show = OFFERS[name]
  if (show) band.show = show
  let sent = 0
  world.hooks.onSend = () => void (sent += 1)
  await world.popcorn()
  expect(await world.settled(await world.charge())).toBe('not-asked')
  expect(world.payment).toMatchObject({ reason: 'band-not-usable' })
  expect(sent).toBe(0)
  demand(await world.till.clearCart())
})

test('case 17: an advert of another version is not heard, whatever its offer says', () => {
  const advert = encodeAdvert({ flags: 7, rotatingId: randomBytes(8) })
  expect(decodeAdvert(advert)).toBeDefined()
  for (const version of [0, 2, 255]) expect(decodeAdvert(advert.map((byte, at) => (at === 2 ? version : byte)))).toBeUndefined()
})
