import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startTerminal } from '#main/hosting/assemble.ts'
import { openFileKeys } from '#main/hosting/file-keys.ts'
import { startForkedProcess } from '#main/hosting/start-process.ts'
import type { TerminalOptions } from '#main/hosting/terminal-options.ts'
import { openStore } from '#main/store/open-store.ts'
import { memoryLog, temporaryFolder } from './support.ts'

const PAGE_BYTES = 4_096

/** Options of a terminal that was never enrolled, with a backend where nobody answers. */
function optionsIn(dataFolder: string): TerminalOptions {
  return {
    dataFolder,
    // Port 9 is "discard": nothing listens there.
    backendUrl: 'http://127.0.0.1:9',
    terminalId: 'aurora-1',
    rootPoint: new Uint8Array(33).fill(2),
    radio: { kind: 'practice', airSocket: join(dataFolder, 'air.sock') },
    enrolmentCode: 'code',
    port: 0,
    clockOffsetMs: 0,
    printer: { kind: 'file' },
    open: false,
    ipv6: false,
    practice: true,
  }
}

async function refusalOf(dataFolder: string): Promise<string> {
  const started = await startTerminal(optionsIn(dataFolder), memoryLog(), startForkedProcess)
  return started.ok ? 'started' : started.error.code
}

test('a first start without a backend is refused, leaves nothing open, and can be repeated', async () => {
  const folder = await temporaryFolder()
  expect(await refusalOf(folder)).toBe('backend-needed')
  expect(await refusalOf(folder)).toBe('backend-needed')
})

test('records that another terminal has open are refused by name, and the key is not touched', async () => {
  const folder = await temporaryFolder()
  const store = openStore({ file: join(folder, 'terminal.sqlite') })
  if (!store.ok) throw new Error(store.error.code)
  expect(await startTerminal(optionsIn(folder), memoryLog(), startForkedProcess)).toEqual({
    ok: false,
    error: { code: 'in-use', subject: join(folder, 'terminal.sqlite') },
  })
  store.value.close()
  expect(await refusalOf(folder)).toBe('backend-needed')
})

test.each(['journal', 'settings'])('records that open, and cannot be read where the %s is, are refused by name', async (table) => {
  const folder = await temporaryFolder()
  const file = join(folder, 'terminal.sqlite')
  const store = openStore({ file })
  if (!store.ok) throw new Error(store.error.code)
  const root = Number(store.value.get('SELECT rootpage FROM sqlite_schema WHERE name = ?', table)?.['rootpage'])
  store.value.close()
  const bytes = await readFile(file)
  await writeFile(file, bytes.fill(0xaa, (root - 1) * PAGE_BYTES, root * PAGE_BYTES))
  expect(await refusalOf(folder)).toBe('store-unopenable')
})

test('a key that is exposed or damaged, and records that are none, each have a refusal of their own', async () => {
  const exposed = await temporaryFolder()
  await openFileKeys(exposed)
  await chmod(join(exposed, 'terminal-key.json'), 0o644)
  if (process.platform !== 'win32') expect(await refusalOf(exposed)).toBe('key-exposed')

  const damaged = await temporaryFolder()
  await writeFile(join(damaged, 'terminal-key.json'), 'x', { mode: 0o600 })
  expect(await refusalOf(damaged)).toBe('key-damaged')

  const noDatabase = await temporaryFolder()
  await writeFile(join(noDatabase, 'terminal.sqlite'), 'this is no database, though it is long enough to be looked at'.repeat(100))
  expect(await refusalOf(noDatabase)).toBe('store-unopenable')

  const folderInstead = await temporaryFolder()
  await mkdir(join(folderInstead, 'terminal.sqlite'))
  expect(await refusalOf(folderInstead)).toBe('store-unopenable')
  expect(await refusalOf(join(folderInstead, 'missing'))).toBe('store-unopenable')
})
