/** How a band payment that brought no money is told to the cashier, and which button comes first. */
import type { BandPaymentView } from '#shared/contracts/till.ts'
import { REASONS, type Reason } from '#shared/domain/reasons.ts'
import type { Words } from '#shared/domain/words.ts'
import type { T } from '../i18n/i18n.ts'
import { noticeWords } from './refusal.ts'

export type ReversedWhy = 'cancelled' | 'unattended' | 'expired' | 'late-yes'

export type Ending =
  | { readonly kind: 'refusal'; readonly refusal: NonNullable<BandPaymentView['refusal']> }
  | { readonly kind: 'reason'; readonly reason: Reason }
  /** The reversal is on disk. What was asked may have been approved, so nobody may say that nothing was charged. */
  | { readonly kind: 'reversed'; readonly why: ReversedWhy; readonly isPromise: boolean }

/** `isOffline` stands in while the terminal has not said whether its backend has heard the reversal. */
export function endingOf({ state, reason, refusal, why, isPromise }: BandPaymentView, isOffline: boolean): Ending {
  if (refusal !== undefined) return { kind: 'refusal', refusal }
  if (state !== 'reversed' && reason !== undefined) return { kind: 'reason', reason }
  return { kind: 'reversed', why: whyOf(why), isPromise: isPromise ?? isOffline }
}

function whyOf(why: BandPaymentView['why']): ReversedWhy {
  switch (why) {
    case 'unattended':
    case 'expired':
    case 'late-yes':
      return why
    case 'cancelled':
    case 'refused-by-phone':
    case 'declined':
    case undefined:
      return 'cancelled'
  }
}

/** Asking the same band again would bring the same no. */
const ASKING_AGAIN_IS_IDLE: ReadonlySet<Reason> = new Set<Reason>([
  'wallet-refused',
  'band-not-usable',
  'terminal-not-trusted',
  'no-network-no-allowance',
])

/** The button that comes first: charge again where that may help, else another way to pay. */
export function firstAct(ending: Ending): 'again' | 'another-way' {
  return ending.kind === 'reason' && ASKING_AGAIN_IS_IDLE.has(ending.reason) ? 'another-way' : 'again'
}

type Speaker = { readonly t: T; readonly words: (words: Words) => string }

/** The sentence to say and the next step. */
export function endingWords(ending: Ending, { t, words }: Speaker): { readonly say: string; readonly next: string } {
  switch (ending.kind) {
    case 'refusal':
      return noticeWords(ending.refusal, t)
    case 'reason':
      return { say: words(REASONS[ending.reason].say), next: words(REASONS[ending.reason].next) }
    case 'reversed':
      return { say: t(`pay.reversedWhy.${ending.why}`), next: t(ending.why === 'late-yes' ? 'pay.reversedNextLate' : 'pay.reversedNext') }
  }
}
