import type { Database } from '../database/tables.ts'
import { type AttemptKey, findAttempt, findAuthorization } from '../repositories/attempts-repository.ts'

export type AttemptStatus = {
  readonly state: 'unknown' | 'held' | 'captured' | 'reversed' | 'declined'
  readonly signed: Uint8Array | undefined
}

/** What became of a request. Asking creates nothing. */
export async function attemptStatus(db: Database, key: AttemptKey): Promise<AttemptStatus> {
  const attempt = await findAttempt(db, key)
  if (!attempt) return { state: 'unknown', signed: undefined }
  const authorization = await findAuthorization(db, key)
  if (authorization) return { state: authorization.state, signed: attempt.answer?.signed }
  return attempt.answer ? { state: 'declined', signed: attempt.answer.signed } : { state: 'reversed', signed: undefined }
}
