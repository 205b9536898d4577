/** Who a customer is, as the backend says it: only what was agreed, only to whom the band was shown, once. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { noticesOf } from '#reference/backend/repositories/notices-repository.ts'
import { BACKEND_PATHS } from '#shared/contracts/backend-api.ts'
import { fromBase64Url, toBase64Url, toHex } from '#shared/contracts/bytes.ts'
import { IDENTITY_PATHS } from '#shared/contracts/identity-api.ts'
import { type IdentityAnswer, identityAnswer } from '#shared/contracts/identity-messages.ts'
import { FLAG_ARMED, FLAG_PROBE, FLAG_WORN } from '#shared/contracts/radio-messages.ts'
import { newSigner, sha256 } from '#shared/crypto/keys.ts'
import { CLAIMS } from '#shared/domain/claims.ts'
import { BackendWorld, type Customer, pathOf, type Reply, type Terminal } from '../../support/backend-world.ts'
import { buildIdentityAsk, type IdentityWish } from '../../support/identity-asks.ts'
import { signedUp } from '../../support/owner-browser.ts'
import { declineOf, signedOf } from '../../support/signed-answers.ts'
import { buildSubmit } from '../../support/submits.ts'

const someBytes: unknown = expect.any(Uint8Array)
let world: BackendWorld
let terminal: Terminal
let customer: Customer

beforeEach(async () => {
  world = await BackendWorld.open()
  terminal = await world.addTerminal()
  customer = await world.addCustomer({ limits: { placeMaxMetres: 2_000 } })
  await register(customer, 'Golden Carp', 'M-1001')
})
afterEach(async () => world.close())

/** By the operator, who has looked at papers. */
async function register({ accountId }: Customer, name: string, number: string, merchantId = 'aurora'): Promise<void> {
  const paths = [IDENTITY_PATHS.name, IDENTITY_PATHS.memberNumber].map((path) =>
    path.replace('{accountId}', accountId).replace('{merchantId}', merchantId),
  )
  expect((await world.operator('PUT', paths[0] ?? '', { name })).status).toBe(200)
  expect((await world.operator('PUT', paths[1] ?? '', { number })).status).toBe(200)
}

async function asked(wish: Partial<IdentityWish> = {}) {
  const built = await buildIdentityAsk(world.nowMs(), { terminal, customer, ...wish })
  const by = wish.customer ?? customer
  return { ...(await by.call('POST', IDENTITY_PATHS.identify, built.body)), built }
}

async function identityOf(reply: Reply): Promise<IdentityAnswer> {
  const opened = await world.keys.keySet.open('identity', identityAnswer, signedOf(reply), world.nowS())
  if (!opened.ok) throw new Error(`${opened.error}: ${JSON.stringify(reply.json)}`)
  return opened.value
}

test('a good question is answered: every field echoed, both claims given, the same bytes when it is asked again', async () => {
  const reply = await asked()
  expect(await identityOf(reply)).toEqual({
    requestId: reply.built.statement.requestId,
    statementDigest: await sha256(reply.built.statementBytes),
    terminalId: 'aurora-1',
    customer: someBytes,
    name: 'Golden Carp',
    memberNumber: 'M-1001',
    vouched: 3,
    at: world.nowS(),
  })
  world.advance(30_000)
  expect((await customer.call('POST', IDENTITY_PATHS.identify, reply.built.body)).json).toEqual(reply.json)
})

test('exactly what was agreed is given, whatever was asked and whatever else is known', async () => {
  const number = await identityOf(await asked({ agreed: ['member-number'] }))
  expect(number).toMatchObject({ memberNumber: 'M-1001', vouched: 2 })
  expect(number).not.toHaveProperty('name')
  const name = await identityOf(await asked({ asked: ['name'] }))
  expect(name).toMatchObject({ name: 'Golden Carp', vouched: 1 })
  expect(name).not.toHaveProperty('memberNumber')
  const built = await buildIdentityAsk(world.nowMs(), { terminal, customer, asked: ['name'], agreed: CLAIMS })
  expect(await customer.call('POST', IDENTITY_PATHS.identify, built.body)).toMatchObject({ status: 400, json: { code: 'malformed' } })
})

test('what is not on the card is left out, and looks as if it had not been agreed to', async () => {
  const stranger = await world.addCustomer()
  const nothing = await identityOf(await asked({ customer: stranger }))
  expect(nothing).not.toHaveProperty('name')
  expect(nothing).not.toHaveProperty('memberNumber')
  expect(nothing.vouched).toBe(0)
})

test('another merchant learns another id and no number of this one', async () => {
  const lotus = await world.addTerminal('lotus-1', 'lotus', 'lotus')
  const [here, again, there] = [await asked(), await asked(), await asked({ terminal: lotus })]
  const said = await Promise.all([here, again, there].map(identityOf))
  expect(toHex(said[0]?.customer ?? new Uint8Array())).toBe(toHex(said[1]?.customer ?? new Uint8Array()))
  expect(toHex(said[0]?.customer ?? new Uint8Array())).not.toBe(toHex(said[2]?.customer ?? new Uint8Array()))
  expect(said[2]).not.toHaveProperty('memberNumber')
})

type Case = readonly [name: string, wish: () => Promise<Partial<IdentityWish>>, reason: string, hint: string]
const nonce = new Uint8Array(16).fill(7)
const CASES: readonly Case[] = [
  ['made too long ago', async () => ({ statement: { time: world.nowS() - 61 } }), 'expired', 'expired'],
  ['made far in the future', async () => ({ statement: { time: world.nowS() + 301 } }), 'expired', 'expired'],
  ['a proof by an unknown band', async () => ({ bandSigner: await newSigner() }), 'band-not-usable', 'band'],
  ['a proof by the phone instead of the band', async () => ({ bandSigner: customer.phone }), 'band-not-usable', 'band'],
  ['a proof by the band of somebody else', async () => ({ bandSigner: (await world.addCustomer()).band }), 'band-not-usable', 'band'],
  ['a proof of another pairing', async () => ({ proof: { epoch: 2 } }), 'band-not-usable', 'band'],
  ['a proof over another request', async () => ({ proof: { requestDigest: new Uint8Array(32) } }), 'band-not-usable', 'band'],
  ['a proof with another nonce', async () => ({ proof: { bandNonce: nonce } }), 'band-not-usable', 'band'],
  ['a proof that is not of a probe', async () => ({ proof: { flags: FLAG_WORN | FLAG_ARMED } }), 'band-not-usable', 'band'],
  ['a band off the wrist', async () => ({ proof: { flags: FLAG_ARMED | FLAG_PROBE } }), 'not-worn', 'band'],
  ['a band that is not armed', async () => ({ proof: { flags: FLAG_WORN | FLAG_PROBE } }), 'not-armed', 'band'],
  ['a phone in another town', async () => ({ place: { latitudeE5: 3_990_000, longitudeE5: 11_640_000 } }), 'wrong-place', 'place'],
]

test.each(CASES)('declines %s, signed, gives nothing, and says so again', async (_name, wish, reason, hint) => {
  const reply = await asked(await wish())
  const declined = await declineOf(world, reply)
  expect(declined).toMatchObject({ reason, hint })
  expect(declined.value).toMatchObject({
    requestId: reply.built.statement.requestId,
    statementDigest: await sha256(reply.built.statementBytes),
    terminalId: terminal.id,
  })
  expect((await customer.call('POST', IDENTITY_PATHS.identify, reply.built.body)).json).toEqual(reply.json)
  expect(JSON.stringify(await world.db.selectFrom('identity_requests').select(['given', 'kind']).execute())).toBe(
    JSON.stringify([{ given: 0, kind: 'decline' }]),
  )
})

test('a nonce and a counter are good once, for a question and for a payment alike', async () => {
  const first = await asked({ proof: { counter: 50 } })
  const { bandNonce } = first.built.statement
  expect(await declineOf(world, await asked({ proof: { counter: 50 } }))).toMatchObject({ reason: 'band-not-usable' })
  const replay = { statement: { bandNonce }, proof: { bandNonce, counter: 51 } }
  expect(await declineOf(world, await asked(replay))).toMatchObject({ reason: 'band-not-usable' })
  const pay = await buildSubmit(world.nowMs(), { terminal, customer, ...replay })
  expect((await customer.call('POST', BACKEND_PATHS.submit, pay.body)).json).toMatchObject({ kind: 'decline', hint: 'band' })
  const paid = await buildSubmit(world.nowMs(), { terminal, customer, proof: { counter: 60 } })
  expect((await customer.call('POST', BACKEND_PATHS.submit, paid.body)).json['kind']).toBe('authorization')
  expect(await declineOf(world, await asked({ proof: { counter: 60 } }))).toMatchObject({ reason: 'band-not-usable' })
  const alarms = await world.db.selectFrom('alarms').select('kind').execute()
  expect(alarms.map(({ kind }) => kind).sort()).toEqual(
    ['counter-not-greater', 'counter-not-greater', 'nonce-not-fresh', 'nonce-not-fresh'].sort(),
  )
})

test('a payment statement is no question, and a question no payment', async () => {
  const pay = await buildSubmit(world.nowMs(), { terminal, customer })
  const { act: _act, ...evidence } = pay.body
  expect(await customer.call('POST', IDENTITY_PATHS.identify, { ...evidence, agreed: ['name'] })).toMatchObject({ status: 400 })
  const { body } = await buildIdentityAsk(world.nowMs(), { terminal, customer })
  const { agreed: _agreed, ...question } = body
  expect(await customer.call('POST', BACKEND_PATHS.submit, { ...question, act: 'confirmed' })).toMatchObject({ status: 400 })
})

test('a frozen account tells nobody who it is, and the counter cannot tell that from a no', async () => {
  await world.operator('PATCH', pathOf('account', customer.accountId), { frozen: true })
  expect(await declineOf(world, await asked())).toMatchObject({ reason: 'wallet-refused', hint: 'frozen' })
  await world.operator('PATCH', pathOf('account', customer.accountId), { frozen: false })
  expect((await asked()).json['kind']).toBe('identity')
})

test('a band that was released or blocked says nothing any more', async () => {
  await world.db.updateTable('bands').set({ state: 'blocked' }).where('id', '=', customer.bandId).execute()
  expect(await declineOf(world, await asked())).toMatchObject({ reason: 'band-not-usable' })
})

test('another phone, another agreement or another statement under the same request gets taken', async () => {
  const first = await asked()
  const { requestId, body } = first.built
  const other = await world.addCustomer()
  expect(await declineOf(world, await other.call('POST', IDENTITY_PATHS.identify, body))).toMatchObject({ reason: 'taken' })
  expect(await declineOf(world, await customer.call('POST', IDENTITY_PATHS.identify, { ...body, agreed: ['name'] }))).toMatchObject({
    reason: 'taken',
  })
  expect(await declineOf(world, await asked({ requestId }))).toMatchObject({ reason: 'taken' })
  expect((await customer.call('POST', IDENTITY_PATHS.identify, body)).json).toEqual(first.json)
})

test('a terminal that is suspended, or was never one of ours, learns nothing', async () => {
  const rogue = await newSigner()
  expect(await asked({ terminalSigner: rogue })).toMatchObject({ status: 403, json: { code: 'not-allowed' } })
  expect(await asked({ terminal: { ...terminal, signer: rogue } })).toMatchObject({ status: 403 })
  await world.db.updateTable('terminals').set({ state: 'suspended' }).execute()
  expect(await declineOf(world, await asked())).toMatchObject({ reason: 'terminal-not-trusted', hint: 'terminal' })
})

test('each single bit of statement, certificate and proof counts', async () => {
  const ask = async () => (await buildIdentityAsk(world.nowMs(), { terminal, customer })).body
  const first = await ask()
  for (const part of ['statement', 'certificate', 'proof'] as const) {
    const bytes = fromBase64Url(first[part]) ?? new Uint8Array()
    expect(bytes.length).toBeGreaterThan(64)
    for (let index = 0; index < bytes.length; index += 5) {
      // An altered proof is one by no band of ours, and binds the question: each needs a question of its own.
      const body = part === 'proof' ? await ask() : first
      const altered = fromBase64Url(body[part]) ?? new Uint8Array()
      altered[index] = (altered[index] ?? 0) ^ (1 << (index % 8))
      const reply = await customer.call('POST', IDENTITY_PATHS.identify, { ...body, [part]: toBase64Url(altered) })
      expect(reply.json['kind'], `${part} byte ${index}`).not.toBe('identity')
    }
  }
  expect((await asked()).json['kind']).toBe('identity')
})

test('what was said is forgotten when nobody can ask again; that somebody asked stays for the owner, for a while', async () => {
  const reply = await asked({ agreed: ['name'] })
  world.advance(12 * 60_000)
  await world.backend.sweep()
  const kept = await world.db.selectFrom('identity_requests').selectAll().execute()
  expect(kept).toMatchObject([{ asked: 3, given: 1, answer: null }])
  expect(await declineOf(world, await customer.call('POST', IDENTITY_PATHS.identify, reply.built.body))).toMatchObject({
    reason: 'expired',
  })
  const { browser } = await signedUp(world, customer)
  expect((await browser.call('GET', IDENTITY_PATHS.requests)).json).toMatchObject({
    requests: [{ merchantId: 'aurora', asked: ['name', 'member-number'], given: ['name'] }],
  })
  world.advance(91 * 86_400_000)
  await world.backend.sweep()
  expect(await world.db.selectFrom('identity_requests').selectAll().execute()).toEqual([])
})

test('names and numbers stand in no log line', async () => {
  await asked()
  await asked({ bandSigner: await newSigner() })
  expect(world.logged.join('\n')).not.toMatch(/Golden Carp|M-1001/)
})

const ownNumber = (merchantId: string) => IDENTITY_PATHS.ownMemberNumber.replace('{merchantId}', merchantId)

test('an owner sees and changes the card; what they say themselves is vouched for by nobody', async () => {
  const { browser } = await signedUp(world, customer)
  expect((await browser.call('GET', IDENTITY_PATHS.card)).json).toMatchObject({
    name: { value: 'Golden Carp', setBy: 'operator' },
    memberNumbers: [{ merchantId: 'aurora', value: 'M-1001', setBy: 'operator' }],
  })
  expect((await browser.call('PUT', IDENTITY_PATHS.ownName, { name: 'Silver Carp' })).status).toBe(200)
  expect(await identityOf(await asked())).toMatchObject({ name: 'Silver Carp', memberNumber: 'M-1001', vouched: 2 })
  expect((await browser.call('PUT', ownNumber('aurora'), { number: 'X 9' })).status).toBe(200)
  expect(await identityOf(await asked())).toMatchObject({ memberNumber: 'X 9', vouched: 0 })
  expect((await browser.call('DELETE', IDENTITY_PATHS.ownName)).status).toBe(200)
  expect((await browser.call('DELETE', ownNumber('aurora'))).status).toBe(200)
  expect((await browser.call('GET', IDENTITY_PATHS.card)).json).toEqual({ memberNumbers: [] })
  expect((await browser.call('PUT', ownNumber('nowhere'), { number: '1' })).json['code']).toBe('unknown')
  for (const name of ['', ' '.repeat(0), 'a'.repeat(41), 'a\u202Eb', 'a\nb']) {
    expect((await browser.call('PUT', IDENTITY_PATHS.ownName, { name })).status, JSON.stringify(name)).toBe(400)
  }
  for (const number of ['', '-1', '1-', '一', 'a'.repeat(25)]) {
    expect((await browser.call('PUT', ownNumber('aurora'), { number })).status, number).toBe(400)
  }
})

test('a member number can be set where somebody has asked for anything, and nobody is shown the others', async () => {
  const { browser } = await signedUp(world, customer)
  await world.addTerminal('lotus-1', 'lotus', 'lotus')
  const paper = await world.addTerminal('paper-1', 'paper', 'paper')
  const merchants = async () => (await browser.call('GET', IDENTITY_PATHS.merchants)).json['merchants']
  expect(await merchants()).toEqual([])
  await asked()
  await asked()
  const pay = await buildSubmit(world.nowMs(), { terminal: paper, customer, proof: { counter: 90 } })
  expect((await customer.call('POST', BACKEND_PATHS.submit, pay.body)).json['kind']).toBe('authorization')
  expect(await merchants()).toMatchObject([{ merchantId: 'aurora', merchantName: { en: 'Aurora Cinema' } }, { merchantId: 'paper' }])
  const { browser: stranger } = await signedUp(world, await world.addCustomer())
  expect((await stranger.call('GET', IDENTITY_PATHS.merchants)).json).toEqual({ merchants: [] })
})

test('the owner is told of what the operator puts on the card, once; of their own changes not', async () => {
  const { browser } = await signedUp(world, customer)
  const told = async () =>
    (await noticesOf(world.db, customer.accountId, 20)).filter(({ kind }) => kind === 'card-changed').map(({ detail }) => detail)
  expect((await told()).toSorted()).toEqual(['member-number', 'name'])
  await register(customer, 'Golden Carp', 'M-1001')
  await browser.call('PUT', IDENTITY_PATHS.ownName, { name: 'Silver Carp' })
  await browser.call('DELETE', ownNumber('aurora'))
  expect(await told()).toHaveLength(2)
  await register(customer, 'Silver Carp', 'M-1001')
  expect((await told()).toSorted()).toEqual(['member-number', 'member-number', 'name', 'name'])
  expect(JSON.stringify(await noticesOf(world.db, customer.accountId, 20))).not.toMatch(/Carp|M-1001/)
})

test('only an owner who has just shown a passkey changes the card, and only their own', async () => {
  const { browser, codes } = await signedUp(world, customer)
  const stranger = await world.addCustomer()
  expect((await (await signedUp(world, stranger)).browser.call('GET', IDENTITY_PATHS.card)).json).toEqual({ memberNumbers: [] })
  world.advance(6 * 60_000)
  expect((await browser.call('PUT', IDENTITY_PATHS.ownName, { name: 'Thief' })).json['code']).toBe('not-fresh')
  await browser.recover(codes[0] ?? '')
  expect((await browser.call('PUT', ownNumber('aurora'), { number: '7' })).json['code']).toBe('not-fresh')
  expect((await customer.call('PUT', IDENTITY_PATHS.ownName, { name: 'Thief' })).status).not.toBe(200)
  const path = IDENTITY_PATHS.name.replace('{accountId}', customer.accountId)
  expect((await world.plain('PUT', path, { body: { name: 'Thief' } })).json['code']).toBe('unsigned')
})
