import { IconAlertTriangle } from '@tabler/icons-react'
import type { Refused } from '#shared/contracts/till.ts'
import { noticeWords } from '../flows/refusal.ts'
import { useSay } from '../hooks.ts'

/** What the till itself could not do for a payment that has not ended, such as writing to its disk: it stays until the next write succeeds. */
export function PaymentRefusal({ refusal }: { refusal: Refused | undefined }) {
  const { t } = useSay()
  if (refusal === undefined) return null
  const { say, next } = noticeWords(refusal, t)
  return (
    <p className="payment-refusal" role="alert" data-testid="payment-refusal">
      <IconAlertTriangle size={24} aria-hidden="true" />
      <span>
        <strong>{say}</strong> {next}
      </span>
    </p>
  )
}
