/** What this backend has seen of a terminal's journal, for whoever checks the terminal's file. */
import * as z from 'zod'
import { getWitness, HEAD_SOURCES, type SeenHead, WITNESS_PAGE_MAX, WITNESS_PATHS } from '#shared/contracts/witness.ts'
import type { Database } from '../database/tables.ts'
import { findTerminal } from '../repositories/registry-repository.ts'
import { type HeadPlace, headsAfter, type WitnessedHead } from '../repositories/witness-repository.ts'
import { type App, REFUSALS, RefusedCall, slug, urlOf } from './call.ts'

export function witnessRoutes(app: App, { db }: { readonly db: Database }): void {
  app.get(
    urlOf(WITNESS_PATHS.terminal),
    {
      config: { caller: 'operator' },
      schema: {
        summary: 'The heads of a terminal’s journal as they were seen, page by page',
        tags: ['witness'],
        params: z.strictObject({ terminalId: slug }),
        querystring: getWitness.query,
        response: { 200: getWitness.reply, ...REFUSALS },
      },
    },
    async ({ params: { terminalId }, query: { after } }) => {
      if (!(await findTerminal(db, terminalId))) throw new RefusedCall({ code: 'unknown', message: 'no terminal has this name' })
      const found = await headsAfter(db, terminalId, after === undefined ? undefined : placeOf(after), WITNESS_PAGE_MAX + 1)
      const page = found.slice(0, WITNESS_PAGE_MAX)
      const last = page.at(-1)
      return { heads: page.map(shown), ...(last && found.length > page.length ? { next: cursorOf(last) } : {}) }
    },
  )
}

function shown({ epoch, seq, head, source, signature, at }: WitnessedHead): SeenHead & { source: WitnessedHead['source'] } {
  return { epoch, seq, head, source, at, ...(signature === null ? {} : { signature }) }
}

function cursorOf({ epoch, seq, head, source }: HeadPlace): string {
  return [epoch, seq, head, source].join('.')
}

function placeOf(cursor: string): HeadPlace {
  const [epoch, seq, head = '', name] = cursor.split('.')
  const source = HEAD_SOURCES.find((known) => known === name)
  if (!source) throw new RefusedCall({ code: 'malformed', message: 'no page ends there' })
  return { epoch: Number(epoch), seq: Number(seq), head, source }
}
