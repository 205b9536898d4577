import { afterEach, beforeEach, expect, test } from 'vitest'
import { openDatabase } from '#reference/backend/database/open-database.ts'
import type { Database } from '#reference/backend/database/tables.ts'
import { Interest, SETTLE_AFTER_MS } from '#reference/backend/services/interest.ts'
import type { Terms } from '#reference/backend/services/interest-rule.ts'
import { OUTSIDE_BANK, post, transfer, walletOf } from '#reference/backend/services/wallet-ledger.ts'
import { withFolder } from '#test/support/disk.ts'
import { PowerCut, PoweredDatabase } from '#test/support/power.ts'
import { Seeded } from '#test/support/seeded.ts'
import { endOfShanghaiDay, interestByDay, shanghaiDay, shanghaiDayText } from '#test/support/wallet-model.ts'
import { ledgerFaults } from '#test/support/wallet-play.ts'
import { newId } from '../../support/backend-world.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const SHANGHAI: Terms = { basisPoints: 150, timeZone: 'Asia/Shanghai' }

let db: Database
const clock = {
  ms: 0,
  nowMs() {
    return this.ms
  },
}
beforeEach(async () => {
  db = await openDatabase(':memory:')
  clock.ms = Date.UTC(2026, 4, 1, 11)
})
afterEach(async () => db.destroy())

const interest = (terms: Terms = SHANGHAI, on = db) => new Interest(on, { clock, newId }, terms)
const goTo = (instant: string) => {
  clock.ms = Date.parse(instant)
}

async function addAccount(balance: number, on = db): Promise<string> {
  const id = newId()
  await on.insertInto('accounts').values({ id, display_name: 'Mei', currency: 'CNY', opening_balance: balance, frozen: 0 }).execute()
  if (balance > 0) await move(id, balance, on)
  return id
}

/** Money comes (or goes, below zero), as an opening or a payment would move it. */
async function move(accountId: string, amount: number, on = db): Promise<void> {
  const at = new Date(clock.ms).toISOString()
  const entries = transfer(OUTSIDE_BANK, walletOf(accountId), amount, 'CNY')
  await on
    .transaction()
    .execute(async (tx) => post(tx, { id: newId(), kind: amount > 0 ? 'opening' : 'hold', reference: newId(), at, entries }))
}

/** What each day was credited with, from the ledger alone. */
async function credits(accountId: string, on = db): Promise<Record<string, number>> {
  const rows = await on
    .selectFrom('postings')
    .innerJoin('entries', 'entries.posting_id', 'postings.id')
    .select(['postings.reference', 'entries.amount'])
    .where('postings.kind', '=', 'interest')
    .where('entries.account', '=', walletOf(accountId))
    .orderBy('postings.reference')
    .execute()
  return Object.fromEntries(rows.map(({ reference, amount }) => [reference.replace(`${accountId}:`, ''), amount]))
}

/** The same from every other entry of the wallet, by other arithmetic. */
async function expected(accountId: string, rates: readonly { fromDay: number; basisPoints: number }[], through: number) {
  const rows = await db
    .selectFrom('entries')
    .innerJoin('postings', 'postings.id', 'entries.posting_id')
    .select(['postings.at', 'entries.amount'])
    .where('entries.account', '=', walletOf(accountId))
    .where('postings.kind', '!=', 'interest')
    .orderBy('postings.rowid')
    .execute()
  const movements = rows.map(({ at, amount }) => ({ atMs: Date.parse(at), amount }))
  return Object.fromEntries([...interestByDay(movements, rates, through)].map(([day, amount]) => [shanghaiDayText(day), amount]))
}

async function wallet(accountId: string): Promise<number> {
  const row = await db.selectFrom('balances').select('amount').where('account', '=', walletOf(accountId)).executeTakeFirst()
  return row?.amount ?? 0
}

test('a day is credited once it is over, from the account that pays for it, to a frozen wallet too; a second sweep has nothing to do', async () => {
  const id = await addAccount(1_000_000)
  await db.updateTable('accounts').set({ frozen: 1 }).execute()
  expect(await interest().sweep()).toBe(0)
  goTo('2026-05-01T16:04:59.999Z')
  expect(await interest().sweep()).toBe(0)
  clock.ms = endOfShanghaiDay(shanghaiDay(clock.ms) - 1) + SETTLE_AFTER_MS
  expect(await interest().sweep()).toBe(1)
  expect(await interest().sweep()).toBe(0)
  // 1,000,000 × 150 ÷ 3,650,000 = 41.09…
  expect(await credits(id)).toEqual({ '2026-05-01': 41 })
  expect(await wallet(id)).toBe(1_000_041)
  const paying = await db.selectFrom('balances').select('amount').where('account', '=', 'interest-expense').executeTakeFirst()
  expect(paying).toEqual({ amount: -41 })
  expect(await db.selectFrom('postings').select(['kind', 'reference', 'at']).where('kind', '=', 'interest').execute()).toEqual([
    { kind: 'interest', reference: `${id}:2026-05-01`, at: '2026-05-01T16:05:00.000Z' },
  ])
})

test('what comes right before midnight in Shanghai counts for that day, what comes right after it does not', async () => {
  const early = await addAccount(0)
  const late = await addAccount(0)
  await interest().sweep()
  goTo('2026-05-01T15:59:59.999Z')
  await move(early, 2_000_000)
  goTo('2026-05-01T16:00:00.000Z')
  await move(late, 2_000_000)
  goTo('2026-05-01T16:10:00.000Z')
  await interest().sweep()
  expect([await credits(early), await credits(late)]).toEqual([{ '2026-05-01': 82 }, {}])
})

test('missed days are credited as if none had been missed, each on its own closing balance and at its own rate', async () => {
  const [daily, missed] = [await addAccount(3_000_000), newId()]
  const start = clock.ms
  await interest().sweep()
  for (let day = 1; day <= 20; day += 1) {
    clock.ms = start + day * DAY_MS
    if (day % 3 === 0) await move(daily, day % 2 === 0 ? 700_000 : -400_000)
    await interest().sweep()
  }
  const regular = await credits(daily)
  const rows = await db.selectFrom('entries').selectAll().where('account', '=', walletOf(daily)).execute()
  await db.destroy()

  db = await openDatabase(':memory:')
  await db.insertInto('accounts').values({ id: missed, display_name: 'Mei', currency: 'CNY', opening_balance: 1, frozen: 0 }).execute()
  clock.ms = start
  await interest().sweep()
  const moved = rows.filter(({ amount }) => Math.abs(amount) >= 400_000).toSorted((a, b) => (a.at < b.at ? -1 : 1))
  for (const { at, amount } of moved) {
    clock.ms = Date.parse(at)
    await move(missed, amount)
  }
  clock.ms = start + 20 * DAY_MS
  // While it stood still it was told of another rate: that is for the days from today on.
  expect(await interest({ ...SHANGHAI, basisPoints: 4_000 }).sweep()).toBe(20)
  expect(await credits(missed)).toEqual(regular)
  expect(Object.keys(regular)).toHaveLength(20)
})

test('a year of interest on random balances and payments, with changes of the rate, is exact to the minor unit', async () => {
  const seeded = new Seeded(20_280_301)
  // Through the leap day of 2028.
  goTo('2027-12-30T03:00:00.000Z')
  const rates = [{ fromDay: shanghaiDay(clock.ms), basisPoints: 150 }]
  const accounts = [0, 1, 99, 24_333, 5_000_000, 100_000_000]
  const ids: string[] = []
  for (const balance of accounts) ids.push(await addAccount(balance))
  const end = clock.ms + 366 * DAY_MS
  let terms = SHANGHAI
  await interest(terms).sweep()
  while (clock.ms < end) {
    clock.ms += seeded.below(40 * HOUR_MS)
    const id = seeded.pick(ids)
    const balance = await wallet(id)
    const amount = seeded.below(2) === 0 ? seeded.below(2_000_000) : -seeded.below(balance + 1)
    if (amount !== 0) await move(id, amount)
    if (seeded.below(40) === 0) {
      terms = { timeZone: 'Asia/Shanghai', basisPoints: seeded.pick([0, 1, 150, 275, 4_999]) }
      if (terms.basisPoints !== rates.at(-1)?.basisPoints) rates.push({ fromDay: shanghaiDay(clock.ms), basisPoints: terms.basisPoints })
    } else if (seeded.below(4) > 0) continue
    await interest(terms).sweep()
  }
  await interest(terms).sweep()
  const through = shanghaiDay(clock.ms - SETTLE_AFTER_MS) - 1
  let paid = 0
  for (const id of ids) {
    const days = await credits(id)
    expect(days).toEqual(await expected(id, rates, through))
    paid += Object.values(days).reduce((sum, amount) => sum + amount, 0)
  }
  expect(rates.length).toBeGreaterThan(2)
  const onLeapDay = await db.selectFrom('postings').select('id').where('reference', 'like', '%:2028-02-29').execute()
  expect(onLeapDay.length).toBeGreaterThan(0)
  expect(paid).toBeGreaterThan(100_000)
  expect(await ledgerFaults({ db })).toEqual([])
})

test('another time zone moves the midnight of the days to come, and no day is credited twice or left out', async () => {
  const id = await addAccount(10_000_000)
  await interest().sweep()
  goTo('2026-05-03T17:00:00.000Z')
  await interest().sweep()
  // In New York it is still the third, which has been settled in Shanghai.
  const newYork = { ...SHANGHAI, timeZone: 'America/New_York' }
  await interest(newYork).sweep()
  goTo('2026-05-05T03:00:00.000Z')
  await interest(newYork).sweep()
  expect(Object.keys(await credits(id))).toEqual(['2026-05-01', '2026-05-02', '2026-05-03'])
  goTo('2026-05-05T04:30:00.000Z')
  await interest(newYork).sweep()
  expect(Object.keys(await credits(id))).toEqual(['2026-05-01', '2026-05-02', '2026-05-03', '2026-05-04'])
})

test('an account that comes later begins with its first day, and a rate of nothing credits nothing', async () => {
  await interest({ ...SHANGHAI, basisPoints: 0 }).sweep()
  clock.ms += 400 * DAY_MS
  expect(await interest({ ...SHANGHAI, basisPoints: 0 }).sweep()).toBe(0)
  await interest().sweep()
  clock.ms += 400 * DAY_MS
  const id = await addAccount(5_000_000)
  const empty = await addAccount(0)
  clock.ms += 2 * DAY_MS
  // Not the 400 days before it: the days around the first posting, and one step for the empty one.
  expect(await interest().sweep()).toBeLessThan(8)
  expect(Object.keys(await credits(id))).toHaveLength(2)
  expect(await credits(empty)).toEqual({})
})

test('sweeps at once, and of two processes by turns on the same file, credit each day once', async () => {
  await withFolder(async (folder) => {
    const file = `${folder}/backend.sqlite`
    const [one, other] = [await openDatabase(file), await openDatabase(file)]
    const ids: string[] = []
    for (let account = 0; account < 50; account += 1) ids.push(await addAccount(4_000_000, one))
    await interest(SHANGHAI, one).sweep()
    clock.ms += 2 * DAY_MS
    const atOnce = await Promise.all([one, one, one].map(async (on) => interest(SHANGHAI, on).sweep()))
    expect(atOnce.reduce((sum, days) => sum + days, 0)).toBe(100)
    clock.ms += 2 * DAY_MS
    let [settled, turns] = [0, 0]
    for (const on of [one, other, other, one, other, one, one, other]) {
      let batches = 0
      const days = await interest(SHANGHAI, on).sweep(() => (batches += 1) > 1)
      settled += days
      turns += days > 0 ? 1 : 0
    }
    expect([settled, turns]).toEqual([100, 5])
    for (const id of ids) expect(Object.values(await credits(id, other))).toEqual([164, 164, 165, 164])
    expect(await ledgerFaults({ db: other })).toEqual([])
    await one.destroy()
    await other.destroy()
  })
})

test('a sweep that is told to stop keeps what it did, and the next one does the rest', async () => {
  for (let account = 0; account < 45; account += 1) await addAccount(4_000_000)
  await interest().sweep()
  clock.ms += DAY_MS
  let asked = 0
  const first = await interest().sweep(() => (asked += 1) > 1)
  expect(first).toBeLessThan(45)
  expect(first + (await interest().sweep())).toBe(45)
})

test('cut off before any of its statements, a sweep leaves whole days only, and the next life ends where one without a cut does', async () => {
  const balances = [3_000_000, 77, 12_345_678]
  const ids = balances.map(() => newId())
  const start = clock.ms
  const lived = async (folder: string, cutBefore: number | undefined) => {
    clock.ms = start
    const power = new PoweredDatabase(folder)
    let life = await power.open()
    for (const [index, id] of ids.entries()) {
      await life.insertInto('accounts').values({ id, display_name: 'Mei', currency: 'CNY', opening_balance: 1, frozen: 0 }).execute()
      await move(id, balances[index] ?? 0, life)
    }
    await interest(SHANGHAI, life).sweep()
    clock.ms += 3 * DAY_MS
    if (cutBefore !== undefined) power.cutBefore(cutBefore)
    const cut = await interest(SHANGHAI, life)
      .sweep()
      .then(
        () => false,
        (error: unknown) => {
          if (error instanceof PowerCut) return true
          throw error
        },
      )
    if (cut) life = await power.open()
    power.mend()
    expect(await ledgerFaults({ db: life }), `cut before ${cutBefore}`).toEqual([])
    if (cut) await interest(SHANGHAI, life).sweep()
    const found = await Promise.all(ids.map(async (id) => credits(id, life)))
    const carried = await life.selectFrom('accounts').select(['interest_day', 'interest_carried']).orderBy('id').execute()
    await power.close()
    return { cut, found, carried }
  }
  const whole = await withFolder(async (folder) => lived(folder, undefined))
  expect(whole.found[0]).toEqual({ '2026-05-01': 123, '2026-05-02': 123, '2026-05-03': 123 })
  let cuts = 0
  for (let nth = 1; ; nth += 1) {
    const { cut, found, carried } = await withFolder(async (folder) => lived(folder, nth))
    expect({ found, carried }, `cut before statement ${nth}`).toEqual({ found: whole.found, carried: whole.carried })
    if (!cut) break
    cuts += 1
  }
  expect(cuts).toBeGreaterThan(60)
})
