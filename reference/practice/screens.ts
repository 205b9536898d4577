/** The cashier's screens, the window's program around them, and the wallet's page: built when missing or older than what they are made of. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'

type Product = {
  readonly sources: readonly string[]
  /** The file that is as old as the whole. */
  readonly sign: string
  /** What of the build goes where. */
  readonly parts: readonly { readonly made: string; readonly built: string }[]
  readonly builder: readonly string[]
}
const SCREEN_SOURCES = ['renderer', 'shared', 'vite.config.ts', 'package-lock.json'] as const
const PRODUCTS = {
  screens: {
    sources: SCREEN_SOURCES,
    sign: join('dist', 'renderer', 'index.html'),
    parts: [{ made: '.', built: join('dist', 'renderer') }],
    builder: [join('vite', 'bin', 'vite.js'), 'build', '--logLevel', 'error'],
  },
  window: {
    sources: [...SCREEN_SOURCES, 'main', 'electron.vite.config.ts'],
    sign: join('dist', 'main', 'main.js'),
    parts: ['renderer', 'preload', 'main'].map((part) => ({ made: part, built: join('dist', part) })),
    builder: [join('electron-vite', 'bin', 'electron-vite.js'), 'build', '--logLevel', 'error'],
  },
  wallet: {
    sources: [join('reference', 'phone'), 'shared', 'wallet.vite.config.ts', 'package-lock.json'],
    sign: join('dist', 'wallet', 'index.html'),
    parts: [{ made: '.', built: join('dist', 'wallet') }],
    builder: [join('vite', 'bin', 'vite.js'), 'build', '--config', 'wallet.vite.config.ts', '--logLevel', 'error'],
  },
} as const satisfies Record<string, Product>
export type ProductName = keyof typeof PRODUCTS

/**
 * Built beside, then moved into place: a build that is stopped half-way leaves nothing that looks whole. Each process has its own, named
 * by the product's name and its id: practices that start at the same time may both find the screens outdated.
 */
const BUILDING = /^(?:screens|window|wallet)-next-(?<pid>\d+)$/
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

/** True when what was built is there and newer than every source. */
export async function screensAreFresh(repository: string, product: ProductName = 'screens'): Promise<boolean> {
  const { sign, sources } = PRODUCTS[product]
  const built = await stat(join(repository, sign)).catch(() => undefined)
  if (!built) return false
  const times = await Promise.all(sources.map(async (source) => changedMs(join(repository, source))))
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
  async run(repository: string, product: ProductName = 'screens'): Promise<string | undefined> {
    const { builder, parts } = PRODUCTS[product]
    const [program, ...given] = builder
    await clearAbandoned(join(repository, 'dist'))
    const building = join(repository, 'dist', `${product}-next-${process.pid}`)
    const child = spawn(process.execPath, [join(repository, 'node_modules', program), ...given, '--outDir', building], {
      cwd: repository,
      // Whoever builds, a test run included, gets what customers get.
      env: { ...process.env, NODE_ENV: 'production' },
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
    if (code === 0 && !(await screensAreFresh(repository, product))) {
      for (const { made, built } of parts) await moveInto(join(building, made), join(repository, built))
    }
    await rm(building, { recursive: true, force: true })
    return code === 0 ? undefined : said.trim() || 'the build was stopped'
  }

  stop(): void {
    this.#child?.kill('SIGTERM')
  }
}
