import { spawn } from 'node:child_process'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const ENTRY_FILE = 'open-screens.html'
const OWNER_ONLY_FILE = 0o600
/** The browser has long read the file by then. */
const FILE_KEPT_MS = 30_000

/**
 * Opens `address` in the default browser. The address is a secret until used, and arguments of a process can be read by everybody on the
 * machine, so the browser is given a file of the owner's that leads there. A machine without a browser is no error: the address is printed.
 */
export async function openInBrowser(address: string, dataFolder: string): Promise<void> {
  const file = join(dataFolder, ENTRY_FILE)
  await rm(file, { force: true })
  const page = `<!doctype html><meta charset="utf-8"><title>Bandtill</title><meta http-equiv="refresh" content="0;url=${address}">\n`
  await writeFile(file, page, { mode: OWNER_ONLY_FILE, flag: 'wx' })
  const [command, args] = openerFor(process.platform, pathToFileURL(file).href)
  const opener = spawn(command, args, { stdio: 'ignore', detached: true })
  opener.on('error', () => undefined)
  opener.unref()
  setTimeout(() => void rm(file, { force: true }), FILE_KEPT_MS).unref()
}

function openerFor(platform: NodeJS.Platform, address: string): readonly [string, readonly string[]] {
  switch (platform) {
    case 'darwin':
      return ['open', [address]]
    case 'win32':
      return ['rundll32', ['url.dll,FileProtocolHandler', address]]
    default:
      return ['xdg-open', [address]]
  }
}
