/**
 * A structure is a CBOR map with small integer keys and a fixed set of fields. Declared once, it gives the type, the encoder and
 * the strict decoder: unknown keys, missing fields and values outside their limits are all `malformed`.
 * A signed structure carries its purpose label at key 0; a decoder for one label never accepts another.
 */

import { assert } from '#shared/assert.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { type CborValue, decodeCbor, encodeCbor } from './cbor.ts'

declare const valueType: unique symbol
/** What a field holds, as data: the protocol's tables and its tests are made from it. Lengths in bytes, or characters for text. */
export type FieldShape =
  | { readonly type: 'integer'; readonly min: number; readonly max: number }
  | { readonly type: 'bytes' | 'text'; readonly min: number; readonly max: number }
  | { readonly type: 'bytes-list'; readonly length: number; readonly max: number }
export type Field<T> = {
  readonly key: number
  readonly shape: FieldShape
  readonly optional: boolean
  readonly accepts: (value: CborValue) => boolean
  /** Only for the compiler: the type `accepts` admits. */
  readonly [valueType]?: T
}
type FieldsOf = Readonly<Record<string, Field<unknown>>>
type Simplify<T> = { [K in keyof T]: T[K] }
type ValueOf<F> = F extends { readonly [valueType]?: infer T } ? Exclude<T, undefined> : never
export type StructureOf<F extends FieldsOf> = Simplify<
  { readonly [K in keyof F as F[K] extends { optional: true } ? never : K]: ValueOf<F[K]> } & {
    readonly [K in keyof F as F[K] extends { optional: true } ? K : never]?: ValueOf<F[K]>
  }
>

/** What a structure holds once it is decoded. */
export type ValueOfStructure<S> = S extends { decode: (bytes: Uint8Array) => Result<infer T, 'malformed'> } ? T : never

type Required<T> = Field<T> & { readonly optional: false }
type Optional<T> = Field<T> & { readonly optional: true }

/** Whole number from 0 to `max`. */
export function uint(key: number, max: number): Required<number> {
  return int(key, 0, max)
}

/** Whole number from `min` to `max`. */
export function int(key: number, min: number, max: number): Required<number> {
  return {
    key,
    shape: { type: 'integer', min, max },
    optional: false,
    accepts: (value) => typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max,
  }
}

/** A byte string of exactly `length` bytes. */
export function bytes(key: number, length: number): Required<Uint8Array> {
  return {
    key,
    shape: { type: 'bytes', min: length, max: length },
    optional: false,
    accepts: (value) => value instanceof Uint8Array && value.length === length,
  }
}

/** A byte string of 1 to `max` bytes. */
export function blob(key: number, max: number): Required<Uint8Array> {
  return {
    key,
    shape: { type: 'bytes', min: 1, max },
    optional: false,
    accepts: (value) => value instanceof Uint8Array && value.length >= 1 && value.length <= max,
  }
}

/** A list of at most `max` byte strings of `length` bytes. */
export function bytesList(key: number, length: number, max: number): Required<readonly Uint8Array[]> {
  return {
    key,
    shape: { type: 'bytes-list', length, max },
    optional: false,
    accepts: (value) =>
      Array.isArray(value) && value.length <= max && value.every((item) => item instanceof Uint8Array && item.length === length),
  }
}

// Text shown to people carries no control character (General Punctuation's directional marks and zero-width characters included),
// so that a name cannot rewrite the line it stands in.
const UNSAFE_TEXT = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u

/** Text of 1 to `max` characters without control, format or directional characters. */
export function text(key: number, max: number): Required<string> {
  return {
    key,
    shape: { type: 'text', min: 1, max },
    optional: false,
    accepts: (value) => typeof value === 'string' && value.length >= 1 && value.length <= max && !UNSAFE_TEXT.test(value),
  }
}

export function optional<T>(field: Required<T>): Optional<T> {
  return { ...field, optional: true }
}

export type Structure<T> = {
  readonly fields: Readonly<Record<string, { readonly key: number; readonly optional: boolean; readonly shape: FieldShape }>>
  /** Throws (a bug) when a value is outside its field's limits: we never send what we would refuse. */
  readonly encode: (value: T) => Uint8Array<ArrayBuffer>
  readonly decode: (bytes: Uint8Array) => Result<T, 'malformed'>
}
export type SignedStructure<T> = Structure<T> & { readonly label: string }

/** Declares an unsigned structure. */
export function structure<F extends FieldsOf>(fields: F): Structure<StructureOf<F>> {
  return build(undefined, fields)
}

/** Declares a signed structure: `label` names purpose and version, and stands at key 0 of the signed bytes. */
export function signedStructure<F extends FieldsOf>(label: string, fields: F): SignedStructure<StructureOf<F>> {
  return { label, ...build(label, fields) }
}

function build<F extends FieldsOf>(label: string | undefined, fields: F): Structure<StructureOf<F>> {
  const entries = Object.entries(fields)
  const keys = new Set(entries.map(([, field]) => field.key))
  assert(keys.size === entries.length && !keys.has(0), 'keys of a structure are distinct, and 0 is the label')
  return {
    fields,
    encode(value) {
      const map = new Map<number, CborValue>()
      if (label !== undefined) map.set(0, label)
      for (const [name, field] of entries) {
        const item = (value as Readonly<Record<string, CborValue | undefined>>)[name]
        if (item === undefined) assert(field.optional, `field ${name} is missing`)
        else {
          assert(field.accepts(item), `field ${name} is out of its limits`)
          map.set(field.key, item)
        }
      }
      return encodeCbor(map)
    },
    decode(received) {
      const decoded = decodeCbor(received)
      if (!decoded.ok || !(decoded.value instanceof Map)) return err('malformed')
      const map: ReadonlyMap<number, CborValue> = decoded.value
      if (map.get(0) !== label) return err('malformed')
      const value: Record<string, CborValue> = {}
      let found = label === undefined ? 0 : 1
      for (const [name, field] of entries) {
        const item = map.get(field.key)
        if (item === undefined) {
          if (!field.optional) return err('malformed')
          continue
        }
        if (!field.accepts(item)) return err('malformed')
        value[name] = item
        found += 1
      }
      return found === map.size ? ok(value as StructureOf<F>) : err('malformed')
    },
  }
}
