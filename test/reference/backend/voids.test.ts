/** Void documents at the backend: money back to the wallet it came from, seats back to the terminal, each once and never more. */
import * as fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sumOfLedger } from '#reference/backend/repositories/ledger-repository.ts'
import { BACKEND_PATHS, HOLD_LIFETIME_MS } from '#shared/contracts/backend-api.ts'
import { BackendWorld, type Customer, newId, pathOf, receiptEntry, reversalEntry, type Terminal } from '../../support/backend-world.ts'
import { voidEntry } from '../../support/outbox-entries.ts'
import { paidBy } from '../../support/signed-answers.ts'

let world: BackendWorld
let terminal: Terminal
let customer: Customer
beforeEach(async () => {
  world = await BackendWorld.open()
  terminal = await world.addTerminal()
  customer = await world.addCustomer()
})
afterEach(async () => world.close())

const START = 100_000
const saying = (text: string): unknown => expect.stringContaining(text)

type Entry = { readonly id: string; readonly kind: string; readonly body: string }
async function send(entry: Entry, at: Terminal = terminal) {
  const { id, kind, body } = entry
  const { status, json } = await at.call('POST', BACKEND_PATHS.outbox, { entries: [{ id, kind, body }] })
  expect(status).toBe(200)
  return (json['results'] as { id: string; outcome: string; alarm?: string }[])[0]
}

async function paid(amount: number, options: { at?: Terminal; holds?: readonly string[] } = {}) {
  const { at = terminal, holds = [] } = options
  return paidBy(world, { terminal: at, customer, amount, holds })
}

async function sold(amount: number, number: number, options: { at?: Terminal; captured?: number } = {}) {
  const attempt = await paid(amount, options)
  const part = { ...attempt, amount: options.captured ?? amount }
  const entry = receiptEntry({ number, total: part.amount, captures: [part] })
  expect(await send(entry, options.at)).toEqual({ id: entry.id, outcome: 'applied' })
  return { ...part, ofReceiptId: entry.receiptId }
}

async function balance(account: string): Promise<number> {
  const row = await world.db.selectFrom('balances').select('amount').where('account', '=', account).executeTakeFirst()
  return row?.amount ?? 0
}
const wallet = () => balance(`wallet:${customer.accountId}`)
const merchant = (id = 'aurora') => balance(`merchant:${id}`)
async function alarms() {
  return (await world.db.selectFrom('alarms').select('kind').orderBy('kind').execute()).map((row) => row.kind)
}
async function seats(showtimeId = 'show-1') {
  const rows = await world.db.selectFrom('seats').selectAll().where('showtime_id', '=', showtimeId).where('state', '!=', 'free').execute()
  return Object.fromEntries(rows.map((row) => [row.seat, `${row.state} ${row.receipt_id ?? row.hold_id ?? ''}`]))
}

test('what was captured goes back to the wallet, once, however often it is said; the authorization stays captured', async () => {
  const sale = await sold(3_000, 1)
  const first = voidEntry({ number: 2, voids: [sale] })
  expect(await send(first)).toEqual({ id: first.id, outcome: 'applied' })
  expect([await wallet(), await merchant()]).toEqual([START, 0])
  expect(await send(first)).toMatchObject({ outcome: 'repeat' })
  expect(await send({ ...first, id: newId() })).toMatchObject({ outcome: 'repeat' })
  const again = await send(voidEntry({ number: 3, voids: [sale] }))
  expect(again).toMatchObject({ outcome: 'applied', alarm: saying('gave it back') })
  const twice = await sold(500, 4)
  expect((await send(voidEntry({ number: 5, voids: [twice, twice] })))?.alarm).toContain('gave it back')
  expect([await wallet(), await merchant(), await sumOfLedger(world.db)]).toEqual([START, 0, 0])
  expect((await terminal.call('GET', pathOf('attempt', sale.requestId))).json['state']).toBe('captured')
  expect(await alarms()).toEqual(['void-refused', 'void-refused'])
})

test('a sale captured for less goes back for less', async () => {
  const sale = await sold(3_000, 1, { captured: 2_000 })
  expect((await send(voidEntry({ number: 2, voids: [{ ...sale, amount: 3_000 }] })))?.alarm).toContain('not the amount captured')
  expect(await send(voidEntry({ number: 3, voids: [sale] }))).toMatchObject({ outcome: 'applied' })
  expect([await wallet(), await merchant()]).toEqual([START, 0])
})

test('what may not be given back is not, with an alarm that says why, and the receipt is kept', async () => {
  const other = await world.addTerminal('comet-1', 'comet', 'comet')
  const theirs = await sold(700, 1, { at: other })
  const sale = await sold(1_000, 1)
  const second = await sold(800, 2)
  const held = await paid(600)
  const reversed = await paid(500)
  await send(reversalEntry(world.nowMs(), reversed))
  const before = [await wallet(), await merchant(), await merchant('comet')]
  const { ofReceiptId } = sale
  const wrong: readonly [Parameters<typeof voidEntry>[0]['voids'], string][] = [
    [[{ ...sale, amount: 1_001 }], 'not the amount captured'],
    [[{ ...sale, amount: 999 }], 'not the amount captured'],
    [[{ ...sale, amount: -1_000 }], 'not the amount captured'],
    [[{ ...sale, currency: 'EUR' }], 'another currency'],
    [[{ ...sale, requestId: newId() }], 'no such authorization'],
    [[{ ...sale, authorizationId: newId() }], 'no such authorization'],
    [[{ ...sale, ofReceiptId: second.ofReceiptId }], 'captured it'],
    [[{ ...held, ofReceiptId }], 'it is held'],
    [[{ ...reversed, ofReceiptId }], 'it is reversed'],
    [[theirs], 'another merchant'],
  ]
  for (const [index, [voids, words]] of wrong.entries()) {
    expect(await send(voidEntry({ number: 10 + index, ...(voids ? { voids } : {}) })), words).toMatchObject({
      outcome: 'applied',
      alarm: saying(words),
    })
  }
  expect((await send(voidEntry({ number: 30, kind: 'sale', voids: [sale] })))?.alarm).toContain('only a void gives back')
  expect([await wallet(), await merchant(), await merchant('comet')]).toEqual(before)
  expect(new Set(await alarms())).toEqual(new Set(['void-refused']))
  expect(await world.db.selectFrom('receipts').select('number').where('number', '>=', 10).execute()).toHaveLength(11)
  expect(await send(voidEntry({ number: 40, voids: [sale] }))).toMatchObject({ outcome: 'applied' })
})

test('seats come back as a hold of this terminal, at full time, and can be sold again', async () => {
  await world.addProgramme('aurora')
  const [holdId, back] = [newId(), newId()]
  await terminal.call('PUT', pathOf('hold', holdId), { showtimeId: 'show-1', seats: ['A1', 'A2'] })
  const attempt = await paid(9_000, { holds: [holdId] })
  const sale = receiptEntry({
    number: 1,
    total: 9_000,
    captures: [attempt],
    sells: [{ holdId, showtimeId: 'show-1', seats: ['A1', 'A2'] }],
  })
  await send(sale)
  const ofReceiptId = sale.receiptId
  const returns = [{ holdId: back, showtimeId: 'show-1', seats: ['A1', 'A2'], ofReceiptId }]
  expect(await send(voidEntry({ number: 2, voids: [{ ...attempt, ofReceiptId }], returns }))).toMatchObject({ outcome: 'applied' })
  expect(await seats()).toEqual({ A1: `held ${back}`, A2: `held ${back}` })
  expect((await terminal.call('GET', pathOf('seats', 'show-1'))).json['own']).toEqual(['A1', 'A2'])
  const again = receiptEntry({ number: 3, total: 0, sells: [{ holdId: back, showtimeId: 'show-1', seats: ['A1'] }] })
  expect(await send(again)).toEqual({ id: again.id, outcome: 'applied' })
  expect(await seats()).toEqual({ A1: `sold ${again.receiptId}` })
})

test('returned seats that nobody takes are free again after eight minutes', async () => {
  await world.addProgramme('aurora')
  const [holdId, back] = [newId(), newId()]
  await terminal.call('PUT', pathOf('hold', holdId), { showtimeId: 'show-1', seats: ['A1'] })
  const sale = receiptEntry({ number: 1, total: 0, sells: [{ holdId, showtimeId: 'show-1', seats: ['A1'] }] })
  await send(sale)
  await send(voidEntry({ number: 2, returns: [{ holdId: back, showtimeId: 'show-1', seats: ['A1'], ofReceiptId: sale.receiptId }] }))
  const other = await world.addTerminal('aurora-2')
  const wish = { showtimeId: 'show-1', seats: ['A1'] }
  expect((await other.call('PUT', pathOf('hold', newId()), wish)).json['code']).toBe('seat-taken')
  world.advance(HOLD_LIFETIME_MS)
  expect((await other.call('PUT', pathOf('hold', newId()), wish)).status).toBe(200)
})

test('a seat that is not sold to that receipt stays where it is, and is named; the others go on', async () => {
  await world.addProgramme('aurora', { showtimes: ['show-1'] })
  const [one, two] = [newId(), newId()]
  await terminal.call('PUT', pathOf('hold', one), { showtimeId: 'show-1', seats: ['A1', 'A2'] })
  await terminal.call('PUT', pathOf('hold', two), { showtimeId: 'show-1', seats: ['B1'] })
  const sale = receiptEntry({ number: 1, total: 0, sells: [{ holdId: one, showtimeId: 'show-1', seats: ['A1', 'A2'] }] })
  const other = receiptEntry({ number: 2, total: 0, sells: [{ holdId: two, showtimeId: 'show-1', seats: ['B1'] }] })
  await send(sale)
  await send(other)
  const back = newId()
  const returns = [{ holdId: back, showtimeId: 'show-1', seats: ['A1', 'B1', 'A3', 'C9'], ofReceiptId: sale.receiptId }]
  expect((await send(voidEntry({ number: 3, returns })))?.alarm).toContain('B1 A3 C9')
  expect(await seats()).toEqual({ A1: `held ${back}`, A2: `sold ${sale.receiptId}`, B1: `sold ${other.receiptId}` })
  // A hold id that has been used is no new hold, whoever asks.
  const reused = [{ holdId: two, showtimeId: 'show-1', seats: ['A2'], ofReceiptId: sale.receiptId }]
  expect((await send(voidEntry({ number: 4, returns: reused })))?.alarm).toContain('A2')
  const elsewhere = await world.addTerminal('comet-1', 'comet', 'comet')
  const foreign = [{ holdId: newId(), showtimeId: 'show-1', seats: ['A2'], ofReceiptId: sale.receiptId }]
  expect((await send(voidEntry({ number: 1, returns: foreign }), elsewhere))?.alarm).toContain('A2')
  expect(new Set(await alarms())).toEqual(new Set(['seat-not-returned']))
})

test('a void that comes before its sale waits, says so, and is settled with it', async () => {
  await world.addProgramme('aurora')
  const [holdId, back] = [newId(), newId()]
  await terminal.call('PUT', pathOf('hold', holdId), { showtimeId: 'show-1', seats: ['A1'] })
  const attempt = await paid(4_500, { holds: [holdId] })
  const sale = receiptEntry({ number: 1, total: 4_500, captures: [attempt], sells: [{ holdId, showtimeId: 'show-1', seats: ['A1'] }] })
  const ofReceiptId = sale.receiptId
  const taken = voidEntry({
    number: 2,
    voids: [{ ...attempt, ofReceiptId }],
    returns: [{ holdId: back, showtimeId: 'show-1', seats: ['A1'], ofReceiptId }],
  })
  expect(await send(taken)).toMatchObject({ outcome: 'applied', alarm: saying(`waits for receipt ${ofReceiptId}`) })
  expect(await wallet()).toBe(START - 4_500)
  expect(await send(taken)).toMatchObject({ outcome: 'repeat' })
  expect(await send(sale)).toEqual({ id: sale.id, outcome: 'applied' })
  expect([await wallet(), await merchant()]).toEqual([START, 0])
  expect(await seats()).toEqual({ A1: `held ${back}` })
  expect(await send(sale)).toMatchObject({ outcome: 'repeat' })
  expect(await alarms()).toEqual(['void-waits'])
  const itself = voidEntry({ number: 3, voids: [{ ...attempt, ofReceiptId: newId() }] })
  expect(
    await send({ ...itself, body: itself.body.replaceAll(/"ofReceiptId":"[0-9a-f]+"/g, `"ofReceiptId":"${itself.receiptId}"`) }),
  ).toMatchObject({
    alarm: saying('voids itself'),
  })
})

// I7, with voids. Whatever is sent and in whatever order, each posting sums to zero, the merchant never goes below zero, and each
// authorization's money is in exactly one place: wallet, hold or merchant.
test('random sales, reversals and voids, true and false ones: the books balance and nobody gets more than was taken', async () => {
  const operation = fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('pay' as const), amount: fc.integer({ min: 1, max: 900 }) }) },
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant('capture' as const), which: fc.nat(9), part: fc.integer({ min: 1, max: 100 }) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('reverse' as const), which: fc.nat(9) }) },
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constant('void' as const),
        which: fc.nat(9),
        off: fc.constantFrom(0, 0, 0, 1, -1),
        early: fc.boolean(),
      }),
    },
  )
  let runs = 0
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { minLength: 5, maxLength: 30 }), async (operations) => {
      runs += 1
      const till = await world.addTerminal(`till-${runs}`, `site-${runs}`, `shop-${runs}`)
      customer = await world.addCustomer({ balance: 20_000 })
      const attempts: (Awaited<ReturnType<typeof paid>> & { receiptId: string; captured: number })[] = []
      let number = 0
      for (const step of operations) {
        if (step.kind === 'pay') {
          attempts.push({ ...(await paid(step.amount, { at: till })), receiptId: newId(), captured: 0 })
          continue
        }
        const attempt = attempts[step.which % Math.max(1, attempts.length)]
        if (!attempt) continue
        number += 1
        if (step.kind === 'reverse') await send(reversalEntry(world.nowMs(), attempt), till)
        else if (step.kind === 'capture') {
          const amount = Math.ceil((attempt.amount * step.part) / 100)
          attempt.captured ||= amount
          const captures = [{ ...attempt, amount }]
          await send(receiptEntry({ number, total: amount, receiptId: attempt.receiptId, captures }), till)
        } else {
          const amount = (attempt.captured || attempt.amount) + step.off
          await send(voidEntry({ number, voids: [{ ...attempt, amount, ofReceiptId: attempt.receiptId }] }), till)
        }
      }
      const rows = await world.db.selectFrom('authorizations').selectAll().where('terminal_id', '=', till.id).execute()
      const inShop = rows.filter((row) => row.state === 'captured' && row.voided_by === null).reduce((sum, row) => sum + row.captured, 0)
      const onHold = rows.filter((row) => row.state === 'held').reduce((sum, row) => sum + row.amount, 0)
      expect(await merchant(`shop-${runs}`)).toBe(inShop)
      expect(await wallet()).toBe(20_000 - inShop - onHold)
      const sums = await world.db
        .selectFrom('entries')
        .select(({ fn }) => ['posting_id', fn.sum<number>('amount').as('amount')])
        .groupBy('posting_id')
        .execute()
      expect(sums.filter((posting) => posting.amount !== 0)).toEqual([])
    }),
    { numRuns: 12 },
  )
})
