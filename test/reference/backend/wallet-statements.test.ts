import { afterEach, beforeEach, expect, test } from 'vitest'
import { BACKEND_PATHS } from '#shared/contracts/backend-api.ts'
import { getStatement, getWallet, WALLET_PATHS } from '#shared/contracts/wallet-api.ts'
import { BackendWorld, type Customer, newId, receiptEntry, reversalEntry, START_MS, type Terminal } from '../../support/backend-world.ts'
import { voidEntry } from '../../support/outbox-entries.ts'
import { paidBy } from '../../support/signed-answers.ts'

const DAY_MS = 86_400_000
let world: BackendWorld
let terminal: Terminal
let customer: Customer
beforeEach(async () => {
  world = await BackendWorld.open({ interest: { basisPoints: 150, timeZone: 'Asia/Shanghai' } })
  terminal = await world.addTerminal()
  customer = await world.addCustomer({ balance: 1_000_000 })
  await world.backend.sweep()
})
afterEach(async () => world.close())

const name = { en: 'Aurora Cinema', 'zh-CN': '极光影城' }

async function paid(amount: number) {
  return paidBy(world, { terminal, customer, amount })
}

async function send({ id, kind, body }: { readonly id: string; readonly kind: string; readonly body: string }): Promise<void> {
  await terminal.call('POST', BACKEND_PATHS.outbox, { entries: [{ id, kind, body }] })
}

async function statement(query: Record<string, string | number>) {
  const { json } = await customer.call('GET', `${WALLET_PATHS.statement}?${new URLSearchParams(query as Record<string, string>)}`)
  return getStatement.reply.parse(json)
}

test('the wallet says what is in it, what is held, and what it earned this year at which rate', async () => {
  const { json: before } = await customer.call('GET', WALLET_PATHS.wallet)
  expect(before).toEqual({
    balance: { amount: 1_000_000, currency: 'CNY' },
    held: { amount: 0, currency: 'CNY' },
    setAside: { amount: 0, currency: 'CNY' },
    interest: { earned: { amount: 0, currency: 'CNY' }, year: 2026, basisPoints: 150 },
  })
  const first = await paid(2_500)
  await paid(700)
  await send(receiptEntry({ number: 1, total: 2_500, captures: [first] }))
  world.advance(DAY_MS)
  await world.backend.sweep()
  const now = getWallet.reply.parse((await customer.call('GET', WALLET_PATHS.wallet)).json)
  // 996,800 × 150 ÷ 3,650,000 = 40.96…
  expect([now.balance.amount, now.held.amount, now.interest.earned.amount]).toEqual([996_800 + 40, 700, 40])
  // Interest of the last day of a year is that year's, though it is credited in the next.
  world.advance(Date.UTC(2026, 11, 31, 16, 30) - world.nowMs())
  await world.backend.sweep()
  const turned = getWallet.reply.parse((await customer.call('GET', WALLET_PATHS.wallet)).json)
  expect(turned.interest).toMatchObject({ earned: { amount: 0 }, year: 2027 })
  expect(turned.balance.amount).toBeGreaterThan(1_000_000)
})

test('a statement names every line, its payment, shop and receipt, what is open, and adds up', async () => {
  const sale = await paid(3_000)
  const receipt = receiptEntry({ number: 1, total: 2_500, captures: [{ ...sale, amount: 2_500 }] })
  await send(receipt)
  const undone = await paid(900)
  await send(reversalEntry(world.nowMs(), undone))
  world.advance(DAY_MS)
  await world.backend.sweep()
  const taken = voidEntry({ number: 2, voids: [{ ...sale, amount: 2_500, ofReceiptId: receipt.receiptId }] })
  await send(taken)
  const open = await paid(4_200)
  const found = await statement({ from: '2026-05-01', to: '2026-05-02' })
  const about = { merchant: name, site: name }
  const sold = { authorizationId: sale.authorizationId, state: 'captured', captured: 2_500, receiptId: receipt.receiptId, ...about }
  const [day1, day2] = [new Date(START_MS).toISOString(), new Date(START_MS + DAY_MS).toISOString()]
  const payment = { ...sold, voidedBy: taken.receiptId }
  const reversed = { authorizationId: undone.authorizationId, state: 'reversed', ...about }
  const held = { authorizationId: open.authorizationId, ...about }
  expect(found.lines.map(({ cursor: _cursor, ...line }) => line)).toEqual([
    { at: day1, kind: 'opening', amount: 1_000_000, balance: 1_000_000 },
    { at: day1, kind: 'hold', amount: -3_000, balance: 997_000, payment },
    { at: day1, kind: 'capture', amount: 500, balance: 997_500, payment },
    { at: day1, kind: 'hold', amount: -900, balance: 996_600, payment: reversed },
    { at: day1, kind: 'release', amount: 900, balance: 997_500, payment: reversed },
    { at: day2, kind: 'interest', amount: 40, balance: 997_540, day: '2026-05-01' },
    { at: day2, kind: 'void', amount: 2_500, balance: 1_000_040, payment },
    { at: day2, kind: 'hold', amount: -4_200, balance: 995_840, payment: { ...held, state: 'held' } },
  ])
  expect(found).toMatchObject({ opening: 0, closing: 995_840, currency: 'CNY', timeZone: 'Asia/Shanghai', more: false })
  expect(found.openHolds).toEqual([{ ...held, amount: 4_200, at: day2, captureBy: new Date(START_MS + 31 * DAY_MS).toISOString() }])
  const second = await statement({ from: '2026-05-02', to: '2026-05-02' })
  expect([second.opening, second.closing, second.lines.length]).toEqual([997_500, 995_840, 3])
  const later = await statement({ from: '2026-05-03', to: '2026-06-01' })
  expect([later.opening, later.closing, later.lines]).toEqual([995_840, 995_840, []])
})

test('pages of any size show each line once, and every page knows the whole range', async () => {
  for (let payment = 0; payment < 7; payment += 1) {
    await paid(100 + payment)
    if (payment % 3 === 0) world.advance(1_000)
  }
  const range = { from: '2026-05-01', to: '2026-05-01' }
  const whole = await statement(range)
  expect(whole.lines).toHaveLength(8)
  for (const limit of [1, 3, 8, 100]) {
    const lines: typeof whole.lines = []
    for (let [after, more] = [0, true]; more; ) {
      const page = await statement({ ...range, after, limit })
      expect([page.opening, page.closing]).toEqual([whole.opening, whole.closing])
      expect(page.lines.length).toBeLessThanOrEqual(limit)
      lines.push(...page.lines)
      after = page.lines.at(-1)?.cursor ?? 0
      more = page.more
    }
    expect(lines).toEqual(whole.lines)
  }
})

test('days are those of the zone: what came before midnight in Shanghai is on the day before', async () => {
  world.advance(Date.UTC(2026, 4, 1, 15, 59, 59, 999) - world.nowMs())
  await paid(100)
  world.advance(1)
  await paid(200)
  const amounts = async (day: string) => (await statement({ from: day, to: day })).lines.map(({ amount }) => amount)
  expect([await amounts('2026-05-01'), await amounts('2026-05-02')]).toEqual([[1_000_000, -100], [-200]])
})

test('a phone reads its own wallet only, and what is not a range or a cursor of it is refused by name', async () => {
  const other = await world.addCustomer({ balance: 5 })
  const [mine] = (await statement({ from: '2026-05-01', to: '2026-05-01' })).lines
  const ask = async (query: string, caller = customer.call) => (await caller('GET', `${WALLET_PATHS.statement}?${query}`)).json['code']
  const range = 'from=2026-05-01&to=2026-05-01'
  expect(await ask(`${range}&after=${mine?.cursor}`)).toBeUndefined()
  expect(await ask(`${range}&after=${mine?.cursor}`, other.call)).toBe('unknown')
  expect(await ask(`${range}&after=999999`)).toBe('unknown')
  expect(await ask('from=2026-05-02&to=2026-05-01')).toBe('malformed')
  for (const query of [
    '',
    'from=2026-05-01',
    'from=2026-02-30&to=2026-03-01',
    `${range}&limit=0`,
    `${range}&limit=101`,
    `${range}&after=-1`,
  ])
    expect(await ask(query), query).toBe('malformed')
  expect(await ask(range, terminal.call)).toBe('bad-signature')
  expect((await world.plain('GET', WALLET_PATHS.wallet)).json['code']).toBe('unsigned')
})

test('while thousands of days are credited calls are answered, and asked to stop it ends between two batches', async () => {
  const accounts = Array.from({ length: 4_000 }, () => {
    return { id: newId(), display_name: 'Mei', currency: 'CNY' as const, opening_balance: 0, frozen: 0 }
  })
  await world.db.insertInto('accounts').values(accounts).execute()
  const settled = async () => {
    const rows = await world.db.selectFrom('accounts').select('id').where('interest_day', '!=', '').execute()
    return rows.length
  }
  world.advance(DAY_MS)
  let isDone = false
  const sweeping = world.backend.sweep().then(() => {
    isDone = true
  })
  const { status } = await customer.call('GET', WALLET_PATHS.wallet)
  expect([status, isDone]).toEqual([200, false])
  // Whoever asks again meanwhile waits for the same sweep.
  const again = world.backend.sweep()
  world.backend.beginStop()
  await world.backend.app.close()
  expect(isDone).toBe(true)
  await Promise.all([sweeping, again])
  const done = await settled()
  expect(done).toBeGreaterThan(0)
  expect(done).toBeLessThan(accounts.length)
})
