/**
 * The socket to the practice air: opened, watched, and opened again with back-off and jitter when it dies. It speaks whole messages
 * of shared/contracts/practice-link.ts; a stream that cannot be followed is closed like a dead one.
 */
import { connect, type NetConnectOpts, type Socket } from 'node:net'
import type { Clock } from '#main/ports.ts'
import { decodeFromAir, encodeToAir, type FromAir, practiceDeframer, type ToAir } from '#shared/contracts/practice-link.ts'

/** The air is on this machine: a socket that is not open by then will not open. */
export const SOCKET_OPEN_TIMEOUT_MS = 2_000
/** The first wait before trying again; it doubles up to the longest, and each wait is drawn from its upper half. */
export const RECONNECT_FIRST_MS = 100
export const RECONNECT_MAX_MS = 2_000
/** A socket that lived this long was a real one: the next wait starts small again. */
const RECONNECT_SETTLED_MS = 5_000
/** Bytes the air may leave unread before we take it for dead. A payment writes less than 4 kB. */
export const UNREAD_MAX_BYTES = 65_536

export type PracticeSocketParts = {
  readonly where: NetConnectOpts
  readonly clock: Clock
  /** A number in [0, 1), for the jitter. */
  readonly random: () => number
  readonly onOpen: () => void
  readonly onMessage: (message: FromAir) => void
  /** Called each time the socket has died, or could not be opened. Another try is then already on its way. */
  readonly onLost: (detail: string) => void
}

/** The wait before try number `tries` (0 for the first), milliseconds. */
export function reconnectDelayMs(tries: number, random: () => number): number {
  const longest = Math.min(RECONNECT_MAX_MS, RECONNECT_FIRST_MS * 2 ** Math.min(tries, 16))
  return longest / 2 + random() * (longest / 2)
}

export class PracticeSocket {
  readonly #parts: PracticeSocketParts
  #socket: Socket | undefined
  #isOpen = false
  #isStopped = true
  #tries = 0
  #stopTimer: (() => void) | undefined

  constructor(parts: PracticeSocketParts) {
    this.#parts = parts
  }

  start(): void {
    if (!this.#isStopped) return
    this.#isStopped = false
    this.#tries = 0
    this.#open()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#stopTimer?.()
    const socket = this.#socket
    this.#socket = undefined
    this.#isOpen = false
    if (!socket || socket.closed) return
    const { promise, resolve } = Promise.withResolvers<void>()
    socket.once('close', () => resolve())
    socket.destroy()
    await promise
  }

  /** False when there is no open socket: nothing was sent. */
  send(message: ToAir): boolean {
    const socket = this.#socket
    if (!socket || !this.#isOpen) return false
    socket.write(encodeToAir(message))
    if (socket.writableLength <= UNREAD_MAX_BYTES) return true
    socket.destroy(new Error('the air does not read'))
    return false
  }

  #open(): void {
    const { clock, where } = this.#parts
    const socket = connect(where)
    const deframer = practiceDeframer()
    const startedMs = clock.monotonicMs()
    let detail = 'the air closed the connection'
    this.#socket = socket
    const stopOpenTimer = clock.after(SOCKET_OPEN_TIMEOUT_MS, () => socket.destroy(new Error('the air does not answer')))
    socket.on('connect', () => {
      stopOpenTimer()
      if (this.#socket !== socket) return
      this.#isOpen = true
      this.#parts.onOpen()
    })
    socket.on('data', (chunk) => {
      if (this.#socket === socket && !this.#read(deframer, chunk)) socket.destroy(new Error('the air sent what no air sends'))
    })
    socket.on('error', (error) => {
      detail = error.message
    })
    socket.on('close', () => {
      stopOpenTimer()
      if (this.#socket === socket) this.#lost(detail, clock.monotonicMs() - startedMs)
    })
  }

  #read(deframer: ReturnType<typeof practiceDeframer>, chunk: Uint8Array): boolean {
    const payloads = deframer.push(chunk)
    if (!payloads.ok) return false
    for (const payload of payloads.value) {
      const message = decodeFromAir(payload)
      if (!message.ok) return false
      this.#parts.onMessage(message.value)
    }
    return true
  }

  #lost(detail: string, livedMs: number): void {
    const wasOpen = this.#isOpen
    this.#socket = undefined
    this.#isOpen = false
    if (wasOpen && livedMs >= RECONNECT_SETTLED_MS) this.#tries = 0
    const delayMs = reconnectDelayMs(this.#tries, this.#parts.random)
    this.#tries += 1
    this.#stopTimer = this.#parts.clock.after(delayMs, () => {
      if (!this.#isStopped) this.#open()
    })
    this.#parts.onLost(detail)
  }
}
