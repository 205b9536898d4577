/** The practice world's spare band, reached over a WebSocket on this machine. The page says who it is first, then frames go both ways. */
import { readKept } from '#shared/contracts/kept-json.ts'
import {
  type FromYourBand,
  fromYourBand,
  HELLO_WAIT_MS,
  PRACTICE_CLOSE,
  PRACTICE_WALLET_PATH,
  type ToYourBand,
} from '#shared/contracts/practice-wallet.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { Clock } from '../ports.ts'
import type { PracticeAccess } from './memory.ts'
import type { BandDoor, BandTransport, Reached, TransportListener } from './transport.ts'

/** The link as it was printed, good once; or the access it was exchanged for. */
export type PracticeKey = { readonly port: number; readonly token: string } | PracticeAccess
export type PracticeDoorParts = {
  readonly clock: Clock
  readonly key: PracticeKey
  /** Keeps what the one-time link was exchanged for, before anything else happens. */
  readonly keep: (access: PracticeAccess) => Promise<Result<void, 'storage-failed'>>
}

type Greeted = Result<Extract<FromYourBand, { say: 'welcome' }>, 'not-known' | 'out-of-reach'>

/** The door, and what a hand can do to the band behind it. */
export class PracticeDoor implements BandDoor {
  readonly #parts: PracticeDoorParts
  #key: PracticeKey
  #socket: WebSocket | undefined
  #onInvitation: ((code: string | undefined) => void) | undefined

  constructor(parts: PracticeDoorParts) {
    this.#parts = parts
    this.#key = parts.key
  }

  async open(listener: TransportListener): Promise<Reached> {
    const socket = new WebSocket(`ws://127.0.0.1:${this.#key.port}${PRACTICE_WALLET_PATH}`)
    socket.binaryType = 'arraybuffer'
    const welcome = await this.#greet(socket)
    if (!welcome.ok) {
      socket.close()
      return welcome
    }
    const { session, frameBytes } = welcome.value
    const access = { port: this.#key.port, session }
    if (!(await this.#parts.keep(access)).ok) {
      socket.close()
      return err('storage-failed')
    }
    this.#key = access
    this.#socket = socket
    const transport = this.#transport(socket, frameBytes, listener)
    this.#say({ say: 'begin' })
    return ok(transport)
  }

  /** Puts the band on or off, or moves it. Undefined fields stay as they are. */
  move(change: Omit<Extract<ToYourBand, { say: 'move' }>, 'say'>): void {
    this.#say({ say: 'move', ...change })
  }

  knock(count: number): void {
    this.#say({ say: 'knock', count })
  }

  /** A one-time code for this phone; undefined when the world gives none. */
  async invite(): Promise<string | undefined> {
    const { promise, resolve } = Promise.withResolvers<string | undefined>()
    const stopTimer = this.#parts.clock.after(HELLO_WAIT_MS, () => resolve(undefined))
    this.#onInvitation = resolve
    this.#say({ say: 'invite' })
    const code = await promise
    stopTimer()
    return code
  }

  #say(message: ToYourBand): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message))
  }

  async #greet(socket: WebSocket): Promise<Greeted> {
    const { promise, resolve } = Promise.withResolvers<Greeted>()
    const stopTimer = this.#parts.clock.after(HELLO_WAIT_MS, () => resolve(err('out-of-reach')))
    const key = this.#key
    const hello: ToYourBand = 'token' in key ? { say: 'hello', token: key.token } : { say: 'hello-again', session: key.session }
    socket.addEventListener('open', () => socket.send(JSON.stringify(hello)), { once: true })
    socket.addEventListener('close', ({ code }) => resolve(err(code === PRACTICE_CLOSE['not-known'] ? 'not-known' : 'out-of-reach')), {
      once: true,
    })
    socket.addEventListener(
      'message',
      ({ data }) => {
        const said = textOf(data)
        resolve(said?.say === 'welcome' ? ok(said) : err('out-of-reach'))
      },
      { once: true },
    )
    const answer = await promise
    stopTimer()
    return answer
  }

  #transport(socket: WebSocket, frameBytes: number, { onFrame, onEnd }: TransportListener): BandTransport {
    let isOpen = true
    socket.addEventListener('message', ({ data }) => {
      if (!isOpen) return
      if (data instanceof ArrayBuffer) return onFrame(new Uint8Array(data))
      const said = textOf(data)
      if (said?.say === 'invitation') this.#onInvitation?.(said.code)
      if (said?.say === 'no-invitation') this.#onInvitation?.(undefined)
    })
    socket.addEventListener('close', () => {
      if (!isOpen) return
      isOpen = false
      onEnd()
    })
    return {
      frameBytes,
      write: (frame) => {
        if (isOpen && socket.readyState === WebSocket.OPEN) socket.send(frame)
      },
      close: () => {
        isOpen = false
        socket.close()
      },
    }
  }
}

function textOf(data: unknown): FromYourBand | undefined {
  return typeof data === 'string' ? readKept(fromYourBand, data) : undefined
}
