import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod'
import type { ApiError, ApiErrorCode } from '#shared/contracts/backend-api.ts'
import { isStorageFault } from '../database/faults.ts'
import { type App, RefusedCall } from '../routes/call.ts'

export const STATUS_OF: Readonly<Record<ApiErrorCode, number>> = {
  malformed: 400,
  unsigned: 401,
  'bad-signature': 401,
  'not-allowed': 403,
  'not-fresh': 403,
  'owner-needed': 403,
  unknown: 404,
  conflict: 409,
  'seat-taken': 409,
  'showtime-closed': 409,
  'hold-gone': 410,
  'too-many': 429,
  internal: 500,
  unavailable: 503,
}

const NOT_FOUND_STATUS = 404
const SERVER_FAULT_STATUS = 500

/** Every error leaves in the contract's shape. What went wrong on our side is for the log alone. */
export function installErrors(app: App): void {
  app.setErrorHandler(async (error, request, reply) => {
    const answer = answerOf(error)
    const status = STATUS_OF[answer.code]
    if (status >= SERVER_FAULT_STATUS) request.log.error({ err: error }, 'a call failed')
    if (error instanceof RefusedCall && error.refusal.retryAfterS !== undefined) reply.header('retry-after', error.refusal.retryAfterS)
    return reply.code(status).send(answer)
  })
  app.setNotFoundHandler(async (_request, reply) =>
    reply.code(NOT_FOUND_STATUS).send({ code: 'unknown', message: 'no such call' } satisfies ApiError),
  )
}

function answerOf(error: unknown): ApiError {
  if (error instanceof RefusedCall) {
    const { code, message, seats } = error.refusal
    return seats ? { code, message, seats: [...seats] } : { code, message }
  }
  if (hasZodFastifySchemaValidationErrors(error)) {
    const where = error.validation.map((issue) => `${issue.instancePath || '/'} ${issue.message ?? ''}`.trim())
    return { code: 'malformed', message: where.slice(0, 5).join('; ').slice(0, 500) }
  }
  if (isStorageFault(error)) return { code: 'unavailable', message: 'the storage does not answer: try again later' }
  const status =
    error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : SERVER_FAULT_STATUS
  if (status === 413 || status === 429) return { code: 'too-many', message: status === 413 ? 'the body is too long' : 'too many calls' }
  if (status === STATUS_OF.unavailable) return { code: 'unavailable', message: 'that took too long: try again later' }
  if (status < SERVER_FAULT_STATUS) return { code: 'malformed', message: 'the call cannot be read' }
  return { code: 'internal', message: 'something is wrong on our side' }
}
