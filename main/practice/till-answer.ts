/** What the cashier is told of the practice world's answers. */
import type { Refused } from '#shared/contracts/till.ts'
import { err, type Result } from '#shared/result.ts'
import type { PracticeRefusal } from './practice-client.ts'

/** Undefined: this till is no practice till, or was not told where the practice world's desk is. */
export function tillAnswer<T>(answer: Result<T, PracticeRefusal> | undefined): Result<T, Refused> {
  if (!answer) return err({ code: 'practice-only' })
  if (answer.ok) return answer
  return err(answer.error)
}
