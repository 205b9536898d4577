/**
 * Frames: how a message of up to 2,048 bytes crosses a link that carries 20 bytes at a time.
 * Header, 4 bytes: kind, message id, segment index, segment count. See docs/protocol.md for the rules a receiver enforces.
 */
import { assert } from '#shared/assert.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { concat, equalBytes } from './bytes.ts'
import { MESSAGE_KINDS, MESSAGE_MAX_BYTES, type MessageKind, messageKindOf } from './radio-messages.ts'

export const FRAME_HEADER_BYTES = 4
export const SEGMENTS_MAX = 128
export const ATT_OVERHEAD_BYTES = 3
export const ATT_MTU_MIN = 23
/** A segment must follow the one before it within this time. */
export const SEGMENT_TIMEOUT_MS = 1_000
/** A whole message must arrive within this time of its first segment. */
export const MESSAGE_TIMEOUT_MS = 3_000

export type Message = { readonly kind: MessageKind; readonly body: Uint8Array<ArrayBuffer> }
export type FrameError = 'malformed' | 'out-of-order' | 'altered-segment' | 'oversized' | 'timeout'

/** Bytes one write or notification may carry: never more than we asked for, never less than the ATT minimum. */
export function segmentBytes(mtuAsked: number, mtuReported: number | null): number {
  return Math.max(ATT_MTU_MIN, Math.min(mtuAsked, mtuReported ?? ATT_MTU_MIN)) - ATT_OVERHEAD_BYTES
}

/** Cuts a message into frames of at most `frameBytes` bytes each. Throws (a bug) when the message breaks the limits. */
export function toFrames(
  message: Message,
  messageId: number,
  frameBytes: number,
  messageMaxBytes = MESSAGE_MAX_BYTES,
): Uint8Array<ArrayBuffer>[] {
  const room = frameBytes - FRAME_HEADER_BYTES
  assert(room >= 1 && message.body.length >= 1 && message.body.length <= messageMaxBytes, `cannot frame ${message.body.length} bytes`)
  const count = Math.ceil(message.body.length / room)
  assert(count <= SEGMENTS_MAX, `${count} segments are too many`)
  return Array.from({ length: count }, (_, index) =>
    concat(
      Uint8Array.of(MESSAGE_KINDS[message.kind], messageId & 0xff, index, count),
      message.body.subarray(index * room, (index + 1) * room),
    ),
  )
}

type Partial = {
  readonly kind: MessageKind
  readonly id: number
  readonly count: number
  readonly segments: Uint8Array<ArrayBuffer>[]
  readonly startedMs: number
  lastMs: number
  size: number
}

/**
 * Puts frames together again. One message is open at a time. Any error ends the session: the reassembler then refuses all that follows.
 * The caller passes the time and calls `expired` from its own timer.
 */
export class Reassembler {
  readonly #messageMaxBytes: number
  #open: Partial | undefined
  #last: { readonly id: number; readonly segments: readonly Uint8Array[] } | undefined
  #broken: FrameError | undefined

  constructor(messageMaxBytes = MESSAGE_MAX_BYTES) {
    this.#messageMaxBytes = messageMaxBytes
  }

  /** A whole message, `undefined` while segments are missing, or the error that ends the session. */
  receive(frame: Uint8Array, nowMs: number): Result<Message | undefined, FrameError> {
    if (this.#broken) return err(this.#broken)
    const result = this.#accept(frame, nowMs)
    if (!result.ok) this.#broken = result.error
    return result
  }

  /** True when the open message has waited too long for its next segment or its end. */
  expired(nowMs: number): boolean {
    const deadlineMs = this.deadlineMs()
    return deadlineMs !== undefined && nowMs > deadlineMs
  }

  /** The last moment at which the next segment of the open message is still in time; undefined when no message is open. */
  deadlineMs(): number | undefined {
    return this.#open && Math.min(this.#open.lastMs + SEGMENT_TIMEOUT_MS, this.#open.startedMs + MESSAGE_TIMEOUT_MS)
  }

  #accept(frame: Uint8Array, nowMs: number): Result<Message | undefined, FrameError> {
    const [code, id, index, count] = frame
    if (code === undefined || id === undefined || index === undefined || count === undefined) return err('malformed')
    const kind = messageKindOf(code)
    const part = Uint8Array.from(frame.subarray(FRAME_HEADER_BYTES))
    if (!kind || part.length === 0 || count === 0 || index >= count) return err('malformed')
    if (count > SEGMENTS_MAX) return err('oversized')
    if (this.expired(nowMs)) return err('timeout')
    const repeated = this.#repeated(id, index, part)
    if (repeated) return repeated
    const open = this.#open
    if (!open) {
      if (index !== 0) return err('out-of-order')
      return this.#add({ kind, id, count, segments: [], startedMs: nowMs, lastMs: nowMs, size: 0 }, part, nowMs)
    }
    if (open.id !== id || open.kind !== kind || open.count !== count || index !== open.segments.length) return err('out-of-order')
    return this.#add(open, part, nowMs)
  }

  /** The link may deliver a segment twice: the same bytes are ignored, other bytes are an attack or a fault. */
  #repeated(id: number, index: number, part: Uint8Array): Result<undefined, FrameError> | undefined {
    const known = (this.#open?.id === id ? this.#open : this.#last?.id === id && !this.#open ? this.#last : undefined)?.segments[index]
    if (!known) return undefined
    return equalBytes(known, part) ? ok(undefined) : err('altered-segment')
  }

  #add(open: Partial, part: Uint8Array<ArrayBuffer>, nowMs: number): Result<Message | undefined, FrameError> {
    open.segments.push(part)
    open.size += part.length
    open.lastMs = nowMs
    if (open.size > this.#messageMaxBytes) return err('oversized')
    this.#open = open
    if (open.segments.length < open.count) return ok(undefined)
    this.#open = undefined
    this.#last = { id: open.id, segments: open.segments }
    return ok({ kind: open.kind, body: concat(...open.segments) })
  }
}
