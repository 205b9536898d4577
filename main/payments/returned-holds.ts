/**
 * The backend as the seats see it while a void is on its way there: the hold the void brings back does not exist before the void is heard,
 * and must not be made by another call first, or the seats could not come back to it.
 */
import type { BackendClient, BackendRefusal } from '#main/ports.ts'
import type { HoldId } from '#shared/domain/ids.ts'
import { err, type Result } from '#shared/result.ts'

export type ReturnedHoldsDeps = {
  /** True while the void that brings this hold back has not been heard. */
  readonly isComing: (holdId: HoldId) => boolean
  /** Waits until what the outbox holds has been sent, or a moment has passed. */
  readonly flushOutbox: () => Promise<void>
}

/** The same backend; what is asked about a hold that is still to come waits for its void, and is `offline` while that is not heard. */
export function awaitingVoids(backend: BackendClient, { isComing, flushOutbox }: ReturnedHoldsDeps): BackendClient {
  const heard = async <T>(holdId: HoldId, ask: () => Promise<Result<T, BackendRefusal>>): Promise<Result<T, BackendRefusal>> => {
    if (isComing(holdId)) await flushOutbox()
    return isComing(holdId) ? err({ code: 'offline', message: 'the void that gives these seats back has not been heard yet' }) : ask()
  }
  return {
    ...backend,
    putHold: async (input) => heard(input.holdId, async () => backend.putHold(input)),
    deleteHold: async (holdId) => heard(holdId, async () => backend.deleteHold(holdId)),
    pinHold: async (holdId, requestId) => heard(holdId, async () => backend.pinHold(holdId, requestId)),
  }
}
