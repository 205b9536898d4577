import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

export const ROOT = join(import.meta.dirname, '../..')

/** Every file of the repository as a commit of this working tree would have it: tracked or new, not ignored, not deleted. */
export function repositoryFiles(): string[] {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: ROOT, encoding: 'utf8' })
  const files = listed.split('\0').filter((file) => file !== '' && existsSync(join(ROOT, file)))
  return [...new Set(files)].sort()
}

export function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8')
}

export function isText(file: string): boolean {
  return !/\.(?:png|jpe?g|ico|icns|woff2?|ttf|sqlite|bin|gz|wasm)$/u.test(file)
}

/** A copy of the repository in a temporary folder, with the installed packages, to plant faults in. */
export class Overlay {
  readonly root = mkdtempSync(join(tmpdir(), 'bandtill-overlay-'))

  constructor() {
    for (const file of repositoryFiles()) {
      mkdirSync(dirname(join(this.root, file)), { recursive: true })
      cpSync(join(ROOT, file), join(this.root, file))
    }
    symlinkSync(join(ROOT, 'node_modules'), join(this.root, 'node_modules'))
  }

  write(file: string, text: string): void {
    mkdirSync(dirname(join(this.root, file)), { recursive: true })
    writeFileSync(join(this.root, file), text)
  }

  /** Runs a tool of node_modules/.bin in the copy. */
  run(tool: string, args: readonly string[]): { readonly code: number | null; readonly output: string } {
    const bin = join(ROOT, 'node_modules/.bin')
    const env = { ...process.env, PATH: `${bin}:${process.env.PATH ?? ''}` }
    const done = spawnSync(join(bin, tool), args, { cwd: this.root, env, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
    return { code: done.status, output: `${done.stdout}${done.stderr}` }
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true })
  }
}
