/** The open cart. It lives in the store, so a crash loses no line; one cart is open at a time. */
import type { ReadStore, Store, StoreFault, WriteStore } from '#main/ports.ts'
import { assert } from '#shared/assert.ts'
import type { CartState, CartView, SeatHoldView } from '#shared/contracts/till.ts'
import type { CartId, HoldId, SeatId, ShowtimeId } from '#shared/domain/ids.ts'
import { type Currency, sum } from '#shared/domain/money.ts'
import type { SaleLine } from '#shared/domain/sale-line.ts'
import type { Result } from '#shared/result.ts'
import { readLine, readSeats } from './kept-lines.ts'

export type CartHold = {
  readonly holdId: HoldId
  readonly showtimeId: ShowtimeId
  readonly seats: readonly SeatId[]
  readonly expiresAt: string
}
export type Cart = {
  readonly id: CartId
  readonly state: CartState
  readonly lines: readonly SaleLine[]
  readonly holds: readonly CartHold[]
}

type CartDeps = {
  readonly store: Store
  readonly newId: () => string
  readonly nowIso: () => string
  readonly currency: Currency
  readonly log: { warn(message: string, fields?: Readonly<Record<string, string>>): void }
}

export type Carts = ReturnType<typeof createCarts>

/** Opens the book of carts: finds the open cart of an earlier start, or begins one. */
export function createCarts(deps: CartDeps) {
  const { store, newId, nowIso, currency } = deps
  abandonDamaged(deps)
  let cart: Cart | undefined
  /** Read when it is next asked for: a disk that does not read just now must not hide what the transaction before has written. */
  let isStale = true

  /** The open cart; begins one when there is none. An empty cart is not worth a row: it is written with its first line. */
  const current = (): Cart => {
    if (isStale) cart = readOpenCart(store)
    isStale = false
    cart ??= { id: newId() as CartId, state: 'open', lines: [], holds: [] }
    return cart
  }

  const save = (next: Cart): Result<void, StoreFault> => {
    const saved = store.write((tx) => writeCart(tx, next, nowIso()))
    if (saved.ok) cart = next
    return saved
  }

  return {
    current,
    view: (): CartView => viewOf(current(), currency),
    /** Replaces lines and holds of the open cart. */
    change(lines: readonly SaleLine[], holds: readonly CartHold[]): Result<void, StoreFault> {
      assert(current().state === 'open', 'a cart is edited only while it is open')
      return save({ ...current(), lines, holds })
    },
    /** Empties the cart and begins another. */
    abandon(): Result<void, StoreFault> {
      const { id } = current()
      const gone = store.write((tx) => setState(tx, id, 'abandoned'))
      if (gone.ok) cart = undefined
      return gone
    },
    /** Inside the caller's transaction: the cart is being paid, in doubt, or free again. Call `reload` once it is committed. */
    lock(tx: WriteStore, cartId: CartId, state: CartState): void {
      setState(tx, cartId, state)
    },
    /** Inside the caller's transaction: the cart became a receipt. Call `reload` once it is committed. */
    markPaid(tx: WriteStore, cartId: CartId): void {
      setState(tx, cartId, 'paid')
    },
    /** True when nothing is being rung up: the open cart is empty. */
    isFree: (): boolean => current().state === 'open' && current().lines.length === 0,
    /** Inside the caller's transaction: a sale is open again, in a cart of its own in the place of the empty one. Call `reload` afterwards. */
    reopen(tx: WriteStore, lines: readonly SaleLine[], holds: readonly CartHold[]): void {
      const { id, state, lines: others } = current()
      assert(state === 'open' && others.length === 0, 'a sale is opened again only where no other is being rung up')
      setState(tx, id, 'abandoned')
      writeCart(tx, { id: newId() as CartId, state: 'open', lines, holds }, nowIso())
    },
    /** Inside the caller's transaction: the seats' holds run for their full time again, by our clock's estimate. */
    renewHolds(tx: WriteStore, cartId: CartId, expiresAt: string): void {
      tx.run('UPDATE cart_holds SET expires_at = ? WHERE cart_id = ?', expiresAt, cartId)
    },
    /** The cart an attempt belongs to, whatever became of it since. */
    byId(reads: ReadStore, cartId: CartId): Cart {
      const row = reads.get('SELECT state FROM carts WHERE id = ?', cartId)
      assert(row, `no cart ${cartId}`)
      return readCart(reads, cartId, row['state'] as CartState)
    },
    /** A transaction of the caller's may have changed the open cart. */
    reload(): void {
      isStale = true
    },
  }
}

function viewOf({ id, state, lines, holds }: Cart, currency: Currency): CartView {
  const totals = lines.map((line) => line.total)
  const taxes = lines.map((line) => line.tax)
  const shown = holds.map(({ showtimeId, seats, expiresAt }): SeatHoldView => ({ showtimeId, seats, expiresAt }))
  return { id, state, lines, total: sum(totals, currency), tax: sum(taxes, currency), holds: shown }
}

function setState(tx: WriteStore, cartId: CartId, state: CartState | 'paid' | 'abandoned'): void {
  tx.run('UPDATE carts SET state = ?, revision = revision + 1 WHERE id = ?', state, cartId)
}

function writeCart(tx: WriteStore, cart: Cart, nowIso: string): void {
  tx.run(
    'INSERT INTO carts (id, state, created_at, revision) VALUES (?, ?, ?, 1) ON CONFLICT (id) DO UPDATE SET revision = revision + 1',
    cart.id,
    cart.state,
    nowIso,
  )
  tx.run('DELETE FROM cart_lines WHERE cart_id = ?', cart.id)
  tx.run('DELETE FROM cart_holds WHERE cart_id = ?', cart.id)
  cart.lines.forEach((line, position) => {
    tx.run(
      'INSERT INTO cart_lines (cart_id, id, position, line_json) VALUES (?, ?, ?, ?)',
      cart.id,
      line.id,
      position,
      JSON.stringify(line),
    )
  })
  for (const hold of cart.holds) {
    tx.run(
      'INSERT INTO cart_holds (cart_id, hold_id, showtime_id, seats_json, expires_at) VALUES (?, ?, ?, ?, ?)',
      cart.id,
      hold.holdId,
      hold.showtimeId,
      JSON.stringify(hold.seats),
      hold.expiresAt,
    )
  }
}

const UNFINISHED = "SELECT id, state FROM carts WHERE state IN ('open', 'paying', 'in-doubt') ORDER BY created_at DESC LIMIT 1"

function readOpenCart(store: ReadStore): Cart | undefined {
  const row = store.get(UNFINISHED)
  return row ? readCart(store, row['id'] as CartId, row['state'] as CartState) : undefined
}

/** An open cart that the disk has changed is put away, so that it stops no start. One that is being paid is not: it belongs to an attempt. */
function abandonDamaged({ store, log }: CartDeps): void {
  const row = store.get(UNFINISHED)
  if (row?.['state'] !== 'open') return
  const id = row['id'] as CartId
  const lines = store.all(LINES, id).map((line) => readLine(String(line['line_json'])))
  const seats = store.all(HOLDS, id).map((hold) => readSeats(String(hold['seats_json'])))
  if (!lines.includes(undefined) && !seats.includes(undefined)) return
  log.warn('cache-damaged', { what: 'cart' })
  store.write((tx) => setState(tx, id, 'abandoned'))
}

const LINES = 'SELECT line_json FROM cart_lines WHERE cart_id = ? ORDER BY position'
const HOLDS = 'SELECT hold_id, showtime_id, seats_json, expires_at FROM cart_holds WHERE cart_id = ?'

function readCart(store: ReadStore, id: CartId, state: CartState): Cart {
  const lines = store.all(LINES, id).map((row) => {
    const line = readLine(String(row['line_json']))
    assert(line, `cart ${id} has a line that cannot be read`)
    return line
  })
  const holds = store.all(HOLDS, id).map((row) => {
    const seats = readSeats(String(row['seats_json']))
    assert(seats, `cart ${id} has a hold that cannot be read`)
    return { holdId: row['hold_id'] as HoldId, showtimeId: row['showtime_id'] as ShowtimeId, seats, expiresAt: String(row['expires_at']) }
  })
  return { id, state, lines, holds }
}
