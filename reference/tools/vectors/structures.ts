/** Every structure the contracts declare, found by looking: one that is added is in the vectors without being asked. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { FieldShape, Structure } from '#shared/contracts/structure.ts'
import { vectorBytes } from './example-keys.ts'

const CONTRACTS = join(import.meta.dirname, '../../../shared/contracts')

export type FieldValue = number | string | Uint8Array | readonly Uint8Array[]
export type Value = Readonly<Record<string, FieldValue>>
export type Declared = { readonly name: string; readonly structure: Structure<Value>; readonly label: string | undefined }

function isStructure(value: unknown): value is Structure<Value> & { readonly label?: string } {
  return typeof value === 'object' && value !== null && 'encode' in value && 'decode' in value && 'fields' in value
}

/** By the name each is exported under, in the order of their names. */
export async function declaredStructures(): Promise<readonly Declared[]> {
  const files = readdirSync(CONTRACTS).filter((file) => file.endsWith('.ts'))
  const modules = await Promise.all(
    files.map(async (file) => (await import(pathToFileURL(join(CONTRACTS, file)).href)) as Readonly<Record<string, unknown>>),
  )
  const found = modules.flatMap((exported) =>
    Object.entries(exported).flatMap(([name, value]) => (isStructure(value) ? [{ name, structure: value, label: value.label }] : [])),
  )
  return found.toSorted((one, other) => (one.name < other.name ? -1 : 1))
}

type Pick = 'smallest' | 'usual' | 'largest'
/** Letters that take one, two and three bytes. */
const LETTERS = 'Aé院'

/** A value of each field: at its lower limit, somewhere inside, at its upper limit. Optional fields are left out of the smallest. */
export function exampleValue({ name, structure }: Declared, pick: Pick): Value {
  const fields = Object.entries(structure.fields).filter(([, { optional }]) => !(optional && pick === 'smallest'))
  return Object.fromEntries(fields.map(([field, { shape }]) => [field, fieldValue(`${name} ${field}`, shape, pick)]))
}

function fieldValue(seed: string, shape: FieldShape, pick: Pick): FieldValue {
  switch (shape.type) {
    case 'integer':
      return pick === 'smallest' ? shape.min : pick === 'largest' ? shape.max : Math.floor((shape.min + shape.max) / 2)
    case 'bytes':
      return longBytes(seed, lengthOf(shape, pick))
    case 'text':
      return Array.from({ length: lengthOf(shape, pick) }, (_, index) =>
        pick === 'smallest' ? 'a' : LETTERS[index % LETTERS.length],
      ).join('')
    case 'bytes-list': {
      const count = pick === 'smallest' ? 0 : pick === 'largest' ? shape.max : 1
      return Array.from({ length: count }, (_, index) => longBytes(`${seed} ${index}`, shape.length))
    }
  }
}

function lengthOf({ min, max }: { readonly min: number; readonly max: number }, pick: Pick): number {
  return pick === 'smallest' ? min : pick === 'largest' ? max : Math.floor((min + max) / 2)
}

function longBytes(seed: string, length: number): Uint8Array {
  const parts = Array.from({ length: Math.ceil(length / 32) }, (_, index) => vectorBytes(`${seed} ${index}`, 32))
  return Uint8Array.from(parts.flatMap((part) => [...part])).subarray(0, length)
}
