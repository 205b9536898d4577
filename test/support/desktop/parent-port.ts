/** Loaded before a helper's entry (`node --import`): its only line to the terminal is Electron's `process.parentPort`. */
import { EventEmitter } from 'node:events'
import type * as Electron from 'electron'

const send = process.send?.bind(process)
if (!send) throw new Error('a utility process has a parent')

class ParentPortDouble extends EventEmitter implements Pick<Electron.ParentPort, 'postMessage'> {
  constructor() {
    super()
    // What arrives before anybody listens is kept for the first listener.
    this.on('newListener', (name) => {
      if (name === 'message' && this.listenerCount('message') === 0) {
        process.on('message', (data) => this.emit('message', { data, ports: [] } satisfies Pick<Electron.MessageEvent, 'data' | 'ports'>))
      }
    })
  }

  postMessage(message: unknown): void {
    if (process.connected) send?.(message)
  }
}

Object.defineProperty(process, 'send', { value: undefined })
Object.defineProperty(process, 'parentPort', { value: new ParentPortDouble() })
// Electron ends its utility processes with itself.
process.on('disconnect', () => process.exit(0))
