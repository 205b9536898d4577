/** The counter group: a sale from tap to receipt through the real processes, and the ledger against a bare database. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { assert } from '#shared/assert.ts'
import { bandAtCounter, enterTill, expectDone, type ScriptCashier } from '../counter/script-cashier.ts'
import { makeScreens, Stack } from '../counter/stack.ts'
import { measureLedger } from './ledger-bench.ts'
import { type Figures, percentile, rounded } from './statistics.ts'

/** How often each thing is done. `warmUp`: sales before counting begins, since the first of a day runs code not yet compiled. */
type Samples = { readonly [what in 'sales' | 'warmUp' | 'modelled' | 'receipts' | 'starts' | 'ledgerRounds']: number }
const USUAL: Samples = { sales: 300, warmUp: 10, modelled: 60, receipts: 10_000, starts: 5, ledgerRounds: 20 }
/** Enough to see that everything is measured; the figures say nothing. */
const QUICK: Samples = { sales: 3, warmUp: 0, modelled: 2, receipts: 20, starts: 1, ledgerRounds: 1 }
/** The counter's usual radio and network (design's model): connection interval, phone round trip, backend round trip. */
const MODEL = { intervalMs: 15, phoneMs: 60, backendMs: 40 } as const

type Say = (line: string) => void

export async function benchCounter(say: Say, isQuick: boolean): Promise<Figures> {
  const { sales, warmUp, modelled: modelledSales, receipts, starts, ledgerRounds } = isQuick ? QUICK : USUAL
  await makeScreens(say)
  const ledger = await measureLedger(say, ledgerRounds)
  const direct = await withCounter({ intervalMs: 0, phoneMs: 0, backendMs: 0 }, async (stack, cashier) => {
    say(`${sales} band sales, radio delay zero`)
    await sellRepeatedly(cashier, warmUp)
    const times = await sellRepeatedly(cashier, sales)
    const radio = lastRadioFigures(stack)
    say(`${receipts} receipts, for the terminal's memory`)
    const rss = await memoryAfter(stack, cashier, receipts)
    say(`${starts} starts of the terminal`)
    return { times, radio, rss, readyMs: await readyTimes(stack, cashier, starts) }
  })
  say(`${modelledSales} band sales, modelled radio and network`)
  const modelled = await withCounter(MODEL, async (_stack, cashier) => sellRepeatedly(cashier, modelledSales))
  return {
    tap_to_receipt_ms_p99: rounded(percentile(direct.times, 0.99)),
    tap_to_receipt_modelled_ms_p50: rounded(percentile(modelled, 0.5)),
    tap_to_receipt_modelled_ms_p95: rounded(percentile(modelled, 0.95)),
    ...direct.radio,
    ledger_commit_ratio: rounded(ledger.ratio),
    receipt_commit_ms_p99: rounded(ledger.commitMsP99),
    terminal_rss_mb_after_10k: rounded(direct.rss),
    ready_ms: rounded(percentile(direct.readyMs, 0.5)),
  }
}

async function withCounter<T>(
  model: { readonly intervalMs: number; readonly phoneMs: number; readonly backendMs: number },
  measure: (stack: Stack, cashier: ScriptCashier) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'bandtill-bench-'))
  const stack = new Stack({ folder, intervalMs: model.intervalMs })
  try {
    await stack.start()
    await stack.untilReachable(['rich'])
    await stack.sendAllAway()
    await stack.bringToCounter('rich')
    await stack.tellWorld({ type: 'set', customer: 'rich', phoneDelayMs: model.phoneMs, networkDelayMs: model.backendMs })
    const cashier = await enterTill(stack.terminal.address)
    try {
      await cashier.until(
        'a working counter',
        ({ status, programmeVersion }) => status.backend.state === 'online' && programmeVersion !== 'none',
      )
      return await measure(stack, cashier)
    } finally {
      cashier.close()
    }
  } finally {
    await stack.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Milliseconds from the tap on Charge to the receipt on the screen, sale after sale. */
async function sellRepeatedly(cashier: ScriptCashier, count: number): Promise<number[]> {
  const times: number[] = []
  const productId = await cheapestProduct(cashier)
  while (times.length < count) {
    expectDone('a line', await cashier.till.setProduct.mutate({ productId, quantity: 1 }))
    // As at a counter, one sale has reached the backend before the next customer is charged.
    await cashier.until('an empty outbox', ({ status }) => status.outbox.pending === 0)
    const band = bandAtCounter(await cashier.until('the band at the counter', (state) => bandAtCounter(state) !== undefined))
    assert(band, 'a band is at the counter')
    const before = cashier.state().lastReceiptId
    const startedMs = performance.now()
    const { requestId } = expectDone('charging', await cashier.till.chargeBand.mutate({ sightingId: band.id }))
    const ended = await cashier.until('the end of the payment', ({ lastReceiptId, payment }) => {
      const isPaid = lastReceiptId !== undefined && lastReceiptId !== before
      return isPaid || (payment?.requestId === requestId && payment.state === 'not-asked')
    })
    if (ended.lastReceiptId !== undefined && ended.lastReceiptId !== before) times.push(performance.now() - startedMs)
    else {
      // A band takes a few sessions a second; one that says busy is asked again, and that time is not counted.
      assert(ended.payment?.tender === 'band' && ended.payment.reason === 'busy', `a sale ended as ${JSON.stringify(ended.payment)}`)
      await new Promise((resolve) => setTimeout(resolve, BUSY_PAUSE_MS))
    }
    expectDone('the next sale', await cashier.till.nextSale.mutate())
  }
  return times
}
const BUSY_PAUSE_MS = 500

async function cheapestProduct(cashier: ScriptCashier): Promise<string> {
  const { products } = await cashier.till.programme.query()
  const [first] = products.toSorted((a, b) => a.price.amount - b.price.amount)
  assert(first, 'the site sells something')
  return first.id
}

/** What the radio did for the last band sale, as the terminal recorded it. */
function lastRadioFigures(stack: Stack): Figures {
  const database = new Database(join(stack.folderOf('terminal'), 'terminal.sqlite'), { readonly: true })
  const row = database
    .prepare(
      "SELECT att_requests, request_segments, request_bytes FROM attempts WHERE state = 'paid' AND tender = 'band' ORDER BY created_at DESC LIMIT 1",
    )
    .get() as Figures
  database.close()
  return row
}

/** Resident memory of the terminal process after this many more receipts, megabytes. */
async function memoryAfter(stack: Stack, cashier: ScriptCashier, receipts: number): Promise<number> {
  const productId = await cheapestProduct(cashier)
  for (let sold = 0; sold < receipts; sold += 1) {
    expectDone('a line', await cashier.till.setProduct.mutate({ productId, quantity: 1 }))
    expectDone('the cash panel', await cashier.till.startCash.mutate())
    expectDone('cash', await cashier.till.takeCash.mutate({ tenderedMinor: 100_000 }))
  }
  return residentMb(stack.terminal.pid)
}

/** Linux only: elsewhere there is no such file, and the figure is not a number. */
function residentMb(pid: number): number {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return Number(kilobytes) / 1024
  } catch {
    return Number.NaN
  }
}

/** From starting the process to a terminal that answers, with ten thousand receipts on file. */
async function readyTimes(stack: Stack, cashier: ScriptCashier, starts: number): Promise<number[]> {
  cashier.close()
  const times: number[] = []
  for (let start = 0; start < starts; start += 1) {
    await stack.terminal.part.stop()
    const startedMs = performance.now()
    await stack.startTerminal()
    times.push(performance.now() - startedMs)
  }
  return times
}
