/**
 * One counter whose terminal is a process of its own, killed again and again. Backend, bands, phones and the air live on, as they would.
 * What a terminal had said before it died must still be so.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { openStore } from '#main/store/open-store.ts'
import { toBase64Url } from '#shared/contracts/bytes.ts'
import type { ReceiptId, RequestId } from '#shared/domain/ids.ts'
import { Books } from '#test/soak/payments/books.ts'
import { recordsOf } from '#test/soak/power/recording-store.ts'
import { disagreementsOfTerminal } from '#test/support/agreement.ts'
import { CounterWorld, demand, ENROLMENT_CODE, PAYER, TERMINAL } from '#test/support/counter-world.ts'
import type { Seeded } from '#test/support/seeded.ts'
import type { Go, KillAt, ToChild, ToParent } from './messages.ts'

const ROWS = 20
const SEATS = 20
/** A life that takes longer than this hangs. */
const LIFE_MS_MAX = 30_000
const CHILD = join(import.meta.dirname, 'child-terminal.ts')

/** How a life ends: at a step of its own, at a moment of ours, or in good order. */
export type Plan = { readonly at: KillAt } | { readonly afterMs: number } | 'live'
export type Life = {
  readonly wasKilled: boolean
  /** It reached the step it was to die at, and died there. */
  readonly atStep: boolean
  readonly steps: readonly string[]
  readonly wrong: readonly string[]
}

type Standby = { readonly child: ChildProcess; readonly lines: string[]; readonly closed: Promise<void> }

export class KillRun {
  readonly #world: CounterWorld
  readonly #seeded: Seeded
  readonly #books = new Books()
  #offsetMs = 0
  #next: Standby

  private constructor(world: CounterWorld, seeded: Seeded) {
    this.#world = world
    this.#seeded = seeded
    this.#next = this.#prepare()
  }

  static async open(seeded: Seeded): Promise<KillRun> {
    return new KillRun(await CounterWorld.build({ seats: { rows: ROWS, seats: SEATS } }), seeded)
  }

  /** Lives once more, by this plan, and looks at what was left. */
  async live(plan: Plan): Promise<Life> {
    const { child, lines, closed } = this.#next
    // The next one loads while this one lives.
    this.#next = this.#prepare()
    // What the last life had asked of the customer, it can no longer take back.
    this.#world.fault('cut-on-answer', { count: 0 })
    this.#world.customer().set({ unlocks: true, confirmAbove: PAYER.confirmAbove, confirms: 'yes' })
    child.on('message', (asked: ToParent) => this.#answer(child, asked))
    post(child, this.#goFor(plan))
    const hung = setTimeout(() => child.kill('SIGKILL'), LIFE_MS_MAX)
    const timer = typeof plan === 'object' && 'afterMs' in plan ? setTimeout(() => child.kill('SIGKILL'), plan.afterMs) : undefined
    const onDayDone = () => {
      if (!lines.includes('day done')) return
      // A step that this day did not reach: it dies here instead.
      if (plan === 'live') post(child, { type: 'stop' })
      else child.kill('SIGKILL')
    }
    child.stdout?.on('data', onDayDone)
    await closed
    clearTimeout(hung)
    clearTimeout(timer)
    const { signalCode, exitCode } = child
    this.#note(lines)
    const steps = lines.filter((line) => line.startsWith('wrote ')).map((line) => line.slice('wrote '.length))
    const told = lines.filter((line) => line === 'bug' || line.startsWith('failed'))
    if (plan === 'live' && exitCode !== 0) told.push(`a life without a kill ended with ${String(exitCode ?? signalCode)}`)
    const atStep = lines.some((line) => line.startsWith('holds '))
    return {
      wasKilled: signalCode === 'SIGKILL',
      atStep,
      steps,
      wrong: [...told, ...(plan === 'live' ? await this.#whole() : this.#left(lines))],
    }
  }

  async close(): Promise<void> {
    this.#next.child.kill('SIGKILL')
    await this.#next.closed
    await this.#world.close()
  }

  #goFor(plan: Plan): Go {
    const { folder, airPath, backend } = this.#world
    return {
      type: 'go',
      folder,
      airPath,
      backendUrl: backend.url,
      rootPoint: toBase64Url(backend.keys.rootPoint),
      terminalId: TERMINAL,
      enrolmentCode: ENROLMENT_CODE,
      offsetMs: this.#offsetMs,
      seat: `${String.fromCharCode(65 + this.#seeded.below(ROWS))}${1 + this.#seeded.below(SEATS)}`,
      interrupted: this.#seeded.pick(['finish', 'undo', 'leave'] as const),
      killAt: typeof plan === 'object' && 'at' in plan ? plan.at : undefined,
    }
  }

  #prepare(): Standby {
    const child = fork(CHILD, {
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
      env: { ...process.env, NODE_COMPILE_CACHE: join(this.#world.folder, 'code') },
    })
    const lines: string[] = []
    let rest = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const parts = `${rest}${text}`.split('\n')
      rest = parts.pop() ?? ''
      lines.push(...parts)
    })
    const closed = once(child, 'close').then(() => undefined)
    return { child, lines, closed }
  }

  #answer(child: ChildProcess, asked: ToParent): void {
    switch (asked.type) {
      case 'leap':
        this.#offsetMs += asked.ms
        this.#world.clock.advance(asked.ms)
        break
      case 'customer':
        this.#world.customer().set(asked.change)
        break
      case 'cut-next-answer':
        this.#world.fault('cut-on-answer')
    }
    post(child, { type: 'done' })
  }

  #note(lines: readonly string[]): void {
    for (const line of lines) {
      const [word, id = ''] = line.split(' ')
      if (word === 'paid') this.#books.paid(id as ReceiptId)
      if (word === 'cancelled') this.#books.cancelled(id as RequestId)
    }
  }

  /** What a dead terminal left, looked at in a copy: the next life finds its log as it was. */
  #left(lines: readonly string[]): readonly string[] {
    const file = join(this.#world.folder, 'terminal.sqlite')
    const copy = join(this.#world.folder, 'left.sqlite')
    for (const suffix of ['', '-wal', '-shm']) {
      rmSync(`${copy}${suffix}`, { force: true })
      if (suffix !== '-shm' && existsSync(`${file}${suffix}`)) copyFileSync(`${file}${suffix}`, `${copy}${suffix}`)
    }
    const store = demand(openStore({ file: copy }))
    try {
      const sound = store.get('PRAGMA integrity_check')?.['integrity_check']
      const held = lines.find((line) => line.startsWith('holds '))
      const isExpected = held === undefined || held === `holds ${recordsOf(store)}`
      return [
        ...(sound === 'ok' ? [] : [`integrity_check: ${String(sound)}`]),
        ...(isExpected ? [] : ['the records are not the ones it held when it died']),
        ...disagreementsOfTerminal(store),
        ...this.#books.lost([{ store }]),
      ]
    } finally {
      store.close()
    }
  }

  /** After a life that ended in good order: both sides tell the same story. */
  async #whole(): Promise<readonly string[]> {
    const store = demand(openStore({ file: join(this.#world.folder, 'terminal.sqlite') }))
    try {
      return await this.#books.wrong([{ store, backend: this.#world.backend }])
    } finally {
      store.close()
    }
  }
}

function post(child: ChildProcess, message: ToChild): void {
  // A child that has just died takes no message, which its end will tell.
  if (child.connected) child.send(message, () => {})
}
