/** What somebody who does not see the screen must hear without asking: decided from two states that follow each other. */
import type { IdentifyView } from '#shared/contracts/identify.ts'
import type { BandPaymentView, TillState } from '#shared/contracts/till.ts'
import type { PrinterTrouble } from '#shared/contracts/troubles.ts'
import { type AttemptStage, isFinal } from '#shared/domain/attempt.ts'
import type { SeatId } from '#shared/domain/ids.ts'
import type { Money } from '#shared/domain/money.ts'

export type Announcement =
  | { readonly kind: 'stage'; readonly stage: AttemptStage }
  | { readonly kind: 'paid'; readonly total: Money | undefined }
  | { readonly kind: 'not-paid'; readonly payment: BandPaymentView }
  | { readonly kind: 'in-doubt' }
  | { readonly kind: 'knock'; readonly state: 'nobody' | 'several'; readonly count: number }
  | { readonly kind: 'identify'; readonly view: IdentifyView }
  | { readonly kind: 'hold-over'; readonly seats: readonly SeatId[] }
  | { readonly kind: 'radio'; readonly state: 'failed' | 'scanning' }
  | { readonly kind: 'backend'; readonly state: 'offline' | 'online' }
  | { readonly kind: 'clock'; readonly skewMs: number }
  | { readonly kind: 'printer'; readonly state: 'failed' | 'ready'; readonly trouble?: PrinterTrouble }

type Heard = Pick<TillState, 'payment' | 'lastReceiptId' | 'status' | 'cart' | 'now' | 'session' | 'knock' | 'identify'>

/** In the order in which they are said: money first. A locked till says nothing of the sale behind it. */
export function announcementsOf(before: Heard | undefined, after: Heard): readonly Announcement[] {
  if (before === undefined) return []
  const ofSale =
    after.session.state === 'signed-in'
      ? [...paymentOf(before, after), ...knockOf(before, after), ...identifyOf(before, after), ...holdsOver(before, after)]
      : []
  return [...ofSale, ...troubleOf(before.status, after.status)]
}

function paymentOf(before: Heard, { payment, lastReceiptId }: Heard): readonly Announcement[] {
  if (lastReceiptId !== undefined && lastReceiptId !== before.lastReceiptId) return [{ kind: 'paid', total: payment?.total }]
  if (payment?.tender !== 'band' || payment.state === 'paid') return []
  const isSame = before.payment?.tender === 'band' && before.payment.requestId === payment.requestId
  const was = isSame ? before.payment : undefined
  // A late yes changes what is said of a reversal.
  const isTold = was?.tender === 'band' && was.state === payment.state && was.why === payment.why
  if (isFinal(payment.state)) return isTold ? [] : [{ kind: 'not-paid', payment }]
  if (payment.state === 'in-doubt') return was?.state === 'in-doubt' ? [] : [{ kind: 'in-doubt' }]
  return was?.tender === 'band' && was.stage === payment.stage ? [] : [{ kind: 'stage', stage: payment.stage }]
}

function knockOf(before: Heard, { knock }: Heard): readonly Announcement[] {
  if (knock === undefined || knock.state === 'listening' || knock.state === before.knock?.state) return []
  return [{ kind: 'knock', state: knock.state, count: knock.count }]
}

/** How far it has come, and what came of it. */
function identifyOf({ identify: before }: Heard, { identify }: Heard): readonly Announcement[] {
  if (identify === undefined || (before?.requestId === identify.requestId && isToldAlready(before, identify))) return []
  return [{ kind: 'identify', view: identify }]
}

function isToldAlready(before: IdentifyView, now: IdentifyView): boolean {
  return before.state === now.state && (before.state !== 'asking' || now.state !== 'asking' || before.stage === now.stage)
}

/** While the sale is being paid its seats are pinned, and no hold of it runs out. */
function holdsOver(before: Heard, { cart, now }: Heard): readonly Announcement[] {
  if (cart.state !== 'open') return []
  const over = cart.holds.filter(({ expiresAt }) => isOver(expiresAt, now) && !isOver(expiresAt, before.now))
  return over.length === 0 ? [] : [{ kind: 'hold-over', seats: over.flatMap(({ seats }) => seats) }]
}

function isOver(expiresAt: string, now: string): boolean {
  return Date.parse(expiresAt) <= Date.parse(now)
}

/** What fails, and what is back; nothing of a till that is only starting. */
function troubleOf(before: TillState['status'], { radio, backend, printer, clock }: TillState['status']): readonly Announcement[] {
  const radioTurned = radio.state !== before.radio.state
  const backendTurned = (backend.state === 'offline') !== (before.backend.state === 'offline')
  return [
    ...(radioTurned && radio.state !== 'starting' ? [{ kind: 'radio', state: radio.state } as const] : []),
    ...(backendTurned && backend.state !== 'unknown' ? [{ kind: 'backend', state: backend.state } as const] : []),
    ...(clock === undefined || before.clock !== undefined ? [] : [{ kind: 'clock', skewMs: clock.skewMs } as const]),
    ...(printer.state === before.printer.state ? [] : [printerTurned(printer)]),
  ]
}

function printerTurned({ state, trouble }: TillState['status']['printer']): Announcement {
  return { kind: 'printer', state, ...(trouble === undefined ? {} : { trouble }) }
}
