import type {
  BandView,
  CartView,
  PaymentView,
  ReceiptPage,
  Refused,
  SeatMapView,
  Till,
  TillInput,
  TillState,
  TillStatus,
} from '#shared/contracts/till.ts'
import type { AuthorizationId, CartId, ReceiptId, RequestId, SeatId, ShowtimeId } from '#shared/domain/ids.ts'
import { money } from '#shared/domain/money.ts'
import type { SeatState } from '#shared/domain/programme.ts'
import { type Payment, type Receipt } from '#shared/domain/receipt.ts'
import type { SaleLine } from '#shared/domain/sale-line.ts'
import { ok, type Result } from '#shared/result.ts'
import { APPROVES, BANDS, NOT_ASKED, type Script } from './fake-bands.ts'
import { FakeDesk } from './fake-desk.ts'
import { pageOf, viewOf } from './fake-receipts.ts'
import { type Chosen, MERCHANT, productLine, receiptOf, refuse, SITE, ticketLine, totalsOf, voidOf } from './fake-sale.ts'
import { seatsGone, seatsOf } from './fake-seats.ts'
import { programmeAround } from './programme.ts'

const HOLD_MS = 8 * 60_000
const REQUEST_LIFE_MS = 90_000
const NEXT_QUERY_MS = 10_000
const UNDONE_MS = 60_000
const WRONG_PERSON_MS = 60_000
const KNOCK_MS = 15_000
const FIRST_NUMBER = 42

export function createFakeTill(nowMs: () => number = Date.now): FakeTill {
  return new FakeTill(nowMs)
}

/** A till in memory that answers as the real one does, with no money and no disk behind it. */
export class FakeTill extends FakeDesk implements Till {
  /** How long each stage of a band's payment takes. */
  stepMs = 500
  /** False: the till has never met its backend, so it does not know what to sell. */
  hasProgramme = true
  readonly #programme: ReturnType<typeof programmeAround>
  readonly #seats: Map<string, SeatState>
  readonly #scripts = new Map<string, Script>()
  readonly #chosen = new Map<ShowtimeId, { readonly seats: readonly Chosen[]; readonly expiresAt: string }>()
  readonly #products = new Map<string, number>()
  readonly #receipts: Receipt[] = []
  readonly #prints = new Map<string, number>()
  #bands = BANDS
  #payment: PaymentView | undefined
  #lastReceiptId: ReceiptId | undefined
  #wrongPersonUntil: string | undefined
  #requests = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #status: TillStatus = {
    radio: { state: 'scanning', driver: 'practice', bandsNear: 0 },
    backend: { state: 'online' },
    outbox: { pending: 0, unsyncedTotal: money(0, 'CNY') },
    printer: { state: 'ready', place: 'till-printer:9100', jobs: [] },
    inDoubt: 0,
    exposure: { sales: 0, total: money(0, 'CNY'), voids: 0, inDoubt: 0, promises: 0 },
    attention: 0,
  }

  constructor(nowMs: () => number) {
    super(nowMs)
    this.#programme = programmeAround(nowMs())
    this.#seats = seatsGone(this.#programme)
  }

  // What a test may do to it.

  /** Scripts by band letter; a band without one approves. */
  script(letter: string, script: Script): void {
    this.#scripts.set(letter, script)
  }

  setBands(bands: readonly BandView[]): void {
    this.#bands = bands
    this.push()
  }

  setStatus(patch: Partial<TillStatus>): void {
    this.#status = { ...this.#status, ...patch }
    this.push()
  }

  /** Ends the running band payment, as a late answer would. */
  finish(outcome: Script['outcome']): void {
    if (this.#payment?.tender !== 'band' || outcome === 'stop') return
    if (outcome === 'in-doubt')
      return this.#update({ state: 'in-doubt', nextQueryAt: this.at(NEXT_QUERY_MS), undoneAt: this.at(UNDONE_MS) })
    if (outcome !== 'paid') {
      const state = NOT_ASKED.includes(outcome) ? 'not-asked' : outcome === 'wallet-refused' ? 'refused' : 'declined'
      return this.#update({ state, reason: outcome })
    }
    const { requestId, total } = this.#payment
    this.#commit([{ tender: 'band', amount: total, requestId, authorizationId: 'authorization-1' as AuthorizationId, payerName: 'Lin' }])
    this.#update({ state: 'paid' })
  }

  /** The first minute of the sale just paid is over. */
  endFirstMinute(): void {
    this.#wrongPersonUntil = undefined
    this.push()
  }

  /** Changes the payment on the screen, as the till would: a reversal's reason, a promise. */
  patchPayment(patch: Partial<Extract<PaymentView, { tender: 'band' }>>): void {
    this.#update(patch)
  }

  // The till.

  state(): TillState {
    return {
      revision: this.revision(),
      programmeVersion: this.hasProgramme ? this.#programme.version : 'none',
      now: this.at(0),
      identity: {
        terminalId: 'aurora-1',
        practice: true,
        merchantName: MERCHANT,
        siteName: SITE,
        timeZone: 'Asia/Shanghai',
        currency: 'CNY',
        cashierName: this.language() === 'en' ? 'Practice' : '练习员',
      },
      language: this.language(),
      status: {
        ...this.#status,
        radio: { ...this.#status.radio, bandsNear: this.#bands.length },
        inDoubt: this.#payment?.state === 'in-doubt' ? 1 : 0,
        attention: this.attention(),
      },
      session: this.session(),
      cart: this.#cart(),
      bands: this.#bands,
      ...(this.#payment === undefined ? {} : { payment: this.#payment }),
      ...(this.#lastReceiptId === undefined ? {} : { lastReceiptId: this.#lastReceiptId }),
      ...(this.#wrongPersonUntil === undefined ? {} : { wrongPersonUntil: this.#wrongPersonUntil }),
      ...(this.knock === undefined ? {} : { knock: this.knock }),
      ...(this.knockWhy === undefined ? {} : { knockWhy: this.knockWhy }),
      ...(this.interrupted === undefined ? {} : { interrupted: this.interrupted }),
      ...(this.identified === undefined ? {} : { identify: this.identified }),
    }
  }

  programme() {
    this.mustWork()
    return this.hasProgramme ? this.#programme : { ...this.#programme, showtimes: [], products: [] }
  }

  async seatMap({ showtimeId }: TillInput<'seatMap'>): Promise<Result<SeatMapView, Refused>> {
    await this.lag()
    const show = this.#programme.showtimes.find((one) => one.id === showtimeId)
    const hall = this.#programme.halls.find((one) => one.id === show?.hallId)
    if (show === undefined || hall === undefined) return refuse('unknown-item')
    if (this.#status.backend.state === 'offline') return refuse('backend-offline')
    const ours = new Set(this.#chosen.get(showtimeId)?.seats.map((one) => one.seat))
    const stateOf = (id: SeatId) => (ours.has(id) ? 'ours' : (this.#seats.get(`${showtimeId} ${id}`) ?? 'free'))
    return ok({ showtimeId, hallId: hall.id, seats: seatsOf(hall, stateOf) })
  }

  setSeats({ showtimeId, seats }: TillInput<'setSeats'>) {
    return this.#edit(() => {
      if (this.#status.backend.state === 'offline') return refuse('backend-offline')
      const taken = seats.filter(({ seat }) => this.#seats.has(`${showtimeId} ${seat}`)).map(({ seat }) => seat)
      if (taken.length > 0) return refuse('seat-taken', taken)
      this.#choose(showtimeId, seats)
      return ok()
    })
  }

  setProduct({ productId, quantity }: TillInput<'setProduct'>) {
    return this.#edit(() => {
      if (!this.#programme.products.some((one) => one.id === productId)) return refuse('unknown-item')
      if (quantity === 0) this.#products.delete(productId)
      else this.#products.set(productId, quantity)
      return ok()
    })
  }

  removeLine({ lineId }: TillInput<'removeLine'>) {
    return this.#edit(() => {
      const subject = this.#lines().find((one) => one.id === lineId)?.subject
      if (subject?.kind === 'product') this.#products.delete(subject.productId)
      if (subject?.kind === 'ticket') {
        this.#choose(subject.showtimeId, this.#chosen.get(subject.showtimeId)?.seats.filter((one) => one.seat !== subject.seat) ?? [])
      }
      return ok()
    })
  }

  clearCart() {
    return this.#edit(() => {
      this.#chosen.clear()
      this.#products.clear()
      return ok()
    })
  }

  chargeBand({ sightingId }: TillInput<'chargeBand'>) {
    return this.#edit(() => {
      const band = this.#bands.find((one) => one.id === sightingId)
      if (band === undefined) return refuse('band-gone')
      if (band.needsKnock) return refuse('knock-needed')
      const requestId = this.#newRequest()
      this.#payment = {
        tender: 'band',
        requestId,
        state: 'prepared',
        stage: 'connecting',
        bandLetter: band.letter,
        total: this.#cart().total,
        startedAt: this.at(0),
        expiresAt: this.at(REQUEST_LIFE_MS),
      }
      this.#run(this.#scripts.get(band.letter) ?? APPROVES, 0)
      return ok({ requestId })
    })
  }

  chargeByKnock() {
    return this.#edit(() => {
      const letters = this.#bands.filter(({ needsKnock }) => needsKnock).map(({ letter }) => letter)
      this.knock = { state: 'listening', count: 3, letters, endsAt: this.at(KNOCK_MS) }
      return ok()
    })
  }

  voidSale({ receiptId }: TillInput<'voidSale'>): Promise<Result<{ receiptId: ReceiptId }, Refused>> {
    return this.answer(() => {
      const sale = this.#receipts.find(({ id }) => id === receiptId)
      if (sale?.kind !== 'sale' || sale.tender !== 'band') return refuse('not-voidable')
      const number = FIRST_NUMBER + this.#receipts.length
      this.#receipts.unshift(voidOf(sale, { number, atMs: this.nowMs() }))
      this.#payment = undefined
      this.#lastReceiptId = undefined
      this.#wrongPersonUntil = undefined
      return ok({ receiptId: `receipt-${number}` as ReceiptId })
    })
  }

  startCash() {
    return this.#edit(() => {
      if (this.#chosen.size > 0 && this.#status.backend.state === 'offline') return refuse('seats-unpinned')
      const requestId = this.#newRequest()
      this.#payment = { tender: 'cash', requestId, state: 'prepared', total: this.#cart().total }
      return ok({ requestId })
    })
  }

  takeCash({ tenderedMinor }: TillInput<'takeCash'>): Promise<Result<{ receiptId: ReceiptId }, Refused>> {
    return this.answer(() => {
      const payment = this.#payment
      if (payment?.tender !== 'cash' || payment.state !== 'prepared') return refuse('no-payment')
      if (tenderedMinor < payment.total.amount) return refuse('too-little-cash')
      const change = money(tenderedMinor - payment.total.amount, 'CNY')
      const receiptId = this.#commit([{ tender: 'cash', amount: payment.total, tendered: money(tenderedMinor, 'CNY'), change }])
      this.#payment = { ...payment, state: 'paid' }
      return ok({ receiptId })
    })
  }

  cancelPayment(): Promise<Result<void, Refused>> {
    return this.answer(() => {
      if (this.knock !== undefined) {
        this.knock = undefined
        return ok()
      }
      if (this.#payment === undefined || !this.#isRunning()) return refuse('not-cancellable')
      clearTimeout(this.#timer)
      this.#payment =
        this.#payment.tender === 'cash' ? undefined : { ...this.#payment, state: 'reversed', reason: 'cancelled', why: 'cancelled' }
      return ok()
    })
  }

  nextSale(): Promise<Result<void, Refused>> {
    return this.answer(() => {
      this.#payment = undefined
      this.#lastReceiptId = undefined
      this.#wrongPersonUntil = undefined
      return ok()
    })
  }

  receipts(input: TillInput<'receipts'>): ReceiptPage {
    this.mustWork()
    return pageOf(this.#receipts, input, this.#status.outbox.pending === 0)
  }

  async receipt({ receiptId }: TillInput<'receipt'>) {
    await this.lag()
    this.mustWork()
    const receipt = this.#receipts.find((one) => one.id === receiptId)
    if (receipt === undefined) return refuse('receipt-unknown')
    const synced = this.#status.outbox.pending === 0
    return ok(viewOf(receipt, this.#receipts, { synced, prints: this.#prints.get(receiptId) ?? 0, language: this.language() }))
  }

  print({ receiptId }: TillInput<'print'>): Promise<Result<void, Refused>> {
    return this.answer(() => {
      if (this.#status.printer.state === 'failed') return refuse('printer-failed', this.#status.printer.trouble)
      this.#prints.set(receiptId, (this.#prints.get(receiptId) ?? 0) + 1)
      return ok()
    })
  }

  retryPrint({ jobId }: TillInput<'printJob'>): Promise<Result<void, Refused>> {
    return this.dropPrint({ jobId })
  }

  dropPrint({ jobId }: TillInput<'printJob'>): Promise<Result<void, Refused>> {
    return this.answer(() => {
      const { printer } = this.#status
      if (!printer.jobs.some(({ id }) => id === jobId)) return refuse('print-job-unknown')
      this.#status = { ...this.#status, printer: { ...printer, jobs: printer.jobs.filter(({ id }) => id !== jobId) } }
      return ok()
    })
  }

  #lines(): readonly SaleLine[] {
    return [
      ...[...this.#chosen].flatMap(([showtimeId, { seats }]) => seats.map((one) => ticketLine(this.#programme, showtimeId, one))),
      ...[...this.#products].map(([productId, quantity]) => productLine(this.#programme, productId, quantity)),
    ]
  }

  #cart(): CartView {
    const lines = this.#lines()
    return {
      id: 'cart-1' as CartId,
      state: this.#payment?.state === 'in-doubt' ? 'in-doubt' : this.#isRunning() ? 'paying' : 'open',
      lines,
      ...totalsOf(lines),
      holds: [...this.#chosen].map(([showtimeId, { seats, expiresAt }]) => ({
        showtimeId,
        seats: seats.map((one) => one.seat),
        expiresAt,
      })),
    }
  }

  #isRunning(): boolean {
    return this.#payment !== undefined && ['prepared', 'sent', 'in-doubt'].includes(this.#payment.state)
  }

  #choose(showtimeId: ShowtimeId, seats: readonly Chosen[]): void {
    if (seats.length === 0) this.#chosen.delete(showtimeId)
    else this.#chosen.set(showtimeId, { seats, expiresAt: this.#chosen.get(showtimeId)?.expiresAt ?? this.at(HOLD_MS) })
  }

  #commit(payments: readonly Payment[]): ReceiptId {
    const number = FIRST_NUMBER + this.#receipts.length
    const receipt = receiptOf({ number, atMs: this.nowMs(), practice: true, lines: this.#lines(), payments })
    for (const [showtimeId, { seats }] of this.#chosen) for (const { seat } of seats) this.#seats.set(`${showtimeId} ${seat}`, 'sold')
    this.#receipts.unshift(receipt)
    this.#prints.set(receipt.id, 1)
    this.#chosen.clear()
    this.#products.clear()
    this.#lastReceiptId = receipt.id
    this.#wrongPersonUntil = receipt.tender === 'band' ? this.at(WRONG_PERSON_MS) : undefined
    return receipt.id
  }

  #run(script: Script, at: number): void {
    const stage = script.stages[at]
    if (stage === undefined) return this.finish(script.outcome)
    this.#update({ stage, state: stage === 'connecting' ? 'prepared' : 'sent' })
    this.#timer = setTimeout(() => this.#run(script, at + 1), this.stepMs)
  }

  #update(patch: Partial<Extract<PaymentView, { tender: 'band' }>>): void {
    if (this.#payment?.tender === 'band') this.#payment = { ...this.#payment, ...patch }
    this.push()
  }

  #newRequest(): RequestId {
    this.#requests += 1
    return `request-${this.#requests}` as RequestId
  }

  #edit<T>(act: () => Result<T, Refused>): Promise<Result<T, Refused>> {
    return this.answer(() => (this.#isRunning() ? refuse('cart-locked') : act()))
  }
}
