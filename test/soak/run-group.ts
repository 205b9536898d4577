/** Runs one group for its time: its episodes, spread over a few processes that are replaced now and then, so that memory stays bounded. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { quickFolder } from '#test/support/disk.ts'
import { episodeSeed } from './episode.ts'
import type { Group } from './groups.ts'
import type { Order, Report } from './worker.ts'

const WORKER = join(import.meta.dirname, 'worker.ts')
/** A process that has grown beyond this, or has run so many episodes, gives way to a fresh one. */
const RSS_MB_MAX = 700
const EPISODES_MAX = 20
/** After its time is up an episode comes to an end by itself in this time, or its process is ended. */
const GRACE_MS = 60_000
/** And in this, when somebody waits for the soak to end. */
const STOP_GRACE_MS = 3_000
/** With every worker on its own, more threads for cryptography only get into each other's way. */
const THREADS = '1'
/** Most of what an episode runs, it runs a few hundred times: too seldom for an optimizing compiler, often enough for a quick one. */
const COMPILER = ['--always-sparkplug']

export type GroupInput = {
  readonly group: Group
  readonly seed: number
  readonly budgetMs: number
  /** Fires when somebody wants the soak to end. */
  readonly stop: AbortSignal
  /** Only this episode. */
  readonly only?: number | undefined
  readonly say: (line: string) => void
}
export type GroupResult = {
  readonly group: Group
  readonly seconds: number
  readonly episodes: number
  readonly reached: Readonly<Record<string, number>>
  readonly wrong: readonly string[]
}

export async function runGroup(input: GroupInput): Promise<GroupResult> {
  const run = new GroupRun(input)
  return run.finish()
}

class GroupRun {
  readonly #input: GroupInput
  readonly #folder = mkdtempSync(join(process.env['BANDTILL_SOAK_FOLDER'] ?? quickFolder(), 'bandtill-soak-'))
  readonly #startedMs = performance.now()
  readonly #reached: Record<string, number> = {}
  readonly #wrong: string[] = []
  readonly #over = new AbortController()
  #next = 0
  #episodes = 0

  constructor(input: GroupInput) {
    this.#input = input
  }

  async finish(): Promise<GroupResult> {
    const { group, budgetMs, stop, only } = this.#input
    const timer = setTimeout(() => this.#over.abort(), budgetMs)
    const onStop = () => this.#over.abort()
    stop.addEventListener('abort', onStop, { once: true })
    if (stop.aborted) onStop()
    const workers = Array.from({ length: only === undefined ? group.workers : 1 }, async () => this.#work())
    try {
      await Promise.all(workers)
    } finally {
      clearTimeout(timer)
      stop.removeEventListener('abort', onStop)
      rmSync(this.#folder, { recursive: true, force: true })
    }
    const seconds = (performance.now() - this.#startedMs) / 1_000
    return { group, seconds, episodes: this.#episodes, reached: this.#reached, wrong: this.#wrong }
  }

  /** One place for a process after another, until the time is up. The first episode always runs: it ends early when it must. */
  async #work(): Promise<void> {
    while (this.#hasMore()) {
      const child = fork(WORKER, {
        execArgv: COMPILER,
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
        env: { ...process.env, TMPDIR: this.#folder, NODE_COMPILE_CACHE: join(this.#folder, 'code'), UV_THREADPOOL_SIZE: THREADS },
      })
      const exited = once(child, 'exit').then(() => undefined)
      try {
        await this.#employ(child, exited)
      } finally {
        child.kill('SIGKILL')
        await exited
      }
    }
  }

  #hasMore(): boolean {
    return !this.#over.signal.aborted && (this.#input.only === undefined || this.#next === 0)
  }

  async #employ(child: ChildProcess, exited: Promise<void>): Promise<void> {
    let rssMb = 0
    for (let episodes = 0; episodes < EPISODES_MAX && rssMb < RSS_MB_MAX && this.#hasMore(); episodes += 1) {
      const number = this.#input.only ?? this.#next
      this.#next += 1
      const report = await this.#oneEpisode(child, exited, number)
      if (report !== undefined) this.#take(number, report)
      if (report === undefined || typeof report === 'string') return
      ;({ rssMb } = report)
    }
  }

  /** What came of it, or how the process ended instead. */
  async #oneEpisode(child: ChildProcess, exited: Promise<void>, number: number): Promise<Report | string | undefined> {
    const { group, seed } = this.#input
    const reported = Promise.withResolvers<Report>()
    const onMessage = (report: Report) => reported.resolve(report)
    child.on('message', onMessage)
    post(child, { type: 'run', group: group.name, seed: episodeSeed(seed, number), number })
    let grace: NodeJS.Timeout | undefined
    const onOver = () => {
      post(child, { type: 'stop' })
      grace = setTimeout(() => child.kill('SIGKILL'), this.#input.stop.aborted ? STOP_GRACE_MS : GRACE_MS)
    }
    this.#over.signal.addEventListener('abort', onOver, { once: true })
    if (this.#over.signal.aborted) onOver()
    try {
      const report = await Promise.race([
        reported.promise,
        exited.then(() => `its process ended: ${String(child.exitCode ?? child.signalCode)}`),
      ])
      // Of an episode that was not given the time to end, nothing is known.
      return typeof report === 'string' && this.#input.stop.aborted ? undefined : report
    } finally {
      clearTimeout(grace)
      this.#over.signal.removeEventListener('abort', onOver)
      child.off('message', onMessage)
    }
  }

  #take(number: number, report: Report | string): void {
    const { group, seed, say } = this.#input
    this.#episodes += 1
    const wrong = typeof report === 'string' ? [report] : report.wrong
    if (typeof report !== 'string')
      for (const [name, count] of Object.entries(report.reached)) this.#reached[name] = (this.#reached[name] ?? 0) + count
    const seconds = Math.round((performance.now() - this.#startedMs) / 1_000)
    say(`${group.name}: ${this.#reached[group.counted] ?? 0} ${group.counted} in ${this.#episodes} episodes, ${seconds} s`)
    if (wrong.length === 0) return
    this.#wrong.push(`seed ${seed}, episode ${number}`)
    say(
      `${group.name}: FAILED at seed ${seed}, episode ${number}. Again: npm run soak -- --only ${group.name} --seed ${seed} --episode ${number}`,
    )
    for (const fault of wrong) say(`  ${fault}`)
  }
}

function post(child: ChildProcess, order: Order): void {
  if (child.connected) child.send(order, () => {})
}
