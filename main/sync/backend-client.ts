/**
 * The backend over HTTP. This folder is the only code in main/ that speaks it.
 */
import type * as z from 'zod'
import type { BackendRefusal, Clock, Enrolment, OwnAuthorization } from '#main/ports.ts'
import { ALLOWANCE_PATHS, getRevocations } from '#shared/contracts/allowance-api.ts'
import {
  attemptStatus,
  BACKEND_PATHS,
  enrolTerminal,
  getProgramme,
  getSeats,
  ownAuthorizations,
  ownReceipts,
  pinHold,
  postOutbox,
  putHold,
  renewCertificate,
  terminalStanding,
  unpinHold,
} from '#shared/contracts/backend-api.ts'
import { fromBase64Url, toBase64Url } from '#shared/contracts/bytes.ts'
import type { Signer } from '#shared/crypto/keys.ts'
import type { HoldId, RequestId, SeatId, ShowtimeId } from '#shared/domain/ids.ts'
import type { Programme } from '#shared/domain/programme.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { createConnection, type Heard } from './connection.ts'
import { type Call, createCaller } from './http-caller.ts'
import type { HttpBackendClient } from './ports.ts'

export type BackendClientInput = {
  /** Where the backend is, such as `https://backend.example`. */
  readonly url: string
  readonly terminalId: string
  readonly signer: Signer
  readonly clock: Clock
  readonly random: () => number
  /** For tests. */
  readonly fetch?: typeof globalThis.fetch
}

const LOOPBACK = new Set(['127.0.0.1', '[::1]', 'localhost'])

/** `insecure-url`: plain http is for loopback only. `bad-url`: not an http(s) address of a service at its root. */
export function createBackendClient(input: BackendClientInput): Result<HttpBackendClient, 'insecure-url' | 'bad-url'> {
  const baseUrl = URL.canParse(input.url) ? new URL(input.url) : undefined
  if (!baseUrl || !['http:', 'https:'].includes(baseUrl.protocol) || baseUrl.pathname !== '/' || baseUrl.username !== '')
    return err('bad-url')
  if (baseUrl.protocol === 'http:' && !LOOPBACK.has(baseUrl.hostname)) return err('insecure-url')

  const { terminalId, signer, clock, random, fetch = globalThis.fetch } = input
  const closing = new AbortController()
  const common = { baseUrl, clock, closing: closing.signal, fetch }
  const askSigned = async () => heardOf(await send({ method: 'GET', path: BACKEND_PATHS.standing, reply: undefined }))
  const connection = createConnection({ ...common, random, askSigned })
  const send = createCaller({ ...common, keyId: `terminal:${terminalId}`, signer, onDated: (answer) => connection.dated(answer) })
  const call: Caller = async (request, read) => {
    const arrived = await send(request)
    const answer = arrived.ok ? read(arrived.value) : arrived
    connection.called(heardOf(answer))
    return answer
  }

  return ok({
    connection,
    close: () => closing.abort(),
    ...registryCalls(call, signer),
    ...seatCalls(call),
    ...moneyCalls(call),
    ...recoveryCalls(call),
  })
}

/** These say "not you", whatever was asked: the till's clock is wrong, or its key is not taken any more. */
const REFUSES_US: ReadonlySet<string> = new Set(['bad-signature', 'unsigned', 'not-allowed'])

function heardOf(answer: Result<unknown, BackendRefusal>): Heard {
  if (answer.ok) return 'heard'
  if (answer.error.code === 'offline') return 'missed'
  return REFUSES_US.has(answer.error.code) ? 'refused' : 'heard'
}

/** Makes a call and reads its reply: a reply that cannot be read is no answer. */
type Caller = <T, U>(call: Call<T>, read: (reply: T) => Result<U, BackendRefusal>) => Promise<Result<U, BackendRefusal>>

/** A path of the contract with its one parameter filled in. */
function pathOf(name: 'seats' | 'hold' | 'pin' | 'attempt', value: string): string {
  return BACKEND_PATHS[name].replace(/\{\w+\}/, encodeURIComponent(value))
}

const GARBLED: Result<never, BackendRefusal> = {
  ok: false,
  error: { code: 'offline', message: 'the answer holds text that is not base64url' },
}

function bytesOf(text: string): Result<Uint8Array, BackendRefusal> {
  const bytes = fromBase64Url(text)
  return bytes ? ok(bytes) : GARBLED
}

type EnrolmentReply = z.output<typeof enrolTerminal.reply>

function toEnrolment({ certificate, keySet, profile }: EnrolmentReply): Result<Enrolment, BackendRefusal> {
  const own = bytesOf(certificate)
  if (!own.ok) return own
  const keys: Uint8Array[] = []
  for (const text of keySet) {
    const key = bytesOf(text)
    if (!key.ok) return key
    keys.push(key.value)
  }
  return ok({ certificate: own.value, keySet: keys, profile })
}

function registryCalls(call: Caller, signer: Signer): Pick<HttpBackendClient, 'enrol' | 'renewCertificate' | 'programme'> {
  return {
    async enrol({ terminalId, code }) {
      const body = { terminalId, code, point: toBase64Url(signer.point) }
      return call({ method: 'POST', path: BACKEND_PATHS.enrolTerminal, body, reply: enrolTerminal.reply }, toEnrolment)
    },
    async renewCertificate() {
      return call({ method: 'POST', path: BACKEND_PATHS.renewCertificate, reply: renewCertificate.reply }, toEnrolment)
    },
    async programme() {
      // The cast: the schema has checked every field of a Programme; the brands are all it cannot give.
      return call({ method: 'GET', path: BACKEND_PATHS.programme, reply: getProgramme.reply }, (programme) =>
        ok(programme as unknown as Programme),
      )
    },
  }
}

function seatCalls(call: Caller): Pick<HttpBackendClient, 'seats' | 'putHold' | 'deleteHold' | 'pinHold' | 'unpinHold'> {
  return {
    async seats(showtimeId) {
      // The cast: each seat id was checked by the schema.
      return call({ method: 'GET', path: pathOf('seats', showtimeId), reply: getSeats.reply }, ({ seats, own }) =>
        ok({ seats, own: own as SeatId[] }),
      )
    },
    async putHold({ holdId, showtimeId, seats }) {
      return call({ method: 'PUT', path: pathOf('hold', holdId), body: { showtimeId, seats }, reply: putHold.reply }, ({ expiresAt }) =>
        ok({ expiresAt }),
      )
    },
    async deleteHold(holdId) {
      return call({ method: 'DELETE', path: pathOf('hold', holdId), reply: undefined }, () => ok())
    },
    async pinHold(holdId, requestId) {
      return call({ method: 'POST', path: pathOf('pin', holdId), body: { requestId }, reply: pinHold.reply }, () => ok())
    },
    async unpinHold(holdId, requestId) {
      return call({ method: 'DELETE', path: pathOf('pin', holdId), body: { requestId }, reply: unpinHold.reply }, ({ expiresAt }) =>
        ok({ expiresAt }),
      )
    },
  }
}

function moneyCalls(call: Caller): Pick<HttpBackendClient, 'attempt' | 'postOutbox' | 'revocations'> {
  return {
    async revocations(after) {
      const path = `${ALLOWANCE_PATHS.revocations}?after=${after}`
      return call({ method: 'GET', path, reply: getRevocations.reply }, (page) => ok(page))
    },
    async attempt(requestId) {
      return call({ method: 'GET', path: pathOf('attempt', requestId), reply: attemptStatus.reply }, ({ state, signed }) => {
        if (signed === undefined) return ok({ state })
        const bytes = bytesOf(signed)
        return bytes.ok ? ok({ state, signed: bytes.value }) : bytes
      })
    },
    async postOutbox(entries) {
      return call({ method: 'POST', path: BACKEND_PATHS.outbox, body: { entries }, reply: postOutbox.reply }, ({ results }) =>
        ok(results.map(({ id, outcome, alarm }) => ({ id, outcome, ...(alarm === undefined ? {} : { alarm }) }))),
      )
    },
  }
}

type AuthorizationRow = z.output<typeof ownAuthorizations.reply>['authorizations'][number]

function toOwnAuthorization({ cursor, requestId, signed, holds }: AuthorizationRow): Result<OwnAuthorization, BackendRefusal> {
  const bytes = bytesOf(signed)
  if (!bytes.ok) return bytes
  // The casts: each id was checked by the schema.
  const pinned = holds.map((hold) => ({
    holdId: hold.holdId as HoldId,
    showtimeId: hold.showtimeId as ShowtimeId,
    seats: hold.seats as SeatId[],
  }))
  return ok({ cursor, requestId: requestId as RequestId, signed: bytes.value, holds: pinned })
}

function recoveryCalls(call: Caller): Pick<HttpBackendClient, 'standing' | 'ownReceipts' | 'ownAuthorizations'> {
  return {
    async standing() {
      return call({ method: 'GET', path: BACKEND_PATHS.standing, reply: terminalStanding.reply }, ({ epoch, head, series }) =>
        ok({ epoch, series, ...(head ? { head } : {}) }),
      )
    },
    async ownReceipts(after) {
      return call({ method: 'GET', path: `${BACKEND_PATHS.ownReceipts}?after=${after}`, reply: ownReceipts.reply }, (page) => ok(page))
    },
    async ownAuthorizations(after) {
      const path = `${BACKEND_PATHS.ownAuthorizations}?after=${after}`
      return call({ method: 'GET', path, reply: ownAuthorizations.reply }, ({ authorizations, more }) => {
        const read: OwnAuthorization[] = []
        for (const row of authorizations) {
          const authorization = toOwnAuthorization(row)
          if (!authorization.ok) return authorization
          read.push(authorization.value)
        }
        return ok({ authorizations: read, more })
      })
    },
  }
}
