/** A way to a band, whatever carries it: frames of the link between band and phone, in order, until it ends. */
import type { Result } from '#shared/result.ts'

export interface BandTransport {
  /** How many bytes one frame may have. */
  readonly frameBytes: number
  /** Frames leave in the order they are handed over. What cannot be sent ends the transport. */
  write(frame: Uint8Array<ArrayBuffer>): void
  /** Ends it; `onEnd` is not called for it. */
  close(): void
}
export type TransportListener = {
  readonly onFrame: (frame: Uint8Array) => void
  /** Called once, when the other side or the way between has ended it. */
  readonly onEnd: () => void
}
/**
 * `not-supported`: this browser has no such way. `not-chosen`: the owner chose no band. `not-known`: the one-time link was used, or the
 * practice world has forgotten this page. `too-small`: the band's frames have no room for a payment.
 */
export type ReachRefusal = 'not-supported' | 'not-chosen' | 'out-of-reach' | 'too-small' | 'not-known' | 'storage-failed'
export type Reached = Result<BandTransport, ReachRefusal>

/** One way to one band, to be taken again whenever it was lost. */
export interface BandDoor {
  open(listener: TransportListener): Promise<Reached>
}
