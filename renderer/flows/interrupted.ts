/** The interrupted-sale screen: one line for each question, and what the two buttons would do. */
import type { Charged, InterruptedView } from '#shared/contracts/recovery.ts'

export type Tone = 'good' | 'quiet' | 'warn' | 'busy'
/** The till cannot know what happened to notes on the counter: cash has its own words for `no`. */
export type ChargedWords = Charged | 'no-cash' | 'yes-cash'

export type InterruptedRows = {
  readonly charged: { readonly words: ChargedWords; readonly tone: Tone }
  readonly seats: { readonly words: InterruptedView['seats']; readonly tone: Tone }
  readonly printed: { readonly words: InterruptedView['printed']; readonly tone: Tone }
}

const CHARGED_TONES = {
  no: 'quiet',
  yes: 'good',
  asking: 'busy',
  unknown: 'warn',
  refused: 'quiet',
  declined: 'quiet',
  reversed: 'warn',
} as const satisfies Record<Charged, Tone>
const SEATS_TONES = { none: 'quiet', held: 'good', pinned: 'good', sold: 'good', unknown: 'warn' } as const satisfies Record<
  InterruptedView['seats'],
  Tone
>
const PRINTED_TONES = { 'not-needed': 'quiet', no: 'quiet', yes: 'good', unknown: 'warn' } as const satisfies Record<
  InterruptedView['printed'],
  Tone
>

export function interruptedRows({ tender, charged, seats, printed }: InterruptedView): InterruptedRows {
  const isCash = tender === 'cash' && (charged === 'no' || charged === 'yes')
  return {
    charged: { words: isCash ? `${charged}-cash` : charged, tone: CHARGED_TONES[charged] },
    seats: { words: seats, tone: SEATS_TONES[seats] },
    printed: { words: printed, tone: PRINTED_TONES[printed] },
  }
}

/** What Finish does to this sale: shows its receipt, writes it, or goes on with the sale that ended without money. */
export function finishWords({ charged, receiptId }: InterruptedView): 'show' | 'write' | 'go-on' {
  if (receiptId !== undefined) return 'show'
  return charged === 'yes' || charged === 'asking' || charged === 'unknown' ? 'write' : 'go-on'
}
