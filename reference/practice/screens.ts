/** The cashier's screens, built when they are missing or older than what they are made of. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'

const SOURCES = ['renderer', 'shared', 'vite.config.ts', 'package-lock.json'] as const
const BUILT = join('dist', 'renderer')
/** Built beside, then moved into place: a build that is stopped half-way leaves nothing that looks whole. */
const BUILDING = join('dist', 'renderer-next')
export const BUILD_TIMEOUT_MS = 120_000

async function changedMs(path: string): Promise<number> {
  const entry = await stat(path).catch(() => undefined)
  if (!entry) return 0
  if (!entry.isDirectory()) return entry.mtimeMs
  const names = await readdir(path)
  const times = await Promise.all(names.filter((name) => name !== 'node_modules').map(async (name) => changedMs(join(path, name))))
  return Math.max(0, ...times)
}

/** True when the built screens are there and newer than every source. */
export async function screensAreFresh(repository: string): Promise<boolean> {
  const built = await stat(join(repository, BUILT, 'index.html')).catch(() => undefined)
  if (!built) return false
  const times = await Promise.all(SOURCES.map(async (source) => changedMs(join(repository, source))))
  return times.every((timeMs) => timeMs <= built.mtimeMs)
}

export class ScreensBuild {
  #child: ChildProcess | undefined

  /** Undefined when built, else what the build said. */
  async run(repository: string): Promise<string | undefined> {
    const vite = join(repository, 'node_modules', 'vite', 'bin', 'vite.js')
    const outDir = join('..', BUILDING)
    const child = spawn(process.execPath, [vite, 'build', '--logLevel', 'error', '--outDir', outDir], {
      cwd: repository,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: BUILD_TIMEOUT_MS,
    })
    this.#child = child
    let said = ''
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
    const done = Promise.withResolvers<number | null>()
    child.once('error', (error) => {
      said += error.message
      done.resolve(null)
    })
    child.once('close', (code) => done.resolve(code))
    const code = await done.promise
    this.#child = undefined
    if (code !== 0) return said.trim() || 'the build was stopped'
    await rm(join(repository, BUILT), { recursive: true, force: true })
    await rename(join(repository, BUILDING), join(repository, BUILT))
    return undefined
  }

  stop(): void {
    this.#child?.kill('SIGTERM')
  }
}
