import type { PrintJobView } from '#shared/contracts/till.ts'
import type { ReceiptId } from '#shared/domain/ids.ts'
import type { T } from '../i18n/i18n.ts'

/** The print under way for a receipt, the newest when there are several. */
export function jobOf(jobs: readonly PrintJobView[], receiptId: ReceiptId): PrintJobView | undefined {
  return jobs.findLast((job) => job.receiptId === receiptId)
}

/** A print that does not end by itself: a person must look. */
export function needsLook({ state }: PrintJobView): boolean {
  return state === 'failed' || state === 'unknown'
}

/** What can be done about it: a paper in the printer can only be waited for. */
export function jobActs({ state }: PrintJobView): readonly ('retry' | 'drop')[] {
  return state === 'printing' ? [] : ['retry', 'drop']
}

/** How it stands, and why. */
export function jobWords({ state, trouble, mayBeOut }: PrintJobView, t: T): string {
  const what = t(`jobs.state.${state}`)
  return trouble === undefined ? what : t(mayBeOut ? 'printerWhy.incomplete' : 'printerWhy.said', { what, why: t(`printer.${trouble}`) })
}
