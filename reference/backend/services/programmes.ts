import canonicalize from 'canonicalize'
import type * as z from 'zod'
import { assert } from '#shared/assert.ts'
import { programmeSchema } from '#shared/contracts/backend-api.ts'
import { text } from '#shared/contracts/structure.ts'
import type { Currency } from '#shared/domain/money.ts'
import { ok } from '#shared/result.ts'
import type { Database, Tx } from '../database/tables.ts'
import { type Refusable, refuse } from '../refusal.ts'
import { findSite, findTerminal } from '../repositories/registry-repository.ts'
import {
  findProgramme,
  findShowtime,
  isShowtimeUntouched,
  putProgrammeBody,
  putShowtime,
  removeShowtime,
  setSeats,
  showtimeIdsOf,
} from '../repositories/seats-repository.ts'

const TEXT_MAX = 200
const printed = text(1, TEXT_MAX)

export type ProgrammeBody = z.output<typeof programmeSchema>

export class Programmes {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  async ofTerminal(terminalId: string): Promise<Refusable<ProgrammeBody>> {
    const terminal = await findTerminal(this.#db, terminalId)
    const kept = terminal && (await findProgramme(this.#db, terminal.siteId))
    return kept ? ok(programmeSchema.parse(JSON.parse(kept.body))) : refuse('unknown', 'this site has no programme yet')
  }

  /**
   * Replaces what a site sells. The same version must have the same content. Showtimes that are gone lose their seats, unless one was
   * ever held, pinned or sold: those stay, so that every promise made can still be kept.
   */
  async put(siteId: string, programme: ProgrammeBody): Promise<Refusable<void>> {
    const body = canonicalize(programme)
    assert(body !== undefined, 'a programme is JSON')
    return this.#db.transaction().execute(async (tx) => {
      const site = await findSite(tx, siteId)
      if (!site) return refuse('unknown', 'no such site')
      const problem = problemOf(programme, site.currency)
      if (problem !== undefined) return refuse('malformed', problem)
      const kept = await findProgramme(tx, siteId)
      if (kept?.version === programme.version) return kept.body === body ? ok() : refuse('conflict', 'this version has other content')
      for (const { id } of programme.showtimes) {
        const known = await findShowtime(tx, id)
        if (known && known.siteId !== siteId) return refuse('conflict', `showtime ${id} belongs to another site`)
      }
      await putProgrammeBody(tx, siteId, { version: programme.version, body })
      await setShowtimes(tx, siteId, programme)
      return ok()
    })
  }
}

async function setShowtimes(tx: Tx, siteId: string, programme: ProgrammeBody): Promise<void> {
  const wanted = new Set(programme.showtimes.map((showtime) => showtime.id))
  for (const id of await showtimeIdsOf(tx, siteId)) {
    if (!wanted.has(id) && (await isShowtimeUntouched(tx, id))) await removeShowtime(tx, id)
  }
  const seatsOfHall = new Map(programme.halls.map((hall) => [hall.id, seatIdsOf(hall)]))
  for (const { id, hallId, startsAt } of programme.showtimes) {
    await putShowtime(tx, { id, siteId, hallId, startsAtMs: Date.parse(startsAt) })
    await setSeats(tx, id, seatsOfHall.get(hallId) ?? [])
  }
}

function seatIdsOf(hall: ProgrammeBody['halls'][number]): string[] {
  return hall.rows.flatMap((row) => row.seats.map((seat) => seat.id))
}

/** What the schema cannot see: names that must be distinct, halls that must exist, one currency throughout. */
function problemOf(programme: ProgrammeBody, siteCurrency: Currency): string | undefined {
  const { halls, showtimes, products, currency } = programme
  if (currency !== siteCurrency) return 'the site sells in another currency'
  const halled = new Set(halls.map((hall) => hall.id))
  const missing = showtimes.find((showtime) => !halled.has(showtime.hallId))
  if (missing) return `showtime ${missing.id} is in no hall`
  const lists = [halls.map((hall) => hall.id), showtimes.map((showtime) => showtime.id), products.map((product) => product.id)]
  const twice = [...lists, ...halls.map(seatIdsOf), ...showtimes.map((showtime) => showtime.ticketTypes.map((type) => type.id))]
  if (twice.some((ids) => new Set(ids).size !== ids.length)) return 'an id stands twice'
  const prices = [...products, ...showtimes.flatMap((showtime) => showtime.ticketTypes)].map((sold) => sold.price)
  if (prices.some((price) => price.currency !== currency || price.amount < 0)) return 'a price is negative or in another currency'
  return hasUnprintableText(programme) ? 'a text has characters that cannot be printed' : undefined
}

/** Titles and names go to printers and screens: control, format and half characters have no place in them. */
function hasUnprintableText(value: unknown): boolean {
  if (typeof value === 'string') return value !== '' && !printed.accepts(value)
  return typeof value === 'object' && value !== null && Object.values(value).some(hasUnprintableText)
}
