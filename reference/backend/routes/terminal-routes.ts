/** What terminals call. */
import * as z from 'zod'
import {
  attemptStatus as attemptStatusCall,
  BACKEND_PATHS,
  done,
  enrolTerminal,
  getProgramme,
  getSeats,
  OUTBOX_REQUEST_MAX_BYTES,
  pinHold,
  postOutbox,
  putHold,
  renewCertificate,
  unpinHold,
} from '#shared/contracts/backend-api.ts'
import { toBase64Url } from '#shared/contracts/bytes.ts'
import type { Database } from '../database/tables.ts'
import { attemptStatus } from '../services/attempt-status.ts'
import type { Certificates } from '../services/certificates.ts'
import type { Holds } from '../services/holds.ts'
import type { EntryResult, OutboxIntake } from '../services/outbox-intake.ts'
import type { Programmes } from '../services/programmes.ts'
import { type App, accepted, machineId, REFUSALS, showtimeId, terminalOf, urlOf } from './call.ts'

/** Enrolment codes are guessed at this rate and no faster. */
export const ENROLMENTS_PER_MINUTE_MAX = 30

export type TerminalRouteParts = {
  readonly db: Database
  readonly certificates: Certificates
  readonly programmes: Programmes
  readonly holds: Holds
  readonly intake: OutboxIntake
  readonly received: (result: EntryResult) => void
}

const config = { caller: 'terminal' } as const

export function terminalRoutes(app: App, parts: TerminalRouteParts): void {
  enrolmentRoutes(app, parts)
  seatRoutes(app, parts)
  app.get(
    urlOf(BACKEND_PATHS.attempt),
    {
      config,
      schema: {
        summary: 'What became of a request of this terminal',
        tags: ['payments'],
        params: z.strictObject({ requestId: machineId }),
        response: { 200: attemptStatusCall.reply, ...REFUSALS },
      },
    },
    async (request) => {
      const { requestId } = request.params
      const { state, signed } = await attemptStatus(parts.db, { terminalId: terminalOf(request), requestId })
      return signed ? { requestId, state, signed: toBase64Url(signed) } : { requestId, state }
    },
  )
  app.post(
    BACKEND_PATHS.outbox,
    {
      bodyLimit: OUTBOX_REQUEST_MAX_BYTES,
      config,
      schema: {
        summary: 'Receipts, reversals and journal heads, each applied exactly once',
        tags: ['payments'],
        body: postOutbox.body,
        response: { 200: postOutbox.reply, ...REFUSALS },
      },
    },
    async (request) => {
      const results = await parts.intake.take(terminalOf(request), request.body.entries)
      for (const result of results) parts.received(result)
      return { results }
    },
  )
}

function enrolmentRoutes(app: App, { certificates, programmes }: TerminalRouteParts): void {
  app.post(
    BACKEND_PATHS.enrolTerminal,
    {
      config: { caller: 'enrolling', rateLimit: { max: ENROLMENTS_PER_MINUTE_MAX, timeWindow: '1 minute', allowList: [] } },
      schema: {
        summary: 'First start: one-time code for a certificate',
        tags: ['terminals'],
        body: enrolTerminal.body,
        response: { 200: enrolTerminal.reply, ...REFUSALS },
      },
    },
    async (request) => accepted(await certificates.enrol(request.body)),
  )
  app.post(
    BACKEND_PATHS.renewCertificate,
    { config, schema: { summary: 'A fresh certificate', tags: ['terminals'], response: { 200: renewCertificate.reply, ...REFUSALS } } },
    async (request) => accepted(await certificates.renew(terminalOf(request))),
  )
  app.get(
    BACKEND_PATHS.programme,
    { config, schema: { summary: 'What the site sells', tags: ['seats'], response: { 200: getProgramme.reply, ...REFUSALS } } },
    async (request) => accepted(await programmes.ofTerminal(terminalOf(request))),
  )
}

function seatRoutes(app: App, { holds }: TerminalRouteParts): void {
  const params = z.strictObject({ holdId: machineId })
  app.get(
    urlOf(BACKEND_PATHS.seats),
    {
      config,
      schema: {
        summary: 'Seats of a showtime',
        tags: ['seats'],
        params: z.strictObject({ showtimeId }),
        response: { 200: getSeats.reply, ...REFUSALS },
      },
    },
    async (request) => accepted(await holds.seats(terminalOf(request), request.params.showtimeId)),
  )
  app.put(
    urlOf(BACKEND_PATHS.hold),
    {
      config,
      schema: {
        summary: 'Set exactly these seats on a hold: all or none',
        tags: ['seats'],
        params,
        body: putHold.body,
        response: { 200: putHold.reply, ...REFUSALS },
      },
    },
    async (request) => accepted(await holds.put(terminalOf(request), { holdId: request.params.holdId, ...request.body })),
  )
  app.delete(
    urlOf(BACKEND_PATHS.hold),
    { config, schema: { summary: 'Give a hold back', tags: ['seats'], params, response: { 200: done, ...REFUSALS } } },
    async (request) => {
      accepted(await holds.remove(terminalOf(request), request.params.holdId))
      return { ok: true as const }
    },
  )
  app.post(
    urlOf(BACKEND_PATHS.pin),
    {
      config,
      schema: {
        summary: 'Pin a hold for one attempt',
        tags: ['seats'],
        params,
        body: pinHold.body,
        response: { 200: pinHold.reply, ...REFUSALS },
      },
    },
    async (request) => accepted(await holds.pin(terminalOf(request), request.params.holdId, request.body.requestId)),
  )
  app.delete(
    urlOf(BACKEND_PATHS.pin),
    {
      config,
      schema: {
        summary: 'Unpin a hold whose attempt came to nothing',
        tags: ['seats'],
        params,
        body: unpinHold.body,
        response: { 200: unpinHold.reply, ...REFUSALS },
      },
    },
    async (request) => accepted(await holds.unpin(terminalOf(request), request.params.holdId, request.body.requestId)),
  )
}
