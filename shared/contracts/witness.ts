/**
 * What others remember of a terminal's journal. Each request carries the journal's head, so every customer's phone and the backend have
 * seen it; `verify --witness` compares what they saw with a file. docs/journal.md says what that proves.
 */
import * as z from 'zod'
import { terminalProfile } from './backend-api.ts'

/** Heads in one answer of the backend. */
export const WITNESS_PAGE_MAX = 500
/** Heads in one witness file: a phone keeps a few hundred; a backend's may be gathered into one. */
export const WITNESS_FILE_HEADS_MAX = 1_000_000

const terminalId = terminalProfile.shape.terminalId
const U32_MAX = 0xffff_ffff

export const HEAD_SOURCES = ['request', 'receipt', 'outbox'] as const

/** One head as it was seen. */
const seenHead = z.strictObject({
  /** Left out where it cannot be known: a request does not say it. */
  epoch: z.int().min(1).optional(),
  seq: z.int().min(0).max(U32_MAX),
  /** Lower-case hex: the whole hash, or its first 16 bytes, which is what a request carries. */
  head: z.string().regex(/^[0-9a-f]{32}(?:[0-9a-f]{32})?$/),
  /** The terminal's signature over the whole hash (docs/journal.md), base64url, where the witness was given one. */
  signature: z
    .string()
    .regex(/^[A-Za-z0-9_-]{86}$/)
    .optional(),
  /** When it was seen, by the witness's clock. */
  at: z.iso.datetime(),
})
export type SeenHead = z.output<typeof seenHead>

/** A witness's own file. */
export const witnessFile = z.strictObject({
  format: z.literal('bandtill-witness-1'),
  heads: z.array(seenHead.extend({ terminalId })).max(WITNESS_FILE_HEADS_MAX),
})
export type WitnessFile = z.output<typeof witnessFile>

/** What the backend has seen of one terminal (operator), in order of epoch and place. `after`: the cursor of the page before. */
export const getWitness = {
  query: z.strictObject({
    after: z
      .string()
      .regex(/^[0-9]{1,10}\.[0-9]{1,10}\.[0-9a-f]{32,64}\.[a-z]{1,8}$/)
      .optional(),
  }),
  reply: z.strictObject({
    heads: z.array(seenHead.extend({ source: z.enum(HEAD_SOURCES) })).max(WITNESS_PAGE_MAX),
    /** Where the next page begins; left out with the last one. */
    next: z.string().max(100).optional(),
  }),
}
export const WITNESS_PATHS = { terminal: '/v1/witness/{terminalId}' } as const
