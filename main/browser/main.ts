/** The terminal for a browser on the same computer. Started by the supervisor, or by hand with the options of terminal-options.ts. */
import { fileURLToPath } from 'node:url'
import { startTerminal } from '../hosting/assemble.ts'
import { startForkedProcess } from '../hosting/start-process.ts'
import { runBrowserHost } from './host.ts'

const SCREENS_FOLDER = fileURLToPath(new URL('../../dist/renderer', import.meta.url))

await runBrowserHost({
  args: process.argv.slice(2),
  environment: process.env,
  screensFolder: SCREENS_FOLDER,
  startTerminal: async (options, log) => startTerminal(options, log, startForkedProcess),
})
