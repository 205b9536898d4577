/** What the backend has seen of a terminal's journal, for its operator. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { BACKEND_PATHS } from '#shared/contracts/backend-api.ts'
import { getWitness, WITNESS_PAGE_MAX, WITNESS_PATHS } from '#shared/contracts/witness.ts'
import { BackendWorld, newId, receiptEntry, type Terminal } from '../../support/backend-world.ts'
import { headEntry } from '../../support/outbox-entries.ts'

let world: BackendWorld
let terminal: Terminal
beforeEach(async () => {
  world = await BackendWorld.open()
  terminal = await world.addTerminal()
})
afterEach(async () => world.close())

const path = (terminalId: string, after?: string) =>
  `${WITNESS_PATHS.terminal.replace('{terminalId}', terminalId)}${after === undefined ? '' : `?after=${after}`}`
const page = async (after?: string) => getWitness.reply.parse((await world.operator('GET', path(terminal.id, after))).json)
const send = async (entry: { readonly id: string; readonly kind: string; readonly body: string }) =>
  terminal.call('POST', BACKEND_PATHS.outbox, { entries: [{ id: entry.id, kind: entry.kind, body: entry.body }] })

test('heads of requests, receipts and the journal itself, in their order, with the signature where there was one', async () => {
  expect(await page()).toEqual({ heads: [] })
  const customer = await world.addCustomer()
  await world.submit({ terminal, customer, statement: { headSeq: 4, head: new Uint8Array(16).fill(0xab) } })
  await send(receiptEntry({ number: 1, total: 100 }))
  await send(await headEntry(terminal, { seq: 9, hash: 'c'.repeat(64) }))
  const restored = { incarnation: newId(), previousIncarnation: newId(), series: 'B' }
  await send(await headEntry(terminal, { seq: 6, hash: 'd'.repeat(64), epoch: 2, restored }))
  const { heads } = await page()
  expect(heads.map(({ epoch, seq, source }) => [epoch, seq, source])).toEqual([
    [1, 1, 'receipt'],
    [1, 4, 'request'],
    [1, 9, 'outbox'],
    [2, 6, 'outbox'],
  ])
  expect(heads[1]).toMatchObject({ head: 'ab'.repeat(16) })
  expect(heads[1]).not.toHaveProperty('signature')
  expect(heads[2]).toMatchObject({ head: 'c'.repeat(64), signature: expect.stringMatching(/^[A-Za-z0-9_-]{86}$/) as string })
})

test('pages follow each other without a gap or a repeat, whatever stands at one place', async () => {
  const hash = (seq: number, letter: string) => `${letter}${seq.toString(16).padStart(63, '0')}`
  const rows = Array.from({ length: WITNESS_PAGE_MAX + 20 }, (_, index) => {
    const seq = 1 + Math.floor(index / 2)
    return {
      terminal_id: terminal.id,
      epoch: 1,
      seq,
      head: hash(seq, index % 2 === 0 ? 'a' : 'b'),
      source: 'receipt' as const,
      at: '2030-01-02T00:00:00.000Z',
    }
  })
  await world.db.insertInto('heads').values(rows).execute()
  const first = await page()
  expect(first.heads).toHaveLength(WITNESS_PAGE_MAX)
  const second = await page(first.next)
  expect(second.next).toBeUndefined()
  expect([...first.heads, ...second.heads].map(({ head }) => head)).toEqual(rows.map(({ head }) => head))
})

test('the operator alone is answered, about a terminal there is, from a place that is one', async () => {
  const unknown = await world.operator('GET', path('nobody'))
  expect([unknown.status, unknown.json['code']]).toEqual([404, 'unknown'])
  for (const after of ['x', '1.2.3', `1.2.${'a'.repeat(64)}.gossip`]) {
    expect((await world.operator('GET', path(terminal.id, after))).json['code'], after).toBe('malformed')
  }
  expect((await world.plain('GET', path(terminal.id))).json['code']).toBe('unsigned')
  expect((await terminal.call('GET', path(terminal.id))).json['code']).toBe('unsigned')
})
