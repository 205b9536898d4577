import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

/** How long a process may take to end after it was asked to. */
const STOP_GRACE_MS = 2_000
const POLL_MS = 50

export type Ended = {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stopped: boolean
  readonly detail?: string
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, signal)
  } catch {
    // ESRCH: the whole group has ended, which is what we wanted.
  }
}

/**
 * Runs one command in a process group of its own, its output going where ours goes. When it has ended, or when `stop` fires, no process of
 * that group is left: first SIGTERM, then, STOP_GRACE_MS later, SIGKILL. Never throws; a command that cannot start has `code: null`.
 */
export async function runInGroup(input: {
  readonly command: readonly string[]
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
  readonly stop: AbortSignal
  readonly output: 'inherit' | 'ignore'
}): Promise<Ended> {
  const [file = '', ...args] = input.command
  if (input.stop.aborted) return { code: null, signal: null, stopped: true }
  const child = spawn(file, args, { cwd: input.cwd, env: input.env, detached: true, stdio: ['ignore', input.output, input.output] })
  const ended = new Promise<Ended>((resolve) => {
    child.once('error', (error) => resolve({ code: null, signal: null, stopped: input.stop.aborted, detail: error.message }))
    child.once('exit', (code, signal) => resolve({ code, signal, stopped: input.stop.aborted }))
  })
  let hardStop: NodeJS.Timeout | undefined
  const onStop = () => {
    signalGroup(child, 'SIGTERM')
    hardStop = setTimeout(() => signalGroup(child, 'SIGKILL'), STOP_GRACE_MS)
  }
  input.stop.addEventListener('abort', onStop, { once: true })
  const result = await ended
  input.stop.removeEventListener('abort', onStop)
  clearTimeout(hardStop)
  signalGroup(child, 'SIGKILL')
  return result
}

export type Stray = { readonly pid: number; readonly command: string }

/** Living processes whose environment carries `mark`, whatever group or session they moved to. Only Linux can be asked; others give none. */
export function findMarked(mark: string): Stray[] {
  if (process.platform !== 'linux') return []
  const strays: Stray[] = []
  for (const name of readdirSync('/proc')) {
    const pid = Number(name)
    if (!Number.isInteger(pid) || pid === process.pid) continue
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
      if (!environment.includes(`${mark}=1`)) continue
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
      if (command !== '') strays.push({ pid, command })
    } catch {
      // It ended while we looked, or belongs to another user: in both cases it is not ours to judge.
    }
  }
  return strays
}

/** Waits up to STOP_GRACE_MS for marked processes to end by themselves, kills those that do not, and returns the ones it had to kill. */
export async function sweepMarked(mark: string): Promise<Stray[]> {
  const deadline = performance.now() + STOP_GRACE_MS
  let left = findMarked(mark)
  while (left.length > 0 && performance.now() < deadline) {
    await delay(POLL_MS)
    left = findMarked(mark)
  }
  for (const { pid } of left) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // Ended between the look and the kill.
    }
  }
  return left
}
