/** For each structure: bytes that decode to a value, and bytes that must be refused as `malformed`, each for one reason. */
import { encode } from 'cborg'
import { concat, toHex } from '#shared/contracts/bytes.ts'
import type { CborValue } from '#shared/contracts/cbor.ts'
import type { FieldShape } from '#shared/contracts/structure.ts'
import { type Declared, exampleValue, type FieldValue, type Value } from './structures.ts'

type Json = number | string | readonly string[]
export type ValidStructure = { readonly what: string; readonly value: Readonly<Record<string, Json>>; readonly bytes: string }
export type Refused = { readonly what: string; readonly bytes: string; readonly refusal: string }
export type StructureVectors = {
  readonly structure: string
  readonly label?: string
  readonly valid: readonly ValidStructure[]
  readonly invalid: readonly Refused[]
}

/** Byte strings as lower-case hex. */
export function asJson(value: Value): Readonly<Record<string, Json>> {
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, fieldAsJson(item)]))
}

function fieldAsJson(item: FieldValue): Json {
  if (typeof item === 'number' || typeof item === 'string') return item
  return item instanceof Uint8Array ? toHex(item) : item.map(toHex)
}

export function structureVectors(declared: Declared): StructureVectors {
  const { name, structure, label } = declared
  const valid = (['smallest', 'usual', 'largest'] as const).map((pick) => {
    const value = exampleValue(declared, pick)
    return { what: pick, value: asJson(value), bytes: structure.encode(value) }
  })
  // What is too large for a CBOR item, or the same again, is no vector.
  const distinct = valid.filter(
    ({ bytes }, index) => structure.decode(bytes).ok && valid.findIndex((one) => toHex(one.bytes) === toHex(bytes)) === index,
  )
  return {
    structure: name,
    ...(label === undefined ? {} : { label }),
    valid: distinct.map(({ what, value, bytes }) => ({ what, value, bytes: toHex(bytes) })),
    invalid: [...wrongForms(declared), ...wrongFields(declared)],
  }
}

function mapOf({ structure, label }: Declared, value: Value): Map<number, CborValue> {
  const entries = Object.entries(structure.fields).flatMap(([name, { key }]) => {
    const item = value[name]
    return item === undefined ? [] : [[key, item] as const]
  })
  const all = [...(label === undefined ? [] : [[0, label] as const]), ...entries]
  return new Map(all.toSorted(([one], [other]) => one - other))
}

const refused = (what: string, bytes: Uint8Array): Refused => ({ what, bytes: toHex(bytes), refusal: 'malformed' })

/** The right content in another form than the one of docs/protocol.md §1.1. */
function wrongForms(declared: Declared): readonly Refused[] {
  const value = exampleValue(declared, 'smallest')
  const good = declared.structure.encode(value)
  const count = (good[0] ?? 0) & 31
  const body = good.subarray(1)
  const map = mapOf(declared, value)
  const items = [...map].map(([key, item]) => concat(Uint8Array.from(encode(key)), Uint8Array.from(encode(item))))
  const [first = new Uint8Array(0), ...rest] = items
  const unknown = new Map([...map, [23, 0] as const])
  return [
    refused('nothing', new Uint8Array(0)),
    refused('cut at its end', good.subarray(0, -1)),
    refused('a byte behind it', concat(good, Uint8Array.of(0))),
    refused('a length longer than needed', concat(Uint8Array.of(0xb8, count), body)),
    refused('a map without a length', concat(Uint8Array.of(0xbf), body, Uint8Array.of(0xff))),
    refused('a tag before it', concat(Uint8Array.of(0xc1), good)),
    refused('an array in its place', Uint8Array.from(encode([...map.values()]))),
    refused('a key twice', concat(Uint8Array.of(0xa0 | (count + 1)), first, body)),
    refused('a key nobody knows', Uint8Array.from(encode(unknown))),
    ...(rest.length > 0 ? [refused('keys out of order', concat(Uint8Array.of(0xa0 | count), ...rest, first))] : []),
    ...(declared.label === undefined
      ? [refused('a label where none belongs', Uint8Array.from(encode(new Map([[0, 'bt1r'] as const, ...map]))))]
      : [
          refused('another label', Uint8Array.from(encode(new Map([...map, [0, 'bt1z'] as const])))),
          refused(
            'the label of another version',
            Uint8Array.from(encode(new Map([...map, [0, declared.label.replace('1', '2')] as const]))),
          ),
        ]),
  ]
}

/** One field missing, of another type, or outside its limits. */
function wrongFields(declared: Declared): readonly Refused[] {
  const map = mapOf(declared, exampleValue(declared, 'smallest'))
  return Object.entries(declared.structure.fields).flatMap(([name, { key, optional, shape }]) => {
    const without = new Map([...map].filter(([other]) => other !== key))
    const withItem = (item: unknown) =>
      Uint8Array.from(encode(new Map<number, unknown>([...map, [key, item] as const].toSorted(([a], [b]) => a - b))))
    return [
      ...(optional ? [] : [refused(`without ${name}`, Uint8Array.from(encode(without)))]),
      ...wrongItems(shape).map(([what, item]) => refused(`${name}: ${what}`, withItem(item))),
    ]
  })
}

function wrongItems(shape: FieldShape): readonly (readonly [string, unknown])[] {
  switch (shape.type) {
    case 'integer':
      return [
        ['below its limit', shape.min - 1],
        ...(shape.max < Number.MAX_SAFE_INTEGER ? [['above its limit', shape.max + 1] as const] : []),
        ['a text', String(shape.min)],
        ['a float', shape.min + 0.5],
        ['true', true],
      ]
    case 'bytes':
      return [
        ['too short', new Uint8Array(shape.min - 1)],
        ['too long', new Uint8Array(shape.max + 1)],
        ['a text', 'a'.repeat(shape.min)],
        ['null', null],
      ]
    case 'text':
      return [
        ['empty', ''],
        ['too long', 'a'.repeat(shape.max + 1)],
        ['a line end in it', '\n'],
        ['text that runs the other way in it', '\u202e'],
        ['bytes', new Uint8Array(shape.min).fill(0x61)],
      ]
    case 'bytes-list':
      return [
        ['one too many', Array.from({ length: shape.max + 1 }, () => new Uint8Array(shape.length))],
        ['one too short', [new Uint8Array(shape.length - 1)]],
        ['no list', new Uint8Array(shape.length)],
      ]
  }
}
