/**
 * The disk fails at the n-th thing a sale writes, for every n once and for every second n from then on (of the sales that write much the same,
 * for every third and fourth), full, read-only or with an I/O error: each time the sale is refused or complete, and never half; and when the disk works again, so does the next sale.
 *
 * The fault is SQLite's own error, thrown where a statement or a commit would throw it, above the real store and its real file: what the
 * system does below SQLite is the business of test/main/ledger/full-disk.test.ts and test/main/store/power-cuts.test.ts. The three kinds
 * differ in their code alone: they take turns, and each sale meets all of them many times.
 */
import { afterEach, expect, test } from 'vitest'
import { ADVERT_INTERVAL_MS } from '#reference/practice/air.ts'
import { disagreementsOfTerminal } from '#test/support/agreement.ts'
import { CounterWorld, demand } from '#test/support/counter-world.ts'
import { type DiskFault, DiskFaults, FailingDisk } from '#test/support/disk.ts'

let world: CounterWorld
const disk = new DiskFaults()
afterEach(async () => {
  disk.mend()
  await world.close()
})

const CASH_MINOR = 100_000
const ROWS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
const SEATS = 12
const FAULTS: readonly DiskFault[] = ['full', 'read-only', 'input-output']
/** More than any of these sales writes. */
const WRITES_MAX = 200
const TIMEOUT_MS = 120_000

/** What a cashier does, taking every refusal for what it is. */
type Sale = (seat: string) => Promise<void>

async function fill(seat: string): Promise<void> {
  await world.till.nextSale()
  await world.seats(seat)
  await world.till.setProduct({ productId: 'popcorn', quantity: 1 })
}

/** Charges the band, and waits until the payment has ended or the till says that the disk stands in its way. */
async function pay(until: 'ended' | 'sent'): Promise<void> {
  const charged = await world.till.chargeBand({ sightingId: await world.sightingOf() })
  if (!charged.ok) return
  const { requestId } = charged.value
  const isStuck = () => {
    const { payment } = world
    return payment?.tender === 'band' && (payment.state === 'in-doubt' || payment.refusal?.code === 'storage-failed')
  }
  const open = until === 'sent' ? ['prepared'] : ['prepared', 'sent']
  await world.until('the attempt rests', () => !open.includes(world.attemptState(requestId)) || isStuck())
}

const sales: Record<string, Sale> = {
  'paid by band, printed, void': async (seat) => {
    await fill(seat)
    await pay('ended')
    const { lastReceiptId } = world.state
    if (!lastReceiptId) return
    await world.till.print({ receiptId: lastReceiptId })
    await world.till.voidSale({ receiptId: lastReceiptId })
  },
  'paid in cash': async (seat) => {
    await fill(seat)
    const started = await world.till.startCash()
    if (started.ok) await world.till.takeCash({ tenderedMinor: CASH_MINOR })
  },
  'cancelled, then cash': async (seat) => {
    await fill(seat)
    world.customer().set({ unlocks: true, confirmAbove: 0, confirms: 'never' })
    await pay('sent')
    await world.till.cancelPayment()
    world.customer().set({ unlocks: true, confirmAbove: 200_000, confirms: 'yes' })
    const started = await world.till.startCash()
    if (started.ok) await world.till.takeCash({ tenderedMinor: CASH_MINOR })
  },
}

/** With the disk mended and the till started anew, whatever is open ends, and both sides agree. */
async function aftermath(): Promise<void> {
  expect(disagreementsOfTerminal(world.store)).toEqual([])
  disk.mend()
  await world.restart()
  await world.until('the radio scans', () => world.state.status.radio.state === 'scanning')
  // Nobody waits for the next advert.
  world.clock.advance(ADVERT_INTERVAL_MS)
  await world.until('bands are heard', () => world.state.bands.length > 0)
  await world.until(
    'what was interrupted may be ended',
    () => world.state.interrupted?.canUndo !== false || world.state.interrupted.canFinish,
  )
  if (world.state.interrupted) await world.till.undoInterrupted()
  if (world.payment) await world.till.cancelPayment()
  world.clock.advance(20_000)
  await world.until('nothing is open', () => world.state.status.inDoubt === 0 && world.state.cart.state === 'open')
  expect(await world.disagreements()).toEqual([])
  if (world.state.cart.lines.length > 0) demand(await world.till.clearCart())
}

const LOOPS = Object.keys(sales).flatMap((name, place) => [
  // The first sale meets every write; the others have most of theirs in common with it.
  { name, lasts: 'once', first: place, step: place === 0 ? 1 : 3 },
  // Of two neighbours, one failing for good leaves what the other leaves: nothing after it is written.
  { name, lasts: 'from then on', first: place + 1, step: place === 0 ? 2 : 4 },
])

test.each(LOOPS)(
  '$name: write after write, $lasts, never half',
  async ({ name, lasts, first, step }) => {
    world = await CounterWorld.build({ seats: { rows: ROWS.length, seats: SEATS } })
    world.hooks.store = (store) => new FailingDisk(store, disk)
    await world.start()
    await world.ready()
    let n = 1
    for (; n < WRITES_MAX; n += step) {
      disk.failAt(n, FAULTS[(n + first) % FAULTS.length] ?? 'full', lasts === 'from then on')
      await sales[name]?.(`${ROWS[n % ROWS.length]}${1 + (Math.floor(n / ROWS.length) % SEATS)}`)
      const isUntouched = disk.met === 0
      await aftermath()
      if (isUntouched) break
    }
    // The last one went through without meeting the fault: every write of such a sale has failed once before.
    expect(n).toBeGreaterThan(20)
    expect(n).toBeLessThan(WRITES_MAX)
    // And now, on a disk that works, one more.
    const before = world.receiptCount()
    await world.popcorn()
    expect(await world.settled(await world.charge())).toBe('paid')
    expect(world.receiptCount()).toBe(before + 1)
    expect(await world.disagreements()).toEqual([])
    expect(world.warnings.filter(({ message }) => message === 'bug')).toEqual([])
  },
  TIMEOUT_MS,
)
