/**
 * The terminal: the whole product without a window. It is handed a store, a radio, a backend, a printer, a clock and keys, and gives a
 * `Till` that a host shows to people. This file is the parts list; what the parts do is in their own folders.
 */
import { RevocationBook } from '#main/allowances/revocation-book.ts'
import { type Carts, createCarts } from '#main/cart/carts.ts'
import { createProgrammeBook, type ProgrammeBook } from '#main/cinema/programme-book.ts'
import { SeatDesk } from '#main/cinema/seat-desk.ts'
import { type EnrolmentDesk, openEnrolment } from '#main/enrolment/enrolment.ts'
import type { IdentityDesk } from '#main/identity/identity-desk.ts'
import type { Ledger } from '#main/ledger/ports.ts'
import type { KnockDesk } from '#main/payments/knock-round.ts'
import { Payments } from '#main/payments/payments.ts'
import { awaitingVoids } from '#main/payments/returned-holds.ts'
import { VoidDesk, type Voided } from '#main/payments/voids.ts'
import { ReceiptDesk } from '#main/printing/receipt-desk.ts'
import { createSightings, type Sightings } from '#main/radio/sightings.ts'
import type { Recovery } from '#main/recovery/recovery.ts'
import { type Settings, SettingsBook } from '#main/settings/settings-book.ts'
import type { StaffDesk } from '#main/staff/staff-desk.ts'
import { createLoggedStore } from '#main/store/logged-store.ts'
import { createOutbox } from '#main/sync/outbox.ts'
import type { Outbox } from '#main/sync/ports.ts'
import type { Till, TillState, Unsubscribe } from '#shared/contracts/till.ts'
import { selfTest } from '#shared/crypto/self-test.ts'
import type { Receipt } from '#shared/domain/receipt.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { Attendance } from './attendance.ts'
import { ClockOff } from './clock-off.ts'
import { ExposureMeter } from './exposure.ts'
import { createIdentityDesk } from './identifying.ts'
import { createKnockDesk } from './knocking.ts'
import { LastSale } from './last-sale.ts'
import { ListAge } from './list-age.ts'
import { type Books, createRecovery, openBooks } from './recovering.ts'
import { settingsView } from './settings-view.ts'
import { createStaffDesk } from './staffing.ts'
import type { TerminalParts, TerminalRefusal } from './terminal-parts.ts'
import { TillDesk } from './till-desk.ts'
import { gatedTill } from './till-gate.ts'
import { identityOf, StatePusher, withValues } from './till-state.ts'

/** Bands come and go by themselves: while any is in sight, the list is looked at this often. */
const SIGHTINGS_REFRESH_MS = 250
/** How long seats wait for the outbox, so that pins of a payment just reversed are free again. */
const FLUSH_TIMEOUT_MS = 2_000

export type { TerminalParts, TerminalRefusal }

/** Builds a terminal over these parts, loads its standing, and recovers what an earlier run left open. */
export async function createTerminal(given: TerminalParts): Promise<Result<Terminal, TerminalRefusal>> {
  const parts = { ...given, store: createLoggedStore(given.store, given.log) }
  const tested = await selfTest()
  if (!tested.ok) return err({ code: 'crypto-broken', detail: tested.error })
  const books = await openBooks(parts)
  if (!books.ok) return books
  const enrolment = await openEnrolment({
    ...parts,
    terminalPoint: parts.keys.signer.point,
    ...(parts.enrolmentCode ? { code: parts.enrolmentCode } : {}),
  })
  if (!enrolment.ok) return enrolment
  return ok(new Terminal(parts, { ...books.value, enrolment: enrolment.value }))
}

type Opened = Books & { readonly enrolment: EnrolmentDesk }

/** The parts put together, their beginning and their end. What a cashier can ask is `till`. */
export class Terminal {
  readonly till: Till
  readonly #parts: TerminalParts
  readonly #ledger: Ledger
  readonly #enrolment: EnrolmentDesk
  readonly #carts: Carts
  readonly #programme: ProgrammeBook
  readonly #seats: SeatDesk
  readonly #sightings: Sightings
  readonly #payments: Payments
  readonly #recovery: Recovery
  readonly #knocks: KnockDesk
  readonly #identity: IdentityDesk
  readonly #voids: VoidDesk
  readonly #receipts: ReceiptDesk
  readonly #settings: SettingsBook
  readonly #staff: StaffDesk
  readonly #outbox: Outbox
  readonly #pusher: StatePusher
  readonly #lastSale: LastSale
  readonly #attendance: Attendance
  readonly #exposure: ExposureMeter
  readonly #clockOff: ClockOff
  readonly #revocations: RevocationBook
  readonly #stops: Unsubscribe[] = []
  #revision = 0

  constructor(parts: TerminalParts, opened: Opened) {
    const { ledger, enrolment } = opened
    const { store, clock, newId, backend } = parts
    const onChange = () => this.#touch()
    const showNow = () => this.#touch('now')
    const { currency } = enrolment.standing().profile
    this.#parts = parts
    this.#ledger = ledger
    this.#enrolment = enrolment
    this.#pusher = new StatePusher(
      clock,
      () => this.#readState(),
      (error) => parts.log.warn('state-not-read', { detail: String(error) }),
    )
    this.#settings = new SettingsBook({
      store,
      log: parts.log,
      printer: parts.printers.initial,
      printerKinds: parts.printers.kinds,
      hasRadioChoice: parts.radioDriver?.chosenBy === 'settings',
    })
    this.#settings.onChange((now, before) => this.#useSettings(now, before))
    this.#staff = createStaffDesk(parts, ledger, { settings: this.#settings, isBusy: () => this.#isBusy(), onChange: showNow })
    this.#lastSale = new LastSale({ store, ledger })
    this.#attendance = new Attendance(clock)
    this.#exposure = new ExposureMeter(store, currency)
    const heard = { store, clock, connection: backend.connection, standing: () => enrolment.standing() }
    this.#clockOff = new ClockOff(heard)
    this.#carts = createCarts({ store, newId, nowIso: () => new Date(clock.nowMs()).toISOString(), currency, log: parts.log })
    this.#programme = createProgrammeBook({ store, backend, clock, currency, onChange, log: parts.log })
    const flushOutbox = async () => void (await this.#outbox.drained(FLUSH_TIMEOUT_MS))
    this.#voids = this.#openVoids()
    this.#seats = new SeatDesk({
      backend: awaitingVoids(backend, { isComing: (holdId) => this.#voids.isComing(holdId), flushOutbox }),
      programme: this.#programme,
      carts: this.#carts,
      clock,
      newId,
      flushOutbox,
      onFound: onChange,
    })
    this.#sightings = createSightings({ clock, newId })
    this.#outbox = this.#openOutbox()
    this.#receipts = this.#openReceipts()
    this.#revocations = new RevocationBook({ store, clock, backend, onFault: (what, detail) => parts.log.warn(what, detail) })
    this.#payments = this.#openPayments(new ListAge({ ...heard, news: this.#revocations }))
    this.#recovery = createRecovery({
      ...parts,
      ...opened,
      carts: this.#carts,
      programme: this.#programme,
      payments: this.#payments,
      outbox: this.#outbox,
      cashierName: () => this.#staff.signedIn()?.name ?? this.#staff.cashierName(),
      onChange: showNow,
    })
    const asking = {
      ...parts,
      ledger,
      standing: () => enrolment.standing(),
      sightings: this.#sightings,
      payments: this.#payments,
      onChange: showNow,
      onFault: (what: string, detail: Readonly<Record<string, string>>) => parts.log.warn(what, detail),
    }
    this.#knocks = createKnockDesk(asking)
    this.#identity = createIdentityDesk(asking)
    this.till = this.#openTill()
  }

  /** Starts radio and sync, and takes up what an earlier run left open. */
  start(): void {
    const { radio, backend, clock } = this.#parts
    this.#payments.recover(this.#lastSale.unseen())
    const refreshSightings = () => {
      this.#touch()
      this.#stops[0] = clock.after(SIGHTINGS_REFRESH_MS, refreshSightings)
    }
    this.#stops.push(
      clock.after(SIGHTINGS_REFRESH_MS, refreshSightings),
      radio.onSighting((sighting) => this.#sightings.hear(sighting)),
      radio.onState(() => this.#touch()),
      backend.connection.onChange((state) => {
        if (state === 'online') {
          this.#recovery.backOnline()
          this.#outbox.backOnline()
          this.#payments.backOnline()
          void this.#seats.confirm()
        }
        this.#touch()
      }),
    )
    this.#receipts.start()
    this.#useRadioDriver()
    radio.start()
    backend.connection.start()
    this.#recovery.start()
    this.#revocations.start()
    void this.#programme.refresh()
  }

  /** Ends everything in an order that loses nothing: no new work, calls in flight cut, the store closed last. */
  async stop(): Promise<void> {
    // What Done showed has been seen. A receipt that is written from here on has not.
    this.#lastSale.putAway()
    for (const stop of this.#stops) stop()
    this.#programme.stop()
    this.#enrolment.stop()
    this.#pusher.stop()
    this.#parts.backend.close()
    this.#parts.practiceDesk?.close()
    // What is under way comes back at once, without radio and backend, and still writes how far it came.
    await Promise.all([this.#outbox.stop(), this.#parts.radio.stop()])
    const desks = [this.#knocks, this.#identity, this.#payments, this.#receipts, this.#staff]
    await Promise.all([this.#seats.idle(), ...desks.map(async (desk) => desk.stop())])
    await Promise.all([this.#recovery.stop(), this.#revocations.stop()])
    this.#parts.store.close()
  }

  #openVoids(): VoidDesk {
    const { store, clock, newId, practice } = this.#parts
    return new VoidDesk({
      store,
      clock,
      newId,
      ledger: this.#ledger,
      carts: this.#carts,
      standing: () => this.#enrolment.standing(),
      practice,
      cashierName: () => this.#staff.signedIn()?.name ?? this.#staff.cashierName(),
      role: () => this.#staff.signedIn()?.role ?? 'cashier',
      isPulling: () => this.#recovery.isPulling(),
    })
  }

  #openOutbox(): Outbox {
    const { store, backend, clock, random, log } = this.#parts
    return createOutbox({
      onFault: (what, detail) => log.warn(what, detail),
      store,
      backend,
      clock,
      random,
      onChange: () => {
        this.#exposure.outboxChanged()
        this.#touch()
      },
      before: { isDue: () => this.#ledger.isHeadDue(), add: (tx) => this.#ledger.enqueueHead(tx) },
    })
  }

  #openPayments(listAge: ListAge): Payments {
    const { store, clock, keys, radio, newId, backend, practice, log } = this.#parts
    return new Payments({
      store,
      clock,
      keys,
      radio,
      newId,
      ledger: this.#ledger,
      onChange: () => this.#touch('now'),
      carts: this.#carts,
      seats: this.#seats,
      sightings: this.#sightings,
      standing: () => this.#enrolment.standing(),
      practice,
      cashierName: () => this.#staff.cashierName(),
      attemptAtBackend: (requestId) => backend.attempt(requestId),
      isBackendOffline: () => backend.connection.state().state === 'offline',
      listAgeMinutes: () => listAge.minutes(),
      isRevoked: (kind, id) => this.#revocations.isRevoked(kind, id),
      isClockOff: () => this.#clockOff.isBeyondTrust(),
      lastTouchMs: () => this.#attendance.lastTouchMs(),
      maySettle: () => this.#recovery.maySettle(),
      printedOf: (receiptId) => this.#receipts.printedOf(receiptId),
      onShowPaid: (receiptId) => this.#lastSale.show(receiptId),
      onPaid: (receipt) => this.#onPaid(receipt),
      onUnpaid: () => this.#outbox.kick(),
      onFault: (what, detail) => log.warn(what, detail),
    })
  }

  #openTill(): Till {
    const { practice, practiceDesk } = this.#parts
    const desk = new TillDesk({
      newId: this.#parts.newId,
      carts: this.#carts,
      programme: this.#programme,
      seats: this.#seats,
      payments: this.#payments,
      recovery: this.#recovery,
      knocks: this.#knocks,
      identity: this.#identity,
      voids: this.#voids,
      onVoided: (voided) => this.#onVoided(voided),
      receipts: this.#receipts,
      ledger: this.#ledger,
      practice: practice ? practiceDesk : undefined,
      pusher: this.#pusher,
      lastSale: this.#lastSale,
      attendance: this.#attendance,
      staff: this.#staff,
      settings: this.#settings,
      settingsView: () =>
        settingsView({ ...this.#parts, settings: this.#settings.now(), ledger: this.#ledger, standing: this.#enrolment.standing() }),
      readState: () => this.#readState(),
      onChange: () => this.#touch('now'),
    })
    return gatedTill(desk, this.#staff)
  }

  #openReceipts(): ReceiptDesk {
    const { store, clock, newId, log, terminalId, printers } = this.#parts
    return new ReceiptDesk({
      store,
      clock,
      newId,
      terminalId,
      ledger: this.#ledger,
      makePrinter: printers.make,
      settings: this.#settings.now().printer,
      language: () => this.#settings.now().language,
      onChange: () => this.#touch(),
      onFault: (what, fields) => log.warn(what, fields),
    })
  }

  #readState(): TillState {
    const { clock, radio, backend, practice } = this.#parts
    const knockWhy = this.#payments.knockRule.why()
    const bands = this.#payments.knockRule.bands(knockWhy)
    const lastReceiptId = this.#lastSale.receiptId()
    const wrongPersonUntil = lastReceiptId && this.#voids.wrongPersonUntil(lastReceiptId)
    const inDoubt = this.#payments.inDoubtCount()
    const exposure = this.#exposure.read(inDoubt)
    return {
      revision: this.#revision,
      now: new Date(clock.nowMs()).toISOString(),
      identity: identityOf(this.#enrolment.standing().profile, practice, this.#staff.signedIn()?.name ?? ''),
      language: this.#settings.now().language,
      session: this.#staff.view(),
      status: {
        radio: { ...radio.state(), bandsNear: bands.length },
        backend: backend.connection.state(),
        outbox: { pending: this.#outbox.pending(), unsyncedTotal: exposure.total },
        printer: this.#receipts.status(),
        inDoubt,
        exposure,
        attention: this.#recovery.attention(),
        ...this.#clockOff.view(),
      },
      programmeVersion: this.#programme.programme().version,
      cart: this.#carts.view(),
      bands,
      ...withValues({
        payment: this.#payments.view(),
        knock: this.#knocks.view(),
        knockWhy,
        // Who somebody is, is for whoever asked: nobody reads it from a locked till.
        identify: this.#staff.signedIn() && this.#identity.view(),
        interrupted: this.#payments.interrupted(),
        lastReceiptId,
        wrongPersonUntil,
      }),
    }
  }

  #useSettings(now: Settings, before: Settings): void {
    if (now.printer !== before.printer) this.#receipts.usePrinter(now.printer)
    if (now.radio !== before.radio) this.#useRadioDriver()
    this.#staff.lockAfter(now.lockAfterMinutes)
    this.#touch('now')
  }

  #useRadioDriver(): void {
    const { radioDriver } = this.#parts
    if (radioDriver?.chosenBy === 'settings') radioDriver.use(this.#settings.now().radio)
  }

  /** A customer's money is on its way, or a question about it is on the screen. */
  #isBusy(): boolean {
    return this.#payments.isOccupied() || this.#knocks.view()?.state === 'listening' || this.#identity.isAsking()
  }

  /** The backend hears of it at once. Seats that no cart takes back are given back as soon as they are ours again. */
  #onVoided({ unused }: Voided): void {
    this.#outbox.kick()
    void this.#seats.release(unused)
  }

  #onPaid(receipt: Receipt): void {
    this.#voids.paid(receipt)
    this.#lastSale.show(receipt.id)
    this.#outbox.kick()
    // The drawer opens with a cash receipt. A band's customer has the receipt on the phone: paper is printed when it is wanted.
    if (receipt.tender === 'cash') this.#receipts.printWithSale(receipt)
  }

  #touch(when: 'soon' | 'now' = 'soon'): void {
    this.#revision += 1
    if (when === 'now') this.#pusher.pushNow()
    else this.#pusher.touch()
  }
}
