/** The authorizer's rules, with no clock, database or key in sight: what is known goes in, a yes or a reasoned no comes out. */

import type { AlarmKind } from '#shared/contracts/alarms.ts'
import type { SubmitHint } from '#shared/contracts/backend-api.ts'
import { equalBytes } from '#shared/contracts/bytes.ts'
import { type BandProof, FLAG_ARMED, FLAG_PROBE, FLAG_WORN, type PayStatement } from '#shared/contracts/radio-messages.ts'
import { isExpired } from '#shared/crypto/key-set.ts'
import { distanceMetres, type Place } from '#shared/domain/place.ts'
import { judge, type PolicyFacts, type PolicySettings } from '#shared/domain/policy.ts'
import { POLICY_RULES, type PolicyRule } from '#shared/domain/policy-rules.ts'
import type { Reason } from '#shared/domain/reasons.ts'

/** What is known of the band and of its proof. */
export type BandFacts = {
  readonly proof: BandProof
  /** SHA-256 of the sealed request, as the phone received it. */
  readonly requestDigest: Uint8Array
  /** The band of this phone whose key signed the proof, or undefined: none did. */
  readonly band: { readonly epoch: number; readonly counter: number; readonly isUsable: boolean } | undefined
  readonly isNonceSeen: boolean
}
export type Facts = BandFacts & {
  /** The backend's clock, seconds. */
  readonly nowS: number
  readonly statement: PayStatement
  /** The terminal is enrolled with the certified key, active, sells in this currency, and its certificate is valid now. */
  readonly isTerminalTrusted: boolean
  /** The terminal has already reversed this request. */
  readonly isReversed: boolean
  readonly account: { readonly isFrozen: boolean; readonly balance: number }
  readonly settings: PolicySettings
  readonly spending: { readonly today: number; readonly todayAtMerchant: number; readonly paymentsInWindow: number }
  /** What the phone's submit says of its owner and of where it is. */
  readonly submitted: { readonly act: 'none' | 'confirmed'; readonly place: Place | undefined }
  /** Where the terminal is, by its certificate. */
  readonly certifiedPlace: Place
  /** Every hold the statement names lives, is this terminal's, and is free for this attempt to pin. */
  readonly areHoldsLive: boolean
}

export type Decision =
  | { readonly kind: 'approve' }
  | {
      readonly kind: 'decline'
      readonly reason: Reason
      readonly hint: SubmitHint
      /** Set when an honest band or phone would never cause it. */
      readonly alarm?: AlarmKind
    }

function decline(reason: Reason, hint: SubmitHint, alarm?: AlarmKind): Decision {
  return alarm ? { kind: 'decline', reason, hint, alarm } : { kind: 'decline', reason, hint }
}

/** Yes, or the first rule that says no. The order is part of the protocol: docs/protocol.md lists it. */
export function decide(facts: Facts): Decision {
  const { statement, nowS } = facts
  if (!facts.isTerminalTrusted) return decline('terminal-not-trusted', 'terminal')
  if (facts.isReversed) return decline('cancelled', 'none')
  if (isExpired(statement, nowS)) return decline('expired', 'expired')
  return bandRefusal(facts) ?? customerRefusal(facts) ?? { kind: 'approve' }
}

/** Why a proof stands behind nothing at all: it is not of this band, this request, or this moment. */
export function bandFault(
  { band, proof, requestDigest, isNonceSeen }: BandFacts,
  bandNonce: Uint8Array,
): { readonly alarm?: AlarmKind } | undefined {
  if (!band || !band.isUsable || band.epoch !== proof.epoch || !equalBytes(proof.requestDigest, requestDigest)) return {}
  if (!equalBytes(proof.bandNonce, bandNonce) || isNonceSeen) return { alarm: 'nonce-not-fresh' }
  return proof.counter <= band.counter ? { alarm: 'counter-not-greater' } : undefined
}

function bandRefusal(facts: Facts): Decision | undefined {
  const { proof, statement } = facts
  const fault = bandFault(facts, statement.bandNonce)
  if (fault) return decline('band-not-usable', 'band', fault.alarm)
  // The proof of a probe left the knocks on the band: it stands behind no payment.
  if ((proof.flags & FLAG_PROBE) !== 0) return decline('band-not-usable', 'band')
  return undefined
}

function customerRefusal(facts: Facts): Decision | undefined {
  const { proof, statement, account, areHoldsLive } = facts
  if ((proof.flags & FLAG_WORN) === 0) return decline('not-worn', 'band')
  if ((proof.flags & FLAG_ARMED) === 0) return decline('not-armed', 'band')
  if (statement.knocks > 0 && proof.knocks !== statement.knocks) return ruledOut('knock')
  const verdict = judge(facts.settings, policyFactsOf(facts))
  // Before anything that is the customer's own affair: a terminal that spares them the knock learns nothing.
  if (verdict.type === 'knock') return ruledOut(verdict.rule)
  // A freeze and an empty wallet look the same at the counter; only the phone learns which.
  if (account.isFrozen) return decline('wallet-refused', 'frozen')
  if (verdict.type !== 'allow') return ruledOut(verdict.rule)
  if (account.balance < statement.amount) return decline('wallet-refused', 'funds')
  if (!areHoldsLive) return decline('seat-not-held', 'seats')
  return undefined
}

function ruledOut(rule: PolicyRule): Decision {
  return decline(POLICY_RULES[rule].reason, rule)
}

function policyFactsOf({ statement, proof, spending, submitted, certifiedPlace }: Facts): PolicyFacts {
  return {
    amount: statement.amount,
    currency: statement.currency,
    spentToday: spending.today,
    spentTodayAtMerchant: spending.todayAtMerchant,
    paymentsInWindow: spending.paymentsInWindow,
    knocks: { required: statement.knocks, given: proof.knocks },
    listAgeMinutes: statement.listAgeMinutes,
    isConfirmed: submitted.act === 'confirmed',
    distanceMetres: submitted.place && distanceMetres(submitted.place, certifiedPlace),
  }
}
