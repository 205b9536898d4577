/** The phone's conversation with its band: one thing said, one word waited for. Whoever has a talk says one thing at a time. */
import type { Message } from '#shared/contracts/frames.ts'
import { NO_EXCHANGE } from '#shared/contracts/link-messages.ts'
import type { MessageKind } from '#shared/contracts/radio-messages.ts'
import type { BandLink, Clock } from './ports.ts'

export class BandTalk {
  readonly #clock: Clock
  readonly #band: BandLink
  /** Who waits for the band's next word, and for which kinds of it. */
  #waiting: { readonly kinds: readonly MessageKind[]; readonly answer: (message: Message | undefined) => void } | undefined

  constructor({ clock, band }: { readonly clock: Clock; readonly band: BandLink }) {
    this.#clock = clock
    this.#band = band
  }

  /** One word of the band's; nobody hears it who did not wait for its kind. */
  hear(message: Message): void {
    if (this.#waiting?.kinds.includes(message.kind)) this.#waiting.answer(message)
  }

  /** Says one thing that has no answer. */
  tell(kind: MessageKind, body: Uint8Array<ArrayBuffer>): void {
    this.#band.send({ offerId: NO_EXCHANGE, message: { kind, body } })
  }

  /** Says one thing and waits for the band's word on it; undefined when none comes in time. */
  async say(
    kind: MessageKind,
    body: Uint8Array<ArrayBuffer>,
    kinds: readonly MessageKind[],
    withinMs: number,
  ): Promise<Message | undefined> {
    const { promise, resolve } = Promise.withResolvers<Message | undefined>()
    this.#waiting = { kinds, answer: resolve }
    const stopTimer = this.#clock.after(withinMs, () => resolve(undefined))
    this.tell(kind, body)
    try {
      return await promise
    } finally {
      stopTimer()
      this.#waiting = undefined
    }
  }
}
