/** Every HTTP call, and every other line or message of JSON that the contracts declare, as text from a stranger. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import * as z from 'zod'
import { jsonFaults } from '../json-faults.ts'
import type { Outcome, Parser } from '../parser.ts'
import { specimensOf } from '../zod-specimens.ts'

const CONTRACTS = join(import.meta.dirname, '../../../../shared/contracts')
/** How deep in what is exported a schema may lie: a call has its parts, a table its calls. */
const NESTED_MAX = 3

/** Whatever the contracts export that is parsed: a new one is found by itself. Parts of larger ones are reached through those. */
export async function contractParsers(): Promise<readonly Parser[]> {
  const files = readdirSync(CONTRACTS).filter((name) => name.endsWith('.ts'))
  const found = new Map<z.ZodType, string>()
  for (const file of files.toSorted()) {
    const exported = (await import(pathToFileURL(join(CONTRACTS, file)).href)) as Readonly<Record<string, unknown>>
    for (const [name, value] of Object.entries(exported)) collect(`${file.replace('.ts', '')} ${name}`, value, found, 0)
  }
  const parts = new Set([...found.keys()].flatMap((schema) => insideOf(schema)))
  return [...found].filter(([schema]) => !parts.has(schema)).map(([schema, name]) => jsonParser(name, schema))
}

function collect(name: string, value: unknown, found: Map<z.ZodType, string>, depth: number): void {
  if (value instanceof z.ZodType) {
    if (!found.has(value)) found.set(value, name)
  } else if (depth < NESTED_MAX && typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) {
    const parts = Object.entries(value)
    const schemas = parts.filter((part): part is [string, z.ZodType] => part[1] instanceof z.ZodType)
    if (schemas.length > 1) found.set(oneOf(schemas), name)
    else for (const [key, part] of parts) collect(`${name}.${key}`, part, found, depth + 1)
  }
}

/** The parts of a call, or the inputs of an API, as one contract: `{ part, content }`, where the part chooses the schema. */
function oneOf(schemas: readonly (readonly [string, z.ZodType])[]): z.ZodType {
  const [first, second, ...rest] = schemas.map(([part, content]) => z.strictObject({ part: z.literal(part), content }))
  if (!first || !second) throw new Error('a choice needs two parts')
  return z.discriminatedUnion('part', [first, second, ...rest])
}

/** All schemas inside a schema. */
function insideOf(schema: z.ZodType): readonly z.ZodType[] {
  const direct = directlyIn(schema)
  return [...direct, ...direct.flatMap((part) => insideOf(part))]
}

function directlyIn(schema: z.ZodType): readonly z.ZodType[] {
  if (schema instanceof z.ZodObject) return Object.values<z.ZodType>(schema.shape)
  if (schema instanceof z.ZodUnion) return schema.options as readonly z.ZodType[]
  if (schema instanceof z.ZodArray) return [schema.element as z.ZodType]
  if (schema instanceof z.ZodRecord) return [schema.valueType as z.ZodType]
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault)
    return [schema.unwrap() as z.ZodType]
  return []
}

/** Text that is not what the schema says is refused; what is accepted is plain data, and says the same again. */
export function jsonParser(name: string, schema: z.ZodType): Parser {
  const values = specimensOf(schema)
  return {
    name,
    specimens: values.map((value) => new Uint8Array(Buffer.from(JSON.stringify(value)))),
    make: jsonFaults(values),
    run: (input) => readJson(schema, Buffer.from(input.buffer, input.byteOffset, input.length).toString('utf8')),
  }
}

function readJson(schema: z.ZodType, text: string): Outcome {
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch {
    return 'refused'
  }
  const parsed = schema.safeParse(content)
  if (!parsed.success) return 'refused'
  if (!isPlain(parsed.data)) return { fault: 'accepted, and it has got another prototype' }
  return 'accepted'
}

const SHALLOW = 6

/** What was parsed has the prototypes that JSON gives, as deep as any code looks. */
export function isPlain(value: unknown, depth = 0): boolean {
  if (typeof value !== 'object' || value === null || depth > SHALLOW || value instanceof Uint8Array) return true
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== Array.prototype && prototype !== null) return false
  return Object.values(value).every((item) => isPlain(item, depth + 1))
}
