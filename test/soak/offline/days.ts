/**
 * Random days in a basement: two tills, one band, and a phone that loses its network, dies, and is restored from a backup. Whatever order
 * things come in: no slot is spent twice at a merchant's cost, nothing is paid twice, and every wallet adds up once all have settled.
 */
import { copyFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'kysely'
import type { ReadStore, SqlRow, SqlValue } from '#main/ports.ts'
import { REPORT_RETRY_MS } from '#reference/phone/offline-book.ts'
import { BACKEND_PATHS } from '#shared/contracts/backend-api.ts'
import { isFinal } from '#shared/domain/attempt.ts'
import { disagreementsOfTerminal, disagreementsWithBackend } from '#test/support/agreement.ts'
import { type CounterWorld, PAYER, POPCORN_PRICE } from '#test/support/counter-world.ts'
import type { Seeded } from '#test/support/seeded.ts'
import { until } from '#test/support/until.ts'

/** Of a hundred steps so many are payments: most of the others take something away. */
const PAYMENTS_PERCENT = 60
/** How often it is looked whether everything has ended, ten seconds of the world's time apart. */
const SETTLING_TRIES = 40
const SETTLING_LOOKS_MS = 20
/** In real time: phone and backend are in this process. */
const REPORTED_WITHIN_MS = 100
const PHONE_FILES = ['phone-rich.jsonl', 'phone-rich.bond.json', 'phone-rich.allowance.json']

export class BasementDays {
  readonly #tills: readonly CounterWorld[]
  readonly #seeded: Seeded
  #isFrozen = false
  #isBackedUp = false
  #isTillCut = false
  readonly done: string[] = []
  /** Each one is a rule that did not hold. */
  readonly wrong: string[] = []
  readonly reached = { payments: 0, 'out of slots': 0 }

  constructor(tills: readonly CounterWorld[], seeded: Seeded) {
    this.#tills = tills
    this.#seeded = seeded
  }

  get #world(): CounterWorld {
    const [first] = this.#tills
    if (!first) throw new Error('no till')
    return first
  }

  async step(): Promise<void> {
    const seeded = this.#seeded
    const acts: Readonly<Record<string, () => Promise<unknown>>> = {
      'lose an answer': async () => this.#world.fault('cut-on-answer'),
      'lose the network': async () => this.#network(false),
      'find the network': async () => this.#network(true),
      'cut the tills off': async () => this.#cut(true),
      'mend the line': async () => this.#cut(false),
      'back the phone up': async () => this.#backUp(),
      'restore the phone': async () => this.#restore(),
      'die and start': async () => this.#restart(),
      // Nobody leaves a wallet frozen for long.
      freeze: async () => {
        await this.#freeze(true)
        await this.#pay(seeded.pick(this.#tills))
        await this.#freeze(false)
      },
      'give up waiting': async () => this.#giveUp(seeded.pick(this.#tills)),
      'restart a till': async () => this.#restartTill(seeded.pick(this.#tills)),
      wait: async () => this.#world.clock.advance(seeded.pick([1_000, 20_000, REPORT_RETRY_MS])),
    }
    if (seeded.below(100) < PAYMENTS_PERCENT) {
      this.done.push('pay')
      return this.#pay(seeded.pick(this.#tills))
    }
    const name = seeded.pick(Object.keys(acts))
    this.done.push(name)
    await acts[name]?.()
  }

  /** The lines are mended, everybody settles, and everything adds up. */
  async settle(): Promise<void> {
    await this.#cut(false)
    await this.#freeze(false)
    await this.#network(true)
    for (const [index, till] of this.#tills.entries()) {
      // Asked about until it is known, and undone when nobody can say.
      for (let tries = 0; tries < SETTLING_TRIES && this.#isOpen(till); tries += 1) {
        till.clock.advance(10_000)
        await passes(SETTLING_LOOKS_MS)
      }
      if (this.#isOpen(till)) this.wrong.push(`till ${index} has an attempt that never ends`)
      await till.synced()
      this.wrong.push(...disagreementsOfTerminal(till.store))
    }
    this.#world.clock.advance(REPORT_RETRY_MS)
    await passes(REPORTED_WITHIN_MS)
    this.wrong.push(...(await disagreementsWithBackend(bothOf(this.#tills), this.#world.backend.db)), ...(await this.#wrongMoney()))
    if (this.wrong.length > 0) this.wrong.push(`after: ${this.done.join(', ')}`)
  }

  async #wrongMoney(): Promise<string[]> {
    const { db } = this.#world.backend
    const { rows } = await sql<{ account: string; amount: number }>`
      SELECT substr(account, 1, instr(account || ':', ':') - 1) AS account, SUM(amount_minor) AS amount FROM audit_ledger GROUP BY 1`.execute(
      db,
    )
    const of = (name: string) => rows.find(({ account }) => account === name)?.amount ?? 0
    const receipts = this.#tills.reduce((sum, till) => sum + till.receiptCount(), 0)
    const forks = await db.selectFrom('alarms').select('kind').where('kind', '=', 'allowance-fork').execute()
    const spent = await db.selectFrom('allowance_slots').select('authorization_id').where('state', '=', 'spent').execute()
    this.reached.payments = receipts
    this.reached['out of slots'] = spent.length
    const rules: readonly (readonly [holds: boolean, what: string])[] = [
      [of('merchant') === receipts * POPCORN_PRICE, 'the merchant has what the receipts say'],
      [rows.reduce((sum, { amount }) => sum + amount, 0) === 0, 'all accounts sum to zero'],
      // A band that was never copied forks nothing: the issuer pays only for what was spent after a freeze that a till had not heard of.
      [forks.length === 0, 'an honest band forks nothing'],
      [of('wallet') + of('allowance') === PAYER.openingBalance - of('merchant') - of('issuer-losses'), 'the wallet paid for the rest'],
      [new Set(spent.map((row) => row.authorization_id)).size === spent.length, 'each slot stands behind one authorization'],
    ]
    return rules.flatMap(([holds, what]) => (holds ? [] : [`it does not hold that ${what}`]))
  }

  async #pay(till: CounterWorld): Promise<void> {
    // A cashier waits a little, and then takes cash.
    if (till.state.payment) {
      if (this.#seeded.below(2) === 0) return this.#giveUp(till)
      till.clock.advance(10_000)
      return
    }
    if (till.state.bands.length === 0) return
    await this.#world.customer().looksAtPhone()
    await till.popcorn()
    const charged = await till.till.chargeBand({ sightingId: await till.sightingOf() })
    if (!charged.ok) return
    const { requestId } = charged.value
    await until('it ends or is in doubt', () => {
      const state = till.attemptState(requestId)
      return isFinal(state as Parameters<typeof isFinal>[0]) || state === 'in-doubt'
    })
    if (till.state.payment && till.attemptState(requestId) !== 'in-doubt') await till.till.cancelPayment()
  }

  /** Cancel, pay another way: the cart goes back to what it was. */
  async #giveUp(till: CounterWorld): Promise<void> {
    if (till.state.payment) await till.till.cancelPayment()
  }

  async #restartTill(till: CounterWorld): Promise<void> {
    if (till.state.payment) return
    await till.restart()
    await until('the till hears bands again', () => till.state.bands.length > 0)
  }

  #isOpen(till: CounterWorld): boolean {
    return till.store.get("SELECT 1 AS yes FROM attempts WHERE state IN ('prepared', 'sent', 'in-doubt')") !== undefined
  }

  async #network(isThere: boolean): Promise<void> {
    this.#world.customer().set({ network: isThere, unlocks: true })
    await this.#world.customer().settled()
  }

  async #cut(isCut: boolean): Promise<void> {
    this.#isTillCut = isCut
    this.#world.backend.fateOf = ({ caller, path }) =>
      this.#isTillCut && (caller === 'terminal' || path === BACKEND_PATHS.health) ? 'refuse' : 'answer'
    if (!isCut) for (const till of this.#tills) till.clock.advance(15_000)
  }

  async #backUp(): Promise<void> {
    this.#isBackedUp = true
    this.#copy(this.#world.folder, '', '.backup')
  }

  /** The phone is what it was; the band is not, and knows better. */
  async #restore(): Promise<void> {
    if (this.#isBackedUp) await this.#restart((folder) => this.#copy(folder, '.backup', ''))
  }

  async #restart(meanwhile: (folder: string) => void = () => {}): Promise<void> {
    if (this.#tills.some((till) => till.state.payment)) return
    await this.#network(true)
    await this.#world.restartCustomer(meanwhile)
    await until('the band has offers', () => this.#world.customer().band.offerCount > 0)
  }

  #copy(folder: string, from: string, to: string): void {
    for (const name of PHONE_FILES) {
      if (existsSync(join(folder, `${name}${from}`))) copyFileSync(join(folder, `${name}${from}`), join(folder, `${name}${to}`))
    }
  }

  async #freeze(frozen: boolean): Promise<void> {
    if (frozen === this.#isFrozen) return
    this.#isFrozen = frozen
    const account = await this.#world.backend.db.selectFrom('accounts').select('id').executeTakeFirstOrThrow()
    await this.#world.backend.registry.freeze(account.id, { frozen })
  }
}

/** Both tills' records, read as one. */
function bothOf(tills: readonly CounterWorld[]): ReadStore {
  const all = (text: string, ...values: readonly SqlValue[]): SqlRow[] => tills.flatMap((till) => till.store.all(text, ...values))
  return { all, get: (text, ...values) => all(text, ...values)[0] }
}

async function passes(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms))
}
