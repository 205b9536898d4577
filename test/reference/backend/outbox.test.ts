import * as fc from 'fast-check'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { BACKEND_PATHS } from '#shared/contracts/backend-api.ts'
import { fromBase64Url } from '#shared/contracts/bytes.ts'
import { BackendWorld, type Customer, newId, pathOf, receiptEntry, reversalEntry, type Terminal } from '../../support/backend-world.ts'
import { headEntry, voidEntry } from '../../support/outbox-entries.ts'
import { paidBy } from '../../support/signed-answers.ts'

const someText: unknown = expect.any(String)
const saying = (text: string): unknown => expect.stringContaining(text)

let world: BackendWorld
let terminal: Terminal
let customer: Customer

beforeEach(async () => {
  world = await BackendWorld.open()
  terminal = await world.addTerminal()
  customer = await world.addCustomer()
})
afterEach(async () => world.close())

type Entry = { readonly id: string; readonly kind: string; readonly body: string }
async function send(entries: readonly Entry[], at: Terminal = terminal) {
  const wire = entries.map(({ id, kind, body }) => ({ id, kind, body }))
  const { status, json } = await at.call('POST', BACKEND_PATHS.outbox, { entries: wire })
  expect(status).toBe(200)
  return json['results'] as { id: string; outcome: string; alarm?: string }[]
}
async function outcome(entry: Entry, at: Terminal = terminal) {
  const [result] = await send([entry], at)
  return result
}

async function paid(amount: number, options: { holds?: readonly string[]; at?: Terminal; buyer?: Customer } = {}) {
  const { at = terminal, buyer = customer, holds = [] } = options
  return paidBy(world, { terminal: at, customer: buyer, amount, holds })
}

async function balances() {
  const rows = await world.db.selectFrom('balances').select(['account', 'amount']).where('amount', '!=', 0).orderBy('account').execute()
  return Object.fromEntries(rows.map((row) => [row.account, row.amount]))
}
async function alarms() {
  const rows = await world.db.selectFrom('alarms').select('kind').orderBy('kind').execute()
  return rows.map((row) => row.kind)
}
const wallet = () => `wallet:${customer.accountId}`
const START = 100_000

test('a receipt captures its authorization, sells its seats and is kept', async () => {
  await world.addProgramme('aurora')
  const holdId = newId()
  await terminal.call('PUT', pathOf('hold', holdId), { showtimeId: 'show-1', seats: ['A1', 'A2'] })
  const capture = await paid(9_000, { holds: [holdId] })
  const entry = receiptEntry({
    number: 1,
    total: 9_000,
    captures: [capture],
    sells: [{ holdId, showtimeId: 'show-1', seats: ['A1', 'A2'] }],
  })
  expect(await outcome(entry)).toEqual({ id: entry.id, outcome: 'applied' })
  expect(await balances()).toEqual({ 'outside-bank': -START, 'merchant:aurora': 9_000, [wallet()]: START - 9_000 })
  expect((await terminal.call('GET', pathOf('attempt', capture.requestId))).json['state']).toBe('captured')
  const seats = await world.db.selectFrom('seats').select(['seat', 'receipt_id']).where('state', '=', 'sold').execute()
  expect(seats).toEqual([
    { seat: 'A1', receipt_id: entry.receiptId },
    { seat: 'A2', receipt_id: entry.receiptId },
  ])
  expect(await outcome(entry)).toEqual({ id: entry.id, outcome: 'repeat' })
  expect(await outcome({ ...entry, id: newId() })).toMatchObject({ outcome: 'repeat' })
  expect((await balances())['merchant:aurora']).toBe(9_000)
})

test('a capture for less frees the rest; for more it is refused with an alarm', async () => {
  const less = await paid(5_000)
  await send([receiptEntry({ number: 1, total: 4_000, captures: [{ ...less, amount: 4_000 }] })])
  expect(await balances()).toEqual({ 'outside-bank': -START, 'merchant:aurora': 4_000, [wallet()]: START - 4_000 })
  const more = await paid(5_000)
  const result = await outcome(receiptEntry({ number: 2, total: 5_001, captures: [{ ...more, amount: 5_001 }] }))
  expect(result).toMatchObject({ outcome: 'applied', alarm: saying('capture-refused: capture of') })
  expect((await terminal.call('GET', pathOf('attempt', more.requestId))).json['state']).toBe('held')
})

test('capture and reversal: the first wins, the second is refused with an alarm', async () => {
  const captured = await paid(1_000)
  await send([receiptEntry({ number: 1, total: 1_000, captures: [captured] })])
  const late = await outcome(reversalEntry(world.nowMs(), captured))
  expect(late).toMatchObject({ outcome: 'applied', alarm: saying('captured by receipt') })
  expect((await terminal.call('GET', pathOf('attempt', captured.requestId))).json['state']).toBe('captured')

  const reversed = await paid(2_000)
  expect(await outcome(reversalEntry(world.nowMs(), reversed))).toMatchObject({ outcome: 'applied' })
  const refused = await outcome(receiptEntry({ number: 2, total: 2_000, captures: [reversed] }))
  expect(refused).toMatchObject({ outcome: 'applied', alarm: saying('it was reversed') })
  expect(await balances()).toEqual({ 'outside-bank': -START, 'merchant:aurora': 1_000, [wallet()]: START - 1_000 })
  expect(await alarms()).toEqual(['capture-refused', 'reversal-after-capture'])
  expect(await world.db.selectFrom('receipts').select('number').orderBy('number').execute()).toEqual([{ number: 1 }, { number: 2 }])
})

test('a reversal frees money and turns pins back into the hold, once, however often it comes', async () => {
  await world.addProgramme('aurora')
  const holdId = newId()
  await terminal.call('PUT', pathOf('hold', holdId), { showtimeId: 'show-1', seats: ['B1'] })
  const attempt = await paid(4_500, { holds: [holdId] })
  const entry = reversalEntry(world.nowMs(), { ...attempt, holdIds: [holdId] })
  for (const expected of ['applied', 'repeat', 'repeat']) expect((await outcome(entry))?.outcome).toBe(expected)
  expect(await outcome(reversalEntry(world.nowMs(), attempt))).toMatchObject({ outcome: 'applied' })
  expect((await balances())[wallet()]).toBe(START)
  const seats = await terminal.call('GET', pathOf('seats', 'show-1'))
  expect(seats.json).toMatchObject({ own: ['B1'], seats: { B1: 'held' } })
  expect(await alarms()).toEqual([])
})

test('one authorization is on one receipt only', async () => {
  const capture = await paid(1_000)
  await send([receiptEntry({ number: 1, total: 1_000, captures: [capture] })])
  const second = await outcome(receiptEntry({ number: 2, total: 1_000, captures: [capture] }))
  expect(second).toMatchObject({ outcome: 'applied', alarm: saying('captured it') })
  expect((await balances())['merchant:aurora']).toBe(1_000)
})

test('an authorization that is not ours, altered, or of another terminal captures nothing', async () => {
  const other = await world.addTerminal('aurora-2')
  const theirs = await paid(1_000, { at: other })
  const own = await paid(1_000)
  const bytes = fromBase64Url(own.authorization)
  const altered = { ...own, authorization: own.authorization.slice(0, -2) + (own.authorization.endsWith('AA') ? 'BA' : 'AA') }
  expect(bytes).toBeDefined()
  const unknown = { ...own, requestId: newId() }
  const mixed = { ...own, authorizationId: theirs.authorizationId }
  let number = 0
  for (const capture of [theirs, altered, unknown, mixed]) {
    number += 1
    const result = await outcome(receiptEntry({ number, total: 1_000, captures: [capture] }))
    expect(result).toMatchObject({ outcome: 'applied', alarm: saying('capture of') })
  }
  expect((await balances())['merchant:aurora']).toBeUndefined()
})

test('after capture by, the backend reverses the hold itself and a capture is refused with an alarm', async () => {
  const capture = await paid(1_000)
  world.advance(30 * 86_400_000 + 2_000)
  expect((await outcome(receiptEntry({ number: 1, total: 1_000, captures: [capture] })))?.alarm).toContain('capture by has passed')
  expect((await balances())[wallet()]).toBe(START - 1_000)
  await world.backend.sweep()
  expect((await balances())[wallet()]).toBe(START)
  expect((await terminal.call('GET', pathOf('attempt', capture.requestId))).json['state']).toBe('reversed')
  await world.backend.sweep()
  expect((await balances())[wallet()]).toBe(START)
})

test('what contradicts an earlier record is put aside, readable, beside it', async () => {
  const entry = receiptEntry({ number: 1, total: 100 })
  await send([entry])
  const sameEntry = { ...entry, body: entry.body.replace('"total":{"amount":100', '"total":{"amount":101') }
  const sameReceipt = { ...sameEntry, id: newId() }
  const sameNumber = receiptEntry({ number: 1, total: 100 })
  for (const bad of [sameEntry, sameReceipt, sameNumber]) {
    expect(await outcome(bad)).toMatchObject({ outcome: 'quarantined', alarm: someText })
    expect(await outcome(bad)).toMatchObject({ outcome: 'quarantined' })
  }
  expect(await outcome(entry)).toMatchObject({ outcome: 'repeat' })
  const aside = await world.db.selectFrom('quarantined_entries').select(['body', 'why']).execute()
  expect(new Set(aside.map((row) => row.body))).toEqual(new Set([sameEntry.body, sameNumber.body]))
  expect(aside).toHaveLength(3)
  expect(await alarms()).toEqual(['quarantined', 'quarantined', 'quarantined'])
  expect(await world.db.selectFrom('receipts').select('total').execute()).toEqual([{ total: 100 }])
})

test('one bad entry never blocks the others', async () => {
  const good = receiptEntry({ number: 1, total: 100 })
  const bad = [
    { id: newId(), kind: 'receipt', body: '{"receipt":' },
    { id: newId(), kind: 'receipt', body: '"text"' },
    { id: newId(), kind: 'reversal', body: '{}' },
    { id: newId(), kind: 'head', body: '[]' },
    { id: newId(), kind: 'receipt', body: good.body.replace('"kind":"sale"', '"kind":"sale","terminalId":"aurora-9"') },
  ]
  const results = await send([...bad, good])
  expect(results.map((result) => result.outcome)).toEqual([...bad.map(() => 'quarantined'), 'applied'])
})

test('a fault of ours while applying an entry puts it aside and goes on', async () => {
  const [broken, good] = [reversalEntry(world.nowMs(), { requestId: newId(), amount: 1 }), receiptEntry({ number: 1, total: 100 })]
  await world.db.schema.alterTable('attempts').renameTo('attempts_gone').execute()
  const results = await send([broken, good])
  expect(results.map((result) => result.outcome)).toEqual(['quarantined', 'applied'])
})

test('seats that are not ours to sell are named, and the receipt is kept', async () => {
  await world.addProgramme('aurora')
  const other = await world.addTerminal('aurora-2')
  const [theirs, ours] = [newId(), newId()]
  await other.call('PUT', pathOf('hold', theirs), { showtimeId: 'show-1', seats: ['A1'] })
  await terminal.call('PUT', pathOf('hold', ours), { showtimeId: 'show-1', seats: ['A2'] })
  const entry = receiptEntry({ number: 1, total: 100, sells: [{ holdId: ours, showtimeId: 'show-1', seats: ['A1', 'A2', 'A9'] }] })
  expect((await outcome(entry))?.alarm).toContain('A1 A9')
  const stolen = receiptEntry({ number: 2, total: 100, sells: [{ holdId: theirs, showtimeId: 'show-1', seats: ['A1'] }] })
  expect((await outcome(stolen))?.alarm).toContain('A1')
  const nowhere = receiptEntry({ number: 3, total: 100, sells: [{ holdId: ours, showtimeId: 'show-9', seats: ['A1'] }] })
  expect((await outcome(nowhere))?.alarm).toContain('show-9')
  const sold = await world.db.selectFrom('seats').select('seat').where('state', '=', 'sold').execute()
  expect(sold).toEqual([{ seat: 'A2' }])
})

test('journal heads are witnessed; a second head at one place is an alarm', async () => {
  const head = async (hash: string) => headEntry(terminal, { seq: 7, hash: hash.repeat(64) })
  expect(await outcome(await head('a'))).toMatchObject({ outcome: 'applied' })
  expect((await outcome(await head('a')))?.alarm).toBeUndefined()
  expect((await outcome(await head('b')))?.alarm).toContain('two heads')
  expect(await alarms()).toEqual(['journal-fork'])
})

test('audit views: the ledger balances per posting, states and numbers as the contract names them', async () => {
  const capture = await paid(1_000)
  await paid(500)
  await send([receiptEntry({ number: 1, total: 1_000, captures: [capture] })])
  const read = async (view: string) => (await sql<Record<string, unknown>>`SELECT * FROM ${sql.table(view)}`.execute(world.db)).rows
  const authorizations = await read('audit_authorizations')
  const stated = authorizations.map((row) => [row['state'], row['amount_minor'], row['currency'], row['terminal_id']].join(' '))
  expect(stated.sort()).toEqual(['captured 1000 CNY aurora-1', 'held 500 CNY aurora-1'])
  expect(Object.keys(authorizations[0] ?? {})).toEqual(['id', 'request_id', 'terminal_id', 'amount_minor', 'currency', 'state'])
  const ledger = await read('audit_ledger')
  expect(Object.keys(ledger[0] ?? {})).toEqual(['posting_id', 'account', 'amount_minor', 'currency', 'at'])
  const sums = new Map<unknown, number>()
  for (const row of ledger) sums.set(row['posting_id'], (sums.get(row['posting_id']) ?? 0) + Number(row['amount_minor']))
  expect([...sums.values()]).toEqual([0, 0, 0, 0])
  expect(await read('audit_received')).toEqual([{ receipt_id: someText, terminal_id: 'aurora-1', number: 1, total_minor: 1_000 }])
  expect(await read('audit_seats')).toEqual([])
})

// I5. Goal: whatever the order, the repeats and the batches, the state equals one delivery in order.
// Method: the same endings are made twice, for two pairs of terminals; one pair sends in order, the other shuffled with repeats.
test('outbox entries in any order, repeated and interleaved, leave the state of one delivery in order', async () => {
  const ending = fc.constantFrom('captured' as const, 'less' as const, 'reversed' as const, 'cash' as const, 'voided' as const)
  const plan = fc.record({
    endings: fc.array(ending, { minLength: 1, maxLength: 7 }),
    order: fc.array(fc.nat(1_000), { minLength: 40, maxLength: 40 }),
    batch: fc.integer({ min: 1, max: 5 }),
  })
  let pairs = 0
  const played = async (endings: readonly Ending[], reorder: (made: readonly Delivery[]) => readonly Delivery[], batch: number) => {
    pairs += 1
    const tills = [await world.addTerminal(`till-${pairs}-a`), await world.addTerminal(`till-${pairs}-b`)]
    const buyer = await world.addCustomer()
    const made: Delivery[] = []
    for (const [index, how] of endings.entries()) {
      const at = tills[index % 2] ?? terminal
      const entries = await ended(how, at, buyer, { amount: 100 + index, number: Math.floor(index / 2) + 1 })
      made.push(...entries.map((entry) => ({ at, entry })))
    }
    const applied = await delivered(reorder(made), batch)
    expect([...applied.values()]).toEqual(made.map(() => 1))
    return stateOf(buyer, tills)
  }
  await fc.assert(
    fc.asyncProperty(plan, async ({ endings, order, batch }) => {
      const inOrder = await played(endings, (made) => made, 1)
      expect(await played(endings, (made) => shuffledWithRepeats(made, order), batch)).toEqual(inOrder)
    }),
    { numRuns: 12 },
  )
})

type Ending = 'captured' | 'less' | 'reversed' | 'cash' | 'voided'
type Delivery = { readonly at: Terminal; readonly entry: Entry }

async function ended(
  how: Ending,
  at: Terminal,
  buyer: Customer,
  sale: { readonly amount: number; readonly number: number },
): Promise<readonly Entry[]> {
  const { amount, number } = sale
  if (how === 'cash') return [receiptEntry({ number, total: amount })]
  const attempt = await paid(amount, { at, buyer })
  if (how === 'reversed') return [reversalEntry(world.nowMs(), attempt)]
  const total = how === 'less' ? amount - 50 : amount
  const receipt = receiptEntry({ number, total, captures: [{ ...attempt, amount: total }] })
  if (how !== 'voided') return [receipt]
  const taken = voidEntry({ number: number + 100, voids: [{ ...attempt, amount: total, ofReceiptId: receipt.receiptId }] })
  return [receipt, taken]
}

/** Sends batches, changing between the terminals as the deliveries do. Returns how often each entry was applied. */
async function delivered(deliveries: readonly Delivery[], batch: number): Promise<Map<string, number>> {
  const applied = new Map<string, number>()
  for (let index = 0; index < deliveries.length; index += batch) {
    const part = deliveries.slice(index, index + batch)
    for (const at of new Set(part.map((delivery) => delivery.at))) {
      const own = part.filter((delivery) => delivery.at === at).map((delivery) => delivery.entry)
      for (const result of await send(own, at)) {
        // A void that overtakes its sale waits for it, and says so; nothing else has anything to say.
        if (result.alarm !== undefined) expect(result.alarm).toContain('waits for receipt')
        if (result.outcome === 'applied') applied.set(result.id, (applied.get(result.id) ?? 0) + 1)
      }
    }
  }
  return applied
}

async function stateOf(buyer: Customer, tills: readonly Terminal[]) {
  const ids = tills.map((till) => till.id)
  const authorizations = await world.db
    .selectFrom('authorizations')
    .select(['state', 'amount', 'captured'])
    .where('account_id', '=', buyer.accountId)
    .orderBy('amount')
    .execute()
  const left = await world.db.selectFrom('balances').select('amount').where('account', '=', `wallet:${buyer.accountId}`).execute()
  const receipts = await world.db
    .selectFrom('receipts')
    .select(['number', 'total'])
    .where('terminal_id', 'in', ids)
    .orderBy('total')
    .execute()
  return { authorizations, left, receipts }
}

/** Every delivery at least once, some twice or three times, in an order the numbers choose. */
function shuffledWithRepeats<T>(items: readonly T[], order: readonly number[]): T[] {
  const all = items.flatMap((item, index) => Array.from({ length: 1 + ((order[index] ?? 0) % 3) }, () => item))
  const keyed = all.map((item, index) => ({ item, key: order[(index + items.length) % order.length] ?? 0 }))
  return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item)
}
