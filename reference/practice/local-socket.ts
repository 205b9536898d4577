/** Sockets of the practice world on this machine: Unix sockets only their owner may open, or Windows pipes. And how any server listens. */
import { createHash } from 'node:crypto'
import { chmod, rm } from 'node:fs/promises'
import type { ListenOptions, Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { err, ok, type Result } from '#shared/result.ts'

const OWNER_ONLY = 0o600
/** Unix socket paths are limited to about 104 bytes (macOS) and 108 (Linux). */
const SOCKET_PATH_MAX_BYTES = 100

export const SOCKET_NAMES = ['air', 'desk', 'printer'] as const
export type PracticeSockets = Readonly<Record<(typeof SOCKET_NAMES)[number], string>>

/** Where a practice folder's sockets are: in it when the paths are short enough, else in the system's folder for such things. */
export function practiceSockets(folder: string, platform: NodeJS.Platform = process.platform): PracticeSockets {
  const practice = `bandtill-${createHash('sha256').update(folder).digest('hex').slice(0, 16)}`
  const pathOf = (name: string) => {
    if (platform === 'win32') return `\\\\.\\pipe\\${practice}-${name}`
    const inFolder = join(folder, `${name}.sock`)
    return Buffer.byteLength(inFolder) <= SOCKET_PATH_MAX_BYTES ? inFolder : join(tmpdir(), `${practice}-${name}.sock`)
  }
  return { air: pathOf('air'), desk: pathOf('desk'), printer: pathOf('printer') }
}

/** A socket file outlives the process that was killed over it, and would refuse the next one its place. */
export async function clearSocket(path: string): Promise<void> {
  if (process.platform !== 'win32') await rm(path, { force: true })
}

/** Takes the path over from whoever had it before, and listens. `cannot-listen` when it is too long or not allowed. */
export async function listenOn(server: Server, path: string): Promise<Result<void, 'cannot-listen'>> {
  await clearSocket(path)
  const listening = await listenAt(server, { path })
  if (listening.ok) await ownerOnly(path)
  return listening
}

/** Listens where nobody else does, at a path or a port. `cannot-listen` when it is taken or not allowed. */
export async function listenAt(server: Server, at: ListenOptions): Promise<Result<void, 'cannot-listen'>> {
  const listening = Promise.withResolvers<boolean>()
  const onError = () => listening.resolve(false)
  server.once('error', onError)
  server.listen(at, () => listening.resolve(true))
  const isListening = await listening.promise
  server.off('error', onError)
  return isListening ? ok() : err('cannot-listen')
}

/** Keeps others on this machine out, whatever the folder allows. */
export async function ownerOnly(path: string): Promise<void> {
  if (process.platform !== 'win32') await chmod(path, OWNER_ONLY)
}

/** Resolves when it listens no more. Connections have to be ended by their owner. */
export async function stopListening(server: Server): Promise<void> {
  const closed = Promise.withResolvers<void>()
  server.close(() => closed.resolve())
  await closed.promise
}
