/** What an owner reads of the counter: who asked what, and the receipts of what they paid. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { BACKEND_PATHS, submit } from '#shared/contracts/backend-api.ts'
import { getReceipt, listRequests, OWNER_WALLET_PATHS } from '#shared/contracts/wallet-api.ts'
import { BackendWorld, type Customer, newId, receiptEntry, type Terminal } from '../../support/backend-world.ts'
import { OwnerBrowser, signedUp } from '../../support/owner-browser.ts'

let world: BackendWorld
let terminal: Terminal
let customer: Customer

beforeEach(async () => {
  world = await BackendWorld.open()
  terminal = await world.addTerminal()
  customer = await world.addCustomer({ balance: 10_000 })
})
afterEach(async () => world.close())

const AURORA = { merchant: { en: 'Aurora Cinema', 'zh-CN': '极光影城' }, site: { en: 'Aurora Cinema', 'zh-CN': '极光影城' } }

test('every request is listed with its answer, newest first, and the rule that said no is named', async () => {
  const { browser } = await signedUp(world, customer)
  await world.submit({ terminal, customer, amount: 4_200 })
  world.advance(1_000)
  const poor = await world.submit({ terminal, customer, amount: 9_000 })
  world.advance(1_000)
  await world.submit({ terminal, customer, amount: 1_500, statement: { knocks: 2 }, proof: { knocks: 3 } })
  // The same bytes again are the same request.
  await customer.call('POST', BACKEND_PATHS.submit, poor.built.body)
  const { requests } = listRequests.reply.parse((await browser.call('GET', OWNER_WALLET_PATHS.requests)).json)
  expect(requests.map(({ amount, answer, hint, isReversed }) => [amount.amount, answer, hint, isReversed])).toEqual([
    [1_500, 'decline', 'knock', false],
    [9_000, 'decline', 'funds', false],
    [4_200, 'authorization', 'none', false],
  ])
  expect(requests[0]).toMatchObject({ ...AURORA, at: '2026-05-01T11:00:02.000Z' })
})

test('what others were asked is nobody’s business', async () => {
  await world.submit({ terminal, customer, amount: 4_200 })
  const { browser: other } = await signedUp(world, await world.addCustomer())
  expect((await other.call('GET', OWNER_WALLET_PATHS.requests)).json).toEqual({ requests: [] })
  expect((await OwnerBrowser.of(world).call('GET', OWNER_WALLET_PATHS.requests)).status).toBe(401)
})

/** A receipt as a terminal sends it, paid by two people. */
function printedReceipt(receiptId: string, total: number) {
  const words = (text: string) => ({ en: text, 'zh-CN': text })
  const money = (amount: number) => ({ amount, currency: 'CNY' as const })
  return {
    issuedAt: '2026-05-01T11:00:05.000Z',
    practice: true,
    merchant: { id: 'aurora', name: AURORA.merchant },
    site: { id: 'aurora', name: AURORA.site, address: words('1 River Road'), timeZone: 'Asia/Shanghai' },
    terminalId: terminal.id,
    cashierName: 'Cashier',
    lines: [
      {
        id: newId(),
        subject: { kind: 'product', productId: 'popcorn' },
        name: words('Popcorn'),
        detail: words(''),
        quantity: 2,
        unitPrice: money(total / 2),
        total: money(total),
        taxBasisPoints: 600,
        tax: money(0),
      },
    ],
    payments: [{ tender: 'band', amount: money(total), payerName: 'Somebody Else', requestId: newId(), authorizationId: newId() }],
    total: money(total),
    tax: money(0),
    tender: 'mixed',
    id: receiptId,
  }
}

async function paidReceipt(amount: number, total: number, isPrintable: boolean): Promise<string> {
  const { built, json } = await world.submit({ terminal, customer, amount })
  const { signed } = submit.reply.parse(json)
  const { id: authorizationId } = await world.db.selectFrom('authorizations').select('id').executeTakeFirstOrThrow()
  const entry = receiptEntry({
    number: 1,
    total,
    captures: [{ requestId: built.requestId, authorizationId, amount, authorization: signed }],
  })
  const body = JSON.parse(entry.body) as { receipt: object }
  if (isPrintable) Object.assign(body.receipt, printedReceipt(entry.receiptId, total))
  const sent = { id: entry.id, kind: entry.kind, body: JSON.stringify(body) }
  const { json: taken } = await terminal.call('POST', BACKEND_PATHS.outbox, { entries: [sent] })
  expect(taken).toMatchObject({ results: [{ outcome: 'applied' }] })
  return entry.receiptId
}

const receiptPath = (receiptId: string) => OWNER_WALLET_PATHS.receipt.replace('{receiptId}', receiptId)

test('a receipt is shown as it was printed, with what this account paid and without who else did', async () => {
  const { browser } = await signedUp(world, customer)
  const receiptId = await paidReceipt(3_000, 5_000, true)
  const reply = await browser.call('GET', receiptPath(receiptId))
  expect(getReceipt.reply.parse(reply.json)).toMatchObject({
    ...AURORA,
    receiptId,
    kind: 'sale',
    series: 'A',
    number: 1,
    lines: [{ name: { en: 'Popcorn' }, quantity: 2, total: { amount: 5_000 } }],
    total: { amount: 5_000 },
    paid: { amount: 3_000, currency: 'CNY' },
  })
  expect(JSON.stringify(reply.json)).not.toContain('Somebody Else')
  expect(JSON.stringify(reply.json)).not.toContain('Cashier')
})

test('a receipt is shown to whoever paid of it, and to nobody else', async () => {
  const receiptId = await paidReceipt(3_000, 3_000, true)
  const { browser: other } = await signedUp(world, await world.addCustomer())
  expect((await other.call('GET', receiptPath(receiptId))).json['code']).toBe('unknown')
  expect((await OwnerBrowser.of(world).call('GET', receiptPath(receiptId))).status).toBe(401)
  const { browser } = await signedUp(world, customer)
  expect((await browser.call('GET', receiptPath(newId()))).json['code']).toBe('unknown')
  expect((await browser.call('GET', receiptPath('..'))).status).toBeGreaterThanOrEqual(400)
})

test('of a terminal that says less than a receipt prints, there is none to show', async () => {
  const { browser } = await signedUp(world, customer)
  const receiptId = await paidReceipt(3_000, 3_000, false)
  expect((await browser.call('GET', receiptPath(receiptId))).json['code']).toBe('unknown')
})
