/**
 * The till's one API, for both hosts: tRPC over a WebSocket (browser host) or a MessagePort (Electron host).
 * Nothing is decided here: inputs are parsed by the contract, and the till answers. Refusals travel as values.
 */
import { initTRPC } from '@trpc/server'
import { type Till, type TillState, tillInputs } from '#shared/contracts/till.ts'

export type ApiContext = { readonly till: Till }

const api = initTRPC.context<ApiContext>().create({
  // A bug's message stays in the terminal's own log; the screen learns only that the call failed.
  errorFormatter: ({ shape }) => ({ ...shape, message: 'The terminal could not do that.', data: { code: shape.data.code } }),
})
const { procedure } = api

/** The newest state at each step. States in between are skipped: a slow screen never makes the terminal queue. */
async function* watchState(till: Till, signal: AbortSignal | undefined): AsyncGenerator<TillState> {
  let newest: TillState | undefined
  let wake: (() => void) | undefined
  const wakeUp = () => wake?.()
  const unsubscribe = till.onState((state) => {
    newest = state
    wakeUp()
  })
  signal?.addEventListener('abort', wakeUp)
  try {
    while (!signal?.aborted) {
      if (newest) {
        const state = newest
        newest = undefined
        yield state
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    }
  } finally {
    unsubscribe()
    signal?.removeEventListener('abort', wakeUp)
  }
}

/** Makes the router. Each procedure has the name of the till's method it calls. */
export function createRouter() {
  return api.router({
    watch: procedure.subscription(({ ctx, signal }) => watchState(ctx.till, signal)),
    programme: procedure.query(({ ctx }) => ctx.till.programme()),
    seatMap: procedure.input(tillInputs.seatMap).query(({ ctx, input }) => ctx.till.seatMap(input)),
    receipts: procedure.input(tillInputs.receipts).query(({ ctx, input }) => ctx.till.receipts(input)),
    receipt: procedure.input(tillInputs.receipt).query(({ ctx, input }) => ctx.till.receipt(input)),
    language: procedure.query(({ ctx }) => ctx.till.language()),
    setSeats: procedure.input(tillInputs.setSeats).mutation(({ ctx, input }) => ctx.till.setSeats(input)),
    setProduct: procedure.input(tillInputs.setProduct).mutation(({ ctx, input }) => ctx.till.setProduct(input)),
    removeLine: procedure.input(tillInputs.removeLine).mutation(({ ctx, input }) => ctx.till.removeLine(input)),
    clearCart: procedure.mutation(({ ctx }) => ctx.till.clearCart()),
    chargeBand: procedure.input(tillInputs.chargeBand).mutation(({ ctx, input }) => ctx.till.chargeBand(input)),
    startCash: procedure.mutation(({ ctx }) => ctx.till.startCash()),
    takeCash: procedure.input(tillInputs.takeCash).mutation(({ ctx, input }) => ctx.till.takeCash(input)),
    cancelPayment: procedure.mutation(({ ctx }) => ctx.till.cancelPayment()),
    nextSale: procedure.mutation(({ ctx }) => ctx.till.nextSale()),
    print: procedure.input(tillInputs.print).mutation(({ ctx, input }) => ctx.till.print(input)),
    retryPrint: procedure.input(tillInputs.printJob).mutation(({ ctx, input }) => ctx.till.retryPrint(input)),
    dropPrint: procedure.input(tillInputs.printJob).mutation(({ ctx, input }) => ctx.till.dropPrint(input)),
    touched: procedure.mutation(({ ctx }) => {
      ctx.till.touched()
    }),
    chargeByKnock: procedure.mutation(({ ctx }) => ctx.till.chargeByKnock()),
    identify: procedure.input(tillInputs.identify).mutation(({ ctx, input }) => ctx.till.identify(input)),
    endIdentify: procedure.mutation(({ ctx }) => ctx.till.endIdentify()),
    voidSale: procedure.input(tillInputs.voidSale).mutation(({ ctx, input }) => ctx.till.voidSale(input)),
    finishInterrupted: procedure.mutation(({ ctx }) => ctx.till.finishInterrupted()),
    undoInterrupted: procedure.mutation(({ ctx }) => ctx.till.undoInterrupted()),
    recovery: procedure.query(({ ctx }) => ctx.till.recovery()),
    putAwayAlarm: procedure.input(tillInputs.putAwayAlarm).mutation(({ ctx, input }) => ctx.till.putAwayAlarm(input)),
    endUnknownYes: procedure.input(tillInputs.endUnknownYes).mutation(({ ctx, input }) => ctx.till.endUnknownYes(input)),
    setUp: procedure.input(tillInputs.setUp).mutation(({ ctx, input }) => ctx.till.setUp(input)),
    signIn: procedure.input(tillInputs.signIn).mutation(({ ctx, input }) => ctx.till.signIn(input)),
    lock: procedure.mutation(({ ctx }) => ctx.till.lock()),
    staff: procedure.query(({ ctx }) => ctx.till.staff()),
    addStaff: procedure.input(tillInputs.addStaff).mutation(({ ctx, input }) => ctx.till.addStaff(input)),
    changePin: procedure.input(tillInputs.changePin).mutation(({ ctx, input }) => ctx.till.changePin(input)),
    removeStaff: procedure.input(tillInputs.removeStaff).mutation(({ ctx, input }) => ctx.till.removeStaff(input)),
    settings: procedure.query(({ ctx }) => ctx.till.settings()),
    changeSettings: procedure.input(tillInputs.settings).mutation(({ ctx, input }) => ctx.till.changeSettings(input)),
    testPrint: procedure.mutation(({ ctx }) => ctx.till.testPrint()),
    practice: procedure.query(({ ctx }) => ctx.till.practice()),
    steerPractice: procedure.input(tillInputs.practice).mutation(({ ctx, input }) => ctx.till.steerPractice(input)),
    setLanguage: procedure.input(tillInputs.language).mutation(({ ctx, input }) => {
      ctx.till.setLanguage(input)
    }),
  })
}

export type AppRouter = ReturnType<typeof createRouter>
