/** A cashier at one till on a bad day: sells, waits, loses patience, cancels, takes cash instead, pulls the plug, starts again. */
import type { Refused } from '#shared/contracts/till.ts'
import type { RequestId } from '#shared/domain/ids.ts'
import type { Result } from '#shared/result.ts'
import type { CounterWorld } from '#test/support/counter-world.ts'
import type { Seeded } from '#test/support/seeded.ts'
import type { BadTimes } from './bad-times.ts'
import type { Books } from './books.ts'
import type { Pace } from './pace.ts'

export const ROWS = 10
export const SEATS = 20
const CASH_MINOR = 100_000
/** How long a cashier watches a payment, in the world's time, before doing something about it. */
const PATIENCE_MS = [500, 3_000, 20_000, 120_000] as const
/** Anything ends in this time once everything works: the longest wait of a till is 90 s, its longest pause between questions 60 s. */
const CALM_MS = 20 * 60_000
/** Things that happen between one act and a disturbance: up to what a payment by band takes. */
const HAPPENINGS_MAX = 32
/** How long a cashier watches the bands being asked, in the world's time. */
const KNOCK_PATIENCE_MS = [1_000, 5_000, 20_000] as const
const MANNERS = ['patient', 'patient', 'cancels', 'cancels-and-cash', 'cancels-and-cash', 'cash', 'twice', 'wrong-person'] as const
/** Mostly the nearest band, which the till shows first, is charged: whoever picks one behind it is asked to have it knock, which takes long. */
const ANY_BAND_ONE_IN = 8
const DISTURBANCES = [...Array.from({ length: 12 }, () => 'none' as const), 'restart', 'power', 'links', 'backend', 'clock'] as const

export type Counter = {
  readonly world: CounterWorld
  readonly pace: Pace
  readonly seeded: Seeded
  readonly bad: BadTimes
  readonly books: Books
  /** Only one till may pull everybody's plug. */
  readonly mayStopBackend: boolean
}

const UNSENT = 'SELECT 1 FROM outbox WHERE acked_at IS NULL LIMIT 1'
const OPEN = "SELECT request_id AS id, tender, state FROM attempts WHERE state IN ('prepared', 'sent', 'in-doubt')"

export class Cashier {
  readonly #counter: Counter
  kills = 0

  constructor(counter: Counter) {
    this.#counter = counter
  }

  /** One customer, from the first item to an end of some kind. */
  async serve(): Promise<void> {
    const { seeded } = this.#counter
    await this.#fillCart()
    const manner = seeded.pick(MANNERS)
    if (manner === 'cash') await this.#payCash()
    else await this.#payByBand(manner)
    await this.conclude(seeded.pick(PATIENCE_MS))
    if (manner === 'wrong-person') await this.#wrongPerson()
    if (manner === 'cancels-and-cash') await this.#payCash()
  }

  /** Until no payment is open: what does not end by itself in `patienceMs` is ended by the cashier, as soon as the till can. */
  async conclude(patienceMs: number): Promise<void> {
    const { world, pace, seeded, bad } = this.#counter
    const isOver = () => this.#open() === undefined
    await this.#answerInterrupted()
    if (await pace.until('the payment ends', isOver, patienceMs)) return this.#note()
    const isOverOrStuck = async () => {
      await this.#cancel()
      return pace.until('the payment ends after it was cancelled', isOver, CALM_MS)
    }
    bad.mendDisk()
    if (!(await isOverOrStuck())) throw new Error(`stuck: ${JSON.stringify(this.#open())}, payment ${JSON.stringify(world.payment)}`)
    if (seeded.below(2) === 0) await world.till.nextSale()
  }

  /** Everything works again, and everything that was open or unsent has been dealt with. */
  async calm(): Promise<void> {
    const { world, pace, seeded } = this.#counter
    await this.conclude(seeded.pick(PATIENCE_MS))
    const isSent = () => world.store.get(UNSENT) === undefined && this.#open() === undefined
    if (!(await pace.until('the outbox is empty', isSent, CALM_MS))) {
      const left = world.store.all('SELECT kind, alarm FROM outbox WHERE acked_at IS NULL')
      throw new Error(`not sent: ${JSON.stringify(left)}, ${JSON.stringify(world.state.status)}`)
    }
  }

  async #fillCart(): Promise<void> {
    const { world, seeded } = this.#counter
    await world.till.nextSale()
    if (seeded.below(3) === 0) await world.seats(`${String.fromCharCode(65 + seeded.below(ROWS))}${1 + seeded.below(SEATS)}`)
    await world.till.setProduct({ productId: 'popcorn', quantity: 1 + seeded.below(5) })
  }

  async #payByBand(manner: (typeof MANNERS)[number]): Promise<void> {
    const { world, pace, seeded, bad } = this.#counter
    await pace.until('a band is heard', () => world.state.bands.length > 0, 10_000)
    const { bands } = world.state
    const [first] = bands
    if (!first) return
    const charges = Array.from({ length: manner === 'twice' ? 2 : 1 }, () => {
      const { id } = seeded.below(ANY_BAND_ONE_IN) === 0 ? seeded.pick(bands) : first
      return world.till.chargeBand({ sightingId: id })
    })
    const [charged] = await Promise.all(charges)
    if (manner === 'twice') bad.meet()
    if (charged?.ok !== true && !(await this.#byKnock(charged))) return
    await this.#moment()
    await this.#disturb()
    if (manner === 'cancels' || manner === 'cancels-and-cash') {
      await this.#moment()
      bad.meet()
      await this.#cancel()
    }
  }

  /** Two are about as near: a count is shown, and knocked by the one who means it, by both, by nobody, or wrongly. True when it is charged. */
  async #byKnock(refused: Result<unknown, Refused> | undefined): Promise<boolean> {
    const { world, pace, seeded, bad } = this.#counter
    if (refused?.ok !== false || refused.error.code !== 'knock-needed') return false
    let begun: Result<void, Refused> | undefined
    void world.till.chargeByKnock().then((result) => {
      begun = result
    })
    // The bands are asked one after another before the count is shown: nobody lives through that in real time.
    await pace.until('the count is on show', () => begun !== undefined, CALM_MS)
    if (begun?.ok !== true) return false
    bad.meet()
    const knock = () => world.state.knock
    const { count = 0 } = knock() ?? {}
    const customers = [...world.customers.values()]
    const knocking = seeded.pick([customers.slice(0, 1), customers.slice(1), customers, []])
    for (const { band } of knocking) band.state.knocked(seeded.below(5) === 0 ? count - 1 : count)
    await pace.until('the count is over', () => knock()?.state !== 'listening', seeded.pick(KNOCK_PATIENCE_MS))
    if (this.#open() === undefined) await world.till.cancelPayment()
    bad.stepApart()
    return this.#open() !== undefined
  }

  async #payCash(): Promise<void> {
    const { world, pace, seeded, books } = this.#counter
    const started = await world.till.startCash()
    if (!started.ok) return
    if (seeded.below(4) === 0) await this.#disturb()
    if (seeded.below(8) === 0) return
    const taken = world.till.takeCash({ tenderedMinor: CASH_MINOR })
    if (seeded.below(4) === 0) void world.till.cancelPayment()
    const result = await taken
    if (result.ok) books.paid(result.value.receiptId)
    if (seeded.below(4) === 0) await pace.moment(2)
  }

  async #wrongPerson(): Promise<void> {
    const { world, bad } = this.#counter
    const receiptId = world.state.lastReceiptId
    if (!receiptId) return
    const voided = await world.till.voidSale({ receiptId })
    if (!voided.ok) return
    bad.meet()
    this.#counter.books.paid(voided.value.receiptId)
  }

  async #cancel(): Promise<void> {
    const { world, books } = this.#counter
    const open = this.#open()
    const cancelled = await world.till.cancelPayment()
    if (cancelled.ok && open && this.#open()?.id !== open.id && this.#stateOf(open.id) !== 'paid') books.cancelled(open.id)
    this.#note()
  }

  /** What the till shows is noted as said. */
  #note(): void {
    const { world, books } = this.#counter
    const { lastReceiptId } = world.state
    if (lastReceiptId) books.paid(lastReceiptId)
  }

  async #disturb(): Promise<void> {
    const { world, seeded, bad, mayStopBackend } = this.#counter
    const what = seeded.pick(DISTURBANCES)
    switch (what) {
      case 'none':
        return
      case 'restart':
      case 'power':
        this.#note()
        bad.meet()
        this.kills += 1
        await this.#startAgain(what)
        return
      case 'links':
        bad.meet()
        for (const { character } of world.customers.values()) world.dropLinks(character.id)
        return
      case 'clock':
        bad.jumpClock()
        return
      case 'backend':
        if (!mayStopBackend) return
        bad.meet()
        await world.backend.stop()
        await this.#moment()
        await world.backend.listen()
    }
  }

  async #startAgain(what: 'restart' | 'power'): Promise<void> {
    const { world, bad } = this.#counter
    try {
      await (what === 'power' ? world.cutPower() : world.restart())
    } catch (error) {
      // By a clock that is off by a day its certificate is not valid, and on a disk that fails nothing can be kept: a till says so instead of
      // starting. It is put right.
      const isClock = world.hooks.skewMs !== 0 && String(error).includes('not-trusted')
      if (!isClock && !String(error).includes('storage-failed')) throw error
      world.hooks.skewMs = 0
      bad.mendDisk()
      await world.start()
    }
    await this.#answerInterrupted()
  }

  /** After a start that found a sale under way, the cashier finishes it, undoes it, or leaves it alone. */
  async #answerInterrupted(): Promise<void> {
    const { world, pace, seeded } = this.#counter
    if (!world.state.interrupted) return
    const { till } = world
    const mayEnd = () => world.state.interrupted?.canUndo !== false || world.state.interrupted.canFinish
    await pace.until('the sale may be ended', mayEnd, seeded.pick(PATIENCE_MS))
    await seeded.pick([async () => till.finishInterrupted(), async () => till.undoInterrupted(), async () => undefined])()
  }

  /** Some way into a payment, early more often than late: its first steps are many, and soon over. */
  async #moment(): Promise<void> {
    const { pace, seeded } = this.#counter
    await pace.moment(seeded.below(1 + seeded.below(HAPPENINGS_MAX)))
  }

  #open(): { readonly id: RequestId; readonly tender: string; readonly state: string } | undefined {
    const row = this.#counter.world.store.get(OPEN)
    return row && { id: String(row['id']) as RequestId, tender: String(row['tender']), state: String(row['state']) }
  }

  #stateOf(id: RequestId): string {
    return this.#counter.world.attemptState(id)
  }
}
