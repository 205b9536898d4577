/**
 * Wrong person: a void document takes the sale back, the backend gives the money back to the wallet it came from, and the same sale is open
 * again. Never a reversal: what was captured stays captured, and what goes back is a document of its own.
 */
import type { CartHold, Carts } from '#main/cart/carts.ts'
import type { Standing } from '#main/enrolment/enrolment.ts'
import type { Ledger, ReceiptDraft, ReturnedSeats } from '#main/ledger/ports.ts'
import type { Clock, Store } from '#main/ports.ts'
import { HOLD_LIFETIME_MS } from '#shared/contracts/backend-api.ts'
import type { Role } from '#shared/contracts/staff.ts'
import type { Refused } from '#shared/contracts/till.ts'
import type { HoldId, LineId, ReceiptId, ShowtimeId } from '#shared/domain/ids.ts'
import { type Money, times } from '#shared/domain/money.ts'
import { type Payment, printedNumber, type Receipt } from '#shared/domain/receipt.ts'
import type { SaleLine } from '#shared/domain/sale-line.ts'
import { err, ok, type Result } from '#shared/result.ts'

/** Design §5: for so long nobody needs a manager to say "wrong person". */
export const WRONG_PERSON_MS = 60_000
/** After that, a manager may, for as long as the day's books are open in everybody's mind. */
export const VOID_MS = 24 * 60 * 60_000

export type VoidDeps = {
  readonly store: Store
  readonly clock: Clock
  readonly newId: () => string
  readonly ledger: Ledger
  readonly carts: Carts
  readonly standing: () => Standing
  readonly practice: boolean
  readonly cashierName: () => string
  readonly role: () => Role
  /** True while receipts of a lost file are still to come back: a sale it had voided looks unvoided until then. */
  readonly isPulling: () => boolean
}

export type Voided = {
  readonly receipt: Receipt
  /** Holds that come back for no cart: another sale is being rung up. */
  readonly unused: readonly CartHold[]
}

/** A sale with what decides whether it may be voided. `paidMonotonicMs`: when this run wrote it, so that no clock that is set matters. */
type Known = { readonly isVoidable: boolean; readonly issuedAtMs: number; readonly paidMonotonicMs: number | undefined }
type BandPayment = Extract<Payment, { tender: 'band' }>
type Reopened = { readonly lines: readonly SaleLine[]; readonly holds: readonly CartHold[]; readonly returns: readonly ReturnedSeats[] }

export class VoidDesk {
  readonly #deps: VoidDeps
  readonly #known = new Map<ReceiptId, Known>()

  constructor(deps: VoidDeps) {
    this.#deps = deps
  }

  /** A sale was paid just now. */
  paid(receipt: Receipt): void {
    const nowMs = this.#deps.clock.monotonicMs()
    // In order of time: the oldest are first.
    for (const [id, { paidMonotonicMs }] of this.#known) {
      if (paidMonotonicMs !== undefined && nowMs - paidMonotonicMs <= VOID_MS) break
      // Of an earlier run: what the file says of it is enough.
      this.#known.delete(id)
    }
    this.#known.set(receipt.id, { ...knownOf(receipt), paidMonotonicMs: nowMs })
  }

  /** Until when anybody may say "wrong person" of this sale, ISO 8601 UTC by the wall clock; undefined when that is over, or never was. */
  wrongPersonUntil(id: ReceiptId): string | undefined {
    const known = this.#find(id)
    if (!known?.isVoidable) return undefined
    const leftMs = WRONG_PERSON_MS - this.#ageMs(known)
    return leftMs >= 0 && leftMs <= WRONG_PERSON_MS ? new Date(this.#deps.clock.nowMs() + leftMs).toISOString() : undefined
  }

  /**
   * Takes a sale back that one band paid: anybody in its first minute, a manager within the day. Void, journal, outbox and the cart that is
   * open again are one transaction. The cart is opened again when no other sale is being rung up.
   */
  voidSale(id: ReceiptId): Result<Voided, Refused> {
    const { ledger, store, carts } = this.#deps
    const sale = ledger.receipt(id)?.receipt
    if (!sale) return err({ code: 'receipt-unknown' })
    const payment = bandPaymentOf(sale)
    if (!payment || ledger.voidOf(id)) return err({ code: 'not-voidable' })
    const known = this.#find(id) ?? knownOf(sale)
    if (known.paidMonotonicMs === undefined && this.#deps.isPulling()) return err({ code: 'backend-offline' })
    const may = this.#may(known)
    if (!may.ok) return may
    const reopened = this.#reopened(sale)
    const mayReopen = carts.isFree()
    const written = store.write((tx) => {
      const receipt = ledger.commitReceipt(tx, this.#draft(sale, payment, reopened.returns))
      if (mayReopen) carts.reopen(tx, reopened.lines, reopened.holds)
      return receipt
    })
    carts.reload()
    if (!written.ok) return err({ code: 'storage-failed', subject: written.error.trouble })
    this.#known.set(id, { ...known, isVoidable: false })
    return ok({ receipt: written.value, unused: mayReopen ? [] : reopened.holds })
  }

  /**
   * True while this hold is to come back with a void that the backend has not heard yet: until then it does not exist there, and whoever
   * made it in the meantime would stand in the way of the seats.
   */
  isComing(holdId: HoldId): boolean {
    const unheard = this.#deps.store.all(
      "SELECT o.body FROM outbox o JOIN receipts r ON r.outbox_seq = o.seq WHERE o.acked_at IS NULL AND r.kind = 'void'",
    )
    // The cast: our own record, as the ledger wrote it.
    const bodies = unheard.map((row) => JSON.parse(String(row['body'])) as { readonly returns?: readonly { readonly holdId: string }[] })
    return bodies.some(({ returns = [] }) => returns.some((part) => part.holdId === holdId))
  }

  #find(id: ReceiptId): Known | undefined {
    const known = this.#known.get(id)
    if (known) return known
    const receipt = this.#deps.ledger.receipt(id)?.receipt
    if (!receipt) return undefined
    const { isVoidable, ...when } = knownOf(receipt)
    return { ...when, isVoidable: isVoidable && !this.#deps.ledger.voidOf(id) }
  }

  /** How long ago it was paid. Of an earlier run only the wall clock can tell, and may say that it is yet to come. */
  #ageMs({ issuedAtMs, paidMonotonicMs }: Known): number {
    const { clock } = this.#deps
    return paidMonotonicMs === undefined ? clock.nowMs() - issuedAtMs : clock.monotonicMs() - paidMonotonicMs
  }

  #may(known: Known): Result<void, Refused> {
    const ageMs = this.#ageMs(known)
    if (ageMs >= 0 && ageMs <= WRONG_PERSON_MS) return ok()
    if (Math.abs(ageMs) > VOID_MS) return err({ code: 'too-late' })
    return this.#deps.role() === 'manager' ? ok() : err({ code: 'manager-needed' })
  }

  /** The same sale as an open cart would hold it: new line ids, and each showtime's seats under a hold that is to come. */
  #reopened(sale: Receipt): Reopened {
    const { clock, newId } = this.#deps
    const expiresAt = new Date(clock.nowMs() + HOLD_LIFETIME_MS).toISOString()
    const holds = new Map<ShowtimeId, CartHold>()
    const lines = sale.lines.map((line): SaleLine => {
      const id = newId() as LineId
      const { subject } = line
      if (subject.kind !== 'ticket') return { ...line, id }
      const { showtimeId, seat } = subject
      const { holdId, seats } = holds.get(showtimeId) ?? { holdId: newId() as HoldId, seats: [] }
      holds.set(showtimeId, { holdId, showtimeId, seats: [...seats, seat], expiresAt })
      return { ...line, id, subject: { ...subject, holdId } }
    })
    const returns = [...holds.values()].map(({ holdId, showtimeId, seats }) => ({ holdId, showtimeId, seats, ofReceiptId: sale.id }))
    return { lines, holds: [...holds.values()], returns }
  }

  #draft(sale: Receipt, payment: BandPayment, returns: readonly ReturnedSeats[]): ReceiptDraft {
    const { practice, standing, cashierName } = this.#deps
    const { merchant, site } = standing().profile
    const { requestId, authorizationId, amount } = payment
    return {
      kind: 'void',
      practice,
      merchant: merchant as Receipt['merchant'],
      site: { id: site.id as Receipt['site']['id'], name: site.name, address: site.address, timeZone: site.timeZone },
      cashierName: cashierName(),
      lines: sale.lines.map((line) => ({
        ...line,
        unitPrice: negated(line.unitPrice),
        total: negated(line.total),
        tax: negated(line.tax),
      })),
      payments: [{ ...payment, amount: negated(amount) }],
      total: negated(sale.total),
      tax: negated(sale.tax),
      of: { receiptId: sale.id, printedNumber: printedNumber(sale), reason: 'wrong-person' },
      captures: [],
      sells: [],
      voids: [{ requestId, authorizationId, amount, ofReceiptId: sale.id }],
      ...(returns.length > 0 ? { returns } : {}),
    }
  }
}

function negated(amount: Money): Money {
  return times(amount, -1)
}

/** The payment of a sale that one band paid whole. */
function bandPaymentOf({ kind, payments }: Receipt): BandPayment | undefined {
  const [only, ...others] = payments
  return kind === 'sale' && only?.tender === 'band' && others.length === 0 ? only : undefined
}

function knownOf(receipt: Receipt): Known {
  return { isVoidable: bandPaymentOf(receipt) !== undefined, issuedAtMs: Date.parse(receipt.issuedAt), paidMonotonicMs: undefined }
}
