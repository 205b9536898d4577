/** The phone as a process: `npm run phone`. */
import { PhoneHost } from '../phone-host.ts'
import { runHost } from '../run-host.ts'

await runHost({ name: 'phone', port: 8_792, open: async (folder, clock) => PhoneHost.open(folder, clock) })
