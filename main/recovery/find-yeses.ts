/** Finds money the backend holds for this terminal that this file knows nothing of, and learns what became of what was found before. */
import type { Standing } from '#main/enrolment/enrolment.ts'
import type { BackendClient, Clock, OwnAuthorization, Store } from '#main/ports.ts'
import { toHex } from '#shared/contracts/bytes.ts'
import { authorization } from '#shared/contracts/radio-messages.ts'
import { peekSign1 } from '#shared/crypto/sign1.ts'
import type { AuthorizationId } from '#shared/domain/ids.ts'
import { isCurrency } from '#shared/domain/money.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { addYes, endYes, isOnReceipt, isRequestKnown, receiptPaidBy, type UnknownYes, waitingYeses } from './yes-rows.ts'

const MS_PER_S = 1_000
/** Held by the backend. Other modes are reserved. */
const MODE_ONLINE = 1

export type FindDeps = {
  readonly store: Store
  readonly clock: Clock
  readonly backend: Pick<BackendClient, 'ownAuthorizations' | 'attempt'>
  readonly standing: () => Standing
  /** Pulls own receipts back: a yes was captured by one that this file does not have. */
  readonly pullAgain: () => Promise<boolean>
  readonly onFault: (what: string, detail: Readonly<Record<string, string>>) => void
}

/** The whole list, page by page. False when it has to be tried again; what was found stays. */
export async function findYeses(deps: FindDeps): Promise<boolean> {
  const { backend, store, onFault } = deps
  const held = new Set<string>()
  let after = 0
  for (;;) {
    const page = await backend.ownAuthorizations(after)
    if (!page.ok) return false
    const { authorizations, more } = page.value
    for (const own of authorizations) {
      held.add(own.requestId)
      if (!isRequestKnown(store, own.requestId) && !(await list(deps, own))) return false
    }
    const last = authorizations.at(-1)?.cursor ?? after
    if (!more) break
    if (last <= after) {
      onFault('authorizations-not-read', { detail: `no progress after ${after}` })
      return false
    }
    after = last
  }
  for (const yes of waitingYeses(store)) if (!held.has(yes.requestId) && !(await learnEnd(deps, yes))) return false
  return true
}

/** What the backend signed for this terminal, as a row; a statement that is not the authorizer's is a fault, and no row. */
async function read(deps: FindDeps, { requestId, signed, holds }: OwnAuthorization): Promise<Result<Omit<UnknownYes, 'state'>, string>> {
  const { keys, profile } = deps.standing()
  const peeked = peekSign1(authorization, signed)
  if (!peeked.ok) return peeked
  const opened = await keys.open('authorizer', authorization, signed, peeked.value.value.approvedAt)
  if (!opened.ok) return opened
  const { value } = opened
  if (toHex(value.requestId) !== requestId) return err('other-request')
  if (value.terminalId !== profile.terminalId || value.merchantId !== profile.merchant.id) return err('other-terminal')
  if (!isCurrency(value.currency) || value.mode !== MODE_ONLINE) return err('other-mode')
  return ok({
    authorizationId: toHex(value.authorizationId) as AuthorizationId,
    requestId,
    signed,
    amount: { amount: value.amount, currency: value.currency },
    payerName: value.displayName,
    approvedAt: new Date(value.approvedAt * MS_PER_S).toISOString(),
    captureBy: new Date(value.captureBy * MS_PER_S).toISOString(),
    holds,
  })
}

async function list(deps: FindDeps, own: OwnAuthorization): Promise<boolean> {
  const { store, clock, onFault } = deps
  const yes = await read(deps, own)
  if (!yes.ok) {
    onFault('authorization-not-ours', { requestId: own.requestId, fault: yes.error })
    return true
  }
  const written = store.write((tx) => {
    // Looked at again where it is written: a sale that began meanwhile has its attempt on disk before anything is authorized.
    if (isRequestKnown(tx, own.requestId) || isOnReceipt(tx, yes.value.authorizationId)) return
    addYes(tx, yes.value, new Date(clock.nowMs()).toISOString())
  })
  return written.ok
}

/** One that waited is no longer held: another hand has ended it, and it leaves the list as it ended. */
export async function learnEnd(deps: FindDeps, { requestId, authorizationId }: UnknownYes): Promise<boolean> {
  const { backend, store, clock, pullAgain, onFault } = deps
  const answer = await backend.attempt(requestId)
  if (!answer.ok) return false
  const at = () => new Date(clock.nowMs()).toISOString()
  switch (answer.value.state) {
    case 'held':
      return true
    case 'reversed':
      return store.write((tx) => endYes(tx, authorizationId, { state: 'reversed', at: at() })).ok
    case 'captured': {
      if (!receiptPaidBy(store, authorizationId) && !(await pullAgain())) return false
      const receiptId = receiptPaidBy(store, authorizationId)
      if (receiptId) return store.write((tx) => endYes(tx, authorizationId, { state: 'recovered', receiptId, at: at() })).ok
      onFault('captured-by-nobody', { requestId })
      return true
    }
    default:
      onFault('yes-forgotten', { requestId, state: answer.value.state })
      return true
  }
}
