/** The browser host as a process of its own, with a till in memory. Started by host.test.ts. */
import { runBrowserHost } from '#main/browser/host.ts'
import { err, ok } from '#shared/result.ts'
import { createFakeTill } from '../../renderer/support/fake-till.ts'

const script = process.env['FAKE_HOST'] ?? ''

await runBrowserHost({
  args: process.argv.slice(2),
  environment: process.env,
  screensFolder: '/nowhere',
  startTerminal: async () => {
    if (script === 'in-use') return err({ code: 'in-use', subject: '/records' })
    if (script === 'hang-at-start') {
      process.send?.({ type: 'hanging' })
      return new Promise(() => undefined)
    }
    if (script === 'bug-later')
      process.on('SIGUSR1', () =>
        setImmediate(() => {
          throw new Error('a bug')
        }),
      )
    if (script === 'rejection-later') process.on('SIGUSR1', () => void Promise.reject(new Error('a bug')))
    const stop = async () => (script === 'hang-at-stop' ? new Promise<void>(() => undefined) : undefined)
    return ok({ till: createFakeTill(), stop })
  },
})
