/** Another driver is another process. A payment that is under way keeps its band: the change waits until the call has ended. */
import { expect, test } from 'vitest'
import type { StartProcess } from '#main/ports.ts'
import { createNobleRadio } from '#main/radio/noble-radio.ts'
import { ManualClock, settled } from '#test/support/manual-clock.ts'

/** A process that scans, connects and hangs up as it is told. */
function obedient() {
  const started: string[] = []
  let say: (message: unknown) => void = () => {}
  const startProcess: StartProcess = (_entry, { args }) => {
    started.push(String(args[1]))
    let exit: (detail: string) => void = () => {}
    return {
      post: (message) => {
        const { type, call } = message as { readonly type: string; readonly call?: number }
        if (type === 'scan') setImmediate(() => say({ type: 'scanning' }))
        if (type === 'connect') setImmediate(() => say({ type: 'linked', call, mtu: 185, attRequests: 6 }))
        if (type === 'hang-up') setImmediate(() => say({ type: 'ended', call, ending: 'link-lost' }))
      },
      onMessage: (listener) => {
        say = listener
        return () => {
          say = () => {}
        }
      },
      onExit: (listener) => {
        exit = listener
        return () => {}
      },
      kill: () => setImmediate(() => exit('SIGKILL')),
    }
  }
  return { started, startProcess, beat: () => say({ type: 'beat', addresses: 1, rssBytes: 50_000_000 }) }
}

test('idle, the driver changes at once; in a call, with the first beat after it', async () => {
  const clock = new ManualClock()
  const { started, startProcess, beat } = obedient()
  const faults: unknown[] = []
  const radio = createNobleRadio({ startProcess, clock, driver: 'auto', onFault: (fault) => faults.push(fault) })
  radio.useDriver('abandonware')
  radio.start()
  await settled()
  expect(started).toEqual(['abandonware'])

  radio.useDriver('stoprocent')
  expect(radio.state().state).toBe('starting')
  await settled()
  await clock.advance(0)
  await settled()
  expect(started).toEqual(['abandonware', 'stoprocent'])
  expect(radio.state().state).toBe('scanning')

  const connected = await radio.connect('c0ffee00baad')
  if (!connected.ok) throw new Error(connected.error)
  radio.useDriver('auto')
  beat()
  await clock.advance(0)
  expect(started).toHaveLength(2)
  await connected.value.close()
  beat()
  await settled()
  await clock.advance(0)
  expect(started).toEqual(['abandonware', 'stoprocent', 'auto'])
  expect(faults).toEqual([])
  await radio.stop()
})
