/**
 * Electron's utility process in plain Node: a fork that has no `process.send` but a `process.parentPort` (parent-port.ts), and whose fatal
 * ends are told as Electron tells them.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'
import type * as Electron from 'electron'

const PARENT_PORT = fileURLToPath(new URL('parent-port.ts', import.meta.url))

export class UtilityProcessDouble extends EventEmitter implements Pick<Electron.UtilityProcess, 'pid' | 'postMessage' | 'kill'> {
  readonly #child: ChildProcess

  private constructor(child: ChildProcess) {
    super()
    this.#child = child
    child.on('message', (message) => this.emit('message', message))
    child.on('exit', (code, signal) => {
      // Electron's V8 ends by SIGABRT, and says so in an `error` event first. Like any emitter, it throws where nobody listens.
      if (signal === 'SIGABRT') this.emit('error', 'FatalError', 'v8', '{}')
      this.emit('exit', signal === null ? (code ?? 0) : constants.signals[signal])
    })
  }

  static fork(this: void, modulePath: string, args: string[] = [], options: Electron.ForkOptions = {}): UtilityProcessDouble {
    if (options.stdio !== 'ignore') throw new Error('what a Bluetooth library prints may name addresses, and goes nowhere')
    const child = fork(modulePath, args, {
      execArgv: [...(options.execArgv ?? []), '--import', PARENT_PORT],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    process.send?.({ type: 'helper', pid: child.pid, module: modulePath, name: options.serviceName })
    return new UtilityProcessDouble(child)
  }

  get pid(): number | undefined {
    return this.#child.exitCode === null && this.#child.signalCode === null ? this.#child.pid : undefined
  }

  postMessage(message: unknown): void {
    if (this.#child.connected) this.#child.send(message as object, () => {})
  }

  kill(): boolean {
    return this.#child.kill('SIGTERM')
  }
}
