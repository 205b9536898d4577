/** Receipts on their way to paper: nothing lost, nothing printed that was not counted, no second original, and no sale that waits. */
import * as fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { PRINT_GIVE_UP_AFTER_MS, PRINT_QUEUE_MAX, PRINT_RETRY_DELAYS_MS } from '#main/printing/print-queue.ts'
import type { PrinterTrouble } from '#shared/contracts/troubles.ts'
import { settled } from '#test/support/manual-clock.ts'
import { until } from '#test/support/until.ts'
import { DeskWorld } from './desk-world.ts'

let world: DeskWorld
afterEach(() => world.close())
const jobs = () => world.desk.status().jobs
const states = () => jobs().map(({ state, tries, trouble, mayBeOut }) => [state, tries, trouble, ...(mayBeOut ? ['may be out'] : [])])
const refused = (subject: PrinterTrouble, code = 'printer-failed') => ({ ok: false, error: { code, subject } })
const NO_PAPER = 'no-paper'

test('a receipt prints at once, is counted once, and leaves the queue', async () => {
  world = await DeskWorld.open()
  const { id } = world.cashSale()
  expect(world.desk.printedOf(id)).toBe('no')
  expect(await world.desk.print(id)).toEqual({ ok: true })
  expect(world.printer.texts()[0]).not.toContain('COPY')
  expect(await world.desk.print(id)).toEqual({ ok: true })
  expect(world.printer.texts()[1]).toContain('COPY 1 / 副本 1')
  expect([world.prints(id), jobs(), world.desk.printedOf(id)]).toEqual([2, [], 'yes'])
  expect(world.rows()).toEqual([0, 1].map((copy) => ({ state: 'printed', copy, tries: 1, detail: '' })))
})

test('out of paper, then refilled: the cashier hears why at once, the receipt waits, and comes as the original it is', async () => {
  world = await DeskWorld.open()
  const { id } = world.cashSale()
  world.printer.before = 'no-paper'
  expect(await world.desk.print(id)).toEqual(refused(NO_PAPER))
  expect(world.desk.status()).toMatchObject({ state: 'failed', trouble: NO_PAPER })
  expect(states()).toEqual([['waiting', 1, NO_PAPER]])
  const triedAfterMs: number[] = []
  let tries = 1
  for (const delayMs of PRINT_RETRY_DELAYS_MS) {
    await world.clock.advance(delayMs - 1)
    expect(world.printer.tries).toBe(tries)
    await world.clock.advance(1)
    tries += 1
    triedAfterMs.push(world.printer.tries)
  }
  expect(triedAfterMs).toEqual([2, 3, 4, 5, 6])
  expect(world.prints(id)).toBe(0)
  world.printer.before = undefined
  await world.clock.advance(30_000)
  expect(world.printer.texts()).toHaveLength(1)
  expect(world.printer.texts()[0]).not.toContain('COPY')
  expect([world.prints(id), jobs(), world.desk.status().state]).toEqual([1, [], 'ready'])
})

test('what was asked for twice while it waits is printed once', async () => {
  world = await DeskWorld.open()
  const { id } = world.cashSale()
  world.printer.before = 'unreachable'
  for (let press = 0; press < 5; press += 1) await world.desk.print(id)
  expect(jobs()).toHaveLength(1)
  world.printer.before = undefined
  await world.clock.advance(1_000)
  expect(world.printer.papers).toHaveLength(1)
})

test('a print that broke off is never repeated by itself: a person looks, and whatever comes next of that receipt is a copy', async () => {
  world = await DeskWorld.open()
  const [first, second] = [world.cashSale(), world.cashSale()]
  world.printer.after = 'no-paper'
  expect(await world.desk.print(first.id)).toEqual(refused(NO_PAPER, 'print-unknown'))
  expect(world.desk.printedOf(first.id)).toBe('unknown')
  world.printer.after = undefined
  await world.clock.advance(PRINT_GIVE_UP_AFTER_MS)
  expect(states()).toEqual([['unknown', 1, NO_PAPER, 'may be out']])
  // It holds nobody up.
  expect(await world.desk.print(second.id)).toEqual({ ok: true })
  expect(world.desk.status().state).toBe('ready')
  expect(await world.desk.retry(jobs()[0]?.id ?? ('' as never))).toEqual({ ok: true })
  expect(world.printer.texts().map((text) => text.includes('COPY 1'))).toEqual([false, false, true])
  expect(new Set(world.printer.papers.map((job) => job.id)).size).toBe(3)
  expect([world.prints(first.id), jobs()]).toEqual([2, []])
})

test('after ten minutes a print waits for the cashier, who has it tried again or gives it up', async () => {
  world = await DeskWorld.open()
  const [first, second] = [world.cashSale(), world.cashSale()]
  world.printer.before = 'cover-open'
  await world.desk.print(first.id)
  await world.desk.print(second.id)
  await world.clock.advance(PRINT_GIVE_UP_AFTER_MS + 30_000)
  expect(jobs().map(({ state }) => state)).toEqual(['failed', 'failed'])
  const { tries } = world.printer
  await world.clock.advance(3_600_000)
  expect(world.printer.tries).toBe(tries)
  const [one, two] = jobs()
  if (!one || !two) throw new Error('two jobs')
  expect(await world.desk.retry(one.id)).toEqual(refused('cover-open'))
  world.printer.before = undefined
  expect(await world.desk.retry(one.id)).toEqual({ ok: true })
  expect(world.desk.drop(two.id)).toEqual({ ok: true })
  expect(world.desk.drop(two.id)).toEqual({ ok: false, error: { code: 'print-job-unknown' } })
  expect(await world.desk.retry(one.id)).toEqual({ ok: false, error: { code: 'print-job-unknown' } })
  expect([jobs(), world.prints(first.id), world.prints(second.id)]).toEqual([[], 1, 0])
  expect(world.rows().at(-1)).toMatchObject({ state: 'dropped' })
})

test('killed while printing: nobody knows, so a person looks; printed again it is a copy', async () => {
  world = await DeskWorld.open()
  const { id } = world.cashSale()
  const { promise, resolve } = Promise.withResolvers<void>()
  world.printer.hold = promise
  void world.desk.print(id)
  await until('it prints', () => jobs()[0]?.state === 'printing')
  const [job] = jobs()
  if (!job) throw new Error('one job')
  expect(world.desk.drop(job.id)).toEqual({ ok: false, error: { code: 'print-job-unknown' } })
  world.printer.hold = undefined
  world.kill()
  expect(states()).toEqual([['unknown', 1, 'till-stopped', 'may be out']])
  expect(world.desk.printedOf(id)).toBe('unknown')
  await world.clock.advance(PRINT_GIVE_UP_AFTER_MS * 2)
  expect(world.printer.papers).toEqual([])
  expect(await world.desk.retry(job.id)).toEqual({ ok: true })
  expect(world.printer.texts()[0]).toContain('COPY 1 / 副本 1')
  expect(world.prints(id)).toBe(2)
  resolve()
})

test('killed before a byte left: young jobs go on by themselves, old ones wait to be asked for', async () => {
  world = await DeskWorld.open()
  world.printer.before = 'unreachable'
  const [old, young] = [world.cashSale(), world.cashSale()]
  await world.desk.print(old.id)
  await world.clock.advance(PRINT_GIVE_UP_AFTER_MS - 1_000)
  await world.desk.print(young.id)
  await world.clock.advance(1_000)
  world.printer.before = undefined
  world.store.isFull = () => true
  world.kill()
  await settled()
  // Even on a disk that refuses every word: what was left is judged, and nothing is printed that cannot be counted.
  expect(jobs().map(({ state }) => state)).toEqual(['failed', 'waiting'])
  expect(world.printer.papers).toEqual([])
  world.store.isFull = () => false
  await world.clock.advance(1_000)
  expect(world.printer.texts()).toHaveLength(1)
  expect([world.prints(old.id), world.prints(young.id)]).toEqual([0, 1])
})

test('a full disk: nothing is printed that is not counted, and it comes when the disk has room', async () => {
  world = await DeskWorld.open()
  const { id } = world.cashSale()
  world.store.isFull = () => true
  expect(await world.desk.print(id)).toMatchObject({ ok: false, error: { code: 'storage-failed' } })
  expect([jobs(), world.printer.tries]).toEqual([[], 0])
  // Full only from the second write on: the job is kept, its count is not.
  const { writes } = world.store
  world.store.isFull = (write) => write > writes + 1
  expect(await world.desk.print(id)).toMatchObject({ ok: false, error: { code: 'storage-failed' } })
  expect([world.printer.tries, world.printer.papers]).toEqual([1, []])
  world.store.isFull = () => false
  await world.clock.advance(1_000)
  expect([world.printer.papers.length, world.prints(id)]).toEqual([1, 1])
})

test('a disk that fills up as the paper comes out: the job is over, and a restart asks about it', async () => {
  world = await DeskWorld.open()
  const { id } = world.cashSale()
  const { writes } = world.store
  world.store.isFull = (write) => write > writes + 2
  expect(await world.desk.print(id)).toEqual({ ok: true })
  expect(jobs()).toEqual([])
  world.store.isFull = () => false
  world.kill()
  expect(jobs().map(({ state }) => state)).toEqual(['unknown'])
})

test('fifty receipts at once: one at a time, in order; then no more, unless one was given up already', async () => {
  world = await DeskWorld.open()
  const sales = Array.from({ length: PRINT_QUEUE_MAX + 1 }, () => world.cashSale())
  const { promise, resolve } = Promise.withResolvers<void>()
  world.printer.hold = promise
  const prints = sales.map(async ({ id }) => world.desk.print(id))
  expect(await prints.at(-1)).toEqual(refused('queue-full', 'not-printed'))
  resolve()
  expect((await Promise.all(prints.slice(0, -1))).every((print) => print.ok)).toBe(true)
  expect(world.printer.runningMax).toBe(1)
  const order = world.printer.texts().map((text) => /[A-Z]-\d{6}/.exec(text)?.[0])
  expect(order).toEqual(sales.slice(0, -1).map((_, index) => `A-${String(index + 1).padStart(6, '0')}`))

  world.printer.before = 'off-line'
  for (const { id } of sales.slice(1)) await world.desk.print(id)
  await world.clock.advance(PRINT_GIVE_UP_AFTER_MS + 30_000)
  expect(jobs()).toHaveLength(PRINT_QUEUE_MAX)
  expect(await world.desk.print(world.cashSale().id)).toEqual(refused('off-line'))
  expect(jobs()).toHaveLength(PRINT_QUEUE_MAX)
})

test('those behind a receipt that cannot be printed are told at once that they wait', async () => {
  world = await DeskWorld.open()
  const [first, second] = [world.cashSale(), world.cashSale()]
  world.printer.before = 'printer-error'
  const both = await Promise.all([world.desk.print(first.id), world.desk.print(second.id)])
  expect(both).toEqual([refused('printer-error'), refused('printer-error')])
  expect(states()).toEqual([
    ['waiting', 1, 'printer-error'],
    ['waiting', 0, undefined],
  ])
})

test('the drawer opens with a sale’s own paper, when that comes at once, and never later by itself', async () => {
  world = await DeskWorld.open()
  const pulses = () => world.printer.papers.map(({ bytes }) => Buffer.from(bytes).includes(Buffer.of(0x1b, 0x70)))
  world.desk.printWithSale(world.cashSale())
  await until('it is printed', () => world.printer.papers.length === 1)
  await world.desk.print(world.cashSale().id)
  world.printer.before = 'no-paper'
  world.desk.printWithSale(world.cashSale())
  await world.clock.advance(18_000)
  world.printer.before = undefined
  await world.clock.advance(30_000)
  expect(pulses()).toEqual([true, false, false])
})

test('a driver that throws, or never says that it began, is a failure with a code', async () => {
  world = await DeskWorld.open()
  const { id } = world.cashSale()
  world.printer.print = async () => Promise.reject(new TypeError('secret path'))
  expect(await world.desk.print(id)).toEqual(refused('driver-failed'))
  world.printer.print = async () => ({ ok: true, value: undefined })
  expect(await world.desk.print(id)).toEqual(refused('driver-failed'))
  expect(JSON.stringify(world.faults)).not.toContain('secret path')
  expect(world.prints(id)).toBe(0)
})

test('the end of the program waits a moment for the paper under way, and leaves the rest for the next start', async () => {
  world = await DeskWorld.open()
  const [first, second] = [world.cashSale(), world.cashSale()]
  const { promise, resolve } = Promise.withResolvers<void>()
  world.printer.hold = promise
  const prints = [world.desk.print(first.id), world.desk.print(second.id)]
  await until('it prints', () => jobs()[0]?.state === 'printing')
  const stopped = world.desk.stop()
  resolve()
  await stopped
  expect((await Promise.all(prints)).map((print) => print.ok)).toEqual([true, false])
  expect(world.rows()).toMatchObject([{ state: 'printed' }, { state: 'waiting' }])
  world.kill()
  await until('the other one is printed', () => world.printer.papers.length === 2)
})

test('a printer that hangs does not hang the end of the program, and writes nothing after it', async () => {
  world = await DeskWorld.open()
  const { promise, resolve } = Promise.withResolvers<void>()
  world.printer.hold = promise
  const print = world.desk.print(world.cashSale().id)
  await until('it prints', () => jobs()[0]?.state === 'printing')
  const stopped = world.desk.stop()
  await world.clock.advance(500)
  await stopped
  expect(await print).toEqual(refused('till-stopped', 'print-unknown'))
  const { writes } = world.store
  resolve()
  await settled()
  expect(world.store.writes).toBe(writes)
  expect(world.rows()).toMatchObject([{ state: 'printing' }])
})

test('whatever happens in whatever order: one paper without COPY per receipt at most, none uncounted, none that nobody asked for', async () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('print' as const), sale: fc.nat(2) }),
    fc.record({ do: fc.constantFrom('retry' as const, 'drop' as const), job: fc.nat(3) }),
    fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(500, 1_000, 30_000, 700_000) }),
    fc.record({ do: fc.constant('printer' as const), before: fc.boolean(), after: fc.boolean() }),
    fc.record({ do: fc.constant('disk' as const), full: fc.boolean() }),
    fc.record({ do: fc.constant('kill' as const) }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      world = await DeskWorld.open()
      const sales = [world.cashSale(), world.bandSale(), world.cashSale()]
      const asks = new Map<string, number>()
      const asked = (id: string) => asks.set(id, (asks.get(id) ?? 0) + 1)
      for (const next of steps) {
        const job = 'job' in next ? jobs()[next.job] : undefined
        if (next.do === 'print') asked(sales[next.sale]?.id ?? '')
        if (next.do === 'retry' && job) asked(job.receiptId)
        if (next.do === 'print') await world.desk.print(sales[next.sale]?.id ?? ('' as never))
        else if (next.do === 'retry' && job) await world.desk.retry(job.id)
        else if (next.do === 'drop' && job) world.desk.drop(job.id)
        else if (next.do === 'wait') await world.clock.advance(next.ms)
        else if (next.do === 'printer')
          Object.assign(world.printer, { before: next.before ? 'no-paper' : undefined, after: next.after ? 'silent' : undefined })
        else if (next.do === 'disk') world.store.isFull = () => next.full
        else if (next.do === 'kill') world.kill()
        await settled()
      }
      const texts = world.printer.texts()
      for (const { id, number } of sales) {
        const own = texts.filter((text) => text.includes(`A-${String(number).padStart(6, '0')}`))
        expect(own.filter((text) => !text.includes('COPY')).length).toBeLessThanOrEqual(1)
        expect(own.length).toBe(world.prints(id))
        expect(own.length).toBeLessThanOrEqual(asks.get(id) ?? 0)
        const copies = own.flatMap((text) => /COPY (\d+)/.exec(text)?.[1] ?? [])
        expect(new Set(copies).size).toBe(copies.length)
      }
      world.close()
    }),
    { numRuns: 12 },
  )
  world = await DeskWorld.open()
})
