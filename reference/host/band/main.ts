/** The band as a process: `npm run band`. */
import { BandHost } from '../band-host.ts'
import { runHost } from '../run-host.ts'

await runHost({ name: 'band', port: 8_791, open: async (folder, clock) => BandHost.open(folder, clock) })
