/** Faults made in the meaning of CBOR, written down again: what passes the first checks and reaches the code behind them. */
import { type CborValue, decodeCbor } from '#shared/contracts/cbor.ts'
import { decodeSign1 } from '#shared/contracts/cose.ts'
import type { Seeded } from '#test/support/seeded.ts'
import { joined } from './byte-faults.ts'
import type { InputMaker } from './parser.ts'

/** One head in so many is written in a form that is not the one allowed. */
const LOOSE_ONE_IN = 60
const DEEP = 40

const NUMBERS = [
  0,
  -1,
  1,
  23,
  24,
  255,
  256,
  65_535,
  65_536,
  0xffff_ffff,
  2 ** 32,
  Number.MAX_SAFE_INTEGER,
  -Number.MAX_SAFE_INTEGER,
  1.5,
  Number.NaN,
]
const TEXTS = ['', 'bt1a', 'bt1r', '__proto__', '\u202eevil', 'a\u200bb', '\u0000', 'é'.repeat(20), 'x'.repeat(2_100), '影院']

export function cborFaults(specimens: readonly Uint8Array[]): InputMaker {
  const values = specimens.map(valueOf)
  return (seeded) => write(changed(seeded, seeded.pick(values)), seeded)
}

/** Signed statements: the payload is changed and put back under its header. The signature is not renewed. */
export function payloadFaults(specimens: readonly Uint8Array[]): InputMaker {
  const parts = specimens.map((specimen) => {
    const read = decodeSign1(specimen)
    if (!read.ok) throw new Error('a specimen is no COSE_Sign1')
    return { ...read.value, value: valueOf(read.value.payload) }
  })
  return (seeded) => {
    const { protectedHeader, value, signature } = seeded.pick(parts)
    const payload = write(changed(seeded, value), seeded)
    const list: CborValue = [protectedHeader, new Map(), payload, signature]
    return write(seeded.below(8) === 0 ? changed(seeded, list) : list)
  }
}

export function valueOf(bytes: Uint8Array): CborValue {
  const decoded = decodeCbor(bytes)
  if (!decoded.ok) throw new Error('a specimen is no CBOR')
  return decoded.value
}

/** A copy with one thing changed, at the top or inside. */
export function changed(seeded: Seeded, value: CborValue): CborValue {
  const isInside = seeded.below(5) > 0
  if (isInside && value instanceof Map && value.size > 0) return changedMap(seeded, value)
  if (isInside && isList(value) && value.length > 0) {
    const at = seeded.below(value.length)
    switch (seeded.below(6)) {
      case 0:
        return value.toSpliced(at, 1)
      case 1:
        return value.toSpliced(at, 0, value[at] ?? 0)
      default:
        return value.map((item, index) => (index === at ? changed(seeded, item) : item))
    }
  }
  return other(seeded, value)
}

function changedMap(seeded: Seeded, map: ReadonlyMap<number, CborValue>): CborValue {
  const entries = [...map]
  const at = seeded.below(entries.length)
  const [key, item] = entries[at] ?? [0, 0]
  switch (seeded.below(8)) {
    case 0:
      return new Map(entries.toSpliced(at, 1))
    case 1:
      return new Map([...entries, [seeded.pick([0, 99, -1, 24, 256]), item]])
    case 2:
      return new Map(entries.toReversed())
    case 3:
      return new Map(entries.map(([name, value]) => [name === key ? seeded.below(20) : name, value]))
    default:
      return new Map(entries.map(([name, value]) => [name, name === key ? changed(seeded, value) : value]))
  }
}

function other(seeded: Seeded, value: CborValue): CborValue {
  switch (seeded.below(10)) {
    case 0:
      return seeded.pick(NUMBERS)
    case 1:
      return seeded.pick(TEXTS)
    case 2:
      return seeded.bytes(seeded.pick([0, 1, 8, 16, 32, 33, 64]))
    case 3:
      return new Map([[1, value]])
    case 4:
      return [value]
    case 5:
      return deep(value)
    default:
      return near(seeded, value)
  }
}

/** Of the same kind, and a little beside it. */
function near(seeded: Seeded, value: CborValue): CborValue {
  if (typeof value === 'number') return seeded.below(2) === 0 ? seeded.pick(NUMBERS) : value + seeded.pick([-1, 1])
  if (typeof value === 'string') return seeded.below(2) === 0 ? seeded.pick(TEXTS) : `${value}${seeded.pick(['x', '\u2066', ' '])}`
  if (value instanceof Uint8Array) return joined(value.subarray(seeded.below(2)), seeded.bytes(seeded.below(3)))
  return value
}

function deep(value: CborValue): CborValue {
  let nested = value
  for (let depth = 0; depth < DEEP; depth += 1) nested = [nested]
  return nested
}

function isList(value: CborValue): value is readonly CborValue[] {
  return Array.isArray(value)
}

/** CBOR of a value, deterministic but for keys left in their order; with `seeded` now and then in a longer form, tagged or indefinite. */
function write(value: CborValue, seeded?: Seeded): Uint8Array {
  const out: number[] = []
  append(out, value, seeded)
  return Uint8Array.from(out)
}

function append(out: number[], value: CborValue, seeded: Seeded | undefined): void {
  const isLoose = seeded !== undefined && seeded.below(LOOSE_ONE_IN) === 0
  if (isLoose && seeded.below(3) === 0) out.push(0xc0 + seeded.below(24))
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) out.push(0xfb, ...Buffer.from(new Float64Array([value]).buffer).toReversed())
    else head(out, value < 0 ? 1 : 0, value < 0 ? -1 - value : value, isLoose)
  } else if (typeof value === 'string' || value instanceof Uint8Array) {
    const bytes = typeof value === 'string' ? Buffer.from(value) : value
    head(out, typeof value === 'string' ? 3 : 2, bytes.length, isLoose)
    for (const byte of bytes) out.push(byte)
  } else if (value instanceof Map) {
    if (isLoose) out.push(0xbf)
    else head(out, 5, value.size, false)
    for (const [key, item] of value as ReadonlyMap<number, CborValue>) {
      append(out, key, seeded)
      append(out, item, seeded)
    }
    if (isLoose) out.push(0xff)
  } else {
    if (isLoose) out.push(0x9f)
    else head(out, 4, (value as readonly CborValue[]).length, false)
    for (const item of value as readonly CborValue[]) append(out, item, seeded)
    if (isLoose) out.push(0xff)
  }
}

/** `isLoose`: in eight bytes, whatever would do. */
function head(out: number[], major: number, argument: number, isLoose: boolean): void {
  const first = major << 5
  const bytes = isLoose || argument > 0xffff_ffff ? 8 : argument > 0xffff ? 4 : argument > 0xff ? 2 : argument > 23 ? 1 : 0
  if (bytes === 0) out.push(first | argument)
  else out.push(first | (24 + Math.log2(bytes)))
  for (let index = bytes - 1; index >= 0; index -= 1) out.push(Math.floor(argument / 256 ** index) % 256)
}
