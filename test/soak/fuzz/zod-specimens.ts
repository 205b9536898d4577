/** Valid values for a declared contract, made from its declaration, so that a new contract is tested without being asked. */
import * as fc from 'fast-check'
import * as z from 'zod'
import type { Json } from './json-faults.ts'

const SAMPLE_SEED = 20_301_102
/** Samples of a text that are looked at: a few first, since nearly always one of those will do. */
const TRIES_FIRST = 4
const TRIES = 200
/** No contract asks for lists that are longer than this. */
const LENGTH_MAX = 65
const INSTANT = '2030-01-02T12:00:00.000Z'
/** For fields that only a function of ours describes: ids of each kind. */
const CANDIDATES: readonly Json[] = ['a1', '0'.repeat(32), 'A1', 'aurora-1', 1, true]

/** Values that the schema accepts: with everything in them, with nothing that can be left out, and one for each choice. */
export function specimensOf(schema: z.ZodType): readonly Json[] {
  const choices = choicesOf(schema)
  const made = [...choices.map((choice) => sample(choice, true)), ...choices.map((choice) => sample(choice, false))]
  const texts = new Set(made.map((value) => JSON.stringify(value)))
  return [...texts].map((text) => {
    const value = JSON.parse(text) as Json
    const parsed = schema.safeParse(value)
    if (!parsed.success) throw new Error(`no specimen of this contract: ${z.prettifyError(parsed.error)}\n${text}`)
    return value
  })
}

function choicesOf(schema: z.ZodType): readonly z.ZodType[] {
  return schema instanceof z.ZodUnion ? schema.options.flatMap((option) => choicesOf(option as z.ZodType)) : [schema]
}

function sample(schema: z.ZodType, isFull: boolean): Json {
  if (schema instanceof z.ZodObject) {
    const shape = schema.shape as Readonly<Record<string, z.ZodType>>
    const present = Object.entries(shape).filter(([, field]) => isFull || !field.safeParse(undefined).success)
    return Object.fromEntries(present.map(([name, field]) => [name, sample(field, isFull)]))
  }
  if (schema instanceof z.ZodUnion) return sample(choicesOf(schema)[isFull ? 0 : choicesOf(schema).length - 1] ?? schema, isFull)
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) return sample(schema.unwrap() as z.ZodType, isFull)
  if (schema instanceof z.ZodDefault) return sample(schema.unwrap() as z.ZodType, isFull)
  if (schema instanceof z.ZodPipe) return sample(schema.in as z.ZodType, isFull)
  if (schema instanceof z.ZodArray) return arraySample(schema, isFull)
  if (schema instanceof z.ZodRecord) {
    const value = sample(schema.valueType as z.ZodType, isFull)
    const key = sample(schema.keyType as z.ZodType, isFull)
    return isFull && typeof key === 'string' ? { [key]: value } : {}
  }
  if (schema instanceof z.ZodEnum) return schema.options[isFull ? 0 : schema.options.length - 1] as Json
  if (schema instanceof z.ZodLiteral) return [...schema.values][0] as Json
  if (schema instanceof z.ZodBoolean) return isFull
  if (schema instanceof z.ZodNumber) return numberSample(schema, isFull)
  if (schema instanceof z.ZodString || schema instanceof z.ZodStringFormat) return textSample(schema)
  return found(schema, CANDIDATES)
}

function arraySample(schema: z.ZodArray, isFull: boolean): Json {
  const element = schema.element as z.ZodType
  const one = sample(element, isFull)
  // Of the shortest length that is allowed, when none of the usual ones is.
  const lengths = Array.from({ length: LENGTH_MAX }, (_, length) => Array.from({ length }, () => one))
  return found(schema, isFull ? [[one, sample(element, false)], ...lengths.slice(1), []] : lengths)
}

function numberSample(schema: z.ZodType, isFull: boolean): Json {
  const { minimum, maximum } = z.toJSONSchema(schema, { io: 'input' })
  const ends = [maximum, minimum, 1].map(Number).filter((value) => Number.isFinite(value))
  return found(schema, isFull ? ends : ends.toReversed())
}

function textSample(schema: z.ZodType): Json {
  const { pattern, minLength = 0, maxLength = 12, format } = z.toJSONSchema(schema, { io: 'input' })
  if (format === 'date-time') return INSTANT
  const texts =
    pattern === undefined
      ? fc.string({ minLength, maxLength: Math.min(maxLength, minLength + 12), unit: 'grapheme-ascii' })
      : fc.stringMatching(new RegExp(pattern, 'u'))
  const drawn = (numRuns: number) => fc.sample(texts, { seed: SAMPLE_SEED, numRuns })
  const few = drawn(TRIES_FIRST)
  return found(schema, few.some((some) => schema.safeParse(some).success) ? few : drawn(TRIES))
}

function found(schema: z.ZodType, candidates: readonly Json[]): Json {
  const value = candidates.find((candidate) => schema.safeParse(candidate).success)
  if (value === undefined) throw new Error(`nothing is known that this accepts: ${schema.type}`)
  return value
}
