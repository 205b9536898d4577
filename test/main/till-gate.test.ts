/** Who may call what: the table names every call of the till, and the till obeys it. */
import { afterEach, expect, test } from 'vitest'
import { createRouter } from '#main/api/router.ts'
import { TillDesk } from '#main/till-desk.ts'
import { gatedTill, type Needs, refusalOf, TILL_GATE } from '#main/till-gate.ts'
import type { StaffMember } from '#shared/contracts/staff.ts'
import type { Till } from '#shared/contracts/till.ts'
import type { ReceiptId, StaffId } from '#shared/domain/ids.ts'
import { CounterWorld, demand, PAYER } from '#test/support/counter-world.ts'
import { CASHIER_ID, CASHIER_PIN, MANAGER_ID, signInCashier, signInManager } from '#test/support/staff.ts'
import { until } from '#test/support/until.ts'

let world: CounterWorld | undefined
afterEach(async () => {
  await world?.close()
  world = undefined
})

const cashier: StaffMember = { id: 'c' as StaffId, name: 'Chao', role: 'cashier' }
const manager: StaffMember = { id: 'm' as StaffId, name: 'Mira', role: 'manager' }
const calls = Object.keys(TILL_GATE) as (keyof typeof TILL_GATE)[]

test('every call of the till and of its API stands in the table, and nothing else does', () => {
  const methods = Object.getOwnPropertyNames(TillDesk.prototype).filter((name) => name !== 'constructor')
  expect(calls.toSorted()).toEqual(methods.toSorted())
  const ofTheRouter = new Set(['_def', 'createCaller', 'watch'])
  const procedures = Object.keys(createRouter()).filter((name) => !ofTheRouter.has(name))
  expect(procedures.filter((name) => !calls.some((call) => call === name))).toEqual([])
})

test('the rules: nobody, a cashier, a manager', () => {
  const answers = (needs: Needs, about = {}) => {
    const call = calls.find((each) => TILL_GATE[each] === needs)
    if (!call) throw new Error(`no call needs ${needs}`)
    return [undefined, cashier, manager].map((who) => refusalOf(call, who, about)?.code ?? 'may')
  }
  expect(answers('anyone')).toEqual(['may', 'may', 'may'])
  expect(answers('signed-in')).toEqual(['locked', 'may', 'may'])
  expect(answers('manager')).toEqual(['locked', 'manager-needed', 'may'])
  expect(answers('manager-or-own')).toEqual(['locked', 'manager-needed', 'may'])
  expect(answers('manager-or-own', { isOwn: true })).toEqual(['locked', 'may', 'may'])
  expect(answers('manager-or-language')).toEqual(['locked', 'manager-needed', 'may'])
  expect(answers('manager-or-language', { isLanguageOnly: true })).toEqual(['locked', 'may', 'may'])
})

test('what takes a manager', () => {
  expect(calls.filter((call) => TILL_GATE[call].startsWith('manager'))).toEqual([
    'endUnknownYes',
    'putAwayAlarm',
    'addStaff',
    'removeStaff',
    'testPrint',
    'changePin',
    'changeSettings',
  ])
})

test('each call behind the gate reaches the call of its own name, or nothing', async () => {
  const reached: string[] = []
  const spy = new Proxy({} as Till, {
    get: (_, name) => () => {
      reached.push(String(name))
      return name === 'state' ? {} : { ok: true }
    },
  })
  for (const who of [undefined, cashier, manager]) {
    const till = gatedTill(spy, { signedIn: () => who, touched: () => {}, charged: () => {} })
    for (const call of calls) {
      reached.length = 0
      // The names of all calls are known, their inputs do not matter to the gate.
      const invoke = till[call] as (input: object) => unknown
      await invoke({ staffId: 'someone', radio: 'auto' })
      const may = refusalOf(call, who) === undefined
      expect([call, reached.filter((name) => name !== 'state' || call === 'state')]).toEqual([call, may ? [call] : []])
    }
  }
})

test('a locked till: no sale, no receipt, no name; its state and its cart stay in view; the right PIN opens it', async () => {
  world = await CounterWorld.open()
  const { till } = world
  await world.popcorn()
  demand(await till.startCash())
  const { receiptId } = demand(await till.takeCash({ tenderedMinor: 10_000 }))
  await world.popcorn(2)
  demand(await till.lock())
  const locked = { ok: false, error: { code: 'locked' } }
  expect(await till.startCash()).toEqual(locked)
  expect(await till.setProduct({ productId: 'popcorn', quantity: 3 })).toEqual(locked)
  expect(await till.receipt({ receiptId })).toEqual(locked)
  expect(await till.print({ receiptId })).toEqual(locked)
  expect([till.receipts({ limit: 30 }), till.staff(), till.recovery()]).toEqual([{ rows: [] }, [], { unknownYeses: [], alarms: [] }])
  expect(world.state.identity.cashierName).toBe('')
  expect(world.state.cart.lines).toMatchObject([{ quantity: 2 }])
  till.setLanguage({ language: 'en' })
  expect(till.settings().language).toBe('en')
  expect(await till.signIn({ staffId: CASHIER_ID, pin: '9999' })).toEqual({ ok: false, error: { code: 'wrong-pin' } })
  await signInCashier(till)
  expect(world.state.session).toMatchObject({ state: 'signed-in', staff: { role: 'cashier' } })
  expect(till.receipts({ limit: 30 }).rows).toHaveLength(1)
  expect(demand(await till.receipt({ receiptId })).receipt.cashierName).toBe('练习 Practice')
})

test('a payment under way when the till is locked goes on, and its receipt names who charged it', async () => {
  world = await CounterWorld.open({ customers: [{ ...PAYER, confirmAbove: 0, confirmAfterMs: 1_000 }] })
  const { till, events } = world
  await world.popcorn()
  const requestId = await world.charge()
  await until('the customer is asked', () => events.some(({ event }) => event === 'asked-to-confirm'))
  demand(await till.lock())
  await signInManager(till)
  world.clock.advance(1_000)
  expect(await world.settled(requestId)).toBe('paid')
  const receiptId = world.state.lastReceiptId ?? ('' as ReceiptId)
  expect(demand(await till.receipt({ receiptId })).receipt.cashierName).toBe('练习 Practice')
  // The next one is the manager's.
  await world.popcorn()
  demand(await till.startCash())
  const next = demand(await till.takeCash({ tenderedMinor: 10_000 }))
  expect(demand(await till.receipt(next)).receipt.cashierName).toBe('练习经理 Manager')
  expect(await world.disagreements()).toEqual([])
})

test('a cashier changes their own PIN and the language, and nothing a manager answers for', async () => {
  world = await CounterWorld.open()
  const { till } = world
  const managers = { ok: false, error: { code: 'manager-needed' } }
  expect(await till.changePin({ staffId: MANAGER_ID, pin: '1234' })).toEqual(managers)
  expect(await till.changeSettings({ language: 'en', lockAfterMinutes: 0 })).toEqual(managers)
  expect(await till.addStaff({ name: 'Eve', role: 'manager', pin: '1234' })).toEqual(managers)
  expect(await till.testPrint()).toEqual(managers)
  expect(await till.changeSettings({ language: 'en' })).toEqual({ ok: true })
  expect(await till.changePin({ staffId: CASHIER_ID, pin: '5678' })).toEqual({ ok: true })
  demand(await till.lock())
  expect(await till.signIn({ staffId: CASHIER_ID, pin: CASHIER_PIN })).toMatchObject({ error: { code: 'wrong-pin' } })
  expect(await till.signIn({ staffId: CASHIER_ID, pin: '5678' })).toEqual({ ok: true })
  expect(world.store.all("SELECT json_extract(entry_json, '$.what') AS what FROM journal WHERE kind = 'staff-changed'")).toEqual([
    { what: 'pin-changed' },
  ])
})

test('a live till begins with the entry of a manager, and sells nothing before', async () => {
  world = await CounterWorld.build()
  world.isLive = true
  await world.start()
  await world.ready()
  expect(world.state.session).toEqual({ state: 'setup' })
  expect(await world.till.setProduct({ productId: 'popcorn', quantity: 1 })).toEqual({ ok: false, error: { code: 'locked' } })
  demand(await world.till.setUp({ name: 'Mira', pin: '471100' }))
  await world.popcorn()
  await world.restart()
  expect(world.state.session).toMatchObject({ state: 'locked', staff: [{ name: 'Mira' }] })
  expect(JSON.stringify(world.state)).not.toContain('471100')
})

test('a till nobody touches locks itself; the cart is still there', async () => {
  world = await CounterWorld.open()
  await world.popcorn()
  world.clock.advance(14 * 60_000)
  await world.popcorn(2)
  world.clock.advance(14 * 60_000)
  expect(world.state.session.state).toBe('signed-in')
  world.clock.advance(60_000)
  await until('it is locked', () => world?.state.session.state === 'locked')
  expect(world.state.cart.lines).toMatchObject([{ quantity: 2 }])
})
