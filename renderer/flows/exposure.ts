import type { TillStatus } from '#shared/contracts/till.ts'

export type ExposureShown =
  /** Everything is at the backend. */
  | { readonly kind: 'calm' }
  /** No sale would be lost, only records of lesser weight wait. */
  | { readonly kind: 'sending'; readonly pending: number }
  | { readonly kind: 'exposed'; readonly parts: readonly ('sales' | 'voids' | 'in-doubt' | 'promises')[] }

/** What the status bar says of a computer that could die now. */
export function exposureShown({ exposure, outbox, inDoubt }: Pick<TillStatus, 'exposure' | 'outbox' | 'inDoubt'>): ExposureShown {
  const parts = [
    ...(exposure.sales > 0 ? (['sales'] as const) : []),
    ...(exposure.voids > 0 ? (['voids'] as const) : []),
    ...(inDoubtOf({ exposure, inDoubt }) > 0 ? (['in-doubt'] as const) : []),
    ...(exposure.promises > 0 ? (['promises'] as const) : []),
  ]
  if (parts.length > 0) return { kind: 'exposed', parts }
  return outbox.pending === 0 ? { kind: 'calm' } : { kind: 'sending', pending: outbox.pending }
}

/** Payments in doubt: the larger of what two counts of the terminal say, so that none is hidden. */
export function inDoubtOf({ exposure, inDoubt }: Pick<TillStatus, 'exposure' | 'inDoubt'>): number {
  return Math.max(exposure.inDoubt, inDoubt)
}
