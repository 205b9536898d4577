/**
 * Reading the answers to discovery questions. Everything here comes from a stranger's device: item sizes, counts and handles are
 * checked before any of them is used, and handles must advance, so that no answer can keep a discovery going for ever.
 */
import { readU16, uuidText } from '#shared/contracts/att.ts'
import { err, ok, type Result } from '#shared/result.ts'

export const HANDLE_MAX = 0xffff
const LIST_HEADER_BYTES = 2
const UUID_BYTES = [2, 16] as const

export type HandleRange = { readonly start: number; readonly end: number }
export type Service = HandleRange & { readonly uuid: string }
export type Characteristic = { readonly declaration: number; readonly value: number; readonly properties: number; readonly uuid: string }
export type Descriptor = { readonly handle: number; readonly value: number }

/** Cuts a list answer into its items. `malformed` unless there is at least one, whole, and of a size this question can have. */
function itemsOf(pdu: Uint8Array, sizes: readonly number[]): Result<readonly Uint8Array[], 'malformed'> {
  const size = pdu[1]
  const bytes = pdu.length - LIST_HEADER_BYTES
  if (size === undefined || !sizes.includes(size) || bytes < size || bytes % size !== 0) return err('malformed')
  return ok(
    Array.from({ length: bytes / size }, (_, index) =>
      pdu.subarray(LIST_HEADER_BYTES + index * size, LIST_HEADER_BYTES + (index + 1) * size),
    ),
  )
}

function handleAt(item: Uint8Array, offset: number): number {
  const handle = readU16(item, offset)
  return handle.ok ? handle.value : 0
}

/** Services of a Read By Group Type answer: each after the one before it, none before `from`. */
export function servicesOf(pdu: Uint8Array, from: number): Result<readonly Service[], 'malformed'> {
  const items = itemsOf(
    pdu,
    UUID_BYTES.map((bytes) => 4 + bytes),
  )
  if (!items.ok) return items
  const services = items.value.map((item) => ({ start: handleAt(item, 0), end: handleAt(item, 2), uuid: uuidText(item.subarray(4)) }))
  let next = from
  for (const service of services) {
    if (service.start < next || service.end < service.start) return err('malformed')
    next = service.end + 1
  }
  return ok(services)
}

/** Characteristics of a Read By Type answer: declaration then value, all inside the range that was asked about. */
export function characteristicsOf(pdu: Uint8Array, asked: HandleRange): Result<readonly Characteristic[], 'malformed'> {
  const items = itemsOf(
    pdu,
    UUID_BYTES.map((bytes) => 5 + bytes),
  )
  if (!items.ok) return items
  const found = items.value.map((item) => ({
    declaration: handleAt(item, 0),
    properties: item[2] ?? 0,
    value: handleAt(item, 3),
    uuid: uuidText(item.subarray(5)),
  }))
  let next = asked.start
  for (const { declaration, value } of found) {
    if (declaration < next || value <= declaration || value > asked.end) return err('malformed')
    next = value + 1
  }
  return ok(found)
}

/** The client configuration descriptor in a Read By Type answer: the first item, which must lie in the range asked about. */
export function descriptorOf(pdu: Uint8Array, asked: HandleRange): Result<Descriptor, 'malformed'> {
  const items = itemsOf(pdu, [4])
  const [item] = items.ok ? items.value : []
  if (!item) return err('malformed')
  const handle = handleAt(item, 0)
  return handle < asked.start || handle > asked.end ? err('malformed') : ok({ handle, value: handleAt(item, 2) })
}
