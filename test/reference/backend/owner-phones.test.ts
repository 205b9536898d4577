/** A phone is lost, and another takes its place. */
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { BACKEND_PATHS } from '#shared/contracts/backend-api.ts'
import { toBase64Url } from '#shared/contracts/bytes.ts'
import { INVITATION_LIFETIME_MS, invitePhone, OWNER_PATHS } from '#shared/contracts/owner-api.ts'
import type { Signer } from '#shared/crypto/keys.ts'
import { newSigner } from '#shared/crypto/keys.ts'
import { BackendWorld, type Customer, newId, pathOf, type Terminal } from '../../support/backend-world.ts'
import { invited, OwnerBrowser, ownerPath, signedUp } from '../../support/owner-browser.ts'
import { buildSubmit } from '../../support/submits.ts'

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
