/**
 * The till's calls, one by one: each goes to the desk that does the work. Whether somebody may make a call at all is decided before it
 * comes here, in till-gate.ts.
 */
import type { Carts } from '#main/cart/carts.ts'
import type { ProgrammeBook } from '#main/cinema/programme-book.ts'
import type { SeatDesk } from '#main/cinema/seat-desk.ts'
import type { IdentityDesk } from '#main/identity/identity-desk.ts'
import type { Ledger } from '#main/ledger/ports.ts'
import type { KnockDesk } from '#main/payments/knock-round.ts'
import type { Payments } from '#main/payments/payments.ts'
import type { VoidDesk, Voided } from '#main/payments/voids.ts'
import type { StoreFault } from '#main/ports.ts'
import type { PracticeDesk } from '#main/practice/practice-client.ts'
import { tillAnswer } from '#main/practice/till-answer.ts'
import type { ReceiptDesk } from '#main/printing/receipt-desk.ts'
import type { Recovery } from '#main/recovery/recovery.ts'
import type { SettingsBook } from '#main/settings/settings-book.ts'
import type { StaffDesk } from '#main/staff/staff-desk.ts'
import type { PracticeView } from '#shared/contracts/practice-desk.ts'
import type { RecoveryView } from '#shared/contracts/recovery.ts'
import type { SettingsView } from '#shared/contracts/settings.ts'
import type { StaffMember } from '#shared/contracts/staff.ts'
import type { ReceiptPage, ReceiptView, Refused, SeatMapView, Till, TillInput, TillState, Unsubscribe } from '#shared/contracts/till.ts'
import { withProduct } from '#shared/domain/cart-lines.ts'
import type { LineId, ReceiptId, RequestId } from '#shared/domain/ids.ts'
import type { Programme } from '#shared/domain/programme.ts'
import type { Language } from '#shared/domain/words.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { Attendance } from './attendance.ts'
import type { LastSale } from './last-sale.ts'
import type { StatePusher } from './till-state.ts'

export type TillDesks = {
  readonly newId: () => string
  readonly carts: Carts
  readonly programme: ProgrammeBook
  readonly seats: SeatDesk
  readonly payments: Payments
  readonly knocks: KnockDesk
  readonly identity: IdentityDesk
  readonly recovery: Recovery
  readonly voids: VoidDesk
  readonly onVoided: (voided: Voided) => void
  readonly receipts: ReceiptDesk
  readonly ledger: Ledger
  readonly practice: PracticeDesk | undefined
  readonly pusher: StatePusher
  readonly lastSale: LastSale
  readonly attendance: Attendance
  readonly staff: StaffDesk
  readonly settings: SettingsBook
  readonly settingsView: () => SettingsView
  readonly readState: () => TillState
  readonly onChange: () => void
}

export class TillDesk implements Till {
  readonly #desks: TillDesks

  constructor(desks: TillDesks) {
    this.#desks = desks
  }

  state(): TillState {
    return this.#desks.readState()
  }

  onState(listener: (state: TillState) => void): Unsubscribe {
    return this.#desks.pusher.add(listener)
  }

  programme(): Programme {
    return this.#desks.programme.programme()
  }

  async seatMap({ showtimeId }: TillInput<'seatMap'>): Promise<Result<SeatMapView, Refused>> {
    return this.#desks.seats.seatMap(showtimeId)
  }

  // --- The cart ------------------------------------------------------------------------------------------------------------------

  async setSeats(input: TillInput<'setSeats'>): Promise<Result<void, Refused>> {
    return this.#edit(async () => this.#desks.seats.setSeats(input))
  }

  async setProduct({ productId, quantity }: TillInput<'setProduct'>): Promise<Result<void, Refused>> {
    const { programme, carts, newId } = this.#desks
    const product = programme.product(productId)
    if (!product) return err({ code: 'unknown-item' })
    return this.#edit(async () => {
      const { lines, holds } = carts.current()
      const changed = withProduct(lines, product, quantity, newId() as LineId)
      return changed.ok ? saved(carts.change(changed.value, holds)) : err({ code: changed.error })
    })
  }

  async removeLine({ lineId }: TillInput<'removeLine'>): Promise<Result<void, Refused>> {
    const { carts, seats } = this.#desks
    return this.#edit(async () => {
      const { lines, holds } = carts.current()
      const line = lines.find((each) => each.id === lineId)
      if (line?.subject.kind === 'ticket') return seats.removeTicket(lineId)
      const rest = lines.filter((each) => each !== line)
      return saved(carts.change(rest, holds))
    })
  }

  async clearCart(): Promise<Result<void, Refused>> {
    const { carts, seats } = this.#desks
    return this.#edit(async () => {
      const { holds } = carts.current()
      const gone = saved(carts.abandon())
      if (gone.ok) await seats.release(holds)
      return gone
    })
  }

  // --- Being paid ----------------------------------------------------------------------------------------------------------------

  async chargeBand({ sightingId }: TillInput<'chargeBand'>): Promise<Result<{ requestId: RequestId }, Refused>> {
    this.touched()
    this.#endQuestions()
    return this.#desks.payments.chargeBand(sightingId)
  }

  async chargeByKnock(): Promise<Result<void, Refused>> {
    this.touched()
    this.#putAway()
    return this.#desks.knocks.begin()
  }

  async startCash(): Promise<Result<{ requestId: RequestId }, Refused>> {
    this.touched()
    this.#endQuestions()
    return this.#desks.payments.startCash()
  }

  async takeCash({ tenderedMinor }: TillInput<'takeCash'>): Promise<Result<{ receiptId: ReceiptId }, Refused>> {
    this.touched()
    return this.#desks.payments.takeCash(tenderedMinor)
  }

  async cancelPayment(): Promise<Result<void, Refused>> {
    this.touched()
    return this.#desks.knocks.end() ? ok() : this.#desks.payments.cancel()
  }

  async voidSale({ receiptId }: TillInput<'voidSale'>): Promise<Result<{ receiptId: ReceiptId }, Refused>> {
    this.touched()
    const { voids, onVoided, onChange } = this.#desks
    const voided = voids.voidSale(receiptId)
    if (!voided.ok) return voided
    this.#putAway()
    onVoided(voided.value)
    onChange()
    return ok({ receiptId: voided.value.receipt.id })
  }

  async nextSale(): Promise<Result<void, Refused>> {
    this.touched()
    this.#putAway()
    this.#desks.onChange()
    return ok()
  }

  // --- Who somebody is -----------------------------------------------------------------------------------------------------------

  async identify({ sightingId, claims }: TillInput<'identify'>): Promise<Result<void, Refused>> {
    this.touched()
    this.#desks.knocks.end()
    return this.#desks.identity.ask(sightingId, claims)
  }

  async endIdentify(): Promise<Result<void, Refused>> {
    this.touched()
    this.#desks.identity.end()
    return ok()
  }

  // --- Trouble -------------------------------------------------------------------------------------------------------------------

  touched(): void {
    this.#desks.attendance.touched()
  }

  async finishInterrupted(): Promise<Result<void, Refused>> {
    this.touched()
    return this.#desks.payments.finishInterrupted()
  }

  async undoInterrupted(): Promise<Result<void, Refused>> {
    this.touched()
    return this.#desks.payments.undoInterrupted()
  }

  recovery(): RecoveryView {
    return this.#desks.recovery.view()
  }

  async endUnknownYes(input: TillInput<'endUnknownYes'>): Promise<Result<void, Refused>> {
    const by = this.#desks.staff.signedIn()?.id
    return by === undefined ? err({ code: 'locked' }) : this.#desks.recovery.end({ ...input, by })
  }

  async putAwayAlarm({ id }: TillInput<'putAwayAlarm'>): Promise<Result<void, Refused>> {
    return this.#desks.recovery.putAwayAlarm(id)
  }

  // --- Receipts ------------------------------------------------------------------------------------------------------------------

  receipts(input: TillInput<'receipts'>): ReceiptPage {
    return this.#desks.ledger.receipts(input)
  }

  async receipt({ receiptId }: TillInput<'receipt'>): Promise<Result<ReceiptView, Refused>> {
    return this.#desks.receipts.view(receiptId)
  }

  async print({ receiptId }: TillInput<'print'>): Promise<Result<void, Refused>> {
    return this.#desks.receipts.print(receiptId)
  }

  async retryPrint({ jobId }: TillInput<'printJob'>): Promise<Result<void, Refused>> {
    this.touched()
    return this.#desks.receipts.retry(jobId)
  }

  async dropPrint({ jobId }: TillInput<'printJob'>): Promise<Result<void, Refused>> {
    this.touched()
    return this.#desks.receipts.drop(jobId)
  }

  // --- People and settings -------------------------------------------------------------------------------------------------------

  async setUp(input: TillInput<'setUp'>): Promise<Result<void, Refused>> {
    this.touched()
    return this.#desks.staff.setUp(input)
  }

  async signIn(input: TillInput<'signIn'>): Promise<Result<void, Refused>> {
    this.touched()
    return this.#desks.staff.signIn(input)
  }

  async lock(): Promise<Result<void, Refused>> {
    // A payment that was begun goes on; but no new one begins behind a locked screen.
    this.#endQuestions()
    this.#desks.staff.lock()
    return ok()
  }

  staff(): readonly StaffMember[] {
    return this.#desks.staff.list()
  }

  async addStaff(input: TillInput<'addStaff'>): Promise<Result<void, Refused>> {
    this.touched()
    return this.#desks.staff.add(input)
  }

  async changePin(input: TillInput<'changePin'>): Promise<Result<void, Refused>> {
    this.touched()
    return this.#desks.staff.changePin(input)
  }

  async removeStaff(input: TillInput<'removeStaff'>): Promise<Result<void, Refused>> {
    this.touched()
    return this.#desks.staff.remove(input)
  }

  language(): Language {
    return this.#desks.settings.now().language
  }

  setLanguage({ language }: TillInput<'language'>): void {
    this.#desks.settings.setLanguage(language)
  }

  settings(): SettingsView {
    return this.#desks.settingsView()
  }

  async changeSettings(input: TillInput<'settings'>): Promise<Result<void, Refused>> {
    this.touched()
    return this.#desks.settings.change(input)
  }

  async testPrint(): Promise<Result<void, Refused>> {
    this.touched()
    return this.#desks.receipts.printTestPage()
  }

  async practice(): Promise<Result<PracticeView, Refused>> {
    return tillAnswer(await this.#desks.practice?.view())
  }

  async steerPractice(input: TillInput<'practice'>): Promise<Result<void, Refused>> {
    return tillAnswer(await this.#desks.practice?.steer(input))
  }

  /** Edits of the cart are refused while it is being paid; the first edit after a sale begins the next one. */
  async #edit(work: () => Promise<Result<void, Refused>>): Promise<Result<void, Refused>> {
    this.touched()
    const { carts, payments } = this.#desks
    if (carts.current().state !== 'open' || payments.isInterrupted()) return err({ code: 'cart-locked' })
    this.#putAway()
    const result = await work()
    // A count that was shown while seats were asked for was shown for another sale.
    this.#desks.knocks.end()
    this.#desks.onChange()
    return result
  }

  /** Whatever bands are asked that is no payment: the radio is needed for one, or nobody is here any more to read the answer. */
  #endQuestions(): void {
    this.#desks.knocks.end()
    this.#desks.identity.end()
  }

  #putAway(): void {
    this.#endQuestions()
    this.#desks.payments.putAway()
    this.#desks.lastSale.putAway()
  }
}

function saved(written: Result<void, StoreFault>): Result<void, Refused> {
  return written.ok ? ok() : err({ code: 'storage-failed', subject: written.error.trouble })
}
