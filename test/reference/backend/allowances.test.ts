/** Offline allowances at the backend: money set aside, brought and settled once, whatever band, phone or merchant try. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { SLOTS_PER_ALLOWANCE, shareOf } from '#reference/backend/services/allowances.ts'
import { Bands } from '#reference/backend/services/bands.ts'
import { ALLOWANCE_LIFETIME_S, ALLOWANCE_PATHS, ALLOWANCE_SETTLE_S, getRevocations } from '#shared/contracts/allowance-api.ts'
import { BACKEND_PATHS } from '#shared/contracts/backend-api.ts'
import { FLAG_WORN } from '#shared/contracts/radio-messages.ts'
import { slotProof, slot as slotStatement } from '#shared/contracts/slot-messages.ts'
import { newSigner } from '#shared/crypto/keys.ts'
import { peekSign1 } from '#shared/crypto/sign1.ts'
import { defaultSettings } from '#shared/domain/policy.ts'
import { BackendWorld, type Customer, newId, pathOf, receiptEntry, reversalEntry, type Terminal } from '../../support/backend-world.ts'
import { OfflinePair, type OfflineSale, type OfflineWish } from '../../support/offline-payments.ts'

const CAP = 5_000
const ALL = SLOTS_PER_ALLOWANCE * CAP
const BALANCE = 100_000
const PRICE = 3_200

let world: BackendWorld
let terminal: Terminal
let customer: Customer
let pair: OfflinePair
let receipts = 0

beforeEach(async () => {
  world = await BackendWorld.open()
  terminal = await world.addTerminal()
  customer = await world.addCustomer({ balance: BALANCE })
  pair = await OfflinePair.of(world, customer)
  receipts = 0
})
afterEach(async () => world.close())

async function sums(): Promise<Readonly<Record<string, number>>> {
  const rows = await world.db.selectFrom('balances').select(['account', 'amount']).execute()
  const by: Record<string, number> = { wallet: 0, allowance: 0, hold: 0, merchant: 0, 'issuer-losses': 0 }
  for (const { account, amount } of rows) by[account.split(':')[0] ?? ''] = (by[account.split(':')[0] ?? ''] ?? 0) + amount
  expect(Object.values(by).reduce((sum, amount) => sum + amount, 0)).toBe(0)
  return by
}

async function capture(sale: OfflineSale, by: Terminal = terminal): Promise<string> {
  receipts += 1
  const { receiptId: _, ...entry } = receiptEntry({ number: receipts, total: sale.capture.amount, captures: [sale.capture] })
  const { json } = await by.call('POST', BACKEND_PATHS.outbox, { entries: [entry] })
  const [result] = json['results'] as { outcome: string; alarm?: string }[]
  return result?.alarm ?? String(result?.outcome)
}

async function freeze(isFrozen = true): Promise<void> {
  await world.operator('PATCH', pathOf('account', customer.accountId), { frozen: isFrozen })
}

async function revocations(after = 0) {
  return getRevocations.reply.parse((await terminal.call('GET', `${ALLOWANCE_PATHS.revocations}?after=${after}`)).json).revocations
}

async function notices(): Promise<readonly string[]> {
  const rows = await world.db.selectFrom('notices').select('kind').where('account_id', '=', customer.accountId).orderBy('id').execute()
  return rows.map(({ kind }) => kind)
}

test('money is set aside in slots, and the same lease brings the same slots', async () => {
  const lease = await pair.lease()
  const first = await pair.bring(lease)
  expect(first.status).toBe(200)
  expect(await pair.bring(lease)).toEqual(first)
  expect(await sums()).toMatchObject({ wallet: BALANCE - ALL, allowance: ALL })
  const said = pair.slots.map((bytes) => {
    const peeked = peekSign1(slotStatement, bytes)
    if (!peeked.ok) throw new Error(peeked.error)
    return peeked.value.value
  })
  expect(said.map(({ counter, cap }) => [counter, cap])).toEqual([0, 1, 2, 3].map((counter) => [counter, CAP]))
  expect(said[0]).toMatchObject({
    until: world.nowS() + ALLOWANCE_LIFETIME_S,
    settleBy: world.nowS() + ALLOWANCE_LIFETIME_S + ALLOWANCE_SETTLE_S,
  })
  const wallet = (await customer.call('GET', '/v1/wallet')).json
  expect(wallet).toMatchObject({ balance: { amount: BALANCE - ALL }, setAside: { amount: ALL } })
})

test('how much: what needs no knock, in four parts, and never more than half of what is there', () => {
  const settings = defaultSettings('CNY')
  expect(shareOf(settings, BALANCE)).toEqual({ ok: true, value: { cap: CAP, count: 4 } })
  expect(shareOf(settings, 4 * CAP)).toEqual({ ok: true, value: { cap: CAP, count: 2 } })
  expect(shareOf(settings, 2 * CAP - 1)).toEqual({ ok: false, error: 'nothing' })
  expect(shareOf({ ...settings, noKnockLimit: 0 }, BALANCE).ok).toBe(false)
  expect(shareOf({ ...settings, noKnockLimit: 90_000 }, BALANCE)).toEqual({ ok: true, value: { cap: CAP, count: 4 } })
  expect(shareOf({ ...settings, perPayment: 1_000 }, BALANCE)).toEqual({ ok: true, value: { cap: 1_000, count: 4 } })
})

test('a lease of another key, of another epoch, of another phone’s band, or older than one that was opened, opens nothing', async () => {
  const stranger = await world.addCustomer()
  expect((await pair.bring(await pair.lease({}, await newSigner()))).status).toBe(403)
  expect((await pair.bring(await pair.lease({ epoch: 2 }))).status).toBe(403)
  const theirs = await OfflinePair.of(world, stranger)
  expect((await pair.bring(await theirs.lease())).status).toBe(403)
  const old = await pair.lease()
  await pair.open()
  await pair.pay(terminal)
  expect((await pair.bring(old)).status).toBe(403)
  expect(await sums()).toMatchObject({ wallet: BALANCE + BALANCE - ALL, allowance: ALL })
  expect((await customer.call('POST', ALLOWANCE_PATHS.allowances, { lease: 'AAAA' })).json).toMatchObject({ code: 'malformed' })
})

test('a new lease returns at once what the band never gave away, and leaves what it did', async () => {
  await pair.open()
  const sale = await pair.pay(terminal)
  await pair.open()
  expect(await sums()).toMatchObject({ wallet: BALANCE - CAP - ALL, allowance: CAP + ALL })
  expect(await capture(sale)).toBe('applied')
  expect(await sums()).toMatchObject({
    wallet: BALANCE - sale.capture.amount - ALL,
    allowance: ALL,
    merchant: sale.capture.amount,
    hold: 0,
  })
})

test('brought by the till and by the phone, in either order, as often as they like: paid once', async () => {
  await pair.open()
  const byTill = await pair.pay(terminal, { amount: PRICE })
  expect(await capture(byTill)).toBe('applied')
  expect((await pair.report(byTill)).json).toEqual({ state: 'captured' })
  const byPhone = await pair.pay(terminal, { slot: 1, amount: PRICE })
  expect((await pair.report(byPhone)).json).toEqual({ state: 'held' })
  expect((await pair.report(byPhone)).json).toEqual({ state: 'held' })
  expect(await sums()).toMatchObject({ hold: PRICE, allowance: 2 * CAP })
  // The till that asks about it hears of an authorization like any other.
  const status = await terminal.call('GET', pathOf('attempt', byPhone.requestId))
  expect(status.json).toMatchObject({ state: 'held' })
  expect(await capture(byPhone)).toBe('applied')
  expect(await capture(byPhone)).toContain('captured it')
  expect(await sums()).toMatchObject({ merchant: 2 * PRICE, hold: 0, wallet: BALANCE - 2 * PRICE - 2 * CAP })
})

test('reversed before or after anybody brings it: the wallet has it back, and no receipt takes it', async () => {
  await pair.open()
  const before = await pair.pay(terminal, { amount: PRICE })
  const reversal = reversalEntry(world.nowMs(), { requestId: before.requestId, amount: PRICE })
  await terminal.call('POST', BACKEND_PATHS.outbox, { entries: [reversal] })
  expect((await pair.report(before)).json).toEqual({ state: 'reversed' })
  expect(await capture(before)).toContain('it was reversed')
  const after = await pair.pay(terminal, { slot: 1, amount: PRICE })
  await pair.report(after)
  await terminal.call('POST', BACKEND_PATHS.outbox, {
    entries: [reversalEntry(world.nowMs(), { requestId: after.requestId, amount: PRICE })],
  })
  expect(await sums()).toMatchObject({ wallet: BALANCE - 2 * CAP, allowance: 2 * CAP, hold: 0, merchant: 0 })
})

test('one slot given away twice by a copied band: both merchants are paid, the issuer stands for the second, and the account is frozen', async () => {
  await pair.open()
  const other = await world.addTerminal('aurora-2')
  const first = await pair.pay(terminal, { amount: PRICE })
  const second = await pair.pay(other, { amount: 1_800 })
  expect(second.authorizationId).not.toBe(first.authorizationId)
  expect(await capture(first)).toBe('applied')
  receipts = 0
  expect(await capture(second, other)).toBe('applied')
  expect(await sums()).toMatchObject({ merchant: PRICE + 1_800, 'issuer-losses': -1_800, wallet: BALANCE - PRICE - 3 * CAP, hold: 0 })
  expect(await notices()).toEqual(expect.arrayContaining(['allowance-fork', 'account-frozen']))
  const alarms = await world.db.selectFrom('alarms').select('kind').execute()
  expect(alarms).toEqual([{ kind: 'allowance-fork' }])
  expect(await revocations()).toHaveLength(1)
  // The owner cannot lift what the backend froze, and the band leases nothing more.
  expect((await pair.open()).status).toBe(403)
})

test('the same word of the band for two statements: a till that looked would have refused it, so nobody pays for it', async () => {
  await pair.open()
  const first = await pair.pay(terminal, { amount: PRICE })
  const digest = digestOf(first)
  const second = await pair.pay(terminal, { amount: PRICE, proof: { requestDigest: digest }, authorization: { requestDigest: digest } })
  expect(await capture(first)).toBe('applied')
  expect(await capture(second)).toContain('gave this slot to another statement')
  expect(await sums()).toMatchObject({ merchant: PRICE, 'issuer-losses': 0 })
})

function digestOf(sale: OfflineSale): Uint8Array {
  const peeked = peekSign1(slotProof, Uint8Array.from(Buffer.from(sale.report.slotProof, 'base64url')))
  if (!peeked.ok) throw new Error(peeked.error)
  return peeked.value.value.requestDigest
}

const HOSTILE: readonly (readonly [name: string, wish: () => Promise<OfflineWish> | OfflineWish, says: string])[] = [
  ['the band’s word of another key', async () => ({ bandSigner: await newSigner() }), 'bad-signature'],
  ['the phone’s yes of another key', async () => ({ phoneSigner: await newSigner() }), 'bad-signature'],
  ['the statement of another terminal', async () => ({ terminalSigner: await newSigner() }), 'did not sign this statement'],
  ['more than the slot is worth', () => ({ amount: CAP + 1 }), 'over-cap'],
  ['another amount than was asked', () => ({ amount: PRICE, authorization: { amount: PRICE + 1 } }), 'another amount'],
  ['another counter', () => ({ proof: { counter: 2 } }), 'other-slot'],
  ['another request', () => ({ proof: { requestDigest: new Uint8Array(32) } }), 'other-request'],
  ['another session', () => ({ proof: { bandNonce: new Uint8Array(16) } }), 'another session'],
  ['a band that was not armed', () => ({ proof: { flags: FLAG_WORN } }), 'not-armed'],
  ['knocks that were not given', () => ({ statement: { knocks: 3 }, proof: { knocks: 2 } }), 'other-knocks'],
  ['an id of its own choice', () => ({ authorization: { authorizationId: new Uint8Array(16) } }), 'other-slot'],
  ['another merchant', () => ({ authorization: { merchantId: 'somebody' } }), 'another merchant'],
  ['another time', () => ({ authorization: { approvedAt: 1 } }), 'another time'],
  ['another currency', () => ({ statement: { currency: 'EUR' }, authorization: { currency: 'EUR' } }), 'other-currency'],
]

test.each(HOSTILE)('%s: not taken, from nobody', async (_name, wish, says) => {
  await pair.open()
  const sale = await pair.pay(terminal, await wish())
  expect(await capture(sale)).toContain(says)
  expect((await pair.report(sale)).json).toMatchObject({ code: 'not-allowed' })
  expect(await sums()).toMatchObject({ wallet: BALANCE - ALL, allowance: ALL, merchant: 0, hold: 0, 'issuer-losses': 0 })
})

test('what another till was paid with, and what is no payment of this account, is not taken', async () => {
  await pair.open()
  const other = await world.addTerminal('aurora-2')
  const sale = await pair.pay(terminal, { amount: PRICE })
  expect(await capture(sale, other)).toContain('another terminal')
  const stranger = await OfflinePair.of(world, await world.addCustomer())
  expect((await stranger.report(sale)).json).toMatchObject({ code: 'not-allowed' })
  expect(await capture(sale)).toBe('applied')
})

test('outside its day a slot is worth nothing, and after the time to settle nothing is paid', async () => {
  await pair.open()
  world.advance((ALLOWANCE_LIFETIME_S + 400) * 1_000)
  expect(await capture(await pair.pay(terminal, { amount: PRICE }))).toContain('not good at that time')
  world.advance(-(ALLOWANCE_LIFETIME_S + 400) * 1_000)
  const sale = await pair.pay(terminal, { amount: PRICE })
  world.advance((ALLOWANCE_LIFETIME_S + ALLOWANCE_SETTLE_S - 10) * 1_000)
  await world.backend.sweep()
  expect(await sums()).toMatchObject({ allowance: ALL })
  expect(await capture(sale)).toBe('applied')
  world.advance(60_000)
  await world.backend.sweep()
  expect(await sums()).toMatchObject({ allowance: 0, wallet: BALANCE - PRICE, merchant: PRICE })
})

test.each([
  ['a freeze', async () => freeze()],
  ['the owner’s release of the band', async () => release()],
])('%s: tills hear of it once, what was paid before is the wallet’s, what was paid after is the issuer’s', async (_name, stop) => {
  await pair.open()
  const before = await pair.pay(terminal, { amount: PRICE })
  world.advance(1_000)
  await stop()
  const heard = await revocations()
  expect(heard).toHaveLength(1)
  expect(await revocations(heard[0]?.cursor)).toEqual([])
  world.advance(1_000)
  const after = await pair.pay(terminal, { slot: 1, amount: PRICE })
  expect(await capture(before)).toBe('applied')
  expect(await capture(after)).toBe('applied')
  expect(await sums()).toMatchObject({ wallet: BALANCE - PRICE - 2 * CAP, merchant: 2 * PRICE, 'issuer-losses': -PRICE })
  // A day later the list is empty again: nothing of it could be spent anyhow.
  world.advance((ALLOWANCE_LIFETIME_S + 1) * 1_000)
  expect(await revocations()).toEqual([])
})

async function release(): Promise<void> {
  const bands = new Bands({ db: world.db, clock: world, keys: world.keys, tell: async () => undefined })
  const released = await bands.release(customer.accountId, customer.bandId)
  expect(released.ok).toBe(true)
}

test('a void of an offline sale gives the money back to whoever stood for it', async () => {
  await pair.open()
  await freeze()
  world.advance(1_000)
  const sale = await pair.pay(terminal, { amount: PRICE })
  const receiptId = newId()
  const { receiptId: _, ...entry } = receiptEntry({ number: 1, total: PRICE, receiptId, captures: [sale.capture] })
  await terminal.call('POST', BACKEND_PATHS.outbox, { entries: [entry] })
  const amount = { amount: PRICE, currency: 'CNY' }
  const voided = {
    receipt: { id: newId(), kind: 'void', number: 2, series: 'A', total: { amount: -PRICE, currency: 'CNY' } },
    journal: { seq: 2, hash: '00'.repeat(32) },
    captures: [],
    sells: [],
    voids: [{ requestId: sale.requestId, authorizationId: sale.authorizationId, amount, ofReceiptId: receiptId }],
  }
  await terminal.call('POST', BACKEND_PATHS.outbox, { entries: [{ id: newId(), kind: 'receipt', body: JSON.stringify(voided) }] })
  expect(await sums()).toMatchObject({ merchant: 0, 'issuer-losses': 0, wallet: BALANCE - 3 * CAP })
})
