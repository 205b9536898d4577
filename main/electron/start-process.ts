/** Starts the terminal's helper processes in Electron: utility processes, because the program's fuses forbid running as plain Node. */
import { fileURLToPath } from 'node:url'
import { utilityProcess } from 'electron'
import type { HelperProcess, StartProcess } from '../ports.ts'

/** Built beside this file by electron.vite.config.ts. */
const ENTRIES = { radio: './radio.js' } as const

export const startUtilityProcess: StartProcess = (entry, { args, heapMb }): HelperProcess => {
  const child = utilityProcess.fork(fileURLToPath(new URL(ENTRIES[entry], import.meta.url)), [...args], {
    execArgv: [`--max-old-space-size=${heapMb}`],
    serviceName: 'Bandtill radio',
    stdio: 'ignore',
  })
  const exitListeners = new Set<(detail: string) => void>()
  // V8's last words before an exit that follows anyway. Heard by nobody, they would end the till with the radio.
  child.on('error', () => {})
  child.once('exit', (code) => {
    for (const listener of exitListeners) listener(`exit code ${code}`)
  })
  return {
    post: (message) => child.postMessage(message),
    onMessage: (listener) => {
      child.on('message', listener)
      return () => void child.off('message', listener)
    },
    onExit: (listener) => {
      exitListeners.add(listener)
      return () => void exitListeners.delete(listener)
    },
    kill: () => {
      // Electron offers SIGTERM only; a process that hangs in the library's own loop needs the signal that cannot be ignored.
      if (child.pid !== undefined && !hardKill(child.pid)) child.kill()
    },
  }
}

function hardKill(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL')
  } catch {
    // It ended in this moment; its exit is on the way.
    return false
  }
}
