/** Faults made in the meaning of JSON, written down again: other types, other sizes, keys too many or too few, at any depth. */
import type { Seeded } from '#test/support/seeded.ts'
import { byteFaults } from './byte-faults.ts'
import type { InputMaker } from './parser.ts'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** Stands in the value for a text that no value gives. */
const RAW = '@raw@'
const DEEP = 6_000
const DEEPEST_ONE_IN = 50
const RAW_TEXTS = [
  '1e999',
  '-0',
  '-1e999',
  '9007199254740993',
  '1E-400',
  '"\\ud800"',
  '"\\udc00\\ud800"',
  '"\\u0000"',
  '{"__proto__":{"polluted":1}}',
  '{"a":1,"a":2}',
  'NaN',
  '[,]',
  "'a'",
]
/** Nesting that uses up a stack. Seldom put in: reading it takes as long as a hundred other inputs. */
const DEEPEST = [`${'['.repeat(DEEP)}${']'.repeat(DEEP)}`, `${'{"a":'.repeat(DEEP)}1${'}'.repeat(DEEP)}`]
const ATOMS: readonly Json[] = [
  RAW,
  RAW,
  RAW,
  null,
  true,
  false,
  0,
  -1,
  1,
  1.5,
  2 ** 31,
  2 ** 53,
  1e21,
  '',
  'x',
  '0',
  '__proto__',
  'constructor',
  '\u202e\u2066evil\u200b',
  '\u0000\n\r',
  'a'.repeat(300),
  'f'.repeat(32),
  '2030-13-45T99:99:99Z',
  [],
  {},
  [null],
]
const KEYS = ['__proto__', 'constructor', 'toString', 'length', 'then', '', 'x', '\u202e']

/** Half of them changed as values, half as text. */
export function jsonFaults(values: readonly Json[]): InputMaker {
  const asBytes = byteFaults(values.map((value) => new Uint8Array(Buffer.from(JSON.stringify(value)))))
  return (seeded) => {
    if (seeded.below(2) === 0) return asBytes(seeded)
    let value = seeded.pick(values)
    for (let count = 1 + seeded.below(2); count > 0; count -= 1) value = changed(seeded, value)
    const text = JSON.stringify(value)
    return new Uint8Array(Buffer.from(text.includes(RAW) ? text.replaceAll(`"${RAW}"`, () => rawText(seeded)) : text))
  }
}

function rawText(seeded: Seeded): string {
  return seeded.below(DEEPEST_ONE_IN) === 0 ? seeded.pick(DEEPEST) : seeded.pick(RAW_TEXTS)
}

/** A copy with one thing changed, at the top or inside. */
function changed(seeded: Seeded, value: Json): Json {
  if (seeded.below(6) === 0 || typeof value !== 'object' || value === null) return other(seeded, value)
  if (isList(value)) {
    const at = seeded.below(value.length + 1)
    if (at === value.length) return [...value, seeded.pick(ATOMS)]
    switch (seeded.below(6)) {
      case 0:
        return value.toSpliced(at, 1)
      case 1:
        return value.toSpliced(at, 0, value[at] ?? null)
      default:
        return value.map((item, index) => (index === at ? changed(seeded, item) : item))
    }
  }
  const entries = Object.entries(value)
  const at = seeded.below(entries.length + 1)
  const [key, item] = entries[at] ?? [seeded.pick(KEYS), seeded.pick(ATOMS)]
  // A key named __proto__ is one more key here, as it is in a JSON text.
  if (at === entries.length) return Object.fromEntries([...entries, [key, item]])
  return Object.fromEntries(seeded.below(6) === 0 ? entries.toSpliced(at, 1) : entries.with(at, [key, changed(seeded, item)]))
}

function other(seeded: Seeded, value: Json): Json {
  switch (seeded.below(4)) {
    case 0:
      return typeof value === 'string' ? value.slice(seeded.below(3)) : [value]
    case 1:
      if (typeof value === 'string') return `${value}${seeded.pick(['x', '=', ' ', '\u200b', '影'])}`
      return typeof value === 'number' ? value + seeded.pick([-1, 1, 0.5, 1e15]) : seeded.pick(ATOMS)
    default:
      return seeded.pick(ATOMS)
  }
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}
