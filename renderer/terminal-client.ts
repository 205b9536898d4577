/**
 * The only file that knows how the screens reach the terminal: tRPC over a WebSocket (browser host, the session is a cookie),
 * or the same protocol over a MessagePort that the desktop window's preload hands over.
 */
import { createTRPCClient, createWSClient, wsLink } from '@trpc/client'
import type { AppRouter } from '#main/api/router.ts'
import type { PracticeCommand, PracticeView } from '#shared/contracts/practice-desk.ts'
import type { RecoveryView } from '#shared/contracts/recovery.ts'
import type { SettingsView } from '#shared/contracts/settings.ts'
import type { StaffMember } from '#shared/contracts/staff.ts'
import type { ReceiptPage, ReceiptView, Refused, SeatMapView, TillInput, TillState, Unsubscribe } from '#shared/contracts/till.ts'
import type { Programme } from '#shared/domain/programme.ts'
import { PortSocket, portBridge } from './port-socket.ts'

const RECONNECT_FIRST_MS = 250
const RECONNECT_MAX_MS = 2_000
const PING_EVERY_MS = 5_000
const PONG_WITHIN_MS = 3_000

/** The terminal's answer to an act: done, or refused with a code from the closed list. */
export type Answer = { readonly ok: true } | { readonly ok: false; readonly error: Refused }
export type AnswerWith<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: Refused }
export type Link = 'connecting' | 'open' | 'lost'

/** The till as the screens call it. Each promise rejects only when the line to the terminal broke: then the outcome is in the next state. */
export type TerminalClient = {
  readonly watch: (listeners: { onState: (state: TillState) => void; onLink: (link: Link) => void }) => Unsubscribe
  readonly programme: () => Promise<Programme>
  readonly seatMap: (input: TillInput<'seatMap'>) => Promise<AnswerWith<SeatMapView>>
  readonly receipts: (input: { before?: number; limit?: number; find?: string }) => Promise<ReceiptPage>
  readonly receipt: (input: TillInput<'receipt'>) => Promise<AnswerWith<ReceiptView>>
  readonly setLanguage: (input: TillInput<'language'>) => Promise<void>
  readonly setSeats: (input: TillInput<'setSeats'>) => Promise<Answer>
  readonly setProduct: (input: TillInput<'setProduct'>) => Promise<Answer>
  readonly removeLine: (input: TillInput<'removeLine'>) => Promise<Answer>
  readonly clearCart: () => Promise<Answer>
  readonly chargeBand: (input: TillInput<'chargeBand'>) => Promise<Answer>
  readonly startCash: () => Promise<Answer>
  readonly takeCash: (input: TillInput<'takeCash'>) => Promise<Answer>
  readonly cancelPayment: () => Promise<Answer>
  readonly nextSale: () => Promise<Answer>
  readonly print: (input: TillInput<'print'>) => Promise<Answer>
  readonly retryPrint: (input: TillInput<'printJob'>) => Promise<Answer>
  readonly dropPrint: (input: TillInput<'printJob'>) => Promise<Answer>
  readonly touched: () => Promise<void>
  readonly chargeByKnock: () => Promise<Answer>
  readonly identify: (input: TillInput<'identify'>) => Promise<Answer>
  readonly endIdentify: () => Promise<Answer>
  readonly voidSale: (input: TillInput<'voidSale'>) => Promise<Answer>
  readonly finishInterrupted: () => Promise<Answer>
  readonly undoInterrupted: () => Promise<Answer>
  readonly recovery: () => Promise<RecoveryView>
  readonly putAwayAlarm: (input: TillInput<'putAwayAlarm'>) => Promise<Answer>
  readonly endUnknownYes: (input: TillInput<'endUnknownYes'>) => Promise<Answer>
  readonly setUp: (input: TillInput<'setUp'>) => Promise<Answer>
  readonly signIn: (input: TillInput<'signIn'>) => Promise<Answer>
  readonly lock: () => Promise<Answer>
  readonly staff: () => Promise<readonly StaffMember[]>
  readonly addStaff: (input: TillInput<'addStaff'>) => Promise<Answer>
  readonly changePin: (input: TillInput<'changePin'>) => Promise<Answer>
  readonly removeStaff: (input: TillInput<'removeStaff'>) => Promise<Answer>
  readonly settings: () => Promise<SettingsView>
  readonly changeSettings: (input: TillInput<'settings'>) => Promise<Answer>
  readonly testPrint: () => Promise<Answer>
  readonly practice: () => Promise<AnswerWith<PracticeView>>
  readonly steerPractice: (input: PracticeCommand) => Promise<Answer>
}

/** Connects at once and keeps reconnecting, 0.25 s to 2 s apart, for as long as the page lives. */
export function connectTerminal(): TerminalClient {
  const linkListeners = new Set<(link: Link) => void>()
  const tell = (link: Link) => {
    for (const listener of linkListeners) listener(link)
  }
  const socket = createWSClient({
    url: `${location.origin.replace(/^http/, 'ws')}/trpc`,
    ...(portBridge() === undefined ? {} : { WebSocket: PortSocket }),
    retryDelayMs: (attempt) => Math.min(RECONNECT_FIRST_MS * 2 ** attempt, RECONNECT_MAX_MS),
    keepAlive: { enabled: true, intervalMs: PING_EVERY_MS, pongTimeoutMs: PONG_WITHIN_MS },
    onOpen: () => tell('open'),
    onClose: () => tell('lost'),
  })
  const api = createTRPCClient<AppRouter>({ links: [wsLink({ client: socket })] })
  return {
    watch: ({ onState, onLink }) => {
      linkListeners.add(onLink)
      // The subscription survives a broken line: the link opens it again and the terminal sends the whole state anew.
      const subscription = api.watch.subscribe(undefined, { onData: onState })
      return () => {
        linkListeners.delete(onLink)
        subscription.unsubscribe()
      }
    },
    programme: () => api.programme.query(),
    seatMap: (input) => api.seatMap.query(input),
    receipts: (input) => api.receipts.query(input),
    receipt: (input) => api.receipt.query(input),
    setLanguage: async (input) => {
      await api.setLanguage.mutate(input)
    },
    setSeats: (input) => api.setSeats.mutate(input),
    setProduct: (input) => api.setProduct.mutate(input),
    removeLine: (input) => api.removeLine.mutate(input),
    clearCart: () => api.clearCart.mutate(),
    chargeBand: (input) => api.chargeBand.mutate(input),
    startCash: () => api.startCash.mutate(),
    takeCash: (input) => api.takeCash.mutate(input),
    cancelPayment: () => api.cancelPayment.mutate(),
    nextSale: () => api.nextSale.mutate(),
    print: (input) => api.print.mutate(input),
    retryPrint: (input) => api.retryPrint.mutate(input),
    dropPrint: (input) => api.dropPrint.mutate(input),
    touched: async () => {
      await api.touched.mutate()
    },
    chargeByKnock: () => api.chargeByKnock.mutate(),
    identify: (input) => api.identify.mutate(input),
    endIdentify: () => api.endIdentify.mutate(),
    voidSale: (input) => api.voidSale.mutate(input),
    finishInterrupted: () => api.finishInterrupted.mutate(),
    undoInterrupted: () => api.undoInterrupted.mutate(),
    recovery: () => api.recovery.query(),
    putAwayAlarm: (input) => api.putAwayAlarm.mutate(input),
    endUnknownYes: (input) => api.endUnknownYes.mutate(input),
    setUp: (input) => api.setUp.mutate(input),
    signIn: (input) => api.signIn.mutate(input),
    lock: () => api.lock.mutate(),
    staff: () => api.staff.query(),
    addStaff: (input) => api.addStaff.mutate(input),
    changePin: (input) => api.changePin.mutate(input),
    removeStaff: (input) => api.removeStaff.mutate(input),
    settings: () => api.settings.query(),
    changeSettings: (input) => api.changeSettings.mutate(input),
    testPrint: () => api.testPrint.mutate(),
    practice: () => api.practice.query(),
    steerPractice: (input) => api.steerPractice.mutate(input),
  }
}
