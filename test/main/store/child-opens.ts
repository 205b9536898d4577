/** A process that opens the store named on its command line, says how that went, and stays until it is ended. */
import { openStore } from '#main/store/open-store.ts'

const [file = '', then = 'stay'] = process.argv.slice(2)
const opened = openStore({ file })
process.stdout.write(`${opened.ok ? 'opened' : opened.error.code}\n`)
if (opened.ok && then === 'stay') setInterval(() => undefined, 60_000)
