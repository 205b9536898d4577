import { connect } from 'node:net'

/** Sends a job as a till does that only sends: resolves when the printer has taken it, rejects when it is not there. */
export async function printRaw(path: string, bytes: Uint8Array): Promise<void> {
  const done = Promise.withResolvers<void>()
  const socket = connect(path)
  socket.once('error', done.reject)
  socket.once('close', () => done.resolve())
  socket.resume()
  socket.end(bytes)
  await done.promise
}
