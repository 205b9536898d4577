import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Log } from '#main/hosting/log.ts'
import type { Till, TillState } from '#shared/contracts/till.ts'
import { createFakeTill } from '../../renderer/support/fake-till.ts'

export const INDEX =
  '<!doctype html><meta name="csp-nonce" content="__CSP_NONCE__"><style nonce="__CSP_NONCE__"></style><div id="root"></div>'
export const SCRIPT = 'console.log("the screens")'

/** A folder that is gone after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bandtill-host-'))
  onTestFinished(async () => rm(folder, { recursive: true, force: true }))
  return folder
}

/** A bundle like the built one, with a secret beside it and things inside that must not be served. */
export async function makeBundle(): Promise<{ readonly root: string; readonly bundle: string }> {
  const root = await temporaryFolder()
  const bundle = join(root, 'renderer')
  await mkdir(join(bundle, 'assets'), { recursive: true })
  await writeFile(join(root, 'secret.json'), '{"secret":"outside"}')
  await writeFile(join(bundle, 'index.html'), INDEX)
  await writeFile(join(bundle, 'icon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>')
  await writeFile(join(bundle, 'assets', 'index-abc.js'), SCRIPT)
  await writeFile(join(bundle, 'assets', 'index-abc.js.map'), '{"sources":["secret"]}')
  await writeFile(join(bundle, '.env'), 'SECRET=inside')
  return { root, bundle }
}

export type LogLine = {
  readonly level: 'info' | 'warn' | 'error'
  readonly fields: Readonly<Record<string, unknown>>
  readonly message: string
}

/** A log that keeps its lines. */
export function memoryLog(): Log & { readonly lines: LogLine[] } {
  const lines: LogLine[] = []
  const keep = (level: LogLine['level']) => (fields: Readonly<Record<string, unknown>>, message: string) => {
    lines.push({ level, fields, message })
  }
  return { lines, info: keep('info'), warn: keep('warn'), error: keep('error') }
}

/** A till in memory that counts who watches it. */
export function watchedTill(): { readonly till: Till; readonly watchers: () => number } {
  const till = createFakeTill()
  const onState = till.onState.bind(till)
  let watchers = 0
  const counted = (listener: (state: TillState) => void) => {
    watchers += 1
    const stop = onState(listener)
    return () => {
      watchers -= 1
      stop()
    }
  }
  return { till: Object.assign(till, { onState: counted }), watchers: () => watchers }
}
