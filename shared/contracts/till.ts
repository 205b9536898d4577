/**
 * The till as its screens (and any script with a session) see it: what can be asked, and the state that is pushed.
 * main/api turns this into a tRPC router; main/terminal.ts implements it; renderer/ knows nothing else of the terminal.
 * The renderer can ask to charge the open cart; it never names an amount, never sees a key, cannot mark anything paid.
 */
import * as z from 'zod'
import type { AttemptStage, AttemptState } from '#shared/domain/attempt.ts'
import type { CartId, HallId, PrintJobId, ReceiptId, RequestId, SeatId, ShowtimeId, SightingId } from '#shared/domain/ids.ts'
import type { Money } from '#shared/domain/money.ts'
import type { Programme, SeatState } from '#shared/domain/programme.ts'
import type { Reason } from '#shared/domain/reasons.ts'
import type { Receipt } from '#shared/domain/receipt.ts'
import type { SaleLine } from '#shared/domain/sale-line.ts'
import type { Language, Words } from '#shared/domain/words.ts'
import type { Result } from '#shared/result.ts'
import type { ReversalBody } from './backend-api.ts'
import { type IdentifyView, identifyInputs } from './identify.ts'
import { type PracticeView, practiceCommand } from './practice-desk.ts'
import { type Exposure, type InterruptedView, type RecoveryView, recoveryInputs } from './recovery.ts'
import { type SettingsView, settingsChange } from './settings.ts'
import { type SessionView, type StaffMember, staffInputs } from './staff.ts'
import type { DriverWhy, PracticeTrouble, PrinterTrouble, RadioDriver, RadioTrouble, SettingTrouble, StorageTrouble } from './troubles.ts'

/** Refusals the till gives its cashier. The words are in main's and the renderer's catalogs under `refusal.<code>`. */
export const TILL_REFUSALS = [
  'backend-offline', // no new seats can be promised; snacks and cash go on
  'seat-taken', // another till or sale has it: choose another
  'seat-not-held', // the hold ran out: choose again
  'showtime-closed', // no longer on sale
  'unknown-item', // not in the programme the terminal holds
  'cart-empty',
  'cart-full', // CART_LINES_MAX lines or SALE_AMOUNT_MAX
  'cart-locked', // a payment is running or in doubt
  'band-gone', // the band is no longer heard
  'payment-running', // one payment at a time
  'no-payment', // nothing to take cash for or to cancel
  'too-little-cash',
  'not-cancellable', // already paid, or already ended
  'storage-failed', // the disk is full or read-only: nothing was charged
  'receipt-unknown',
  'printer-failed', // not printed yet: it waits, and prints by itself
  'not-printed', // and does not wait: somebody asks again or not
  'print-unknown', // bytes reached the printer: the paper may be out
  'seats-unpinned', // seats held, but the backend cannot be asked to pin them for cash
  'locked', // nobody is signed in
  'manager-needed', // a manager must sign in for this
  'wrong-pin',
  'pin-wait', // too many wrong PINs
  'staff-unknown',
  'name-taken',
  'last-manager', // somebody must be able to manage
  'knock-needed', // a guess without it: another band is about as near; or the amount, or old news, ask for it
  'too-late', // the first minute is over, or the 24 hours are
  'capture-over', // the `capture by` of an unknown yes has passed: it can only be given back
  'not-voidable', // not a sale paid by one band, or already void
  'nothing-interrupted',
  'already-ended', // a manager, or the backend, has ended it
  'print-job-unknown',
  'setting-refused',
  'practice-only',
  'practice-refused', // the practice world says why not
  'practice-gone', // the practice world does not answer
] as const
export type TillRefusal = (typeof TILL_REFUSALS)[number]

/** Refusals that may say what they are about. Never a sentence: the screens have the words. */
type AboutSomething =
  | { readonly code: 'seat-taken' | 'seat-not-held'; readonly subject?: readonly SeatId[] }
  /** Seconds left. */
  | { readonly code: 'pin-wait'; readonly subject?: number }
  | { readonly code: 'storage-failed'; readonly subject?: StorageTrouble }
  | { readonly code: 'printer-failed' | 'not-printed' | 'print-unknown'; readonly subject?: PrinterTrouble }
  | { readonly code: 'setting-refused'; readonly subject?: SettingTrouble }
  | { readonly code: 'practice-refused'; readonly subject?: PracticeTrouble }
export type Refused = { readonly code: Exclude<TillRefusal, AboutSomething['code']>; readonly subject?: never } | AboutSomething

export type CartState =
  | 'open' // may be edited and charged
  | 'paying' // a payment panel is open or a band is being asked: no edits
  | 'in-doubt' // the outcome of a charge is unknown: no edits, no second charge; one way out

export type SeatHoldView = { readonly showtimeId: ShowtimeId; readonly seats: readonly SeatId[]; readonly expiresAt: string }

export type CartView = {
  readonly id: CartId
  readonly state: CartState
  readonly lines: readonly SaleLine[]
  readonly total: Money
  readonly tax: Money
  readonly holds: readonly SeatHoldView[]
}

/** A band heard nearby. The id is the terminal's own, made for this sighting; nothing here names a person or is stored. */
export type BandView = {
  readonly id: SightingId
  /** A letter the cashier can say, kept while the band stays in sight: A, B, C … */
  readonly letter: string
  /** 0 (faint) to 4 (at the counter). */
  readonly nearness: 0 | 1 | 2 | 3 | 4
  readonly worn: boolean
  readonly armed: boolean
  readonly phoneLinked: boolean
  readonly lowBattery: boolean
  /** True for at most one band: nearest by 10 dB for a second. */
  readonly proposed: boolean
  /** True while this one is charged only after a knock: another that could pay is about as near, or the sale asks for it (`knockWhy`). */
  readonly needsKnock: boolean
}

export type BandPaymentView = {
  readonly tender: 'band'
  readonly requestId: RequestId
  readonly state: AttemptState
  readonly stage: AttemptStage
  readonly bandLetter: string
  readonly total: Money
  readonly startedAt: string
  readonly expiresAt: string
  /** Set when the payment ended without money. */
  readonly reason?: Reason
  /** Set when the terminal itself had to stop before asking, such as a full disk. */
  readonly refusal?: Refused
  /** While in doubt: when the terminal asks next. */
  readonly nextQueryAt?: string
  /** When nobody touches the till until then, the payment is undone. Set once it is in doubt. */
  readonly undoneAt?: string
  /** Of a reversal: why it was made; `late-yes` once a yes has come after it. */
  readonly why?: ReversalBody['reason']
  /** Of a reversal the backend has not heard yet: a promise, kept here. */
  readonly isPromise?: boolean
}
/**
 * Why whoever pays this sale has to knock. `amount`: above the till's no-knock limit. `old-news`: that limit has shrunk to `limit`, because the
 * news of lost bands is so old; `no-news`: nobody can tell how old. `wallet`: the customer's wallet asked for it.
 */
export type KnockWhy =
  | { readonly kind: 'amount'; readonly limit: Money }
  | { readonly kind: 'old-news'; readonly limit: Money; readonly ageMinutes: number }
  | { readonly kind: 'no-news' | 'wallet' }
/** Who pays is settled by knocking: a count is shown, the bands nearby are asked what they felt, and exactly one must have felt it. */
export type KnockView = {
  readonly state: 'listening' | 'nobody' | 'several'
  /** How often the customer should knock, 2 to 4. */
  readonly count: number
  /** Letters of the bands that are asked. */
  readonly letters: readonly string[]
  readonly endsAt: string
}
/** A receipt on its way to paper, or stuck there. */
export type PrintJobView = {
  readonly id: PrintJobId
  readonly receiptId: ReceiptId
  readonly printedNumber: string
  /** `unknown`: printing broke off, or the till stopped meanwhile: the paper may be out, so a person decides. */
  readonly state: 'waiting' | 'printing' | 'failed' | 'unknown'
  readonly trouble?: PrinterTrouble
  /** Bytes had reached the printer: what is out may be incomplete. */
  readonly mayBeOut: boolean
  readonly tries: number
}
export type CashPaymentView = {
  readonly tender: 'cash'
  readonly requestId: RequestId
  readonly state: AttemptState
  readonly total: Money
}
export type PaymentView = BandPaymentView | CashPaymentView

export type RadioState = 'starting' | 'scanning' | 'failed'
export type RadioStanding = {
  readonly state: RadioState
  /** What listens, and why this one. Absent until one has been loaded. */
  readonly driver?: RadioDriver
  readonly why?: DriverWhy
  /** While no band can be heard. */
  readonly trouble?: RadioTrouble
}
export type BackendState = 'unknown' | 'online' | 'offline'

export type TillStatus = {
  readonly radio: RadioStanding & { readonly bandsNear: number }
  /** `isRefusing`: it answers, and takes nothing from this till: its clock is wrong, or it was blocked. Offline for all that depends on it. */
  readonly backend: { readonly state: BackendState; readonly lastContactAt?: string; readonly isRefusing?: true }
  readonly outbox: { readonly pending: number; readonly unsyncedTotal: Money }
  readonly printer: {
    readonly state: 'ready' | 'failed'
    /** Where it stands, such as an address or a folder: as it is, for those who look after it. */
    readonly place: string
    readonly trouble?: PrinterTrouble
    readonly jobs: readonly PrintJobView[]
  }
  readonly inDoubt: number
  readonly exposure: Exposure
  /** Unknown yeses that wait for a manager, and alarms. */
  readonly attention: number
  /** Set while this computer's clock is off by more than two minutes, milliseconds; positive: ahead. */
  readonly clock?: { readonly skewMs: number }
}

export type TillIdentity = {
  readonly terminalId: string
  readonly practice: boolean
  readonly merchantName: Words
  readonly siteName: Words
  readonly timeZone: string
  readonly currency: Money['currency']
  readonly cashierName: string
}

/** Everything a screen needs that changes by itself, pushed whole: a screen that was away catches up with one message. */
export type TillState = {
  readonly revision: number
  /** The terminal's clock when this was sent: screens count down from it, never from their own. ISO 8601 UTC. */
  readonly now: string
  readonly identity: TillIdentity
  /** What the till speaks: its screens and its papers follow it, whoever changed it. */
  readonly language: Language
  readonly session: SessionView
  readonly status: TillStatus
  /** Which programme the terminal holds; when it changes, ask for the programme again. `none` until the first one has come. */
  readonly programmeVersion: string
  readonly cart: CartView
  readonly bands: readonly BandView[]
  readonly payment?: PaymentView
  readonly knock?: KnockView
  /** While a customer is asked who they are, and until what they said is put away. */
  readonly identify?: IdentifyView
  /** Set while the open sale needs a knock, whoever pays it. */
  readonly knockWhy?: KnockWhy
  /** Shown before anything else after a start that found a sale under way. */
  readonly interrupted?: InterruptedView
  /** The receipt of the sale that was just paid, until the next sale begins. */
  readonly lastReceiptId?: ReceiptId
  /** Until when a cashier may still say "wrong person" of that sale, ISO 8601 UTC. */
  readonly wrongPersonUntil?: string
}

export type SeatMapView = {
  readonly showtimeId: ShowtimeId
  readonly hallId: HallId
  readonly seats: Readonly<Record<string, SeatState | 'ours'>>
}

/** The void that took a receipt back. */
export type VoidedBy = { readonly receiptId: ReceiptId; readonly printedNumber: string }

export type ReceiptRow = {
  readonly id: ReceiptId
  readonly printedNumber: string
  readonly issuedAt: string
  readonly total: Money
  readonly tender: Receipt['tender']
  readonly kind: Receipt['kind']
  readonly summary: Words
  readonly synced: boolean
  readonly voidedBy?: VoidedBy
}
export type ReceiptPage = { readonly rows: readonly ReceiptRow[]; readonly nextBefore?: number }
export type ReceiptView = {
  readonly receipt: Receipt
  readonly printedNumber: string
  readonly synced: boolean
  readonly prints: number
  readonly voidedBy?: VoidedBy
  /** The paper as a picture: an SVG document, drawn by the same markup that is printed. */
  readonly paperSvg: string
}

const text = (max: number) => z.string().min(1).max(max)
const branded = <T extends string>() => z.custom<T>((value) => typeof value === 'string' && value.length > 0 && value.length <= 64)

/** What each call takes. Parsed once at the edge; trusted inside. */
export const tillInputs = {
  seatMap: z.strictObject({ showtimeId: branded<ShowtimeId>() }),
  setSeats: z.strictObject({
    showtimeId: branded<ShowtimeId>(),
    /** The whole choice for this showtime: seats not named are given back. */
    seats: z.array(z.strictObject({ seat: branded<SeatId>(), ticketTypeId: text(64) })).max(20),
  }),
  setProduct: z.strictObject({ productId: text(64), quantity: z.int().min(0).max(99) }),
  removeLine: z.strictObject({ lineId: text(64) }),
  chargeBand: z.strictObject({ sightingId: branded<SightingId>() }),
  takeCash: z.strictObject({ tenderedMinor: z.int().min(0).max(100_000_000) }),
  receipts: z.strictObject({
    before: z.int().positive().optional(),
    limit: z.int().min(1).max(100).default(30),
    find: z.string().max(64).optional(),
  }),
  receipt: z.strictObject({ receiptId: branded<ReceiptId>() }),
  print: z.strictObject({ receiptId: branded<ReceiptId>() }),
  printJob: z.strictObject({ jobId: branded<PrintJobId>() }),
  voidSale: z.strictObject({ receiptId: branded<ReceiptId>() }),
  settings: settingsChange,
  practice: practiceCommand,
  ...staffInputs,
  ...recoveryInputs,
  ...identifyInputs,
  language: z.strictObject({ language: z.enum(['zh-CN', 'en']) }),
} as const
export type TillInput<K extends keyof typeof tillInputs> = z.output<(typeof tillInputs)[K]>

/** Unsubscribes. Safe to call twice. */
export type Unsubscribe = () => void

/** The terminal without a window. `onState` calls back at once with the state, then at each change, at most 20 times a second. */
export interface Till {
  state(): TillState
  onState(listener: (state: TillState) => void): Unsubscribe
  programme(): Programme
  seatMap(input: TillInput<'seatMap'>): Promise<Result<SeatMapView, Refused>>
  /** Holds exactly these seats for the cart, all or none, at the backend, before they show in the cart. */
  setSeats(input: TillInput<'setSeats'>): Promise<Result<void, Refused>>
  setProduct(input: TillInput<'setProduct'>): Promise<Result<void, Refused>>
  removeLine(input: TillInput<'removeLine'>): Promise<Result<void, Refused>>
  clearCart(): Promise<Result<void, Refused>>
  /** Resolves when the attempt has been persisted and begun; progress and outcome arrive by `onState`. */
  chargeBand(input: TillInput<'chargeBand'>): Promise<Result<{ requestId: RequestId }, Refused>>
  /** Opens the cash panel: persists the attempt and pins the seats, so that money is only taken for what can be given. */
  startCash(): Promise<Result<{ requestId: RequestId }, Refused>>
  takeCash(input: TillInput<'takeCash'>): Promise<Result<{ receiptId: ReceiptId }, Refused>>
  /** Ends the running payment: a cash panel closes; a band request that may be approved is reversed first, then the cart is free. */
  cancelPayment(): Promise<Result<void, Refused>>
  /** Leaves the last outcome (Done, or a refusal) and starts afresh. */
  nextSale(): Promise<Result<void, Refused>>
  receipts(input: TillInput<'receipts'>): ReceiptPage
  receipt(input: TillInput<'receipt'>): Promise<Result<ReceiptView, Refused>>
  print(input: TillInput<'print'>): Promise<Result<void, Refused>>
  /** Has a waiting or stuck print tried again now. */
  retryPrint(input: TillInput<'printJob'>): Promise<Result<void, Refused>>
  /** Gives a waiting or stuck print up. */
  dropPrint(input: TillInput<'printJob'>): Promise<Result<void, Refused>>
  language(): Language
  setLanguage(input: TillInput<'language'>): void

  /** Someone is at the till: pointer or key. Sent at most every few seconds; calls that change something count by themselves. */
  touched(): void
  /** Shows a count and asks the bands that are about equally near what they felt; charges the one band that felt it. */
  chargeByKnock(): Promise<Result<void, Refused>>
  /** Asks a band's wearer who they are; what they tell shows in the state. It moves no money, and a payment that begins ends it. */
  identify(input: TillInput<'identify'>): Promise<Result<void, Refused>>
  /** Stops asking, or puts away what was told. */
  endIdentify(): Promise<Result<void, Refused>>
  /** Wrong person: a void document, the money back to that wallet, and the same sale open again with its seats. */
  voidSale(input: TillInput<'voidSale'>): Promise<Result<{ receiptId: ReceiptId }, Refused>>
  finishInterrupted(): Promise<Result<void, Refused>>
  undoInterrupted(): Promise<Result<void, Refused>>
  recovery(): RecoveryView
  endUnknownYes(input: TillInput<'endUnknownYes'>): Promise<Result<void, Refused>>
  /** A manager has seen it: it is shown no more. What it is about stays in the records. */
  putAwayAlarm(input: TillInput<'putAwayAlarm'>): Promise<Result<void, Refused>>

  setUp(input: TillInput<'setUp'>): Promise<Result<void, Refused>>
  signIn(input: TillInput<'signIn'>): Promise<Result<void, Refused>>
  lock(): Promise<Result<void, Refused>>
  staff(): readonly StaffMember[]
  addStaff(input: TillInput<'addStaff'>): Promise<Result<void, Refused>>
  changePin(input: TillInput<'changePin'>): Promise<Result<void, Refused>>
  removeStaff(input: TillInput<'removeStaff'>): Promise<Result<void, Refused>>

  settings(): SettingsView
  changeSettings(input: TillInput<'settings'>): Promise<Result<void, Refused>>
  /** Prints a short page on the printer as it is set now. */
  testPrint(): Promise<Result<void, Refused>>

  /** The practice world as its drawer shows it. Refused outside practice. */
  practice(): Promise<Result<PracticeView, Refused>>
  steerPractice(input: TillInput<'practice'>): Promise<Result<void, Refused>>
}
