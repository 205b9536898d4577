import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { DESK_CLIENTS_MAX, Desk } from '#reference/practice/desk.ts'
import { practiceSockets } from '#reference/practice/local-socket.ts'
import type { SteeringCommand } from '#reference/practice/steering.ts'
import { type FromDesk, fromDesk, PRACTICE_LINE_MAX_BYTES, type PracticeView } from '#shared/contracts/practice-desk.ts'
import { settled } from '#test/support/manual-clock.ts'
import { until } from '#test/support/until.ts'

let folder = ''
let path = ''
let desk: Desk
let view: PracticeView
let views = 0
let acted: SteeringCommand[]
const sockets: Socket[] = []

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bandtill-desk-'))
  path = join(folder, 'desk.sock')
  view = { customers: [], printer: { paper: true, online: true, papers: [] } }
  views = 0
  acted = []
  // As after a world that was killed.
  writeFileSync(path, '')
  const listening = await Desk.listen(path, {
    view: async () => {
      views += 1
      return view
    },
    act: async (command) => {
      if (command.type === 'unlock-phone') return 'cannot-unlock'
      acted.push(command)
      return undefined
    },
  })
  if (!listening.ok) throw new Error(listening.error)
  desk = listening.value
})
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await desk.close()
  rmSync(folder, { recursive: true, force: true })
})

async function client() {
  const socket = connect(path)
  sockets.push(socket)
  let text = ''
  let isClosed = false
  socket.setEncoding('utf8')
  socket.on('data', (chunk: string) => (text += chunk))
  socket.on('error', () => undefined)
  socket.on('close', () => (isClosed = true))
  const answers = (): FromDesk[] =>
    text
      .split('\n')
      .slice(0, -1)
      .map((line) => fromDesk.parse(JSON.parse(line)))
  const ask = async (...questions: readonly unknown[]): Promise<readonly FromDesk[]> => {
    const from = answers().length
    socket.write(questions.map((question) => `${JSON.stringify(question)}\n`).join(''))
    await until('every question is answered', () => answers().length >= from + questions.length)
    return answers().slice(from)
  }
  return { socket, ask, answers, isClosed: () => isClosed }
}

const VIEW = { ask: 'view', id: 7 }

test('a view, a command done and one refused: each is answered once, in order, with its number', async () => {
  const drawer = await client()
  const said = await drawer.ask(
    VIEW,
    { ask: 'do', id: 8, command: { type: 'knock', customer: 'rich', count: 3 } },
    { ask: 'do', id: 9, command: { type: 'unlock-phone', customer: 'rich' } },
    { ask: 'do', id: 10, command: { type: 'set', customer: 'rich', worn: false } },
  )
  expect(said).toEqual([
    { answer: 'view', id: 7, view },
    { answer: 'done', id: 8 },
    { answer: 'refused', id: 9, trouble: 'cannot-unlock' },
    { answer: 'done', id: 10 },
  ])
  expect(acted).toEqual([
    { type: 'knock', customer: 'rich', count: 3 },
    { type: 'set', customer: 'rich', worn: false, unlocks: true },
  ])
})

const NOT_A_LINE: readonly (readonly [string, string | Buffer])[] = [
  ['no JSON', 'hello\n'],
  ['an empty line', '\n'],
  ['another question', '{"ask":"everything","id":1}\n'],
  ['a question with more in it', '{"ask":"view","id":1,"more":true}\n'],
  ['no number', '{"ask":"view"}\n'],
  ['a command out of range', '{"ask":"do","id":1,"command":{"type":"knock","customer":"rich","count":99}}\n'],
  ['a customer that is no name', '{"ask":"do","id":1,"command":{"type":"knock","customer":"../rich","count":1}}\n'],
  ['bytes that are no UTF-8', Buffer.from([0x22, 0xff, 0xfe, 0x22, 0x0a])],
  ['a line that is too long', `${' '.repeat(PRACTICE_LINE_MAX_BYTES + 1)}\n`],
  ['a line that never ends', 'x'.repeat(PRACTICE_LINE_MAX_BYTES + 1)],
]
test.for(NOT_A_LINE)('%s ends that connection, and no other', async ([, sent]) => {
  const [drawer, other] = [await client(), await client()]
  await other.ask(VIEW)
  drawer.socket.write(sent)
  await until('the connection is ended', () => drawer.isClosed())
  expect(drawer.answers()).toEqual([])
  expect(acted).toEqual([])
  expect(await other.ask(VIEW)).toHaveLength(1)
})

test('a line may come in pieces, and several in one', async () => {
  const drawer = await client()
  const text = JSON.stringify(VIEW)
  drawer.socket.write(text.slice(0, 5))
  await settled()
  drawer.socket.write(`${text.slice(5)}\n${text}\n${text.slice(0, 3)}`)
  await until('two answers', () => drawer.answers().length === 2)
  drawer.socket.write(`${text.slice(3)}\n`)
  await until('the third', () => drawer.answers().length === 3)
  expect(views).toBe(3)
})

test('who asks and does not read holds up nobody, and is asked for no more views than it takes', async () => {
  const svg = 'x'.repeat(450_000)
  const paper = { id: 1, at: '2030-01-01T00:00:00.000Z', svg, cut: true, drawerOpened: false }
  view = { ...view, printer: { ...view.printer, papers: [paper, { ...paper, id: 2 }] } }
  const [slow, other] = [await client(), await client()]
  slow.socket.pause()
  slow.socket.write(`${JSON.stringify(VIEW)}\n`.repeat(1_000))
  await until('it was given one', () => views > 0)
  await other.ask(VIEW)
  // Its own answer, and what fits into the system's buffers.
  expect(views).toBeLessThan(20)
})

test('more drawers than it serves are turned away', async () => {
  const drawers = await Promise.all(Array.from({ length: DESK_CLIENTS_MAX }, async () => client()))
  for (const drawer of drawers) await drawer.ask(VIEW)
  const tooMany = await client()
  await until('one more is turned away', () => tooMany.isClosed())
  drawers[0]?.socket.destroy()
  await until('a place is free', () => drawers[0]?.isClosed() === true)
  const next = await client()
  expect(await next.ask(VIEW)).toHaveLength(1)
})

test('closing ends every connection, and the socket is for its owner only', async () => {
  if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600)
  const drawer = await client()
  await drawer.ask(VIEW)
  await desk.close()
  await until('the connection is ended', () => drawer.isClosed())
  const late = await client()
  await until('nobody is let in any more', () => late.isClosed())
  expect(late.answers()).toEqual([])
})

test('sockets lie in the practice folder while their paths are short enough, and never clash', () => {
  const short = practiceSockets('/srv/till/.practice', 'linux')
  expect(short).toEqual({
    air: '/srv/till/.practice/air.sock',
    desk: '/srv/till/.practice/desk.sock',
    printer: '/srv/till/.practice/printer.sock',
  })
  const deep = `/${'deep/'.repeat(30)}`
  const all = [deep, `${deep}a`].flatMap((one) => Object.values(practiceSockets(one, 'linux')))
  expect(new Set(all).size).toBe(6)
  for (const one of all) expect(Buffer.byteLength(one)).toBeLessThanOrEqual(100)
  for (const one of Object.values(practiceSockets(deep, 'win32'))) expect(one.startsWith('\\\\.\\pipe\\bandtill-')).toBe(true)
})
