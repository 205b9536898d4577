/** Which of the two hosts shows the terminal: Electron's window where it can run, else the browser. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export type TerminalHost =
  | { readonly kind: 'electron'; readonly program: string; readonly entry: string }
  /** `why`: one plain sentence for the person who started the program. */
  | { readonly kind: 'browser'; readonly entry: string; readonly why: string }

/** Chooses by what is installed; nothing is loaded or downloaded. */
export function chooseHost(repository: string, env: Readonly<Record<string, string | undefined>>, platform: NodeJS.Platform): TerminalHost {
  const browser = (why: string): TerminalHost => ({ kind: 'browser', entry: join(repository, 'main', 'browser', 'main.ts'), why })
  if (env['BANDTILL_HOST'] === 'browser') return browser('The till opens in the browser, as asked.')
  const program = electronProgram(repository)
  if (!program) return browser("Electron's program is not installed on this machine, so the till opens in the browser.")
  if (platform === 'linux' && !env['DISPLAY'] && !env['WAYLAND_DISPLAY']) {
    return browser('There is no display for a window here, so the till opens in the browser.')
  }
  return { kind: 'electron', program, entry: repository }
}

/** The binary the electron package has unpacked, or undefined: its install step may have been skipped or have had no network. */
function electronProgram(repository: string): string | undefined {
  const home = join(repository, 'node_modules', 'electron')
  const pointer = join(home, 'path.txt')
  if (!existsSync(pointer)) return undefined
  const program = join(home, 'dist', readFileSync(pointer, 'utf8').trim())
  return existsSync(program) ? program : undefined
}
