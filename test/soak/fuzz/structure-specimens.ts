import type { FieldShape, Structure } from '#shared/contracts/structure.ts'

/** Every field at its upper limit, byte strings at no more than this, bytes: enough for what is nested in them. */
const BYTES_MAX = 300

/** A long valid example of a structure, beside the short one of test/support. */
export function largest(structure: Structure<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(structure.fields).map(([name, { shape }]) => [name, largestField(shape)]))
}

function largestField(shape: FieldShape): unknown {
  switch (shape.type) {
    case 'integer':
      return shape.max
    case 'bytes':
      return new Uint8Array(Math.max(shape.min, Math.min(shape.max, BYTES_MAX))).fill(0xa5)
    case 'bytes-list':
      return Array.from({ length: shape.max }, (_, index) => new Uint8Array(shape.length).fill(index))
    case 'text':
      return '影'.repeat(shape.max)
  }
}
