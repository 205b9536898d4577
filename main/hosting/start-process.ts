/** Starts the terminal's helper processes in the browser host: a Node fork with a channel that carries bytes as bytes. */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { HelperProcess, StartProcess } from '../ports.ts'

const ENTRIES = { radio: '../radio/noble/main.ts' } as const

/** A helper process that is a child of this one. */
export type ForkedProcess = HelperProcess & { readonly pid: number | undefined }

export const startForkedProcess = (entry: 'radio', { args, heapMb }: Parameters<StartProcess>[1]): ForkedProcess => {
  const child = fork(fileURLToPath(new URL(ENTRIES[entry], import.meta.url)), [...args], {
    serialization: 'advanced',
    execArgv: [`--max-old-space-size=${heapMb}`],
    // What a Bluetooth library prints may name addresses, and the host's own output is read by scripts.
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  let ending: string | undefined
  const exitListeners = new Set<(detail: string) => void>()
  const ended = (detail: string) => {
    if (ending !== undefined) return
    ending = detail
    for (const listener of exitListeners) listener(detail)
  }
  child.on('exit', (code, signal) => ended(signal ?? `exit code ${code}`))
  // A process that cannot be started, or a channel that broke: the same to us as one that has ended.
  child.on('error', (error) => {
    child.kill('SIGKILL')
    ended(error.message)
  })
  return {
    pid: child.pid,
    post: (message) => {
      if (child.connected) child.send(message as object, () => {})
    },
    onMessage: (listener) => {
      child.on('message', listener)
      return () => void child.off('message', listener)
    },
    onExit: (listener) => {
      exitListeners.add(listener)
      return () => void exitListeners.delete(listener)
    },
    kill: () => void child.kill('SIGKILL'),
  }
}
