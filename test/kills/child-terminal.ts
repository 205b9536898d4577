/**
 * A terminal's whole process, to be killed: the real terminal over a real file, working through a day at the counter. What it was told is
 * done it says on stdout, in one write, after the fact.
 */
import { writeSync } from 'node:fs'
import { join } from 'node:path'
import { openFileKeys } from '#main/hosting/file-keys.ts'
import { openStore } from '#main/store/open-store.ts'
import { ADVERT_INTERVAL_MS } from '#reference/practice/air.ts'
import { fromBase64Url } from '#shared/contracts/bytes.ts'
import type { Till } from '#shared/contracts/till.ts'
import type { ReceiptId, SeatId } from '#shared/domain/ids.ts'
import { collectingPrinter } from '#test/support/collecting-printer.ts'
import { composeTerminal } from '#test/support/compose-terminal.ts'
import { demand, PAYER, SHOW } from '#test/support/counter-world.ts'
import { until } from '#test/support/until.ts'
import { WarpClock } from '#test/support/warp-clock.ts'
import type { Go, ToChild, ToParent } from './messages.ts'
import { SuicidalStore } from './suicidal-store.ts'

const OPEN = "SELECT request_id AS id FROM attempts WHERE state IN ('prepared', 'sent', 'in-doubt')"
const LEAP_MS = 5_000
const LEAPS_MAX = 60
const CASH_MINOR = 100_000

const say = (line: string) => writeSync(1, `${line}\n`)
let answered = Promise.withResolvers<void>()

/** Asks something of the world, and waits until it is done. */
async function ask(what: ToParent): Promise<void> {
  answered = Promise.withResolvers<void>()
  process.send?.(what)
  await answered.promise
}

class Life {
  readonly #clock = new WarpClock()
  readonly #go: Go
  #store: SuicidalStore | undefined
  #till: Till | undefined
  #stop: () => Promise<void> = async () => {}

  constructor(go: Go) {
    this.#go = go
  }

  async begin(): Promise<void> {
    const { folder, rootPoint, killAt, offsetMs } = this.#go
    this.#clock.advance(offsetMs)
    const opened = demand(openStore({ file: join(folder, 'terminal.sqlite') }))
    this.#store = new SuicidalStore(opened, killAt, say)
    const terminal = demand(
      await composeTerminal({
        ...this.#go,
        store: this.#store,
        clock: this.#clock,
        keys: demand(await openFileKeys(folder)),
        printer: collectingPrinter([]),
        rootPoint: fromBase64Url(rootPoint) ?? new Uint8Array(),
        log: { warn: (message) => message === 'bug' && say('bug') },
      }),
    )
    this.#till = terminal.till
    this.#stop = async () => terminal.stop()
    terminal.start()
    await this.#settleOld()
    say('started')
  }

  async day(): Promise<void> {
    const { till } = this
    const sale = await this.#bandSale('paid')
    if (sale) demand(await till.print({ receiptId: sale }))
    await this.#cashSale()
    if (sale) await this.#void(sale)
    await this.#cancelledSale()
    await ask({ type: 'cut-next-answer' })
    await this.#bandSale('in doubt')
    await until('the outbox is empty', () => till.state().status.outbox.pending === 0)
    say('day done')
  }

  async end(): Promise<void> {
    await this.#stop()
    say('ended')
  }

  get till(): Till {
    if (!this.#till) throw new Error('not begun')
    return this.#till
  }

  /** What an earlier life left open is finished, undone, or left alone until the till itself puts an end to it. */
  async #settleOld(): Promise<void> {
    const { till } = this
    await until('the radio scans', () => till.state().status.radio.state === 'scanning')
    // Nobody waits for the next advert.
    await ask({ type: 'leap', ms: ADVERT_INTERVAL_MS })
    this.#clock.advance(ADVERT_INTERVAL_MS)
    await until('a programme and a band', () => till.programme().version !== 'none' && till.state().bands.length > 0)
    const { interrupted } = this.#go
    await until('the sale may be ended', () => till.state().interrupted?.canUndo !== false || till.state().interrupted?.canFinish === true)
    if (till.state().interrupted && interrupted !== 'leave')
      await (interrupted === 'finish' ? till.finishInterrupted() : till.undoInterrupted())
    await this.#ended()
  }

  async #ended(): Promise<void> {
    for (let leaps = 0; this.#isOpen(); leaps += 1) {
      if (leaps > LEAPS_MAX) throw new Error(`still open: ${JSON.stringify(this.till.state().payment)}`)
      await this.#leap()
    }
  }

  async #leap(): Promise<void> {
    await ask({ type: 'leap', ms: LEAP_MS })
    this.#clock.advance(LEAP_MS)
    for (let turns = 0; turns < 4 && this.#isOpen(); turns += 1) await new Promise((resolve) => setTimeout(resolve, 2))
  }

  #isOpen(): boolean {
    return this.#store?.get(OPEN) !== undefined
  }

  async #fill(seat?: string): Promise<void> {
    const { till } = this
    await till.nextSale()
    await till.clearCart()
    if (seat) await till.setSeats({ showtimeId: SHOW, seats: [{ seat: seat as SeatId, ticketTypeId: 'adult' }] })
    demand(await till.setProduct({ productId: 'popcorn', quantity: 1 }))
  }

  async #bandSale(what: string): Promise<ReceiptId | undefined> {
    const { till } = this
    await this.#fill(what === 'paid' ? this.#go.seat : undefined)
    await until('a band is heard', () => till.state().bands.length > 0)
    const [band] = till.state().bands
    if (!band) return undefined
    demand(await till.chargeBand({ sightingId: band.id }))
    const isAtRest = () => !this.#isOpen() || till.state().payment?.state === 'in-doubt'
    await until('the payment rests', isAtRest)
    await this.#ended()
    const receiptId = till.state().lastReceiptId
    if (receiptId) say(`paid ${receiptId}`)
    return receiptId
  }

  async #cashSale(): Promise<void> {
    await this.#fill()
    demand(await this.till.startCash())
    const { receiptId } = demand(await this.till.takeCash({ tenderedMinor: CASH_MINOR }))
    say(`paid ${receiptId}`)
  }

  async #void(receiptId: ReceiptId): Promise<void> {
    await this.till.nextSale()
    const voided = await this.till.voidSale({ receiptId })
    if (voided.ok) say(`paid ${voided.value.receiptId}`)
  }

  async #cancelledSale(): Promise<void> {
    const { till } = this
    await ask({ type: 'customer', change: { unlocks: true, confirmAbove: 0, confirms: 'never' } })
    await this.#fill()
    await until('a band is heard', () => till.state().bands.length > 0)
    const [band] = till.state().bands
    if (band) {
      const { requestId } = demand(await till.chargeBand({ sightingId: band.id }))
      await until('it is sent or over', () => till.state().payment?.state !== 'prepared')
      const cancelled = await till.cancelPayment()
      if (cancelled.ok) say(`cancelled ${requestId}`)
    }
    await ask({ type: 'customer', change: { unlocks: true, confirmAbove: PAYER.confirmAbove, confirms: 'yes' } })
  }
}

let life: Life | undefined

async function live(go: Go): Promise<void> {
  life = new Life(go)
  await life.begin()
  await life.day()
}

process.on('message', (message: ToChild) => {
  switch (message.type) {
    case 'go':
      live(message).catch((error: unknown) => {
        say(`failed ${String(error)}`)
        process.exit(1)
      })
      return
    case 'done':
      answered.resolve()
      return
    case 'stop':
      void life?.end().finally(() => process.exit(0))
  }
})
// Whoever started us is gone: nobody will look at what we leave.
process.on('disconnect', () => process.exit(1))
