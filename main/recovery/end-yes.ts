/** A manager ends a yes nobody can place, once: as a receipt that captures it, or as a reversal. */
import type { Standing } from '#main/enrolment/enrolment.ts'
import type { Ledger, ReceiptDraft } from '#main/ledger/ports.ts'
import type { BackendClient, Clock, Store, WriteStore } from '#main/ports.ts'
import type { Refused } from '#shared/contracts/till.ts'
import type { AuthorizationId, LineId, StaffId } from '#shared/domain/ids.ts'
import { money } from '#shared/domain/money.ts'
import type { Receipt } from '#shared/domain/receipt.ts'
import { priceLine } from '#shared/domain/sale-line.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { endYes, isOnReceipt, type UnknownYes, yesById } from './yes-rows.ts'

export type EndDeps = {
  readonly store: Store
  readonly clock: Clock
  readonly newId: () => string
  readonly ledger: Ledger
  readonly backend: Pick<BackendClient, 'attempt'>
  readonly standing: () => Standing
  readonly practice: boolean
  readonly cashierName: () => string
  /** A moment as the clock of a time zone showed it, for people. */
  readonly localTime: (moment: string, timeZone: string) => string
  /** It is no longer held: has the list learn how it ended. */
  readonly learnEnd: (yes: UnknownYes) => Promise<unknown>
}
export type EndInput = { readonly authorizationId: AuthorizationId; readonly how: 'recover' | 'reverse'; readonly by: StaffId }

/**
 * Asks the backend first, because another hand may have ended it since it was found: what is not held any more is not ended again.
 * Refusals: `already-ended`, `backend-offline`, `capture-over` (its `capture by` has passed), `storage-failed`.
 */
export async function endUnknownYes(deps: EndDeps, { authorizationId, how, by }: EndInput): Promise<Result<void, Refused>> {
  const { store, backend, clock, learnEnd } = deps
  const yes = yesById(store, authorizationId)
  if (yes?.state !== 'waiting') return err({ code: 'already-ended' })
  const answer = await backend.attempt(yes.requestId)
  if (!answer.ok) return err({ code: 'backend-offline' })
  if (answer.value.state !== 'held') {
    await learnEnd(yes)
    return err({ code: 'already-ended' })
  }
  if (how === 'recover' && clock.nowMs() >= Date.parse(yes.captureBy)) return err({ code: 'capture-over' })
  const written = store.write((tx) => commit(deps, tx, yes, how, by))
  if (!written.ok) return err({ code: 'storage-failed', subject: written.error.trouble })
  return written.value ? ok() : err({ code: 'already-ended' })
}

/** One transaction: the row, the authorization that may never be used again, and the receipt or the reversal with its outbox record. */
function commit(deps: EndDeps, tx: WriteStore, yes: UnknownYes, how: EndInput['how'], by: StaffId): boolean {
  const { authorizationId, requestId, signed, amount, holds } = yes
  const at = new Date(deps.clock.nowMs()).toISOString()
  const isUsed = tx.get('SELECT 1 AS used FROM authorizations_seen WHERE authorization_id = ?', authorizationId) !== undefined
  if (yesById(tx, authorizationId)?.state !== 'waiting' || isUsed || isOnReceipt(tx, authorizationId)) return false
  tx.run('INSERT INTO authorizations_seen (authorization_id, request_id, bytes) VALUES (?, ?, ?)', authorizationId, requestId, signed)
  if (how === 'recover') {
    const receipt = deps.ledger.commitReceipt(tx, draftOf(deps, yes))
    return endYes(tx, authorizationId, { state: 'recovered', receiptId: receipt.id, at, by })
  }
  deps.ledger.commitReversal(tx, { requestId, amount, reason: 'late-yes', holdIds: holds.map((hold) => hold.holdId), at })
  return endYes(tx, authorizationId, { state: 'reversed', at, by })
}

/** What was sold is no longer known: one line over the whole amount, without tax, and the seats that are pinned for it. */
function draftOf({ standing, practice, cashierName, newId, localTime }: EndDeps, yes: UnknownYes): ReceiptDraft {
  const { profile } = standing()
  const { authorizationId, requestId, amount, payerName, signed, holds, approvedAt } = yes
  // As the site's clock showed it: a receipt is read by people.
  const approved = localTime(approvedAt, profile.site.timeZone)
  const line = priceLine({
    id: newId() as LineId,
    subject: { kind: 'recovered', authorizationId },
    name: { en: 'Recovered payment', 'zh-CN': '找回的付款' },
    detail: { en: `approved ${approved}`, 'zh-CN': `批准于 ${approved}` },
    quantity: 1,
    unitPrice: amount,
    taxBasisPoints: 0,
  })
  return {
    kind: 'recovered',
    practice,
    // The casts: the profile was checked by its schema; brands are all it cannot give.
    merchant: profile.merchant as Receipt['merchant'],
    site: {
      id: profile.site.id as Receipt['site']['id'],
      name: profile.site.name,
      address: profile.site.address,
      timeZone: profile.site.timeZone,
    },
    cashierName: cashierName(),
    lines: [line],
    payments: [{ tender: 'band', amount, requestId, authorizationId, payerName }],
    total: amount,
    tax: money(0, amount.currency),
    captures: [{ requestId, authorizationId, amount, authorization: signed }],
    sells: holds.map(({ holdId, showtimeId, seats }) => ({ holdId, showtimeId, seats })),
  }
}
