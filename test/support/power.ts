/** A backend's database file that can lose its power before any statement: what the disk held then is what the next life finds. */
import { copyFileSync, existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type KyselyPlugin, type PluginTransformQueryArgs, type PluginTransformResultArgs, sql } from 'kysely'
import { openDatabase } from '#reference/backend/database/open-database.ts'
import type { Database } from '#reference/backend/database/tables.ts'

/** Named as a fault of the storage, so that nobody tries to go on in another way. */
export class PowerCut extends Error {
  override readonly name = 'PowerCut'
  readonly code = 'SQLITE_IOERR'
}

/** Counts statements, and lets none through from the n-th on. */
class Power implements KyselyPlugin {
  readonly #cutNow: () => void
  #left = Number.POSITIVE_INFINITY
  #isOff = false

  constructor(cutNow: () => void) {
    this.#cutNow = cutNow
  }

  get isOff(): boolean {
    return this.#isOff
  }

  cutBefore(nth: number): void {
    this.#left = nth
  }

  transformQuery({ node }: PluginTransformQueryArgs): PluginTransformQueryArgs['node'] {
    this.#left -= 1
    if (this.#left <= 0 && !this.#isOff) {
      this.#isOff = true
      this.#cutNow()
    }
    if (this.#isOff) throw new PowerCut('the power is off')
    return node
  }

  async transformResult({ result }: PluginTransformResultArgs): Promise<PluginTransformResultArgs['result']> {
    return result
  }
}

export class PoweredDatabase {
  readonly #folder: string
  #lives = 0
  #raw: Database | undefined
  #power: Power | undefined

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Opens what the last life left, or what stood there when its power went. */
  async open(): Promise<Database> {
    if (this.#raw) await this.#end(this.#raw)
    this.#raw = await openDatabase(this.#file())
    // The log of a life that was cut is taken up now, so that an image stays small.
    await sql`PRAGMA wal_checkpoint(TRUNCATE)`.execute(this.#raw)
    const next = this.#file(this.#lives + 1)
    this.#power = new Power(() => {
      for (const ending of ['', '-wal']) {
        if (existsSync(this.#file() + ending)) copyFileSync(this.#file() + ending, next + ending)
      }
    })
    return this.#raw.withPlugin(this.#power)
  }

  /** The power goes right before the n-th statement from now, 1 being the next one. */
  cutBefore(nth: number): void {
    this.#power?.cutBefore(nth)
  }

  /** The power stays on after all. */
  mend(): void {
    this.#power?.cutBefore(Number.POSITIVE_INFINITY)
  }

  /** The power has gone in this life. */
  get isOff(): boolean {
    return this.#power?.isOff ?? false
  }

  async close(): Promise<void> {
    await this.#raw?.destroy()
    this.#raw = undefined
  }

  async #end(raw: Database): Promise<void> {
    await raw.destroy()
    if (!this.#power?.isOff) return
    for (const ending of ['', '-wal', '-shm']) rmSync(this.#file() + ending, { force: true })
    this.#lives += 1
  }

  #file(life = this.#lives): string {
    return join(this.#folder, `backend-${life}.sqlite`)
  }
}
