/** The cashier's screens, built when they are missing or older than what they are made of. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'

const SOURCES = ['renderer', 'shared', 'vite.config.ts', 'package-lock.json'] as const
const BUILT = join('dist', 'renderer')
/**
 * Built beside, then moved into place: a build that is stopped half-way leaves nothing that looks whole. Each process has its own, named
 * by its id: practices that start at the same time may both find the screens outdated.
 */
const BUILDING = /^renderer-next-(?<pid>\d+)$/
/** Another build may be moved into place at the same moment. */
const MOVE_TRIES_MAX = 3
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

async function moveInto(building: string, built: string): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    await rm(built, { recursive: true, force: true })
    try {
      await rename(building, built)
      return
    } catch (error) {
      if (tries === MOVE_TRIES_MAX) throw error
    }
  }
}

/** Takes away what builds left that were killed half-way. */
async function clearAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const pid = Number(BUILDING.exec(name)?.groups?.['pid'] ?? Number.NaN)
    if (pid > 0 && !isAlive(pid)) await rm(join(folder, name), { recursive: true, force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // Alive, and somebody else's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

export class ScreensBuild {
  #child: ChildProcess | undefined

  /** Undefined when built, else what the build said. */
  async run(repository: string): Promise<string | undefined> {
    const vite = join(repository, 'node_modules', 'vite', 'bin', 'vite.js')
    await clearAbandoned(join(repository, 'dist'))
    const building = join(repository, 'dist', `renderer-next-${process.pid}`)
    const child = spawn(process.execPath, [vite, 'build', '--logLevel', 'error', '--outDir', building], {
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
    // Whoever was first has put them there already, and may be showing them.
    if (code === 0 && !(await screensAreFresh(repository))) await moveInto(building, join(repository, BUILT))
    await rm(building, { recursive: true, force: true })
    return code === 0 ? undefined : said.trim() || 'the build was stopped'
  }

  stop(): void {
    this.#child?.kill('SIGTERM')
  }
}
