/** A byte stream cut into payloads, each behind its length in two bytes, high byte first. */
import { err, ok, type Result } from '#shared/result.ts'
import { concat } from './bytes.ts'

const LENGTH_BYTES = 2

/** One payload as it stands in the stream: its kind in one byte, and its parts. */
export function lengthPrefixed(kind: number, ...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const body = concat(...parts)
  const length = body.length + 1
  return concat(Uint8Array.of(length >> 8, length & 0xff, kind), body)
}

/** Splits a stream as it comes. After `malformed` (a length of nothing, or above the limit) it cannot be followed and must be closed. */
export class LengthPrefixed {
  readonly #maxBytes: number
  #rest: Uint8Array<ArrayBuffer> = new Uint8Array(0)

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  push(chunk: Uint8Array): Result<readonly Uint8Array[], 'malformed'> {
    const bytes = concat(this.#rest, chunk)
    const payloads: Uint8Array[] = []
    let at = 0
    while (bytes.length - at >= LENGTH_BYTES) {
      const length = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
      if (length === 0 || length > this.#maxBytes) return err('malformed')
      if (bytes.length - at < LENGTH_BYTES + length) break
      payloads.push(bytes.subarray(at + LENGTH_BYTES, at + LENGTH_BYTES + length))
      at += LENGTH_BYTES + length
    }
    this.#rest = bytes.slice(at)
    return ok(payloads)
  }
}
