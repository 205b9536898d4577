/**
 * What the money of a shop and its customers must be, reckoned in another way than the backend does: from a list of what happened, with
 * whole numbers of any size, days counted from 1970 at UTC+8 (as Shanghai's have been since 1991), and no ledger.
 */
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const SHANGHAI_MS = 8 * HOUR_MS
/** A rate of a basis point a year is this part of a minor unit a day. */
const PARTS = 10_000n * 365n

type Movement = { readonly atMs: number; readonly amount: number }
type Rate = { readonly fromDay: number; readonly basisPoints: number }

/** Days since 1970 on a Shanghai calendar. */
export function shanghaiDay(ms: number): number {
  return Math.floor((ms + SHANGHAI_MS) / DAY_MS)
}

export function shanghaiDayText(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10)
}

export function endOfShanghaiDay(day: number): number {
  return (day + 1) * DAY_MS - SHANGHAI_MS
}

/** What every day from the first movement to `throughDay` earned, by day, if it is a whole minor unit at least. Movements are in order. */
export function interestByDay(movements: readonly Movement[], rates: readonly Rate[], throughDay: number): ReadonlyMap<number, number> {
  const earned = new Map<number, number>()
  const first = movements[0]
  if (!first) return earned
  let [parts, moved, credited, next] = [0n, 0n, 0n, 0]
  for (let day = shanghaiDay(first.atMs); day <= throughDay; day += 1) {
    for (let each = movements[next]; each && each.atMs < endOfShanghaiDay(day); each = movements[next]) {
      moved += BigInt(each.amount)
      next += 1
    }
    const basisPoints = rates.findLast(({ fromDay }) => fromDay <= day)?.basisPoints ?? 0
    parts += (moved + credited) * BigInt(basisPoints)
    const due = parts / PARTS - credited
    credited += due
    if (due > 0n) earned.set(day, Number(due))
  }
  return earned
}

type Attempt = { readonly accountId: string; readonly amount: number; readonly captureByMs: number } & (
  | { readonly state: 'held' | 'reversed' | 'voided' }
  | { readonly state: 'captured'; readonly captured: number; readonly receiptId: string }
)

export class WalletModel {
  readonly #movements = new Map<string, Movement[]>()
  readonly #interest = new Map<string, number>()
  readonly #attempts = new Map<string, Attempt>()
  readonly #rates: Rate[] = []
  readonly #frozen = new Set<string>()
  #merchant = 0
  #settledDay = 0

  get merchant(): number {
    return this.#merchant
  }

  get held(): number {
    return [...this.#attempts.values()].reduce((sum, { state, amount }) => (state === 'held' ? sum + amount : sum), 0)
  }

  get interestPaid(): number {
    return [...this.#interest.values()].reduce((sum, amount) => sum + amount, 0)
  }

  get attempts(): ReadonlyMap<string, Attempt> {
    return this.#attempts
  }

  wallets(): readonly (readonly [string, number])[] {
    return [...this.#movements.keys()].map((accountId) => [accountId, this.wallet(accountId)])
  }

  wallet(accountId: string): number {
    const moved = (this.#movements.get(accountId) ?? []).reduce((sum, { amount }) => sum + amount, 0)
    return moved + (this.#interest.get(accountId) ?? 0)
  }

  isFrozen(accountId: string): boolean {
    return this.#frozen.has(accountId)
  }

  freeze(accountId: string, frozen: boolean): void {
    if (frozen) this.#frozen.add(accountId)
    else this.#frozen.delete(accountId)
  }

  open(accountId: string, amount: number, atMs: number): void {
    this.#movements.set(accountId, amount > 0 ? [{ atMs, amount }] : [])
  }

  hold(requestId: string, hold: { readonly accountId: string; readonly amount: number; readonly captureByMs: number }, atMs: number): void {
    this.#attempts.set(requestId, { ...hold, state: 'held' })
    this.#move(hold.accountId, -hold.amount, atMs)
  }

  /** Takes a part of what is held for good; the rest goes back. Nothing when there is nothing held, or less. */
  capture(requestId: string, amount: number, receiptId: string, atMs: number): void {
    const attempt = this.#attempts.get(requestId)
    if (attempt?.state !== 'held' || amount < 1 || amount > attempt.amount || atMs > attempt.captureByMs) return
    this.#attempts.set(requestId, { ...attempt, state: 'captured', captured: amount, receiptId })
    this.#merchant += amount
    if (amount < attempt.amount) this.#move(attempt.accountId, attempt.amount - amount, atMs)
  }

  reverse(requestId: string, atMs: number): void {
    const attempt = this.#attempts.get(requestId)
    if (attempt?.state !== 'held') return
    this.#attempts.set(requestId, { ...attempt, state: 'reversed' })
    this.#move(attempt.accountId, attempt.amount, atMs)
  }

  /** Gives back what a receipt took, when it is exactly that. */
  giveBack(requestId: string, amount: number, atMs: number): void {
    const attempt = this.#attempts.get(requestId)
    if (attempt?.state !== 'captured' || amount !== attempt.captured) return
    const { accountId, captureByMs } = attempt
    this.#attempts.set(requestId, { accountId, captureByMs, amount: attempt.amount, state: 'voided' })
    this.#merchant -= amount
    this.#move(accountId, amount, atMs)
  }

  /** What the backend does by itself now and then: overdue holds go back, and the days that are over earn. */
  sweep(atMs: number, interest: { readonly basisPoints: number; readonly settleAfterMs: number }): void {
    for (const [requestId, { state, captureByMs }] of this.#attempts) {
      if (state === 'held' && captureByMs < atMs) this.reverse(requestId, atMs)
    }
    if (this.#rates.at(-1)?.basisPoints !== interest.basisPoints) {
      const fromDay = shanghaiDay(atMs)
      if (this.#rates.at(-1)?.fromDay === fromDay) this.#rates.pop()
      this.#rates.push({ fromDay, basisPoints: interest.basisPoints })
    }
    this.#settledDay = shanghaiDay(atMs - interest.settleAfterMs) - 1
    for (const [accountId, movements] of this.#movements) {
      const earned = interestByDay(movements, this.#rates, this.#settledDay)
      this.#interest.set(
        accountId,
        [...earned.values()].reduce((sum, amount) => sum + amount, 0),
      )
    }
  }

  #move(accountId: string, amount: number, atMs: number): void {
    this.#movements.get(accountId)?.push({ atMs, amount })
  }
}
