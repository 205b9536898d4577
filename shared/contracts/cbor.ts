/**
 * Strict deterministic CBOR (RFC 8949 §4.2.1): shortest forms, definite lengths, sorted keys, no tags, no floats, no duplicates.
 * What decodes here re-encodes to the same bytes; everything else is refused before any meaning is read from it.
 */
import { decode, encode } from 'cborg'
import { err, ok, type Result } from '#shared/result.ts'
import { equalBytes } from './bytes.ts'

export const CBOR_SIZE_MAX_BYTES = 4_096
export const CBOR_DEPTH_MAX = 8

export type CborValue = number | string | Uint8Array | readonly CborValue[] | ReadonlyMap<number, CborValue>

export function encodeCbor(value: CborValue): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(encode(value))
}

/** Decodes received bytes. `malformed` covers every deviation from the one allowed encoding. */
export function decodeCbor(bytes: Uint8Array): Result<CborValue, 'malformed'> {
  if (bytes.length === 0 || bytes.length > CBOR_SIZE_MAX_BYTES || nestsTooDeep(bytes)) return err('malformed')
  try {
    const value: unknown = decode(bytes, {
      strict: true,
      useMaps: true,
      rejectDuplicateMapKeys: true,
      allowIndefinite: false,
      allowUndefined: false,
      allowInfinity: false,
      allowNaN: false,
      allowBigInt: false,
    })
    if (!isCborValue(value)) return err('malformed')
    // Catches what the decoder lets through: unsorted keys, and text that is not valid UTF-8.
    return equalBytes(encodeCbor(value), bytes) ? ok(value) : err('malformed')
  } catch {
    return err('malformed')
  }
}

function isCborValue(value: unknown): value is CborValue {
  if (typeof value === 'number') return Number.isSafeInteger(value)
  if (typeof value === 'string' || value instanceof Uint8Array) return true
  if (Array.isArray(value)) return value.every(isCborValue)
  if (value instanceof Map) return [...value].every(([key, item]) => Number.isSafeInteger(key) && isCborValue(item))
  return false
}

/**
 * Walks the item heads without recursion, so that hostile nesting cannot use up the stack.
 * Each open container holds how many items it still wants; a container beyond the depth limit ends the walk.
 */
function nestsTooDeep(bytes: Uint8Array): boolean {
  const open: number[] = []
  let offset = 0
  while (offset < bytes.length) {
    const head = bytes[offset] ?? 0
    const major = head >> 5
    const lengthBytes = [1, 2, 4, 8][(head & 31) - 24] ?? 0
    let argument = (head & 31) < 24 ? head & 31 : 0
    for (let index = 0; index < lengthBytes; index += 1) argument = argument * 256 + (bytes[offset + 1 + index] ?? 0)
    offset += 1 + lengthBytes
    if (major === 2 || major === 3) offset += argument
    if (open.length > 0) open[open.length - 1] = (open[open.length - 1] ?? 0) - 1
    if (major === 4 || major === 5) open.push(major === 5 ? argument * 2 : argument)
    if (open.length > CBOR_DEPTH_MAX) return true
    while (open.length > 0 && (open[open.length - 1] ?? 0) <= 0) open.pop()
  }
  return false
}
