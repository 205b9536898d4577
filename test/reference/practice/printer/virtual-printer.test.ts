import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  CONNECTIONS_MAX,
  HELD_MAX_BYTES,
  PAPER_SILENCE_MS,
  PAPERS_MAX,
  VirtualPrinter,
} from '#reference/practice/printer/virtual-printer.ts'
import { practiceView } from '#shared/contracts/practice-desk.ts'
import { ManualClock, settled } from '#test/support/manual-clock.ts'
import { until } from '#test/support/until.ts'

let folder = ''
let path = ''
let clock: ManualClock
let printer: VirtualPrinter
let faults: string[]
const sockets: Socket[] = []

async function start(): Promise<VirtualPrinter> {
  const listening = await VirtualPrinter.listen(path, { clock, onFault: (detail) => faults.push(detail) })
  if (!listening.ok) throw new Error(listening.error)
  return listening.value
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bandtill-printer-'))
  path = join(folder, 'printer.sock')
  clock = new ManualClock()
  faults = []
  printer = await start()
})
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await printer.close()
  rmSync(folder, { recursive: true, force: true })
  expect(faults).toEqual([])
})

/** A till's line to the printer, with what came back on it. */
async function line() {
  const socket = connect(path)
  sockets.push(socket)
  const answers: number[] = []
  let state: 'opening' | 'open' | 'closed' = 'opening'
  socket.on('connect', () => (state = 'open'))
  socket.on('data', (bytes) => answers.push(...bytes))
  socket.on('error', () => undefined)
  socket.on('close', () => (state = 'closed'))
  await until('the line is open or refused', () => state !== 'opening')
  const ask = async (...what: readonly number[]): Promise<readonly number[]> => {
    const from = answers.length
    socket.write(Buffer.from(what.flatMap((n) => [0x10, 0x04, n])))
    await until('the printer answers', () => answers.length >= from + what.length)
    return answers.slice(from)
  }
  return { socket, answers, ask, write: (text: string) => socket.write(Buffer.from(text, 'latin1')), state: () => state }
}

const CUT = '\u001dV\u0000'
const papers = () => printer.view().papers
const texts = () => papers().map(({ text }) => text)

test('ready, it says so to each of the four questions, and to no other', async () => {
  const till = await line()
  expect(await till.ask(1, 2, 3, 4)).toEqual([0x12, 0x12, 0x12, 0x12])
  till.write('\u0010\u0004\u0009')
  expect(await till.ask(1)).toEqual([0x12])
})

test('a cut ends a paper; the drawer is noted; the next paper is another', async () => {
  const till = await line()
  till.write(`\u001b@\u001bp\u0000\u0019\u00fafirst\n${CUT}second\n${CUT}`)
  await until('both papers are out', () => papers().length === 2)
  expect(papers()).toMatchObject([
    { id: 1, text: 'first', cut: true, drawerOpened: true, at: new Date(clock.nowMs()).toISOString() },
    { id: 2, text: 'second', cut: true, drawerOpened: false },
  ])
  expect(practiceView.shape.printer.safeParse(printer.view()).success).toBe(true)
})

test('without a cut, a second of silence ends a paper, and so does the end of the connection', async () => {
  const till = await line()
  till.write('slow\n')
  await till.ask(1)
  await clock.advance(PAPER_SILENCE_MS - 1)
  till.write('but still the same\n')
  await till.ask(1)
  await clock.advance(PAPER_SILENCE_MS - 1)
  expect(papers()).toEqual([])
  await clock.advance(1)
  await until('the paper is out', () => papers().length === 1)
  till.write('not ended')
  await till.ask(1)
  till.socket.end()
  await until('the rest is out', () => papers().length === 2)
  expect(texts()).toEqual(['slow\nbut still the same', 'not ended'])
  expect(papers().map(({ cut }) => cut)).toEqual([false, false])
})

test('a question for its status is no paper', async () => {
  const till = await line()
  await till.ask(1, 2, 4)
  till.write('\u001b@')
  till.socket.end()
  await until('the line is closed', () => till.state() === 'closed')
  await clock.advance(PAPER_SILENCE_MS)
  expect(papers()).toEqual([])
})

test('out of paper it says so in the middle of a receipt, and with new paper the receipt is completed', async () => {
  const till = await line()
  till.write('\u001b@one\n')
  await till.ask(1)
  await printer.set({ paper: false })
  expect(printer.view()).toMatchObject({ paper: false, online: true })
  till.write(`two\n${CUT}`)
  expect(await till.ask(1, 2, 3, 4)).toEqual([0x1a, 0x32, 0x12, 0x7e])
  await clock.advance(PAPER_SILENCE_MS * 5)
  expect(papers()).toEqual([])
  await printer.set({ paper: true })
  await until('the paper is out', () => papers().length === 1)
  expect(papers()).toMatchObject([{ text: 'one\ntwo', cut: true }])
  expect(await till.ask(1, 2, 4)).toEqual([0x12, 0x12, 0x12])
})

test('what waits for paper is printed even when the till has gone', async () => {
  await printer.set({ paper: false })
  const till = await line()
  till.write(`waiting\n${CUT}`)
  await till.ask(4)
  till.socket.end()
  await until('the line is closed', () => till.state() === 'closed')
  await printer.set({ paper: true })
  await until('the paper is out', () => papers().length === 1)
  expect(texts()).toEqual(['waiting'])
})

test('more than its memory holds is not read until there is paper again', async () => {
  await printer.set({ paper: false })
  const till = await line()
  const raster = Buffer.concat([Buffer.from('\u001dv0\u0000\u0048\u0000\u00e8\u0003', 'latin1'), Buffer.alloc(72_000)])
  const count = Math.ceil((HELD_MAX_BYTES * 3) / raster.length)
  let taken = 0
  const sendNext = () => {
    if (taken === count) till.write(CUT)
    else
      till.socket.write(raster, () => {
        taken += 1
        sendNext()
      })
  }
  sendNext()
  await until('its memory is full', () => taken * raster.length >= HELD_MAX_BYTES)
  for (let turn = 0; turn < 500; turn += 1) await settled()
  expect(taken).toBeLessThan(count)
  await printer.set({ paper: true })
  await until('it takes the rest and cuts', () => papers().length === 1)
  expect(taken).toBe(count)
})

test('switched off, it is not there; on again, what it had in memory is gone and the rest works', async () => {
  await printer.set({ paper: false })
  const till = await line()
  till.write(`lost\n${CUT}`)
  await till.ask(1)
  await printer.set({ online: false })
  await until('the line is cut', () => till.state() === 'closed')
  expect((await line()).state()).toBe('closed')
  expect(printer.view()).toMatchObject({ paper: false, online: false })
  // As fast as fingers can: each in its turn, and the last one counts.
  await Promise.all([printer.set({ online: true }), printer.set({ online: false })])
  expect(printer.view().online).toBe(false)
  await Promise.all([printer.set({ online: false }), printer.set({ online: true, paper: true })])
  const again = await line()
  again.write(`kept\n${CUT}`)
  await until('the paper is out', () => papers().length === 1)
  expect(texts()).toEqual(['kept'])
})

test('two tills printing at once get a paper each', async () => {
  const [a, b] = [await line(), await line()]
  a.write('from a, ')
  b.write('from b, ')
  await Promise.all([a.ask(1), b.ask(1)])
  a.write(`and all of it\n${CUT}`)
  b.write(`and all of it\n${CUT}`)
  await until('both are out', () => papers().length === 2)
  expect(new Set(texts())).toEqual(new Set(['from a, and all of it', 'from b, and all of it']))
})

test('it keeps the last ten papers, and serves no more tills than it can', async () => {
  const till = await line()
  for (let paper = 1; paper <= PAPERS_MAX + 2; paper += 1) {
    till.write(`paper ${paper}\n${CUT}`)
    await until(`paper ${paper} is out`, () => papers().at(-1)?.id === paper)
  }
  expect(papers().map(({ id }) => id)).toEqual(Array.from({ length: PAPERS_MAX }, (_, index) => index + 3))
  for (let more = 1; more < CONNECTIONS_MAX; more += 1) expect(await (await line()).ask(1)).toEqual([0x12])
  const tooMany = await line()
  await until('one more is turned away', () => tooMany.state() === 'closed')
  expect(await till.ask(1)).toEqual([0x12])
})

test('its socket is for its owner only, and one left behind by a killed world is taken over', async () => {
  if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600)
  await printer.close()
  writeFileSync(path, 'left behind')
  printer = await start()
  expect(await (await line()).ask(1)).toEqual([0x12])
})

test('a path that is too long is refused', async () => {
  const listening = await VirtualPrinter.listen(join(folder, 'x'.repeat(200)), { clock, onFault: () => undefined })
  expect(listening).toEqual({ ok: false, error: 'cannot-listen' })
})
