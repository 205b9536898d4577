/** Our own band or phone on the conformance line, as the process that `npm run band` and `npm run phone` start; `root` may be a copy of the sources. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const READY_WITHIN_MS = 60_000

/** `stop` throws when it has ended by itself before. */
export type LinePart = { readonly target: string; stop(): Promise<void> }

export async function startLinePart(part: 'band' | 'phone', root: string): Promise<LinePart> {
  const folder = mkdtempSync(join(tmpdir(), `bandtill-${part}-`))
  const child = spawn(process.execPath, [join(root, `reference/host/${part}/main.ts`), '--data', folder, '--port', '0'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ready = Promise.withResolvers<string>()
  let said = ''
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString('utf8')))
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString('utf8')
    const address = /^(?<address>tcp:\S+)\n/u.exec(said)?.groups?.address
    if (address !== undefined) ready.resolve(address)
  })
  const gone = new Promise<void>((resolve) => {
    child.once('exit', (code) => {
      ready.reject(new Error(`the ${part} ended with ${code}: ${errors}`))
      resolve()
    })
  })
  const timer = setTimeout(() => ready.reject(new Error(`the ${part} says no address: ${said}${errors}`)), READY_WITHIN_MS)
  const stop = async () => {
    const endedByItself = child.exitCode !== null || child.signalCode !== null
    child.kill('SIGTERM')
    await gone
    rmSync(folder, { recursive: true, force: true })
    if (endedByItself) throw new Error(`the ${part} had ended by itself: ${errors}`)
  }
  try {
    return { target: await ready.promise, stop }
  } catch (cause) {
    await stop()
    throw cause
  } finally {
    clearTimeout(timer)
  }
}
