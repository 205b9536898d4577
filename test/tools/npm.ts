import { spawn } from 'node:child_process'
import { join } from 'node:path'

const REPOSITORY = join(import.meta.dirname, '../..')

/** How a command ended: its exit code (null when it was killed), all it printed on stdout and on stderr, and how long it took. */
export type Ended = { readonly code: number | null; readonly printed: string; readonly errors: string; readonly ms: number }

/** Runs a command in the repository, in a process group of its own that is killed when it takes longer than `timeoutMs`. */
export async function run(command: string, args: readonly string[], timeoutMs: number): Promise<Ended> {
  const startedAtMs = performance.now()
  const child = spawn(command, args, { cwd: REPOSITORY, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  let printed = ''
  let errors = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
  const late = setTimeout(() => process.kill(-(child.pid ?? Number.NaN), 'SIGKILL'), timeoutMs)
  const code = await new Promise<number | null>((resolve) => child.once('close', (exitCode) => resolve(exitCode)))
  clearTimeout(late)
  return { code, printed, errors, ms: performance.now() - startedAtMs }
}

export async function npm(args: readonly string[], timeoutMs: number): Promise<Ended> {
  return run('npm', args, timeoutMs)
}
