import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import { expect, test } from 'vitest'
import { createRouter } from '#main/api/router.ts'
import type { Till, TillState } from '#shared/contracts/till.ts'
import { until } from '#test/support/until.ts'

/** A till that writes down what it is asked. */
class NotedTill {
  readonly asked: (readonly [name: string, input: unknown])[] = []
  readonly #listeners = new Set<(state: TillState) => void>()
  #revision = 0

  get listeners(): number {
    return this.#listeners.size
  }

  push(): void {
    this.#revision += 1
    for (const listener of this.#listeners) listener({ revision: this.#revision } as TillState)
  }

  onState(listener: (state: TillState) => void) {
    this.#listeners.add(listener)
    listener({ revision: this.#revision } as TillState)
    return () => this.#listeners.delete(listener)
  }

  /** The router's till: every method notes its input; refusals are values. */
  asTill(): Till {
    return new Proxy(this, {
      get: (target, name) => {
        if (name === 'onState') return target.onState.bind(target)
        return (input: unknown) => {
          target.asked.push([String(name), input])
          if (name === 'takeCash') throw new Error('a bug with a secret in its words')
          return { ok: false, error: { code: 'cart-empty' } }
        }
      },
    }) as unknown as Till
  }
}

function open() {
  const till = new NotedTill()
  const router = createRouter()
  return { till, router, caller: (signal?: AbortSignal) => router.createCaller({ till: till.asTill() }, signal ? { signal } : {}) }
}

test('each procedure calls the method of its name; refusals travel as values', async () => {
  const { till, router, caller } = open()
  const inputs: Readonly<Record<string, unknown>> = {
    seatMap: { showtimeId: 'show-1' },
    setSeats: { showtimeId: 'show-1', seats: [{ seat: 'A1', ticketTypeId: 'adult' }] },
    setProduct: { productId: 'popcorn', quantity: 2 },
    removeLine: { lineId: 'x' },
    chargeBand: { sightingId: 'x' },
    identify: { sightingId: 'x', claims: ['name'] },
    receipts: { limit: 5 },
    receipt: { receiptId: 'x' },
    print: { receiptId: 'x' },
    retryPrint: { jobId: 'x' },
    dropPrint: { jobId: 'x' },
    voidSale: { receiptId: 'x' },
    putAwayAlarm: { id: '0123456789abcdef'.repeat(2) },
    endUnknownYes: { authorizationId: '0123456789abcdef'.repeat(2), how: 'reverse' },
    setUp: { name: 'Mira', pin: '471100' },
    signIn: { staffId: 'x', pin: '1' },
    addStaff: { name: 'Chao', role: 'cashier', pin: '2580' },
    changePin: { staffId: 'x', pin: '2580' },
    removeStaff: { staffId: 'x' },
    changeSettings: { lockAfterMinutes: 5 },
    steerPractice: { type: 'printer', paper: true },
    setLanguage: { language: 'en' },
  }
  const bare = [
    ...[
      'programme',
      'language',
      'clearCart',
      'startCash',
      'cancelPayment',
      'nextSale',
      'touched',
      'chargeByKnock',
      'endIdentify',
      'finishInterrupted',
    ],
    ...['undoInterrupted', 'recovery', 'lock', 'staff', 'settings', 'testPrint', 'practice'],
  ]
  const called = caller() as unknown as Record<string, (input?: unknown) => Promise<unknown>>
  for (const [name, input] of Object.entries(inputs)) {
    const answer = await called[name]?.(input)
    expect(till.asked.at(-1)).toEqual([name, input])
    if (name !== 'setLanguage') expect(answer).toEqual({ ok: false, error: { code: 'cart-empty' } })
  }
  for (const name of bare) {
    await called[name]?.()
    expect(till.asked.at(-1)?.[0]).toBe(name)
  }
  const tested = [...Object.keys(inputs), ...bare, 'watch', 'takeCash'].sort()
  expect(
    Object.keys(router)
      .filter((name) => !['createCaller', '_def'].includes(name))
      .sort(),
  ).toEqual(tested)
})

test.each([
  ['seatMap', {}],
  ['seatMap', { showtimeId: '' }],
  ['seatMap', { showtimeId: 'x'.repeat(65) }],
  ['setSeats', { showtimeId: 'show-1', seats: 'A1' }],
  ['setSeats', { showtimeId: 'show-1', seats: [{ seat: 'A1' }] }],
  ['setSeats', { showtimeId: 'show-1', seats: Array.from({ length: 21 }, () => ({ seat: 'A1', ticketTypeId: 'adult' })) }],
  ['setSeats', { showtimeId: 'show-1', seats: [{ seat: 'A1', ticketTypeId: 'adult', price: 1 }] }],
  ['setProduct', { productId: 'popcorn', quantity: -1 }],
  ['setProduct', { productId: 'popcorn', quantity: 1.5 }],
  ['setProduct', { productId: 'popcorn', quantity: 100 }],
  ['setProduct', { productId: 'popcorn', quantity: '1' }],
  ['setProduct', { productId: 'popcorn', quantity: 1, price: 1 }],
  ['removeLine', { lineId: 7 }],
  ['chargeBand', { sightingId: 'x', amount: 1 }],
  ['chargeBand', undefined],
  ['takeCash', { tenderedMinor: -1 }],
  ['takeCash', { tenderedMinor: Number.NaN }],
  ['takeCash', { tenderedMinor: 100_000_001 }],
  ['takeCash', { tenderedMinor: 2 ** 60 }],
  ['receipts', { limit: 0 }],
  ['receipts', { limit: 101 }],
  ['receipts', { before: 0 }],
  ['receipts', { find: 'x'.repeat(65) }],
  ['receipt', { receiptId: { $gt: '' } }],
  ['print', null],
  ['setLanguage', { language: 'de' }],
  ['setUp', { name: ' ', pin: '1234' }],
  ['setUp', { name: 'Mira', pin: '123' }],
  ['setUp', { name: 'Mira', pin: '123456789' }],
  ['setUp', { name: 'Mira', pin: '12a4' }],
  ['signIn', { staffId: 'x', pin: '' }],
  ['signIn', { staffId: 'x', pin: 1234 }],
  ['signIn', { staffId: 'x', pin: '1'.repeat(13) }],
  ['addStaff', { name: 'Eve', role: 'owner', pin: '1234' }],
  ['changeSettings', { lockAfterMinutes: 3 }],
  ['changeSettings', { printer: { kind: 'tcp', host: 'a b', port: 9100 } }],
  ['changeSettings', { terminalId: 'other' }],
] as const)('%s refuses %o before the till hears of it', async (name, input) => {
  const { till, caller } = open()
  const called = caller() as unknown as Record<string, (input: unknown) => Promise<unknown>>
  await expect(called[name]?.(input)).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  expect(till.asked).toEqual([])
})

test('the screen learns of a bug that it happened, and nothing more', async () => {
  const { till, router } = open()
  const request = new Request('http://127.0.0.1/takeCash', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ tenderedMinor: 5 }),
  })
  const response = await fetchRequestHandler({ endpoint: '', req: request, router, createContext: () => ({ till: till.asTill() }) })
  const body = await response.text()
  expect(till.asked).toEqual([['takeCash', { tenderedMinor: 5 }]])
  expect(body).toContain('INTERNAL_SERVER_ERROR')
  expect(body).not.toContain('secret')
  expect(body).not.toContain('stack')
})

async function watch(signal: AbortSignal) {
  const { till, caller } = open()
  const stream = await caller(signal).watch()
  return { till, states: (stream as unknown as AsyncIterable<TillState>)[Symbol.asyncIterator]() }
}
async function revisionOf(next: Promise<IteratorResult<TillState, unknown>>): Promise<number | undefined> {
  const result = await next
  return result.done === true ? undefined : result.value.revision
}

test('watch: the state at once, then the newest; those in between are skipped', async () => {
  const { till, states } = await watch(new AbortController().signal)
  expect(await revisionOf(states.next())).toBe(0)
  for (let count = 0; count < 100; count += 1) till.push()
  expect(await revisionOf(states.next())).toBe(100)
  const waiting = revisionOf(states.next())
  till.push()
  expect(await waiting).toBe(101)
  await states.return?.()
  expect(till.listeners).toBe(0)
})

test('watch ends and lets go of the till when the screen leaves, waiting or not', async () => {
  const leaving = new AbortController()
  const { till, states } = await watch(leaving.signal)
  await states.next()
  const waiting = states.next()
  expect(till.listeners).toBe(1)
  leaving.abort()
  expect((await waiting).done).toBe(true)
  await until('the till is let go', () => till.listeners === 0)
})
