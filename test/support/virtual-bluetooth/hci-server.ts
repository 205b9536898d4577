/** Virtual controllers behind a local socket, one for each connection: what `--hci-socket` of the radio process connects to. */
import { createServer, type Server, type Socket } from 'node:net'
import { HciDeframer } from '#main/radio/noble/hci-transport.ts'
import type { VirtualAir } from './air.ts'
import { VirtualController } from './controller.ts'

export class HciServer {
  readonly #server: Server
  readonly sockets = new Set<Socket>()
  connections = 0

  private constructor(server: Server) {
    this.#server = server
  }

  static async listen(path: string, air: VirtualAir, address: string): Promise<HciServer> {
    const server = createServer()
    const hci = new HciServer(server)
    server.on('connection', (socket) => hci.#serve(socket, new VirtualController(air, address)))
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(path, resolve)
    })
    return hci
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  #serve(socket: Socket, controller: VirtualController): void {
    this.connections += 1
    this.sockets.add(socket)
    const deframer = new HciDeframer()
    controller.on('data', (packet: Buffer) => socket.write(packet))
    socket.on('data', (chunk) => {
      for (const packet of deframer.push(chunk) ?? []) controller.write(packet)
    })
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      this.sockets.delete(socket)
      controller.detach()
    })
  }
}
