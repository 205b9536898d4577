/** Printing as a counter has it: settings in effect at once, papers of both widths through the whole chain, and sales that never wait. */
import { afterEach, expect, test } from 'vitest'
import { type Printer, printerFailure } from '#main/printing/printer.ts'
import type { PrinterSettings } from '#shared/contracts/settings.ts'
import { err, ok } from '#shared/result.ts'
import { PAPER_80 } from '#test/support/collecting-printer.ts'
import { CounterWorld, demand } from '#test/support/counter-world.ts'
import { decodeEscPos, type Paper } from '#test/support/escpos-decoder.ts'
import { signInManager } from '#test/support/staff.ts'
import { until } from '#test/support/until.ts'

let world: CounterWorld
afterEach(async () => world.close())

const inkOf = (paper: Paper) => paper.lines.map(({ text }) => text.replace(/\s/g, '')).join('\n')

async function cashSale() {
  await world.popcorn()
  demand(await world.till.startCash())
  return demand(await world.till.takeCash({ tenderedMinor: 10_000 })).receiptId
}

/** A counter whose printers remember for which settings they were made, and what they printed. */
async function openWith(
  print?: Printer['print'],
): Promise<{ readonly papers: { readonly settings: PrinterSettings; readonly paper: Paper }[] }> {
  const papers: { readonly settings: PrinterSettings; readonly paper: Paper }[] = []
  world = await CounterWorld.build()
  world.hooks.printer = (settings) => ({
    print:
      print ??
      (async (job) => {
        if (!job.begin()) return err(printerFailure('not-counted', 'test'))
        papers.push({ settings, paper: decodeEscPos(job.bytes) })
        return ok()
      }),
    place: () => `${settings.kind} ${settings.paperMm}`,
  })
  await world.start()
  await world.ready()
  return { papers }
}

test('another paper, encoding or place is in effect with the next print, without a restart, and after one', async () => {
  const { papers } = await openWith()
  const first = await cashSale()
  await until('it is printed', () => papers.length === 1)
  await signInManager(world.till)
  const small: PrinterSettings = { ...PAPER_80, kind: 'tcp', host: '192.0.2.7', paperMm: 58, cut: false }
  demand(await world.till.changeSettings({ printer: small }))
  expect(world.state.status.printer.place).toBe('tcp 58')
  demand(await world.till.print({ receiptId: first }))
  demand(await world.till.changeSettings({ printer: { ...small, encoding: 'picture' } }))
  demand(await world.till.print({ receiptId: first }))
  await world.restart()
  demand(await world.till.print({ receiptId: first }))
  expect(world.till.settings().printer).toEqual({ ...small, encoding: 'picture' })
  const [wide, narrow, drawn, again] = papers.map(({ paper }) => paper)
  if (!wide || !narrow || !drawn || !again) throw new Error('four papers')
  const widest = (paper: Paper) => Math.max(...paper.lines.map(({ widthCells }) => widthCells))
  expect([widest(wide), widest(narrow)]).toEqual([48, 32])
  expect([wide.cuts, narrow.cuts]).toEqual([1, 0])
  expect([wide, narrow].map(({ qrCodes }) => qrCodes[0]?.data)).toEqual([wide, wide].map(({ qrCodes }) => qrCodes[0]?.data))
  expect(wide.qrCodes[0]?.data).toMatch(/^bandtill-practice:aurora-1\/A-000001\?head=[0-9a-f]{64}$/)
  expect([drawn, again].map(({ rasters }) => new Set(rasters.map(({ widthDots }) => widthDots)))).toEqual([new Set([384]), new Set([384])])
  for (const paper of [wide, narrow]) expect(inkOf(paper)).toMatch(/极光影城[\s\S]*江畔店[\s\S]*收银员Cashier练习Practice/)
  expect(inkOf(wide)).not.toContain('COPY')
  expect(inkOf(narrow)).toContain('副本1/COPY1')
  expect(demand(await world.till.receipt({ receiptId: first })).prints).toBe(4)
})

test('the test page comes out on the printer as it is set, is no receipt and is not counted', async () => {
  const { papers } = await openWith()
  await signInManager(world.till)
  demand(await world.till.testPrint())
  expect(inkOf(papers[0]?.paper ?? decodeEscPos(new Uint8Array()))).toContain('测试页·TESTPAGE')
  expect(world.store.get('SELECT COUNT(*) AS n FROM print_jobs')).toEqual({ n: 0 })
})

test('a printer that hangs for ever: the sale is over at once, the next one begins, and the words are the cashier’s', async () => {
  let tries = 0
  const never = new Promise<void>(() => {})
  await openWith(async (job) => {
    tries += 1
    job.begin()
    await never
    return ok()
  })
  const first = await cashSale()
  const second = await cashSale()
  expect(await world.settled(await popcornByBand())).toBe('paid')
  expect(world.state.status.printer.jobs).toMatchObject([
    { receiptId: first, printedNumber: 'A-000001', state: 'printing' },
    { receiptId: second, printedNumber: 'A-000002', state: 'waiting' },
  ])
  expect(tries).toBe(1)
  await world.restart()
  // The one that was being printed is for a person to look at; the other one goes on.
  expect(world.state.status.printer.jobs.map(({ state }) => state)).toContain('unknown')
})

async function popcornByBand() {
  await world.popcorn()
  return world.charge()
}

test('no paper: the cashier learns why, and gives the print up', async () => {
  await openWith(async () => err(printerFailure('no-paper', 'test')))
  await cashSale()
  await until('the printer failed', () => world.state.status.printer.state === 'failed')
  expect(world.state.status.printer.trouble).toBe('no-paper')
  const [job] = world.state.status.printer.jobs
  if (!job) throw new Error('one job')
  expect(job).toMatchObject({ state: 'waiting', trouble: 'no-paper', mayBeOut: false, tries: 1 })
  expect(await world.till.retryPrint({ jobId: job.id })).toEqual({
    ok: false,
    error: { code: 'printer-failed', subject: 'no-paper' },
  })
  // A test page does not wait for the printer.
  await signInManager(world.till)
  expect(await world.till.testPrint()).toEqual({ ok: false, error: { code: 'not-printed', subject: 'no-paper' } })
  demand(await world.till.dropPrint({ jobId: job.id }))
  expect(world.state.status.printer).toMatchObject({ state: 'ready', jobs: [] })
  expect(world.warnings.filter(({ message }) => message === 'print-failed').length).toBe(2)
})

test('a disk that fails after the sale: the sale stands, and nothing is printed that was not counted', async () => {
  const { papers } = await openWith()
  await world.popcorn()
  demand(await world.till.startCash())
  const { writes } = world.store
  world.store.isFull = (write) => write > writes + 1
  demand(await world.till.takeCash({ tenderedMinor: 10_000 }))
  expect([papers, world.receiptCount()]).toEqual([[], 1])
  world.store.isFull = () => false
  demand(await world.till.print({ receiptId: world.state.lastReceiptId ?? ('' as never) }))
  expect(inkOf(papers[0]?.paper ?? decodeEscPos(new Uint8Array()))).not.toContain('COPY')
  expect(await world.disagreements()).toEqual([])
})
