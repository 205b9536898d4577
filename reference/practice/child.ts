/** One child process of the supervisor: started, told apart by its messages, restarted after a crash, ended in time. */
import { type ChildProcess, spawn } from 'node:child_process'
import { EXIT_REFUSED, EXIT_STOPPED, EXIT_USAGE } from '#shared/contracts/terminal-process.ts'

/** After this long a child that was asked to end is killed. Together with everything else a stop stays under two seconds. */
export const KILL_AFTER_MS = 1_400
/** A child that crashes more often than this within the window is given up. */
export const RESTARTS_MAX = 5
export const RESTART_WINDOW_MS = 60_000
/** The wait before a restart doubles with each one in the window. */
export const RESTART_FIRST_MS = 200

export type ChildSpec = {
  readonly name: string
  /** Read at every start: a restarted child may need other arguments. */
  readonly command: () => { readonly program: string; readonly args: readonly string[] }
  readonly cwd: string
  /** File descriptors or `inherit`. */
  readonly stdout: number | 'inherit' | 'ignore'
  readonly stderr: number | 'inherit' | 'ignore'
  readonly onMessage: (message: unknown) => void
  /** It ended by itself with code 0. */
  readonly onQuit: () => void
  /** It crashed and will be started again. */
  readonly onRestart: (detail: string) => void
  /** It never became ready, or crashed too often. */
  readonly onGivenUp: (detail: string) => void
}

export class Child {
  readonly #spec: ChildSpec
  #process: ChildProcess | undefined
  #wasReady = false
  #stopping = false
  #crashesMs: readonly number[] = []
  #restartTimer: NodeJS.Timeout | undefined

  constructor(spec: ChildSpec) {
    this.#spec = spec
  }

  start(): void {
    const { name, command, cwd, stdout, stderr, onMessage } = this.#spec
    const { program, args } = command()
    const child = spawn(program, [...args], { cwd, stdio: ['ignore', stdout, stderr, 'ipc'] })
    this.#process = child
    child.on('message', onMessage)
    let ended = false
    const end = (detail: string, code: number | null) => {
      if (ended) return
      ended = true
      this.#process = undefined
      this.#ended(`${name} ${detail}`, code)
    }
    child.once('error', (error) => end(`could not be started: ${error.message}`, null))
    child.once('exit', (code, signal) => end(signal ? `was ended by ${signal}` : `ended with code ${code}`, code))
  }

  /** From now on a crash is followed by a restart; before, it means that the start has failed. */
  ready(): void {
    this.#wasReady = true
  }

  get isReady(): boolean {
    return this.#wasReady
  }

  /** Hands a message on; lost while the child is not running. */
  send(message: object): void {
    if (this.#process?.connected) this.#process.send(message)
  }

  /** Asks the child to end, and kills it when it does not. Resolves when it is gone. */
  async stop(): Promise<void> {
    this.#stopping = true
    clearTimeout(this.#restartTimer)
    const child = this.#process
    if (!child) return
    const gone = Promise.withResolvers<void>()
    child.once('exit', () => gone.resolve())
    child.once('error', () => gone.resolve())
    const killTimer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS)
    child.kill('SIGTERM')
    await gone.promise
    clearTimeout(killTimer)
  }

  #ended(detail: string, code: number | null): void {
    if (this.#stopping) return
    if (code === EXIT_STOPPED) return this.#spec.onQuit()
    // It said why it will not run: asking again changes nothing.
    if (code === EXIT_USAGE || code === EXIT_REFUSED) return this.#spec.onGivenUp(detail)
    const nowMs = performance.now()
    this.#crashesMs = [...this.#crashesMs.filter((timeMs) => nowMs - timeMs < RESTART_WINDOW_MS), nowMs]
    if (!this.#wasReady || this.#crashesMs.length > RESTARTS_MAX) return this.#spec.onGivenUp(detail)
    this.#spec.onRestart(detail)
    this.#restartTimer = setTimeout(() => this.start(), RESTART_FIRST_MS * 2 ** (this.#crashesMs.length - 1))
  }
}
