import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createPracticeClient, PRACTICE_ASKS_MAX, PRACTICE_TIMEOUT_MS, type PracticeDesk } from '#main/practice/practice-client.ts'
import { type FromDesk, PRACTICE_LINE_MAX_BYTES, type PracticeView, toDesk } from '#shared/contracts/practice-desk.ts'
import { err, ok } from '#shared/result.ts'
import { ManualClock } from '#test/support/manual-clock.ts'
import { until } from '#test/support/until.ts'

const EMPTY: PracticeView = { customers: [], printer: { paper: true, online: true, papers: [] } }
const GONE = err({ code: 'practice-gone' })

let folder = ''
let path = ''
let clock: ManualClock
let client: PracticeDesk
let server: Server | undefined
const sockets = new Set<Socket>()

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bandtill-client-'))
  path = join(folder, 'desk.sock')
  clock = new ManualClock()
  client = createPracticeClient({ where: { path }, clock })
})
afterEach(async () => {
  client.close()
  await worldGone()
  rmSync(folder, { recursive: true, force: true })
})

/** A world whose desk says this to each question; it may say any text. */
async function world(say: (question: { readonly id: number; readonly ask: string }, socket: Socket) => FromDesk | string | undefined) {
  const asked: unknown[] = []
  server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
    let text = ''
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8')
      const lines = text.split('\n')
      text = lines.pop() ?? ''
      for (const line of lines) {
        const question = toDesk.parse(JSON.parse(line))
        asked.push(question)
        const said = say(question, socket)
        if (said !== undefined) socket.write(typeof said === 'string' ? said : `${JSON.stringify(said)}\n`)
      }
    })
  })
  const listening = Promise.withResolvers<void>()
  server.listen(path, () => listening.resolve())
  await listening.promise
  return { asked, connections: () => sockets.size }
}

async function worldGone(): Promise<void> {
  for (const socket of sockets) socket.destroy()
  const closing = Promise.withResolvers<void>()
  if (server?.listening) server.close(() => closing.resolve())
  else closing.resolve()
  await closing.promise
  server = undefined
}

const honest = ({ id, ask }: { readonly id: number; readonly ask: string }): FromDesk =>
  ask === 'view' ? { answer: 'view', id, view: EMPTY } : { answer: 'done', id }

test('it sees and steers over one connection, made when first asked', async () => {
  const { asked, connections } = await world(honest)
  expect(connections()).toBe(0)
  expect(await client.view()).toEqual(ok(EMPTY))
  expect(await client.steer({ type: 'knock', customer: 'rich', count: 2 })).toEqual(ok())
  expect(asked).toEqual([
    { ask: 'view', id: 0 },
    { ask: 'do', id: 1, command: { type: 'knock', customer: 'rich', count: 2 } },
  ])
  expect(connections()).toBe(1)
  expect(clock.waiting).toBe(0)
})

test('what the world refuses is a refusal with what is the matter', async () => {
  await world(({ id }) => ({ answer: 'refused', id, trouble: 'cannot-unlock' }))
  expect(await client.steer({ type: 'unlock-phone', customer: 'rich' })).toEqual(
    err({ code: 'practice-refused', subject: 'cannot-unlock' }),
  )
})

test('answers find their questions, in whatever order they come', async () => {
  const late: (() => void)[] = []
  await world((question, socket) => {
    late.unshift(() => socket.write(`${JSON.stringify(honest(question))}\n`))
    if (late.length === 3) for (const answer of late) answer()
    return undefined
  })
  const answers = await Promise.all([client.view(), client.steer({ type: 'printer', paper: false }), client.view()])
  expect(answers).toEqual([ok(EMPTY), ok(), ok(EMPTY)])
})

test('a world that is not there is gone, and found again when it is back', async () => {
  expect(await client.view()).toEqual(GONE)
  await world(honest)
  expect(await client.view()).toEqual(ok(EMPTY))
  await worldGone()
  expect(await client.view()).toEqual(GONE)
  await world(honest)
  expect(await client.view()).toEqual(ok(EMPTY))
})

test('a world that ends in the middle of a question is gone', async () => {
  await world((_question, socket) => {
    socket.write('{"answer":"vi')
    socket.end()
    return undefined
  })
  expect(await client.view()).toEqual(GONE)
  expect(clock.waiting).toBe(0)
})

test('a world that does not answer is gone after two seconds, with every question asked of it', async () => {
  let isHonest = false
  const { asked } = await world((question) => (isHonest ? honest(question) : undefined))
  let ended = 0
  const asking = Promise.all(
    [client.view(), client.steer({ type: 'printer', online: false })].map(async (one) => one.finally(() => (ended += 1))),
  )
  await until('both are asked', () => asked.length === 2)
  await clock.advance(PRACTICE_TIMEOUT_MS - 1)
  expect(ended).toBe(0)
  await clock.advance(1)
  expect(await asking).toEqual([GONE, GONE])
  isHonest = true
  expect(await client.view()).toEqual(ok(EMPTY))
})

test.for([
  ['no JSON', 'hello\n'],
  ['no answer', '{"answer":"maybe","id":0}\n'],
  ['a view that is none', '{"answer":"view","id":0,"view":{"customers":[]}}\n'],
  ['an answer to nobody', '{"answer":"done","id":99}\n'],
  ['no end', 'x'.repeat(PRACTICE_LINE_MAX_BYTES + 1)],
] as const)('a world that says %s is gone', async ([, said]) => {
  await world(() => said)
  expect(await client.view()).toEqual(GONE)
})

test('done is no view, and a view is not done', async () => {
  await world(({ id, ask }) => (ask === 'view' ? { answer: 'done', id } : { answer: 'view', id, view: EMPTY }))
  expect([await client.view(), await client.steer({ type: 'printer' })]).toEqual([GONE, GONE])
})

test('more questions at once than it keeps are answered with gone, the others as ever', async () => {
  const { asked } = await world(() => undefined)
  const all = Array.from({ length: PRACTICE_ASKS_MAX }, async () => client.view())
  expect(await client.view()).toEqual(GONE)
  await until('the others are asked', () => asked.length === PRACTICE_ASKS_MAX)
  client.close()
  expect(await Promise.all(all)).toEqual(all.map(() => GONE))
})

test('once closed it asks nothing, and holds nothing open', async () => {
  const { asked, connections } = await world(honest)
  await client.view()
  client.close()
  expect(await client.view()).toEqual(GONE)
  expect(asked).toHaveLength(1)
  await until('the connection is ended', () => connections() === 0)
  expect(clock.waiting).toBe(0)
})
