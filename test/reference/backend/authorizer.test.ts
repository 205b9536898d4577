import { afterEach, beforeEach, expect, test } from 'vitest'
import { BACKEND_PATHS } from '#shared/contracts/backend-api.ts'
import { fromBase64Url, toBase64Url, toHex } from '#shared/contracts/bytes.ts'
import { authorization, FLAG_ARMED, FLAG_PROBE, FLAG_WORN, queryStatement, terminalCertificate } from '#shared/contracts/radio-messages.ts'
import { newSigner, sha256 } from '#shared/crypto/keys.ts'
import { peekSign1, sign1 } from '#shared/crypto/sign1.ts'
import { BackendWorld, type Customer, newId, pathOf, reversalEntry, type Terminal } from '../../support/backend-world.ts'
import { declineOf, signedOf } from '../../support/signed-answers.ts'
import { buildSubmit, type SubmitWish } from '../../support/submits.ts'

const someBytes: unknown = expect.any(Uint8Array)
let world: BackendWorld
let terminal: Terminal
let customer: Customer

beforeEach(async () => {
  world = await BackendWorld.open()
  terminal = await world.addTerminal()
  customer = await world.addCustomer()
})
afterEach(async () => world.close())

async function submitted(wish: Partial<SubmitWish> = {}) {
  return world.submit({ terminal, customer, ...wish })
}

async function moneyOf(account: string): Promise<number> {
  const rows = await world.db.selectFrom('balances').select('amount').where('account', '=', account).execute()
  return rows.reduce((sum, row) => sum + row.amount, 0)
}

test('a good submit is authorized: every field echoed, the money on hold, the answer the same for ever', async () => {
  const reply = await submitted({ amount: 12_345 })
  expect(reply).toMatchObject({ status: 200, json: { kind: 'authorization', hint: 'none' } })
  const opened = await world.keys.keySet.open('authorizer', authorization, signedOf(reply), world.nowS())
  if (!opened.ok) throw new Error(opened.error)
  expect(opened.value).toEqual({
    authorizationId: someBytes,
    requestId: reply.built.statement.requestId,
    statementDigest: await sha256(reply.built.statementBytes),
    amount: 12_345,
    currency: 'CNY',
    merchantId: 'aurora',
    terminalId: 'aurora-1',
    approvedAt: world.nowS(),
    captureBy: world.nowS() + 30 * 86_400,
    customer: someBytes,
    displayName: 'Mei',
    knocks: 0,
    mode: 1,
  })
  const id = toHex(opened.value.authorizationId)
  expect(await moneyOf(`hold:${id}`)).toBe(12_345)
  expect(await moneyOf(`wallet:${customer.accountId}`)).toBe(100_000 - 12_345)

  world.advance(3_600_000)
  const again = await customer.call('POST', BACKEND_PATHS.submit, reply.built.body)
  expect(again.json).toEqual(reply.json)
  expect(await moneyOf(`hold:${id}`)).toBe(12_345)
  const status = await terminal.call('GET', pathOf('attempt', reply.built.requestId))
  expect(status.json).toEqual({ requestId: reply.built.requestId, state: 'held', signed: reply.json['signed'] })
})

test('the same submit sent many times at once is authorized once', async () => {
  const built = await buildSubmit(world.nowMs(), { terminal, customer, amount: 500 })
  const replies = await Promise.all(Array.from({ length: 12 }, async () => customer.call('POST', BACKEND_PATHS.submit, built.body)))
  expect(new Set(replies.map((reply) => reply.json['signed'])).size).toBe(1)
  expect(await moneyOf(`wallet:${customer.accountId}`)).toBe(99_500)
})

test('a customer has another id at another merchant, and the same one at the same', async () => {
  const other = await world.addTerminal('lotus-1', 'lotus', 'lotus')
  const ids: string[] = []
  for (const at of [terminal, terminal, other]) {
    const reply = await submitted({ terminal: at })
    const opened = peekSign1(authorization, signedOf(reply))
    ids.push(opened.ok ? toHex(opened.value.value.customer) : '')
  }
  expect(ids[0]).toBe(ids[1])
  expect(ids[0]).not.toBe(ids[2])
})

type Case = readonly [name: string, wish: () => Promise<Partial<SubmitWish>>, reason: string, hint: string]
const nonce = new Uint8Array(16).fill(7)
const CASES: readonly Case[] = [
  ['made too long ago', async () => ({ statement: { time: world.nowS() - 91 } }), 'expired', 'expired'],
  ['made far in the future', async () => ({ statement: { time: world.nowS() + 301 } }), 'expired', 'expired'],
  ['a proof by an unknown band', async () => ({ bandSigner: await newSigner() }), 'band-not-usable', 'band'],
  ['a proof by the phone instead of the band', async () => ({ bandSigner: customer.phone }), 'band-not-usable', 'band'],
  ['a proof by the band of somebody else', async () => ({ bandSigner: (await world.addCustomer()).band }), 'band-not-usable', 'band'],
  ['a proof of another pairing', async () => ({ proof: { epoch: 2 } }), 'band-not-usable', 'band'],
  ['a proof over another request', async () => ({ proof: { requestDigest: new Uint8Array(32) } }), 'band-not-usable', 'band'],
  ['a proof with another nonce', async () => ({ proof: { bandNonce: nonce } }), 'band-not-usable', 'band'],
  ['a band off the wrist', async () => ({ proof: { flags: FLAG_ARMED } }), 'not-worn', 'band'],
  ['a band that is not armed', async () => ({ proof: { flags: FLAG_WORN } }), 'not-armed', 'band'],
  ['a proof of a probe', async () => ({ proof: { flags: FLAG_WORN | FLAG_ARMED | FLAG_PROBE } }), 'band-not-usable', 'band'],
  [
    'a proof of a probe with the right knocks',
    async () => ({ statement: { knocks: 2 }, proof: { knocks: 2, flags: FLAG_WORN | FLAG_ARMED | FLAG_PROBE } }),
    'band-not-usable',
    'band',
  ],
  ['no knock where two are required', async () => ({ statement: { knocks: 2 } }), 'knock-missing', 'knock'],
  ['three knocks where two are required', async () => ({ statement: { knocks: 2 }, proof: { knocks: 3 } }), 'knock-missing', 'knock'],
  ['more than the wallet holds', async () => ({ amount: 100_001 }), 'wallet-refused', 'funds'],
  ['a hold nobody made', async () => ({ holds: [newId()] }), 'seat-not-held', 'seats'],
  ['a currency the site does not sell in', async () => ({ statement: { currency: 'EUR' } }), 'terminal-not-trusted', 'terminal'],
]

test.each(CASES)('declines %s, signed, and for ever', async (_name, wish, reason, hint) => {
  const reply = await submitted(await wish())
  const declined = await declineOf(world, reply)
  expect(declined).toMatchObject({ reason, hint })
  expect(declined.value).toMatchObject({
    requestId: reply.built.statement.requestId,
    statementDigest: await sha256(reply.built.statementBytes),
    terminalId: terminal.id,
  })
  world.advance(60_000)
  expect((await customer.call('POST', BACKEND_PATHS.submit, reply.built.body)).json).toEqual(reply.json)
  expect(await moneyOf(`wallet:${customer.accountId}`)).toBe(100_000)
  const status = await terminal.call('GET', pathOf('attempt', reply.built.requestId))
  expect(status.json).toMatchObject({ state: 'declined', signed: reply.json['signed'] })
})

test('exactly the knocks asked for are a yes; unasked knocks do not matter', async () => {
  expect((await submitted({ statement: { knocks: 2 }, proof: { knocks: 2 } })).json['kind']).toBe('authorization')
  expect((await submitted({ proof: { knocks: 3 } })).json['kind']).toBe('authorization')
})

test('a counter that is not greater, and a nonce seen before, are declined with an alarm', async () => {
  const first = await submitted({ proof: { counter: 50 } })
  expect(first.json['kind']).toBe('authorization')
  for (const counter of [50, 49]) {
    expect(await declineOf(world, await submitted({ proof: { counter } }))).toMatchObject({ reason: 'band-not-usable' })
  }
  const { bandNonce } = first.built.statement
  const replay = await submitted({ statement: { bandNonce }, proof: { bandNonce, counter: 51 } })
  expect(await declineOf(world, replay)).toMatchObject({ reason: 'band-not-usable' })
  const alarms = await world.db.selectFrom('alarms').select('kind').execute()
  expect(alarms.map((alarm) => alarm.kind).sort()).toEqual(['counter-not-greater', 'counter-not-greater', 'nonce-not-fresh'])
  expect((await submitted({ proof: { counter: 1_000_000 } })).json['kind']).toBe('authorization')
})

test('a frozen account is wallet-refused at the counter, and frozen on the phone', async () => {
  expect((await world.operator('PATCH', pathOf('account', customer.accountId), { frozen: true })).status).toBe(200)
  expect(await declineOf(world, await submitted())).toMatchObject({ reason: 'wallet-refused', hint: 'frozen' })
  await world.operator('PATCH', pathOf('account', customer.accountId), { frozen: false })
  expect((await submitted()).json['kind']).toBe('authorization')
})

test('a wallet in another currency is wallet-refused', async () => {
  const visitor = await world.addCustomer({ currency: 'EUR' })
  expect(await declineOf(world, await submitted({ customer: visitor }))).toMatchObject({ reason: 'wallet-refused', hint: 'currency' })
})

test('another band, or another statement, gets taken; the first answer stands', async () => {
  const first = await submitted()
  const requestId = first.built.requestId
  const other = await world.addCustomer()
  expect(await declineOf(world, await submitted({ requestId, customer: other }))).toMatchObject({ reason: 'taken', hint: 'taken' })
  expect(await declineOf(world, await submitted({ requestId, amount: 2_000 }))).toMatchObject({ reason: 'taken' })
  const stolen = await other.call('POST', BACKEND_PATHS.submit, first.built.body)
  expect(await declineOf(world, stolen)).toMatchObject({ reason: 'taken' })
  expect((await customer.call('POST', BACKEND_PATHS.submit, first.built.body)).json).toEqual(first.json)
  expect(await moneyOf(`wallet:${other.accountId}`)).toBe(100_000)
})

test('a reversal that came first makes every later submit of its request cancelled', async () => {
  const requestId = newId()
  await terminal.call('POST', BACKEND_PATHS.outbox, { entries: [reversalEntry(world.nowMs(), { requestId, amount: 1_000 })] })
  expect((await terminal.call('GET', pathOf('attempt', requestId))).json).toEqual({ requestId, state: 'reversed' })
  expect(await declineOf(world, await submitted({ requestId }))).toMatchObject({ reason: 'cancelled' })
  expect(await moneyOf(`wallet:${customer.accountId}`)).toBe(100_000)
})

test('a certificate past its end, or of a replaced key, or a suspended terminal, is terminal-not-trusted', async () => {
  world.advance(7 * 86_400_000 + 301_000)
  expect(await declineOf(world, await submitted())).toMatchObject({ reason: 'terminal-not-trusted', hint: 'terminal' })
  const renewed = await terminal.call('POST', BACKEND_PATHS.renewCertificate)
  const certificate = fromBase64Url(String(renewed.json['certificate']))
  if (!certificate) throw new Error('no certificate')
  terminal = { ...terminal, certificate }
  expect((await submitted()).json['kind']).toBe('authorization')
  await world.db.updateTable('terminals').set({ state: 'suspended' }).execute()
  expect(await declineOf(world, await submitted())).toMatchObject({ reason: 'terminal-not-trusted' })
})

test('what cannot be traced to one of our terminals gets no signature, and binds nothing', async () => {
  const rogue = await newSigner()
  const peeked = peekSign1(terminalCertificate, terminal.certificate)
  if (!peeked.ok) throw new Error(peeked.error)
  const forged = await sign1(terminalCertificate, { ...peeked.value.value, point: rogue.point }, rogue, { withKid: true })
  const asTerminal = { ...terminal, signer: rogue, certificate: forged }
  expect(await submitted({ terminal: asTerminal })).toMatchObject({ status: 403, json: { code: 'not-allowed' } })
  const requestId = newId()
  expect(await submitted({ terminalSigner: rogue, requestId })).toMatchObject({ status: 403 })
  expect((await terminal.call('GET', pathOf('attempt', requestId))).json['state']).toBe('unknown')
  expect((await submitted({ requestId })).json['kind']).toBe('authorization')
})

test('each single bit of statement, certificate and proof counts', async () => {
  const ask = async () => (await buildSubmit(world.nowMs(), { terminal, customer })).body
  const first = await ask()
  for (const part of ['statement', 'certificate', 'proof'] as const) {
    const bytes = fromBase64Url(first[part]) ?? new Uint8Array()
    expect(bytes.length).toBeGreaterThan(64)
    // Every 5th byte: some 150 alterations, spread over heads, payloads and signatures.
    for (let index = 0; index < bytes.length; index += 5) {
      // An altered proof is one by no band of ours, and binds the request: each needs a request of its own.
      const body = part === 'proof' ? await ask() : first
      const altered = fromBase64Url(body[part]) ?? new Uint8Array()
      altered[index] = (altered[index] ?? 0) ^ (1 << (index % 8))
      const reply = await customer.call('POST', BACKEND_PATHS.submit, { ...body, [part]: toBase64Url(altered) })
      expect(reply.json['kind'], `${part} byte ${index}`).not.toBe('authorization')
    }
  }
  expect(await moneyOf(`wallet:${customer.accountId}`)).toBe(100_000)
  expect((await submitted()).json['kind']).toBe('authorization')
})

test('malformed submits are refused before anything is looked up', async () => {
  const built = await buildSubmit(world.nowMs(), { terminal, customer })
  const zero = await buildSubmit(world.nowMs(), { terminal, customer, amount: 0 })
  const ask = {
    requestId: new Uint8Array(16),
    firstDigest: new Uint8Array(32),
    bandNonce: new Uint8Array(16),
    time: world.nowS(),
    lifetime: 90,
  }
  const query = await sign1(queryStatement, { ...ask, headSeq: 0, head: new Uint8Array(16) }, terminal.signer, { withKid: false })
  const bodies = [
    { ...built.body, statement: 'A' },
    { ...built.body, statement: toBase64Url(new Uint8Array(520)) },
    { ...built.body, proof: built.body.statement },
    { ...built.body, certificate: built.body.proof },
    { ...built.body, requestDigest: 'AAAA' },
    { ...built.body, statement: toBase64Url(query) },
    { ...built.body, extra: true },
    zero.body,
    [],
  ]
  for (const body of bodies) {
    expect(await customer.call('POST', BACKEND_PATHS.submit, body)).toMatchObject({ status: 400, json: { code: 'malformed' } })
  }
})

test('only the terminal that made a request learns about it', async () => {
  const { built } = await submitted()
  const other = await world.addTerminal('aurora-2')
  expect((await other.call('GET', pathOf('attempt', built.requestId))).json).toEqual({ requestId: built.requestId, state: 'unknown' })
  const rows = await world.db.selectFrom('attempts').select('terminal_id').execute()
  expect(rows).toEqual([{ terminal_id: 'aurora-1' }])
})

test('a journal head that contradicts one seen before raises an alarm and changes nothing else', async () => {
  await submitted({ statement: { headSeq: 5, head: new Uint8Array(16).fill(1) } })
  expect((await submitted({ statement: { headSeq: 5, head: new Uint8Array(16).fill(2) } })).json['kind']).toBe('authorization')
  const alarms = await world.db.selectFrom('alarms').select('kind').execute()
  expect(alarms).toEqual([{ kind: 'journal-fork' }])
})
