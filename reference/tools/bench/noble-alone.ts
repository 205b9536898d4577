/**
 * The baseline of the radio group, in a process of its own: the same fork of noble over the same local socket, scanning, with one
 * listener that does nothing. Arguments: the driver's name, the socket.
 */
import type { EventEmitter } from 'node:events'
import { createRequire } from 'node:module'
import { LocalHciSocket } from '#main/radio/noble/hci-transport.ts'

type Noble = EventEmitter & { startScanning(uuids: readonly string[], allowDuplicates: boolean, done: () => void): void }

const [name = '', path = ''] = process.argv.slice(2)
const fork = `@${name}/noble`
const load = createRequire(import.meta.url)
const socketPackage = createRequire(load.resolve(`${fork}/package.json`)).resolve(fork.replace('/noble', '/bluetooth-hci-socket'))
const transport = new LocalHciSocket(path)
const Socket = function HciSocket() {
  return transport
}
const exports: unknown = Object.assign(Socket, { loadDriver: () => Socket })
load.cache[socketPackage] = {
  id: socketPackage,
  filename: socketPackage,
  path: socketPackage,
  paths: [],
  loaded: true,
  exports,
  children: [],
  parent: null,
  isPreloading: false,
  require: load,
}
const NobleClass = load(`${fork}/lib/noble`) as new (bindings: unknown) => Noble
const Bindings = load(`${fork}/lib/hci-socket/bindings`) as new (options: object) => unknown
const noble = new NobleClass(new Bindings({}))
noble.on('discover', () => {})
noble.on('stateChange', (state: string) => {
  if (state === 'poweredOn') noble.startScanning([], true, () => {})
})
process.on('disconnect', () => process.exit(0))
