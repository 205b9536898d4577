/** What a test and the terminal process it kills say to each other. */
import type { VirtualCustomer } from '#reference/practice/virtual-customer.ts'

/** When the process ends itself: as its work reaches a step, in its transaction or just behind it; or never. */
export type KillAt = { readonly step: string; readonly when: 'uncommitted' | 'committed' } | undefined

/** Begins a life: what its terminal is made of, and how the day goes. */
export type Go = {
  readonly type: 'go'
  readonly folder: string
  readonly airPath: string
  readonly backendUrl: string
  /** Base64url. */
  readonly rootPoint: string
  readonly terminalId: string
  readonly enrolmentCode: string
  /** How far the world's clock is ahead of the machine's, milliseconds. */
  readonly offsetMs: number
  readonly seat: string
  /** What the cashier does about a sale that was interrupted. */
  readonly interrupted: 'finish' | 'undo' | 'leave'
  readonly killAt: KillAt
}
export type ToChild = Go | { readonly type: 'done' } | { readonly type: 'stop' }

/** What a life asks of the world around it; each is answered with `done`. */
export type ToParent =
  | { readonly type: 'leap'; readonly ms: number }
  | { readonly type: 'customer'; readonly change: Parameters<VirtualCustomer['set']>[0] }
  | { readonly type: 'cut-next-answer' }
