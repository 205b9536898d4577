/**
 * The terminal: the whole product without a window. It is handed a store, a radio, a backend, a printer, a clock and keys, and gives a
 * `Till` that a host shows to people. This file is the parts list; what the parts do is in their own folders.
 */
import { type Carts, createCarts } from '#main/cart/carts.ts'
import { createProgrammeBook, type ProgrammeBook } from '#main/cinema/programme-book.ts'
import { SeatDesk } from '#main/cinema/seat-desk.ts'
import { type EnrolmentDesk, openEnrolment } from '#main/enrolment/enrolment.ts'
import { createLedger } from '#main/ledger/ledger.ts'
import type { Ledger } from '#main/ledger/ports.ts'
import { Payments } from '#main/payments/payments.ts'
import type { Clock, Keys, Radio, Store } from '#main/ports.ts'
import type { Printer } from '#main/printing/printer.ts'
import type { PrinterProfile } from '#main/printing/printer-profile.ts'
import { ReceiptDesk } from '#main/printing/receipt-desk.ts'
import { createSightings, type Sightings } from '#main/radio/sightings.ts'
import { createEnqueue } from '#main/sync/enqueue.ts'
import { createOutbox } from '#main/sync/outbox.ts'
import type { HttpBackendClient, Outbox } from '#main/sync/ports.ts'
import type { ReceiptPage, ReceiptView, Refused, SeatMapView, Till, TillInput, TillState, Unsubscribe } from '#shared/contracts/till.ts'
import { selfTest } from '#shared/crypto/self-test.ts'
import { withProduct } from '#shared/domain/cart-lines.ts'
import type { LineId, ReceiptId, RequestId, TerminalId } from '#shared/domain/ids.ts'
import type { Programme } from '#shared/domain/programme.ts'
import type { Receipt } from '#shared/domain/receipt.ts'
import type { Language } from '#shared/domain/words.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { StatePusher } from './till-state.ts'

/** Bands come and go by themselves: while any is in sight, the list is looked at this often. */
const SIGHTINGS_REFRESH_MS = 250
/** How long seats wait for the outbox, so that pins of a payment just reversed are free again. */
const FLUSH_TIMEOUT_MS = 2_000
const FLUSH_POLL_MS = 20

export type TerminalParts = {
  readonly store: Store
  readonly radio: Radio
  readonly backend: HttpBackendClient
  readonly printer: Printer
  readonly printerProfile: PrinterProfile
  readonly clock: Clock
  /** 32 lower-case hex digits, a new one each time. */
  readonly newId: () => string
  /** From 0 up to 1. */
  readonly random: () => number
  readonly keys: Keys
  /** The root everything else is trusted by, compressed P-256. */
  readonly rootPoint: Uint8Array
  readonly terminalId: string
  /** Needed on the first start only. */
  readonly enrolmentCode?: string
  readonly practice: boolean
  readonly cashierName: string
  readonly log: { warn(message: string, fields?: Readonly<Record<string, string>>): void }
}

export type TerminalRefusal = {
  readonly code: 'crypto-broken' | 'backend-needed' | 'code-refused' | 'not-trusted' | 'foreign-journal' | 'storage-failed'
  readonly detail: string
}

/** Builds a terminal over these parts, loads its standing, and recovers what an earlier run left open. */
export async function createTerminal(parts: TerminalParts): Promise<Result<Terminal, TerminalRefusal>> {
  const { store, keys, clock, newId, terminalId } = parts
  const tested = await selfTest()
  if (!tested.ok) return err({ code: 'crypto-broken', detail: tested.error })
  const enqueue = createEnqueue({ clock, newId })
  const ledger = createLedger({ store, keys, clock, newId, terminalId: terminalId as TerminalId, enqueue })
  if (!ledger.ok) return ledger
  const enrolment = await openEnrolment({
    ...parts,
    terminalPoint: keys.signer.point,
    ...(parts.enrolmentCode ? { code: parts.enrolmentCode } : {}),
  })
  if (!enrolment.ok) return enrolment
  return ok(new Terminal(parts, { ledger: ledger.value, enrolment: enrolment.value }))
}

type Opened = { readonly ledger: Ledger; readonly enrolment: EnrolmentDesk }

export class Terminal implements Till {
  readonly #parts: TerminalParts
  readonly #ledger: Ledger
  readonly #enrolment: EnrolmentDesk
  readonly #carts: Carts
  readonly #programme: ProgrammeBook
  readonly #seats: SeatDesk
  readonly #sightings: Sightings
  readonly #payments: Payments
  readonly #receipts: ReceiptDesk
  readonly #outbox: Outbox
  readonly #pusher: StatePusher
  readonly #stops: Unsubscribe[] = []
  #revision = 0
  #stopping = false
  #language: Language
  #lastReceiptId: ReceiptId | undefined

  constructor(parts: TerminalParts, { ledger, enrolment }: Opened) {
    const { store, clock, newId, backend, radio, keys } = parts
    const onChange = () => this.#touch()
    const { currency } = enrolment.standing().profile
    this.#parts = parts
    this.#ledger = ledger
    this.#enrolment = enrolment
    this.#pusher = new StatePusher(clock, () => this.state())
    this.#language = readLanguage(store)
    this.#carts = createCarts({ store, newId, nowIso: () => new Date(clock.nowMs()).toISOString(), currency })
    this.#programme = createProgrammeBook({ store, backend, clock, currency, onChange })
    this.#seats = new SeatDesk({
      backend,
      programme: this.#programme,
      carts: this.#carts,
      clock,
      newId,
      flushOutbox: () => this.#flushOutbox(),
    })
    this.#sightings = createSightings({ clock, newId })
    this.#outbox = createOutbox({
      store,
      backend,
      clock,
      random: parts.random,
      onChange,
      before: { isDue: () => ledger.isHeadDue(), add: (tx) => ledger.enqueueHead(tx) },
    })
    this.#receipts = new ReceiptDesk({
      store,
      ledger,
      printer: parts.printer,
      profile: parts.printerProfile,
      newId,
      language: () => this.#language,
      onChange,
    })
    this.#payments = new Payments({
      store,
      clock,
      keys,
      radio,
      newId,
      ledger,
      onChange: () => this.#touch('now'),
      carts: this.#carts,
      seats: this.#seats,
      sightings: this.#sightings,
      standing: () => enrolment.standing(),
      practice: parts.practice,
      cashierName: () => parts.cashierName,
      attemptAtBackend: (requestId) => backend.attempt(requestId),
      onPaid: (receipt) => this.#onPaid(receipt),
      onUnpaid: () => this.#outbox.kick(),
      onFault: (what, detail) => parts.log.warn(what, detail),
    })
  }

  /** Starts radio and sync, and takes up what an earlier run left open. */
  start(): void {
    const { radio, backend, clock } = this.#parts
    this.#payments.recover()
    const refreshSightings = () => {
      this.#touch()
      this.#stops[0] = clock.after(SIGHTINGS_REFRESH_MS, refreshSightings)
    }
    this.#stops.push(
      clock.after(SIGHTINGS_REFRESH_MS, refreshSightings),
      radio.onSighting((sighting) => this.#sightings.hear(sighting)),
      radio.onState(() => this.#touch()),
      backend.connection.onChange((state) => {
        if (state === 'online') this.#outbox.backOnline()
        this.#touch()
      }),
    )
    radio.start()
    backend.connection.start()
    this.#outbox.start()
    void this.#programme.refresh()
  }

  /** Ends everything in an order that loses nothing: no new work, calls in flight cut, the store closed last. */
  async stop(): Promise<void> {
    this.#stopping = true
    for (const stop of this.#stops) stop()
    this.#programme.stop()
    this.#enrolment.stop()
    this.#pusher.stop()
    this.#parts.backend.close()
    // What is under way comes back at once, without radio and backend, and still writes how far it came.
    await Promise.all([this.#outbox.stop(), this.#parts.radio.stop()])
    await Promise.all([this.#payments.stop(), this.#seats.idle()])
    this.#parts.store.close()
  }

  state(): TillState {
    const { clock, radio, backend, practice, cashierName } = this.#parts
    const { profile } = this.#enrolment.standing()
    const bands = this.#sightings.list()
    const { state, driver } = radio.state()
    const payment = this.#payments.view()
    return {
      revision: this.#revision,
      now: new Date(clock.nowMs()).toISOString(),
      identity: {
        terminalId: profile.terminalId,
        practice,
        merchantName: profile.merchant.name,
        siteName: profile.site.name,
        timeZone: profile.site.timeZone,
        currency: profile.currency,
        cashierName,
      },
      status: {
        radio: { state, driver, bandsNear: bands.length },
        backend: backend.connection.state(),
        outbox: { pending: this.#outbox.pending(), unsyncedTotal: this.#outbox.unsyncedTotal(profile.currency) },
        printer: this.#receipts.printerState(),
        inDoubt: this.#payments.inDoubtCount(),
      },
      programmeVersion: this.#programme.programme().version,
      cart: this.#carts.view(),
      bands,
      ...(payment ? { payment } : {}),
      ...(this.#lastReceiptId ? { lastReceiptId: this.#lastReceiptId } : {}),
    }
  }

  onState(listener: (state: TillState) => void): Unsubscribe {
    return this.#pusher.add(listener)
  }

  programme(): Programme {
    return this.#programme.programme()
  }

  seatMap({ showtimeId }: TillInput<'seatMap'>): Promise<Result<SeatMapView, Refused>> {
    return this.#seats.seatMap(showtimeId)
  }

  setSeats(input: TillInput<'setSeats'>): Promise<Result<void, Refused>> {
    return this.#edit(() => this.#seats.setSeats(input))
  }

  async setProduct({ productId, quantity }: TillInput<'setProduct'>): Promise<Result<void, Refused>> {
    const product = this.#programme.product(productId)
    if (!product) return err({ code: 'unknown-item' })
    return this.#edit(async () => {
      const { lines, holds } = this.#carts.current()
      const changed = withProduct(lines, product, quantity, this.#parts.newId() as LineId)
      return changed.ok ? this.#saved(this.#carts.change(changed.value, holds)) : err({ code: changed.error })
    })
  }

  async removeLine({ lineId }: TillInput<'removeLine'>): Promise<Result<void, Refused>> {
    return this.#edit(async () => {
      const { lines, holds } = this.#carts.current()
      const line = lines.find((each) => each.id === lineId)
      if (line?.subject.kind === 'ticket') return this.#seats.removeTicket(lineId)
      return this.#saved(
        this.#carts.change(
          lines.filter((each) => each !== line),
          holds,
        ),
      )
    })
  }

  async clearCart(): Promise<Result<void, Refused>> {
    return this.#edit(async () => {
      const { holds } = this.#carts.current()
      const gone = this.#saved(this.#carts.abandon())
      if (gone.ok) await this.#seats.release(holds)
      return gone
    })
  }

  async chargeBand({ sightingId }: TillInput<'chargeBand'>): Promise<Result<{ requestId: RequestId }, Refused>> {
    return this.#payments.chargeBand(sightingId)
  }

  startCash(): Promise<Result<{ requestId: RequestId }, Refused>> {
    return this.#payments.startCash()
  }

  async takeCash({ tenderedMinor }: TillInput<'takeCash'>): Promise<Result<{ receiptId: ReceiptId }, Refused>> {
    return this.#payments.takeCash(tenderedMinor)
  }

  async cancelPayment(): Promise<Result<void, Refused>> {
    return this.#payments.cancel()
  }

  async nextSale(): Promise<Result<void, Refused>> {
    this.#payments.putAway()
    this.#lastReceiptId = undefined
    this.#touch('now')
    return ok()
  }

  receipts(input: TillInput<'receipts'>): ReceiptPage {
    return this.#ledger.receipts(input)
  }

  async receipt({ receiptId }: TillInput<'receipt'>): Promise<Result<ReceiptView, Refused>> {
    return this.#receipts.view(receiptId)
  }

  print({ receiptId }: TillInput<'print'>): Promise<Result<void, Refused>> {
    return this.#receipts.print(receiptId)
  }

  language(): Language {
    return this.#language
  }

  setLanguage({ language }: TillInput<'language'>): void {
    this.#language = language
    // A preference: when the disk refuses it, this session still speaks the language.
    this.#parts.store.write((tx) =>
      tx.run(
        'INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
        'language',
        language,
      ),
    )
    this.#touch()
  }

  /** Edits of the cart are refused while it is being paid; the first edit after a sale begins the next one. */
  async #edit(work: () => Promise<Result<void, Refused>>): Promise<Result<void, Refused>> {
    if (this.#carts.current().state !== 'open') return err({ code: 'cart-locked' })
    this.#payments.putAway()
    this.#lastReceiptId = undefined
    const result = await work()
    this.#touch('now')
    return result
  }

  #saved(written: Result<void, { readonly detail: string }>): Result<void, Refused> {
    return written.ok ? ok() : err({ code: 'storage-failed', subject: written.error.detail })
  }

  #onPaid(receipt: Receipt): void {
    this.#lastReceiptId = receipt.id
    this.#outbox.kick()
    // The drawer opens with a cash receipt. A band's customer has the receipt on the phone: paper is printed when it is wanted.
    if (receipt.tender === 'cash') void this.#receipts.print(receipt.id)
  }

  async #flushOutbox(): Promise<void> {
    const { clock } = this.#parts
    this.#outbox.kick()
    const deadlineMs = clock.monotonicMs() + FLUSH_TIMEOUT_MS
    const mayDrain = () => !this.#stopping && this.#parts.backend.connection.state().state !== 'offline'
    while (this.#outbox.pending() > 0 && clock.monotonicMs() < deadlineMs && mayDrain()) {
      await new Promise<void>((resolve) => clock.after(FLUSH_POLL_MS, resolve))
    }
  }

  #touch(when: 'soon' | 'now' = 'soon'): void {
    this.#revision += 1
    if (when === 'now') this.#pusher.pushNow()
    else this.#pusher.touch()
  }
}

function readLanguage(store: Store): Language {
  return store.get("SELECT value FROM settings WHERE key = 'language'")?.['value'] === 'en' ? 'en' : 'zh-CN'
}
