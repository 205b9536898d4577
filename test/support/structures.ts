import * as fc from 'fast-check'
import * as identity from '#shared/contracts/identity-messages.ts'
import * as link from '#shared/contracts/link-messages.ts'
import * as messages from '#shared/contracts/radio-messages.ts'
import * as slots from '#shared/contracts/slot-messages.ts'
import type { FieldShape, Structure } from '#shared/contracts/structure.ts'

type AnyStructure = Structure<Record<string, unknown>> & { readonly label?: string }

function isStructure(value: unknown): value is AnyStructure {
  return typeof value === 'object' && value !== null && 'encode' in value && 'decode' in value && 'fields' in value
}

/** Every message and statement of the protocol, by the name it is exported under: a new one is tested without being asked. */
export const STRUCTURES: readonly (readonly [name: string, structure: AnyStructure])[] = [
  ...Object.entries(messages),
  ...Object.entries(link),
  ...Object.entries(identity),
  ...Object.entries(slots),
].flatMap(([name, value]) => (isStructure(value) ? [[name, value] as const] : []))

/** Letters, digits, signs, an accent and Chinese: what names are made of. */
const LETTERS = ['a', 'Z', '0', ' ', '-', '.', '&', 'é', '影', '院', '光']

function fieldOf(shape: FieldShape): fc.Arbitrary<unknown> {
  switch (shape.type) {
    case 'integer':
      return fc.oneof(fc.integer({ min: shape.min, max: shape.max }), fc.constantFrom(shape.min, shape.max))
    case 'bytes':
      return fc.uint8Array({ minLength: shape.min, maxLength: shape.max })
    case 'bytes-list':
      return fc.array(fc.uint8Array({ minLength: shape.length, maxLength: shape.length }), { maxLength: shape.max })
    case 'text':
      return fc.array(fc.constantFrom(...LETTERS), { minLength: shape.min, maxLength: shape.max }).map((letters) => letters.join(''))
  }
}

/** Values of a structure, everywhere inside its limits and at them. */
export function valuesOf(structure: AnyStructure): fc.Arbitrary<Record<string, unknown>> {
  const entries = Object.entries(structure.fields)
  const requiredKeys = entries.filter(([, field]) => !field.optional).map(([name]) => name)
  return fc.record(Object.fromEntries(entries.map(([name, field]) => [name, fieldOf(field.shape)])), { requiredKeys })
}

/** The smallest integer, one byte of each byte string, one character of each text: a short valid example of a structure. */
export function smallest(structure: AnyStructure): Record<string, unknown> {
  return Object.fromEntries(Object.entries(structure.fields).map(([name, { shape }]) => [name, smallestField(shape)]))
}

function smallestField(shape: FieldShape): unknown {
  switch (shape.type) {
    case 'integer':
      return shape.min
    case 'bytes':
      return new Uint8Array(shape.min).fill(7)
    case 'bytes-list':
      return [new Uint8Array(shape.length).fill(7)]
    case 'text':
      return 'a'
  }
}
