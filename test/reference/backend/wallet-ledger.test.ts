import * as fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sumOfLedger } from '#reference/backend/repositories/ledger-repository.ts'
import { OUTSIDE_BANK, post, transfer, walletOf } from '#reference/backend/services/wallet-ledger.ts'
import { BACKEND_PATHS } from '#shared/contracts/backend-api.ts'
import { fromBase64Url, toHex } from '#shared/contracts/bytes.ts'
import { authorization } from '#shared/contracts/radio-messages.ts'
import { peekSign1 } from '#shared/crypto/sign1.ts'
import { BackendWorld, newId, receiptEntry, reversalEntry } from '../../support/backend-world.ts'

let world: BackendWorld
beforeEach(async () => {
  world = await BackendWorld.open()
})
afterEach(async () => world.close())

const at = '2026-05-01T11:00:00.000Z'

test.each([
  [
    'does not sum to zero',
    [
      { account: 'a', amount: 5, currency: 'CNY' as const },
      { account: 'b', amount: -4, currency: 'CNY' as const },
    ],
  ],
  [
    'sums to zero only across currencies',
    [
      { account: 'a', amount: 5, currency: 'CNY' as const },
      { account: 'b', amount: -5, currency: 'EUR' as const },
    ],
  ],
  [
    'names an account twice',
    [
      { account: 'a', amount: 5, currency: 'CNY' as const },
      { account: 'a', amount: -5, currency: 'CNY' as const },
    ],
  ],
  [
    'moves a fraction',
    [
      { account: 'a', amount: 0.5, currency: 'CNY' as const },
      { account: 'b', amount: -0.5, currency: 'CNY' as const },
    ],
  ],
  ['has one entry', [{ account: 'a', amount: 0, currency: 'CNY' as const }]],
])('a posting that %s is a bug and writes nothing', async (_name, entries) => {
  const posting = { id: newId(), kind: 'opening' as const, reference: newId(), at, entries }
  await expect(world.db.transaction().execute(async (tx) => post(tx, posting))).rejects.toThrow()
  expect(await world.db.selectFrom('postings').selectAll().execute()).toEqual([])
})

test('no wallet goes below zero, no posting is made twice, and nothing posted is changed or removed', async () => {
  const wallet = walletOf('a')
  const posting = (amount: number, kind: 'opening' | 'hold') => ({
    id: newId(),
    kind,
    reference: 'a',
    at,
    entries: kind === 'opening' ? transfer(OUTSIDE_BANK, wallet, amount, 'CNY') : transfer(wallet, OUTSIDE_BANK, amount, 'CNY'),
  })
  const run = async (made: ReturnType<typeof posting>) => world.db.transaction().execute(async (tx) => post(tx, made))
  await run(posting(100, 'opening'))
  await expect(run(posting(101, 'hold'))).rejects.toThrow('CHECK')
  await expect(run(posting(50, 'opening'))).rejects.toThrow('UNIQUE')
  await expect(world.db.updateTable('entries').set({ amount: 1 }).execute()).rejects.toThrow('append only')
  await expect(world.db.deleteFrom('postings').execute()).rejects.toThrow('append only')
  expect(await sumOfLedger(world.db)).toBe(0)
})

// I7. Random payments, captures, reversals, late and repeated ones, and months passing: every posting and the whole ledger sum to zero.
test('random payments, captures, reversals and sweeps: every posting balances and no wallet is below zero', async () => {
  const operation = fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('pay' as const), who: fc.nat(2), amount: fc.integer({ min: 1, max: 700 }) }) },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant('capture' as const), which: fc.nat(9), part: fc.integer({ min: 1, max: 150 }) }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('reverse' as const), which: fc.nat(9) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait' as const), days: fc.integer({ min: 1, max: 20 }) }) },
  )
  let runs = 0
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { minLength: 5, maxLength: 30 }), async (operations) => {
      runs += 1
      const till = await world.addTerminal(`till-${runs}`)
      let certificate = till.certificate
      const customers = await Promise.all([0, 500, 1_500].map(async (balance) => world.addCustomer({ balance })))
      const attempts: { requestId: string; authorizationId: string; amount: number; authorization: string }[] = []
      let number = 0
      for (const step of operations) {
        if (step.kind === 'wait') {
          world.advance(step.days * 86_400_000)
          await world.backend.sweep()
          const renewed = await till.call('POST', BACKEND_PATHS.renewCertificate)
          certificate = fromBase64Url(String(renewed.json['certificate'])) ?? certificate
        } else if (step.kind === 'pay') {
          const customer = customers[step.who]
          if (!customer) throw new Error('no such customer')
          const reply = await world.submit({ terminal: { ...till, certificate }, customer, amount: step.amount })
          const signed = String(reply.json['signed'])
          const opened = peekSign1(authorization, fromBase64Url(signed) ?? new Uint8Array(0))
          const id = opened.ok ? toHex(opened.value.value.authorizationId) : newId()
          attempts.push({ requestId: reply.built.requestId, authorizationId: id, amount: step.amount, authorization: signed })
        } else {
          const attempt = attempts[step.which % Math.max(1, attempts.length)]
          if (!attempt) continue
          number += 1
          const amount = step.kind === 'capture' ? Math.ceil((attempt.amount * step.part) / 100) : 0
          const entry =
            step.kind === 'capture'
              ? receiptEntry({ number, total: amount, captures: [{ ...attempt, amount }] })
              : reversalEntry(world.nowMs(), attempt)
          const { id, kind, body } = entry
          await till.call('POST', BACKEND_PATHS.outbox, { entries: [{ id, kind, body }] })
        }
      }
      const entries = await world.db.selectFrom('entries').selectAll().execute()
      const postings = new Map<string, number>()
      const accounts = new Map<string, number>()
      for (const entry of entries) {
        postings.set(entry.posting_id, (postings.get(entry.posting_id) ?? 0) + entry.amount)
        accounts.set(entry.account, (accounts.get(entry.account) ?? 0) + entry.amount)
      }
      expect([...postings.values()].every((sum) => sum === 0)).toBe(true)
      expect([...accounts].filter(([account, sum]) => sum < 0 && account !== OUTSIDE_BANK)).toEqual([])
      const kept = await world.db.selectFrom('balances').select(['account', 'amount']).execute()
      for (const row of kept) expect(row.amount, row.account).toBe(accounts.get(row.account))
      // What is on hold is exactly what is authorized and neither captured nor reversed.
      const held = await world.db.selectFrom('authorizations').select(['id', 'amount']).where('state', '=', 'held').execute()
      const onHold = [...accounts].filter(([account, sum]) => account.startsWith('hold:') && sum !== 0)
      expect(new Map(onHold)).toEqual(new Map(held.map((row) => [`hold:${row.id}`, row.amount])))
    }),
    { numRuns: 15 },
  )
})
