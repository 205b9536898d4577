/** A phone is lost, and another takes its place. */
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ALLOWANCE_PATHS, getRevocations } from '#shared/contracts/allowance-api.ts'
import { BACKEND_PATHS, certifyPhone } from '#shared/contracts/backend-api.ts'
import { ID_SLOT_MS } from '#shared/contracts/band-advert.ts'
import { fromBase64Url, toBase64Url, toHex } from '#shared/contracts/bytes.ts'
import { INVITATION_LIFETIME_MS, invitePhone, OWNER_PATHS } from '#shared/contracts/owner-api.ts'
import { phoneCertificate } from '#shared/contracts/radio-messages.ts'
import { newSigner, type Signer } from '#shared/crypto/keys.ts'
import { peekSign1 } from '#shared/crypto/sign1.ts'
import { BackendWorld, type Customer, newId, pathOf, type Terminal } from '../../support/backend-world.ts'
import { invited, OwnerBrowser, ownerPath, signedUp } from '../../support/owner-browser.ts'
import { buildSubmit } from '../../support/submits.ts'

const SLOT_S = ID_SLOT_MS / 1_000
const UNKNOWN_KEY = { status: 401, json: { code: 'bad-signature' } }
const BAD_CODE = { status: 403, json: { code: 'not-allowed' } }

let world: BackendWorld
let terminal: Terminal
let customer: Customer
let browser: OwnerBrowser

beforeEach(async () => {
  world = await BackendWorld.open()
  terminal = await world.addTerminal()
  customer = await world.addCustomer()
  ;({ browser } = await signedUp(world, customer))
})
afterEach(async () => world.close())

const retire = async (phoneId: string) => browser.call('DELETE', ownerPath('phone', phoneId))
const certify = { keys: [] as { point: string; slot: number }[] }
async function newCode(): Promise<string> {
  return invitePhone.reply.parse((await browser.call('POST', OWNER_PATHS.phoneInvitations)).json).code
}
/** A new phone's first call. `proof`: the key that signs it, its own unless said otherwise. */
async function enrol(code: string, phone: { readonly id: string; readonly signer: Signer }, proof = phone.signer) {
  const body = { phoneId: phone.id, code, point: toBase64Url(phone.signer.point) }
  return world.signedBy(`phone:${phone.id}`, proof)('POST', OWNER_PATHS.enrolPhone, body)
}
const newPhone = async () => ({ id: newId(), signer: await newSigner() })
const told = async () => {
  const rows = await world.db.selectFrom('notices').select(['kind', 'detail']).orderBy(sql`rowid`).execute()
  return rows.filter(({ kind }) => kind.startsWith('phone-')).map(({ kind, detail }) => `${kind} ${detail}`)
}

test('a retired phone is refused at every call, its band pays no more, and the owner is told', async () => {
  const ticket = await invited(customer)
  expect((await world.submit({ terminal, customer })).json['kind']).toBe('authorization')
  expect((await retire(customer.phoneId)).status).toBe(200)
  const { body } = await buildSubmit(world.nowMs(), { terminal, customer })
  expect(await customer.call('POST', BACKEND_PATHS.submit, body)).toMatchObject(UNKNOWN_KEY)
  expect(await customer.call('POST', BACKEND_PATHS.certifyPhone, certify)).toMatchObject(UNKNOWN_KEY)
  expect(await customer.call('POST', OWNER_PATHS.invitations)).toMatchObject(UNKNOWN_KEY)
  expect((await OwnerBrowser.of(world).register({ invitation: ticket })).json['code']).toBe('not-allowed')
  const bands = await world.db.selectFrom('bands').select(['id', 'state']).execute()
  expect(bands).toEqual([{ id: customer.bandId, state: 'blocked' }])
  expect((await retire(customer.phoneId)).status).toBe(200)
  expect(await told()).toEqual([`phone-retired ${customer.phoneId}`])
  const { phones } = (await browser.call('GET', OWNER_PATHS.phones)).json
  const at = new Date(world.nowMs()).toISOString()
  expect(phones).toEqual([{ phoneId: customer.phoneId, addedAt: at, retiredAt: at }])
})

/** The pseudonyms of certificates for these slots from now, as the phone is given them. */
async function certified(slots: readonly number[]): Promise<readonly string[]> {
  const point = toBase64Url((await newSigner()).point)
  const slotNow = Math.floor(world.nowS() / SLOT_S)
  const keys = slots.map((slot) => ({ point, slot: slotNow + slot }))
  const reply = await customer.call('POST', BACKEND_PATHS.certifyPhone, { keys })
  if (reply.status !== 200) return []
  return certifyPhone.reply.parse(reply.json).certificates.map((text) => {
    const opened = peekSign1(phoneCertificate, fromBase64Url(text) ?? new Uint8Array())
    if (!opened.ok) throw new Error('a certificate that cannot be read')
    return toHex(opened.value.value.pseudonym)
  })
}

async function revokedKeys(after = 0) {
  const reply = await terminal.call('GET', `${ALLOWANCE_PATHS.revocations}?after=${after}`)
  return getRevocations.reply.parse(reply.json).revocations.filter(({ kind }) => kind === 'key')
}

test('terminals hear of a retired phone’s keys, once, until each has ended; of another phone’s they hear nothing', async () => {
  await certified([-1])
  world.advance(2 * SLOT_S * 1_000)
  const pseudonyms = await certified([0, 1, 96])
  expect(pseudonyms).toHaveLength(3)
  const other = await world.addCustomer()
  const key = { point: toBase64Url((await newSigner()).point), slot: Math.floor(world.nowS() / SLOT_S) }
  expect((await other.call('POST', BACKEND_PATHS.certifyPhone, { keys: [key] })).status).toBe(200)
  expect(await revokedKeys()).toEqual([])
  await browser.signIn()
  expect((await retire(customer.phoneId)).status).toBe(200)
  const heard = await revokedKeys()
  expect(heard.map(({ id }) => id).sort()).toEqual([...pseudonyms].sort())
  expect(await revokedKeys(heard.at(-1)?.cursor)).toEqual([])
  await retire(customer.phoneId)
  expect(await revokedKeys()).toHaveLength(3)
  world.advance(3 * SLOT_S * 1_000)
  expect((await revokedKeys()).map(({ id }) => id)).toEqual([pseudonyms[2]])
  world.advance(96 * SLOT_S * 1_000)
  expect(await revokedKeys()).toEqual([])
})

test('a phone that is retired while it is given keys has none that terminals do not hear of', async () => {
  const given: string[] = []
  for (;;) {
    customer = await world.addCustomer()
    ;({ browser } = await signedUp(world, customer))
    const [pseudonyms, retired] = await world.amid(
      async () => certified([0]),
      given.length + 1,
      async () => retire(customer.phoneId),
    )
    if (!retired) break
    given.push(pseudonyms[0] ?? 'none')
  }
  const revoked = new Set((await revokedKeys()).map(({ id }) => id))
  expect(given.filter((pseudonym) => pseudonym !== 'none' && !revoked.has(pseudonym))).toEqual([])
  expect(given.length).toBeGreaterThan(1)
})

test('a phone has as many keys as a day of restarts needs, and is told when to come again', async () => {
  const batch = Array.from({ length: 32 }, (_, slot) => slot)
  for (let keys = 0; keys < 4_000; keys += batch.length) expect(await certified(batch)).toHaveLength(batch.length)
  const key = { point: toBase64Url((await newSigner()).point), slot: Math.floor(world.nowS() / SLOT_S) }
  const refused = await customer.call('POST', BACKEND_PATHS.certifyPhone, { keys: [key] })
  expect(refused).toMatchObject({ status: 429, json: { code: 'too-many' } })
  world.advance(2 * SLOT_S * 1_000)
  expect(await certified([0])).toHaveLength(1)
})

test('retiring a phone while its payment is decided: paid before, or refused', async () => {
  const outcomes: unknown[] = []
  for (;;) {
    const someone = await world.addCustomer()
    const owner = await signedUp(world, someone)
    const pay = async () => world.submit({ terminal, customer: someone })
    const retiring = async () => owner.browser.call('DELETE', ownerPath('phone', someone.phoneId))
    const [{ json }, retired] = await world.amid(pay, outcomes.length + 1, retiring)
    outcomes.push(json['kind'] === 'decline' ? json['hint'] : (json['kind'] ?? json['code']))
    if (!retired) break
    expect(retired.status).toBe(200)
    expect(await pay()).toMatchObject(UNKNOWN_KEY)
  }
  const paid = outcomes.filter((outcome) => outcome === 'authorization')
  expect(new Set(outcomes)).toEqual(new Set(['bad-signature', 'band', 'authorization']))
  expect(await world.db.selectFrom('authorizations').select('id').execute()).toHaveLength(paid.length)
})

test('a new phone comes in with the owner’s code, and the key it proves is its own', async () => {
  await retire(customer.phoneId)
  const phone = await newPhone()
  const code = await newCode()
  expect(await enrol(code, phone, await newSigner())).toMatchObject(UNKNOWN_KEY)
  expect(await enrol(code, phone)).toEqual({ status: 200, json: { phoneId: phone.id, displayName: 'Mei', currency: 'CNY' } })
  const call = world.signedBy(`phone:${phone.id}`, phone.signer)
  const keys = [{ point: toBase64Url((await newSigner()).point), slot: Math.floor(world.nowS() / 900) }]
  expect((await call('POST', BACKEND_PATHS.certifyPhone, { keys })).status).toBe(200)
  expect(await told()).toEqual([`phone-retired ${customer.phoneId}`, `phone-added ${phone.id}`])
})

test('a code is good for one phone; a lost answer may be asked for again', async () => {
  const [phone, other] = [await newPhone(), await newPhone()]
  const code = await newCode()
  expect((await enrol(code.toLowerCase(), phone)).status).toBe(200)
  expect((await enrol(code, phone)).status).toBe(200)
  expect(await enrol(code, other)).toMatchObject(BAD_CODE)
  expect(await enrol(code, { id: phone.id, signer: other.signer })).toMatchObject(BAD_CODE)
  await retire(phone.id)
  expect(await enrol(code, phone)).toMatchObject(BAD_CODE)
  expect(await told()).toEqual([`phone-added ${phone.id}`, `phone-retired ${phone.id}`])
})

test('a code ends after ten minutes, and with the next one', async () => {
  const phone = await newPhone()
  const code = await newCode()
  world.advance(INVITATION_LIFETIME_MS)
  expect(await enrol(code, phone)).toMatchObject(BAD_CODE)
  await browser.signIn()
  const first = await newCode()
  const second = await newCode()
  expect(await enrol(first, phone)).toMatchObject(BAD_CODE)
  expect((await enrol(second, phone)).status).toBe(200)
})

test.each(['', '00000-00000-00000-00000', 'sesame', '0'.repeat(65)])('%j is no code', async (code) => {
  expect((await enrol(code, await newPhone())).status).toBeGreaterThanOrEqual(400)
})

test('a page’s invitation is no phone’s, and the other way round', async () => {
  expect(await enrol(await invited(customer), await newPhone())).toMatchObject(BAD_CODE)
  const stranger = await world.addCustomer()
  await invited(stranger)
  expect((await OwnerBrowser.of(world).register({ invitation: 'A'.repeat(43) })).json['code']).toBe('not-allowed')
})

test('neither the id nor the key of a phone comes back, retired or not', async () => {
  await retire(customer.phoneId)
  const [fresh, code] = [await newPhone(), await newCode()]
  expect(await enrol(code, { id: customer.phoneId, signer: fresh.signer })).toMatchObject({ status: 409 })
  expect(await enrol(code, { id: fresh.id, signer: customer.phone })).toMatchObject({ status: 409 })
  const again = { accountId: customer.accountId, point: toBase64Url(customer.phone.point) }
  expect((await world.operator('PUT', pathOf('phone', customer.phoneId), again)).status).toBe(200)
  expect(await customer.call('POST', OWNER_PATHS.invitations)).toMatchObject(UNKNOWN_KEY)
  expect((await enrol(code, fresh)).status).toBe(200)
})

test('an account has five phones in use at most', async () => {
  for (let count = 1; count < 5; count += 1) expect((await enrol(await newCode(), await newPhone())).status).toBe(200)
  expect(await browser.call('POST', OWNER_PATHS.phoneInvitations)).toMatchObject({ status: 409, json: { code: 'conflict' } })
  await retire(customer.phoneId)
  expect((await enrol(await newCode(), await newPhone())).status).toBe(200)
})

test('a phone of somebody else is unknown', async () => {
  const stranger = await world.addCustomer()
  expect(await retire(stranger.phoneId)).toMatchObject({ status: 404, json: { code: 'unknown' } })
  expect((await stranger.call('POST', OWNER_PATHS.invitations)).status).toBe(200)
})
