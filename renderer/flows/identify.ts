/** What is said of a question who somebody is, while it is open and when it has ended. */
import type { IdentifyView } from '#shared/contracts/identify.ts'
import { CLAIMS } from '#shared/domain/claims.ts'
import { IDENTIFY_REASONS, type IdentifyReason } from '#shared/domain/identify-reasons.ts'
import type { Words } from '#shared/domain/words.ts'
import type { T } from '../i18n/i18n.ts'
import { listed } from './refusal.ts'

type Speaker = { readonly t: T; readonly words: (words: Words) => string }

/** Asking the same band again would bring the same no. */
const ASKING_AGAIN_IS_IDLE: ReadonlySet<IdentifyReason> = new Set<IdentifyReason>([
  'wallet-refused',
  'band-not-usable',
  'terminal-not-trusted',
])

export function isAskingAgainIdle(reason: IdentifyReason): boolean {
  return ASKING_AGAIN_IS_IDLE.has(reason)
}

/** For those who hear the screen instead of seeing it. */
export function identifyWords(view: IdentifyView, { t, words }: Speaker): string {
  switch (view.state) {
    case 'asking':
      return t(`pay.stage.${view.stage}`)
    case 'told': {
      // Not the values: what is said aloud stays in the page until something else is said.
      const told = CLAIMS.filter((claim) => view.given[claim] !== undefined).map((claim) => t(`identify.claim.${claim}`))
      return told.length === 0 ? t('identify.nothingTold') : t('identify.heard', { told: listed(told, t) })
    }
    case 'untold': {
      const { say, next } = IDENTIFY_REASONS[view.reason]
      return t('identify.unheard', { say: words(say), next: words(next) })
    }
  }
}
