/**
 * A BandLink over anything that can write bytes to a band and hand over its notifications. The practice radio and the Bluetooth
 * adapter differ only below this line: cutting, putting together, timers, the queue and the counts are the same code.
 */

import type { BandLink, Clock, LinkError } from '#main/ports.ts'
import { assert } from '#shared/assert.ts'
import { type FrameError, type Message, Reassembler, segmentBytes, toFrames } from '#shared/contracts/frames.ts'
import { ERROR_CODES, errorMessage, type MessageKind } from '#shared/contracts/radio-messages.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { MTU_ASKED } from './att-client.ts'

/** One write command must have been taken by the radio within this time. A write that never settles is a lost link. */
export const WRITE_TIMEOUT_MS = 2_000
/** Whole messages that wait to be read. An honest band sends one OFFER, a few PENDING and one ANSWER. */
export const RECEIVED_MESSAGES_MAX = 16
/** What a band may say to a terminal. */
const FROM_BAND: ReadonlySet<MessageKind> = new Set<MessageKind>(['offer', 'pending', 'answer', 'error'])

export type FramedLinkParts = {
  readonly clock: Clock
  /** As the band reported it, or null when it is not known. */
  readonly mtuReported: number | null
  /** Writes one frame. May fail to settle: the link has its own timer. */
  readonly write: (frame: Uint8Array<ArrayBuffer>) => Promise<Result<void, 'link-lost'>>
  readonly attRequests: () => number
  /** Closes the connection below. Called once. */
  readonly hangUp: () => Promise<void>
}

type Waiter = { readonly settle: (result: Result<Message, LinkError>) => void; readonly stopTimer: () => void }

export class FramedLink implements BandLink {
  readonly #parts: FramedLinkParts
  readonly #frameBytes: number
  readonly #reassembler = new Reassembler()
  readonly #received: Message[] = []
  #waiter: Waiter | undefined
  #ended: LinkError | undefined
  #closed: Promise<void> | undefined
  #sending: Promise<unknown> = Promise.resolve()
  #messageId = 0
  #lastSent = { segments: 0, bytes: 0 }
  #stopSegmentTimer: (() => void) | undefined

  constructor(parts: FramedLinkParts) {
    this.#parts = parts
    this.#frameBytes = segmentBytes(MTU_ASKED, parts.mtuReported)
  }

  attRequests(): number {
    return this.#parts.attRequests()
  }

  lastSent(): { readonly segments: number; readonly bytes: number } {
    return this.#lastSent
  }

  /** Sends a message, after those before it. Resolves when the last frame has been handed to the radio, which is not delivery. */
  async send(message: Message): Promise<Result<void, LinkError>> {
    const sent = this.#sending.then(async () => this.#sendNow(message))
    this.#sending = sent
    return sent
  }

  async receive(timeoutMs: number): Promise<Result<Message, LinkError>> {
    const next = this.#received.shift()
    if (next) return ok(next)
    if (this.#ended) return err(this.#ended)
    assert(!this.#waiter, 'one reader at a time')
    const { promise, resolve } = Promise.withResolvers<Result<Message, LinkError>>()
    const stopTimer = this.#parts.clock.after(timeoutMs, () => {
      this.#waiter = undefined
      resolve(err('timeout'))
    })
    this.#waiter = { settle: resolve, stopTimer }
    return promise
  }

  async close(): Promise<void> {
    this.end('link-lost')
    await this.#closed
  }

  /** Takes one notification. */
  notified(frame: Uint8Array): void {
    if (this.#ended) return
    const nowMs = this.#parts.clock.monotonicMs()
    const result = this.#reassembler.receive(frame, nowMs)
    if (!result.ok) this.#refuse(result.error)
    else if (result.value) this.#deliver(result.value)
    this.#watchSegments(nowMs)
  }

  /** Ends the link. Messages that had arrived whole can still be read; then every call answers with `error`. Safe to call twice. */
  end(error: LinkError): void {
    if (this.#ended) return
    this.#ended = error
    this.#stopSegmentTimer?.()
    const waiter = this.#waiter
    this.#waiter = undefined
    waiter?.stopTimer()
    waiter?.settle(err(error))
    this.#closed = this.#parts.hangUp()
  }

  async #sendNow(message: Message): Promise<Result<void, LinkError>> {
    const frames = toFrames(message, this.#messageId, this.#frameBytes)
    this.#messageId = (this.#messageId + 1) & 0xff
    for (const frame of frames) {
      if (this.#ended) return err(this.#ended)
      const written = await this.#write(frame)
      if (!written.ok) {
        this.end(written.error)
        return written
      }
    }
    this.#lastSent = { segments: frames.length, bytes: message.body.length }
    return ok()
  }

  async #write(frame: Uint8Array<ArrayBuffer>): Promise<Result<void, LinkError>> {
    const { promise, resolve } = Promise.withResolvers<Result<void, LinkError>>()
    const stopTimer = this.#parts.clock.after(WRITE_TIMEOUT_MS, () => resolve(err('timeout')))
    // A radio library's rejection means the same as its refusal: the frame has not gone out.
    this.#parts.write(frame).then(resolve, () => resolve(err('link-lost')))
    const written = await promise
    stopTimer()
    return written
  }

  #deliver(message: Message): void {
    if (!FROM_BAND.has(message.kind)) return this.#refuse('malformed')
    const waiter = this.#waiter
    if (waiter) {
      this.#waiter = undefined
      waiter.stopTimer()
      return waiter.settle(ok(message))
    }
    if (this.#received.length >= RECEIVED_MESSAGES_MAX) return this.#refuse('oversized')
    this.#received.push(message)
  }

  #watchSegments(nowMs: number): void {
    this.#stopSegmentTimer?.()
    const deadlineMs = this.#ended ? undefined : this.#reassembler.deadlineMs()
    if (deadlineMs === undefined) return
    // One more millisecond: a segment may still arrive exactly on time.
    this.#stopSegmentTimer = this.#parts.clock.after(deadlineMs - nowMs + 1, () => {
      if (this.#reassembler.expired(this.#parts.clock.monotonicMs())) this.#refuse('timeout')
      else this.#watchSegments(this.#parts.clock.monotonicMs())
    })
  }

  /** Tells the band by name what it did wrong, as far as it still listens, and ends the link. */
  #refuse(error: FrameError): void {
    const body = errorMessage.encode({ code: ERROR_CODES[error], retryAfterSeconds: 0 })
    for (const frame of toFrames({ kind: 'error', body }, this.#messageId, this.#frameBytes)) void this.#write(frame)
    this.end(error)
  }
}
