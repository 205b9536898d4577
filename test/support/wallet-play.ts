/** Plays steps on the backend's money and on the model of it, through power cuts, and says where the two differ. */
import { sql } from 'kysely'
import { findPhone } from '#reference/backend/repositories/registry-repository.ts'
import { SETTLE_AFTER_MS } from '#reference/backend/services/interest.ts'
import { assert } from '#shared/assert.ts'
import { CAPTURE_DAYS } from '#shared/contracts/backend-api.ts'
import { toBase64Url, toHex } from '#shared/contracts/bytes.ts'
import { authorization } from '#shared/contracts/radio-messages.ts'
import { peekSign1 } from '#shared/crypto/sign1.ts'
import { type Customer, receiptEntry, reversalEntry } from './backend-world.ts'
import { voidEntry } from './outbox-entries.ts'
import { PowerCut } from './power.ts'
import { buildSubmit } from './submits.ts'
import { WalletModel } from './wallet-model.ts'
import type { WalletWorld } from './wallet-world.ts'

const DAY_MS = 86_400_000
const never = async (): Promise<never> => {
  throw new Error('nobody calls over HTTP here')
}

/** `which` and `who` are taken modulo what there is. `percent`: of what is held or was captured; beyond 100 it must be refused. */
export type Step =
  | { readonly kind: 'open'; readonly balance: number }
  | { readonly kind: 'pay'; readonly who: number; readonly amount: number }
  | { readonly kind: 'capture'; readonly which: number; readonly percent: number }
  | { readonly kind: 'reverse'; readonly which: number }
  | { readonly kind: 'void'; readonly which: number; readonly percent: number }
  | { readonly kind: 'freeze'; readonly who: number; readonly frozen: boolean }
  | { readonly kind: 'sweep'; readonly hours: number }
  | { readonly kind: 'restart'; readonly basisPoints: number }

type Approved = { readonly requestId: string; readonly authorizationId: string; readonly authorization: string; readonly amount: number }

export class WalletPlay {
  readonly world: WalletWorld
  readonly model = new WalletModel()
  /** What was played, by name, and the cuts it was played through. */
  readonly reached = { operations: 0, 'power cuts': 0, approved: 0, 'days of interest': 0 }
  readonly #customers: Omit<Customer, 'call'>[] = []
  readonly #approved: Approved[] = []
  #basisPoints: number
  #receipts = 0

  constructor(world: WalletWorld, basisPoints: number) {
    this.world = world
    this.#basisPoints = basisPoints
  }

  /** Plays one step; with `cutBefore`, the power goes right before that statement of it. Returns what is wrong afterwards. */
  async play(step: Step, cutBefore?: number): Promise<readonly string[]> {
    this.reached.operations += 1
    if (cutBefore !== undefined) this.world.power.cutBefore(cutBefore)
    const wrong = await this.#step(step)
    this.world.power.mend()
    return [...wrong, ...(await this.#differences())].map((fault) => `after ${JSON.stringify(step)}: ${fault}`)
  }

  async #step(step: Step): Promise<readonly string[]> {
    switch (step.kind) {
      case 'open':
        return this.#open(step.balance)
      case 'pay':
        return this.#pay(step.who, step.amount)
      case 'capture':
        return this.#capture(step.which, step.percent)
      case 'reverse':
        return this.#reverse(step.which)
      case 'void':
        return this.#giveBack(step.which, step.percent)
      case 'freeze':
        return this.#freeze(step.who, step.frozen)
      case 'sweep':
        return this.#sweep(step.hours)
      case 'restart':
        this.#basisPoints = step.basisPoints
        await this.world.restart({ basisPoints: step.basisPoints, timeZone: 'Asia/Shanghai' })
        return this.#sweep(0)
    }
  }

  /** Does it, and after a cut does the very same again: what was promised must stand, and what was not must not be half done. */
  async #persist<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof PowerCut)) throw error
    }
    this.reached['power cuts'] += 1
    await this.world.reopen()
    const wrong = await ledgerFaults(this.world)
    if (wrong.length > 0) throw new Error(`after a power cut: ${wrong.join('; ')}`)
    return work()
  }

  async #open(balance: number): Promise<readonly string[]> {
    // A cut here would only cost a customer, who is then made anew with other keys: it comes with the next step.
    this.world.power.mend()
    const customer = await this.world.addCustomer(balance)
    this.#customers.push(customer)
    this.model.open(customer.accountId, balance, this.world.nowMs())
    return []
  }

  async #pay(who: number, amount: number): Promise<readonly string[]> {
    const customer = this.#customers[who % Math.max(1, this.#customers.length)]
    if (!customer) return []
    const { world, model } = this
    const nowMs = world.nowMs()
    const wish = { terminal: { ...world.terminal, call: never }, customer: { ...customer, call: never }, amount }
    const built = await buildSubmit(nowMs, wish)
    const { accountId, phoneId } = customer
    const answer = await this.#persist(async () => {
      const from = await findPhone(world.db, phoneId)
      assert(from, 'the phone of a customer is registered')
      return world.services.authorizer.submit(from, built.body)
    })
    if (!answer.ok) return [`refused: ${answer.error.message}`]
    const { kind, hint, signed } = answer.value
    const funds = model.wallet(accountId)
    if (kind === 'decline') {
      // What a customer's limits refuse is not this model's to know: it moves no money.
      const isRight = (hint === 'funds' && funds < amount) || (hint === 'frozen' && model.isFrozen(accountId))
      return isRight ? [] : [`declined with ${hint}, having ${funds} for ${amount}`]
    }
    const opened = peekSign1(authorization, signed)
    if (!opened.ok) return ['a yes that cannot be read']
    const { requestId } = built
    const captureByMs = Math.floor(nowMs / 1_000) * 1_000 + CAPTURE_DAYS * DAY_MS
    this.reached.approved += 1
    this.#approved.push({
      requestId,
      authorizationId: toHex(opened.value.value.authorizationId),
      authorization: toBase64Url(signed),
      amount,
    })
    const isWrong = model.isFrozen(accountId) || funds < amount
    model.hold(requestId, { accountId, amount, captureByMs }, nowMs)
    return isWrong ? [`approved ${amount}, having ${funds}`] : []
  }

  async #capture(which: number, percent: number): Promise<readonly string[]> {
    const attempt = this.#attempt(which)
    if (!attempt) return []
    const amount = Math.ceil((attempt.amount * percent) / 100)
    const entry = receiptEntry({ number: this.#nextNumber(), total: amount, captures: [{ ...attempt, amount }] })
    const wrong = await this.#send(entry)
    this.model.capture(attempt.requestId, amount, entry.receiptId, this.world.nowMs())
    return wrong
  }

  async #reverse(which: number): Promise<readonly string[]> {
    const attempt = this.#attempt(which)
    if (!attempt) return []
    const wrong = await this.#send(reversalEntry(this.world.nowMs(), attempt))
    this.model.reverse(attempt.requestId, this.world.nowMs())
    return wrong
  }

  async #giveBack(which: number, percent: number): Promise<readonly string[]> {
    const attempt = this.#attempt(which)
    const known = attempt && this.model.attempts.get(attempt.requestId)
    if (!attempt || known?.state !== 'captured') return []
    const amount = Math.ceil((known.captured * percent) / 100)
    const entry = voidEntry({ number: this.#nextNumber(), voids: [{ ...attempt, amount, ofReceiptId: known.receiptId }] })
    const wrong = await this.#send(entry)
    this.model.giveBack(attempt.requestId, amount, this.world.nowMs())
    return wrong
  }

  async #freeze(who: number, frozen: boolean): Promise<readonly string[]> {
    const customer = this.#customers[who % Math.max(1, this.#customers.length)]
    if (!customer) return []
    await this.#persist(async () => this.world.services.registry.freezeAccount(customer.accountId, frozen))
    this.model.freeze(customer.accountId, frozen)
    return []
  }

  async #sweep(hours: number): Promise<readonly string[]> {
    const { world } = this
    // Some come right at midnight, where days meet.
    this.world.power.mend()
    await world.advance(hours * 3_600_000)
    await this.#persist(async () => world.services.settlement.sweep(world.db))
    this.reached['days of interest'] += await this.#persist(async () => world.services.interest.sweep())
    this.model.sweep(world.nowMs(), { basisPoints: this.#basisPoints, settleAfterMs: SETTLE_AFTER_MS })
    return []
  }

  /** Sends a record, and again as a terminal does that lost the answer. */
  async #send({ id, kind, body }: { readonly id: string; readonly kind: 'receipt' | 'reversal'; readonly body: string }) {
    const { world } = this
    const [result] = await this.#persist(async () => world.services.intake.take(world.terminal.id, [{ id, kind, body }]))
    return result?.outcome === 'applied' || result?.outcome === 'repeat' ? [] : [`${kind}: ${result?.outcome} ${result?.alarm}`]
  }

  #attempt(which: number): Approved | undefined {
    return this.#approved.at(-1 - (which % Math.max(1, this.#approved.length)))
  }

  #nextNumber(): number {
    this.#receipts += 1
    return this.#receipts
  }

  /** Every wallet, the shop and what interest has cost, against the model. */
  async #differences(): Promise<readonly string[]> {
    const expected = [
      ...this.model.wallets().map(([accountId, amount]) => [`wallet:${accountId}`, amount] as const),
      [`merchant:${this.world.terminal.merchantId}`, this.model.merchant] as const,
      ['interest-expense', 0 - this.model.interestPaid] as const,
    ]
    const accounts = expected.map(([account]) => account)
    const rows = await this.world.db.selectFrom('balances').select(['account', 'amount']).where('account', 'in', accounts).execute()
    const kept = new Map(rows.map(({ account, amount }) => [account, amount]))
    return expected.flatMap(([account, amount]) =>
      (kept.get(account) ?? 0) === amount ? [] : [`${account} has ${kept.get(account) ?? 0}, not ${amount}`],
    )
  }

  /** The whole of the books, and each statement: at the end, because it takes its time. */
  async audit(pageOf: () => number): Promise<readonly string[]> {
    const wrong = [...(await ledgerFaults(this.world))]
    const { rows } = await sql<{ amount: number }>`
      SELECT coalesce(sum(amount), 0) AS amount FROM balances WHERE account LIKE 'hold:%'`.execute(this.world.db)
    if (rows[0]?.amount !== this.model.held) wrong.push(`${rows[0]?.amount} on hold, not ${this.model.held}`)
    for (const [accountId, balance] of this.model.wallets()) wrong.push(...(await this.#statementFaults(accountId, balance, pageOf)))
    return wrong
  }

  async #statementFaults(accountId: string, balance: number, pageOf: () => number): Promise<readonly string[]> {
    const wrong: string[] = []
    const { statements } = this.world.services
    let [sum, after, more] = [0, 0, true]
    while (more) {
      const page = await statements.statement(accountId, { from: '2026-01-01', to: '2099-12-31', after, limit: pageOf() })
      if (!page.ok) return [`statement: ${page.error.message}`]
      const { lines, opening, closing } = page.value
      if (opening !== 0 || closing !== balance) wrong.push(`statement from ${opening} to ${closing}, not ${balance}`)
      for (const line of lines) {
        sum += line.amount
        if (line.balance !== sum || line.balance < 0) wrong.push(`line ${line.cursor}: ${line.balance} after ${sum}`)
        after = line.cursor
      }
      more = page.value.more
    }
    return sum === balance ? wrong : [...wrong, `lines of ${accountId} sum to ${sum}, not ${balance}`]
  }
}

/** I7, asked of the file itself: each posting sums to zero, balances are the sums of their entries, and no wallet is below zero. */
export async function ledgerFaults({ db }: Pick<WalletWorld, 'db'>): Promise<readonly string[]> {
  const unbalanced = await sql<{ id: string }>`
    SELECT posting_id AS id FROM entries GROUP BY posting_id, currency HAVING sum(amount) <> 0`.execute(db)
  const empty = await sql<{ id: string }>`SELECT id FROM postings WHERE id NOT IN (SELECT posting_id FROM entries)`.execute(db)
  const misdated = await sql<{ id: string }>`
    SELECT posting_id AS id FROM entries JOIN postings ON postings.id = posting_id WHERE entries.at <> postings.at`.execute(db)
  const untrue = await sql<{ id: string }>`
    SELECT account AS id FROM (
      SELECT account, currency, amount FROM balances UNION ALL SELECT account, currency, -amount FROM entries
    ) GROUP BY account, currency HAVING sum(amount) <> 0`.execute(db)
  const below = await sql<{ id: string }>`
    SELECT account AS id FROM balances WHERE amount < 0 AND account NOT IN ('outside-bank', 'interest-expense')`.execute(db)
  return [
    ...unbalanced.rows.map(({ id }) => `posting ${id} does not sum to zero`),
    ...empty.rows.map(({ id }) => `posting ${id} has no entries`),
    ...misdated.rows.map(({ id }) => `an entry of ${id} has another time than its posting`),
    ...untrue.rows.map(({ id }) => `the balance of ${id} is not the sum of its entries`),
    ...below.rows.map(({ id }) => `${id} is below zero`),
  ]
}
