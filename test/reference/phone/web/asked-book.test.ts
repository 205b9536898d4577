import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { PaymentView, RequestRecord } from '#reference/phone/ports.ts'
import { AskedBook } from '#reference/phone/web/asked-book.ts'
import { ASKED_MAX } from '#reference/phone/web/memory.ts'
import type { AskedRequest } from '#reference/phone/web/state.ts'
import { blocksOf } from '#reference/tools/protocol-tables.ts'
import { PROTOCOL_DOCUMENT, readVectors } from '#reference/tools/protocol-vectors.ts'
import { ok } from '#shared/result.ts'
import { WarpClock } from '#test/support/warp-clock.ts'

const VIEW: PaymentView = { requestId: 'a1', amount: 12_000, currency: 'CNY', name: 'Aurora Cinema', site: 'Riverside' }
const UNTIL_MS = 1_900_000_090_000

function openBook(kept: readonly AskedRequest[] = []) {
  const saved: AskedRequest[] = []
  const book = new AskedBook({
    clock: new WarpClock(),
    kept,
    memory: {
      saveAsked: async (asked) => {
        saved.push(asked)
        return ok()
      },
    },
    onChange: () => undefined,
  })
  return { book, saved }
}

const YES = { given: [], always: false }
const SUBJECT = { kind: 'pay', amount: VIEW.amount, currency: VIEW.currency } as const
const ASKER = { requestId: VIEW.requestId, name: VIEW.name, site: VIEW.site, subject: SUBJECT }

test.for([
  ['approves', YES, 'confirmed'],
  ['refuses', undefined, 'refused'],
] as const)('the owner %s, and the question goes', async ([, word, reply]) => {
  const { book } = openBook()
  const asked = book.confirm(VIEW, new AbortController().signal, UNTIL_MS)
  expect(book.questions).toEqual([{ ...ASKER, untilMs: UNTIL_MS }])
  expect(book.requests).toMatchObject([{ requestId: 'a1', ending: 'waiting' }])
  expect(book.answer('another', word)).toBe(false)
  expect(book.answer('a1', word)).toBe(true)
  expect(await asked).toBe(reply)
  expect(book.questions).toEqual([])
  expect(book.answer('a1', YES)).toBe(false)
})

test('a question that is taken away is nobody’s yes', async () => {
  const { book } = openBook()
  const question = new AbortController()
  const asked = book.confirm(VIEW, question.signal, UNTIL_MS)
  question.abort()
  expect(book.answer('a1', YES)).toBe(true)
  expect(await asked).toBe('refused')
})

test('the list says how each ended, with the rule where there was one and the receipt where there is one', () => {
  const { book, saved } = openBook()
  book.tell({ type: 'approved', payment: VIEW })
  book.tell({ type: 'e-receipt', payment: VIEW, receiptNumber: 'A-17' })
  book.tell({ type: 'refused', payment: { ...VIEW, requestId: 'b2' }, reason: 'wallet-refused', rule: 'day-limit' })
  book.tell({ type: 'declined', payment: { ...VIEW, requestId: 'c3' }, hint: 'funds' })
  expect(book.requests.map(({ atMs: _atMs, name: _name, site: _site, subject: _subject, ...rest }) => rest)).toEqual([
    { requestId: 'c3', ending: 'declined', hint: 'funds' },
    { requestId: 'b2', ending: 'refused', reason: 'wallet-refused', rule: 'day-limit' },
    { requestId: 'a1', ending: 'approved', receiptNumber: 'A-17' },
  ])
  expect(saved).toHaveLength(4)
})

test('an ending that is kept and then told of is written once', async () => {
  const { book, saved } = openBook([{ ...ASKER, atMs: 1, ending: 'asking' }])
  const store = book.watching({ save: async () => ok(), saveLimits: async () => ok() })
  const outcome = { state: 'authorization', signed: new Uint8Array(1) } as const
  await store.save({ key: 'aurora-1:a1', digest: new Uint8Array(32), atS: 1, counter: 1, outcome })
  book.tell({ type: 'approved', payment: VIEW })
  expect(saved).toMatchObject([{ requestId: 'a1', ending: 'approved' }])
})

test('the page was closed over a question: it says so, and nothing was paid', () => {
  const { book } = openBook([{ ...ASKER, atMs: 1, ending: 'waiting' }])
  expect(book.requests).toMatchObject([{ requestId: 'a1', ending: 'interrupted' }])
  expect(book.questions).toEqual([])
})

test('what was asked before the page was closed and settled after it is in the list, from the records alone', async () => {
  const vectors = readVectors(blocksOf(readFileSync(PROTOCOL_DOCUMENT, 'utf8')).get('vectors') ?? '')
  const bytes = (name: string) => vectors.get(name) ?? new Uint8Array(0)
  const submission = {
    statement: bytes('pay-statement'),
    certificate: bytes('terminal-certificate'),
    requestDigest: new Uint8Array(32),
    proof: new Uint8Array(64),
    act: 'none' as const,
  }
  const record: RequestRecord = {
    key: 'aurora-1:0badcafe',
    digest: new Uint8Array(32),
    atS: 1,
    counter: 1,
    outcome: { state: 'asked', submission },
  }
  const first = openBook()
  const store = first.book.watching({ save: async () => ok(), saveLimits: async () => ok() })
  await store.save(record)
  expect(first.book.requests).toMatchObject([{ requestId: '0badcafe', ending: 'asking' }])
  expect(first.book.requests[0]?.subject).toMatchObject({ kind: 'pay', currency: 'CNY' })
  expect(first.book.requests[0]?.name).not.toBe('')
  const second = openBook(first.saved)
  await second.book.watching(store).save({ ...record, outcome: { state: 'authorization', signed: new Uint8Array(1) } })
  expect(second.book.requests).toMatchObject([{ requestId: '0badcafe', ending: 'approved' }])
  const third = openBook(first.saved)
  await third.book.watching(store).save({ ...record, outcome: { state: 'refusal', reason: 'cancelled' } })
  expect(third.book.requests).toMatchObject([{ ending: 'refused', reason: 'cancelled' }])
})

test('paid without a network stays that, also when the receipt comes', () => {
  const { book } = openBook()
  book.tell({ type: 'approved', payment: VIEW, isOffline: true })
  book.tell({ type: 'e-receipt', payment: VIEW, receiptNumber: 'A-18' })
  expect(book.requests).toMatchObject([{ ending: 'offline', receiptNumber: 'A-18' }])
})

test('who the owner is, is given thing by thing, for once or for good, or not at all', async () => {
  const { book } = openBook()
  const question = { requestId: 'd4', merchantId: 'aurora', name: 'Aurora', site: 'Riverside', claims: ['name', 'member-number'] as const }
  const asked = book.identify(question, new AbortController().signal, UNTIL_MS)
  expect(book.questions).toMatchObject([{ requestId: 'd4', subject: { kind: 'identify', claims: ['name', 'member-number'] } }])
  book.answer('d4', { given: ['member-number'], always: true })
  expect(await asked).toEqual({ given: ['member-number'], always: true })
  book.told({ type: 'identity-given', question, given: ['member-number'] })
  expect(book.requests).toMatchObject([{ ending: 'told', subject: { claims: ['member-number'] } }])
  const gone = new AbortController()
  const again = book.identify({ ...question, requestId: 'e5' }, gone.signal, UNTIL_MS)
  gone.abort()
  expect(await again).toEqual({ given: [], always: false })
  book.told({ type: 'identity-refused', question: { ...question, requestId: 'e5' }, reason: 'wallet-refused' })
  expect(book.requests[0]).toMatchObject({ requestId: 'e5', ending: 'refused', reason: 'wallet-refused' })
})

test('no more is kept than is shown', () => {
  const { book } = openBook()
  for (let index = 0; index < ASKED_MAX + 5; index += 1) book.tell({ type: 'approved', payment: { ...VIEW, requestId: `r${index}` } })
  expect(book.requests).toHaveLength(ASKED_MAX)
  expect(book.requests.at(-1)?.requestId).toBe('r5')
})
