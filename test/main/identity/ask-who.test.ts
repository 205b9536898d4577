/** Asking who somebody is: a real terminal, band, phone and backend. */
import { afterEach, expect, test } from 'vitest'
import { IDENTIFY_LIFETIME_S } from '#main/identity/identify-statement.ts'
import { TOLD_SHOWN_MS } from '#main/identity/identity-desk.ts'
import type { CustomerCharacter } from '#reference/practice/customers.ts'
import type { MessageKind } from '#shared/contracts/radio-messages.ts'
import type { Claim } from '#shared/domain/claims.ts'
import { CounterWorld, demand, PAYER } from '#test/support/counter-world.ts'
import { bytesNeedle, filesIn, found, textNeedle } from '#test/support/needles.ts'

const NAME = 'Golden Carp'
const NUMBER = 'AC-1001'

let world: CounterWorld
afterEach(async () => world.close())

async function open(character: Partial<CustomerCharacter> = {}): Promise<void> {
  world = await CounterWorld.open({ customers: [{ ...PAYER, ...character }] })
  const { accountId } = await world.backend.db.selectFrom('phones').select('account_id as accountId').executeTakeFirstOrThrow()
  demand(await world.backend.registry.cardName(accountId, { name: NAME }))
  demand(await world.backend.registry.memberNumber(accountId, 'aurora', { number: NUMBER }))
}

async function ask(claims: readonly Claim[] = ['name', 'member-number']): Promise<void> {
  demand(await world.till.identify({ sightingId: await world.sightingOf(), claims: [...claims] }))
}

async function answered(): Promise<TillIdentify> {
  await world.until('there is an answer', () => world.state.identify !== undefined && world.state.identify.state !== 'asking')
  return world.state.identify
}
type TillIdentify = CounterWorld['state']['identify']

const rowsOf = (table: string) => Number(world.store.get(`SELECT COUNT(*) AS n FROM ${table}`)?.['n'])

test('a customer who agrees tells name and number; nothing of it reaches the disk, the journal or the log', async () => {
  await open()
  const before = [rowsOf('attempts'), rowsOf('journal'), rowsOf('outbox')]
  const kinds: MessageKind[] = []
  world.hooks.onSend = ({ kind }) => void kinds.push(kind)
  await ask()
  expect(world.state.identify).toMatchObject({ state: 'asking', bandLetter: 'A', asked: ['name', 'member-number'] })
  expect(await answered()).toMatchObject({
    state: 'told',
    given: { name: { value: NAME, isVouched: true }, 'member-number': { value: NUMBER, isVouched: true } },
  })
  expect(kinds).toEqual(['probe'])
  expect([rowsOf('attempts'), rowsOf('journal'), rowsOf('outbox')]).toEqual(before)
  expect(world.warnings).toEqual([])
  demand(await world.till.endIdentify())
  expect(world.state.identify).toBeUndefined()
  const disk = filesIn(world.folder, (name) => /^terminal\.sqlite(?:-wal)?$/u.test(name))
  expect(disk.map(({ where }) => where)).toContain('terminal.sqlite')
  // The search finds what is there.
  expect(found([textNeedle('the currency', 'CNY')], disk)).not.toEqual([])
  // Neither what was told is there, nor what tells this customer from another one.
  const said = await world.backend.db.selectFrom('identity_requests').select('answer').executeTakeFirstOrThrow()
  expect(said.answer?.length).toBeGreaterThan(64)
  const answer = bytesNeedle('the end of the answer', Uint8Array.from(said.answer ?? []).subarray(-64))
  expect(found([textNeedle('the number', NUMBER), textNeedle('the name', NAME), answer], disk)).toEqual([])
  expect(JSON.stringify(world.state)).not.toContain(NUMBER)
})

test('only what was asked for comes, and the payment after it goes on as ever', async () => {
  await open()
  await ask(['member-number'])
  expect(await answered()).toMatchObject({ state: 'told', given: { 'member-number': { value: NUMBER } } })
  expect(JSON.stringify(world.state.identify)).not.toContain(NAME)
  await world.popcorn()
  expect(world.state.identify).toBeUndefined()
  expect(await world.settled(await world.charge())).toBe('paid')
  expect(await world.disagreements()).toEqual([])
})

test('a customer who says no, and one whose account is frozen, look alike', async () => {
  await open()
  world.customer().set({ confirms: 'no', unlocks: true })
  await ask()
  expect(await answered()).toMatchObject({ state: 'untold', reason: 'wallet-refused' })
  world.customer().set({ confirms: 'yes', unlocks: true })
  await world.backend.db.updateTable('accounts').set({ frozen: 1 }).execute()
  await ask()
  await world.until('the backend has said no', () => world.events.some(({ event }) => event === 'identity-declined'))
  expect(await answered()).toMatchObject({ state: 'untold', reason: 'wallet-refused' })
})

test('a customer who does not answer: the question ends by itself, and the phone takes it away', async () => {
  await open()
  world.customer().set({ confirms: 'never', unlocks: true })
  await ask()
  await world.until(
    'the customer is asked',
    () => world.state.identify?.state === 'asking' && world.state.identify.stage === 'waiting-for-customer',
  )
  world.clock.advance(IDENTIFY_LIFETIME_S * 1_000)
  expect(await answered()).toMatchObject({ state: 'untold', reason: 'confirm-on-phone' })
})

test('the cashier stops asking: the question leaves the phone, and a payment may begin at once', async () => {
  await open({ confirmAfterMs: 10_000 })
  await world.popcorn()
  await ask()
  await world.until('the customer is asked', () => world.events.some(({ event }) => event === 'asked-who'))
  const requestId = await world.charge()
  expect(world.state.identify).toBeUndefined()
  expect(await world.settled(requestId)).toBe('paid')
  await world.until('the phone has put it away', () =>
    world.events.some(({ event, detail }) => event === 'identity-refused' && detail === 'cancelled'),
  )
  expect(await world.backend.db.selectFrom('identity_requests').selectAll().execute()).toEqual([])
})

test('nobody is asked while a payment runs, and a band that is gone cannot be', async () => {
  await open({ confirmAbove: 0, confirmAfterMs: 10_000 })
  await world.popcorn()
  const requestId = await world.charge()
  const sightingId = await world.sightingOf()
  expect(await world.till.identify({ sightingId, claims: ['name'] })).toEqual({ ok: false, error: { code: 'payment-running' } })
  demand(await world.till.cancelPayment())
  await world.settled(requestId)
  const nobody = { sightingId: 'nobody' as typeof sightingId, claims: ['name' as const] }
  expect(await world.till.identify(nobody)).toEqual({ ok: false, error: { code: 'band-gone' } })
})

test('a band off the wrist is not asked, and its wearer is told what to do', async () => {
  await open()
  world.customer().set({ worn: false, unlocks: false })
  await ask()
  expect(await answered()).toMatchObject({ state: 'untold', reason: 'not-worn' })
})

test('a phone without a network says so', async () => {
  await open()
  world.customer().set({ network: false, unlocks: true })
  await ask()
  expect(await answered()).toMatchObject({ state: 'untold', reason: 'no-network-no-allowance' })
})

test('what was told leaves the screen by itself, at a lock, and with the next sale', async () => {
  await open()
  await ask()
  await answered()
  world.clock.advance(TOLD_SHOWN_MS)
  await world.until('it is gone', () => world.state.identify === undefined)
  await ask()
  await answered()
  demand(await world.till.lock())
  expect(world.state.identify).toBeUndefined()
})
