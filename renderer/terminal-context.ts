import { createContext, useCallback, useContext, useState, useSyncExternalStore } from 'react'
import type { TillState } from '#shared/contracts/till.ts'
import type { ProductId, ShowtimeId } from '#shared/domain/ids.ts'
import { createLatestWins, type LatestWins } from './flows/latest-wins.ts'
import { choiceOf, type SeatChoice, sameChoice } from './flows/seats.ts'
import type { Answer, TerminalClient } from './terminal-client.ts'
import { useTill } from './till-store.ts'
import { useUi } from './ui-store.ts'

export type Terminal = {
  readonly client: TerminalClient
  readonly seatWishes: LatestWins<ShowtimeId, SeatChoice>
  readonly productWishes: LatestWins<ProductId, number>
}

/** Asks the terminal and shows a refusal as a notice. Resolves true when it was done. */
export async function tellOrDone(ask: () => Promise<Answer>): Promise<boolean> {
  try {
    const answer = await ask()
    useUi.getState().tell(answer.ok ? undefined : answer.error)
    return answer.ok
  } catch {
    useUi.getState().tell({ code: 'no-answer' })
    return false
  }
}

export function quantityOf(state: TillState | undefined, productId: ProductId): number {
  const line = state?.cart.lines.find(({ subject }) => subject.kind === 'product' && subject.productId === productId)
  return line?.quantity ?? 0
}

/** The client with the two queues that let taps run ahead of the terminal's answers. */
export function createTerminal(client: TerminalClient): Terminal {
  const cart = () => useTill.getState().state?.cart
  return {
    client,
    seatWishes: createLatestWins<ShowtimeId, SeatChoice>({
      send: (showtimeId, seats) => tellOrDone(() => client.setSeats({ showtimeId, seats })),
      isShown: (showtimeId, seats) => sameChoice(choiceOf(cart() ?? { lines: [] }, showtimeId), seats),
    }),
    productWishes: createLatestWins<ProductId, number>({
      send: (productId, quantity) => tellOrDone(() => client.setProduct({ productId, quantity })),
      isShown: (productId, quantity) => quantityOf(useTill.getState().state, productId) === quantity,
    }),
  }
}

export const TerminalContext = createContext<Terminal | undefined>(undefined)

export function useTerminal(): Terminal {
  const terminal = useContext(TerminalContext)
  if (terminal === undefined) throw new Error('no terminal above this component')
  return terminal
}

/** The pushed state. Only used below the start screen, which waits for the first one. */
export function useTillState(): TillState {
  const state = useTill((till) => till.state)
  if (state === undefined) throw new Error('no state has arrived yet')
  return state
}

/** One act at a time: while it is on its way `busy` is true and further presses are ignored. */
export function useAct(): { readonly busy: boolean; readonly act: (ask: () => Promise<Answer>, onDone?: () => void) => void } {
  const [busy, setBusy] = useState(false)
  const act = useCallback(
    (ask: () => Promise<Answer>, onDone?: () => void) => {
      if (busy) return
      setBusy(true)
      void tellOrDone(ask).then((done) => {
        setBusy(false)
        if (done) onDone?.()
      })
    },
    [busy],
  )
  return { busy, act }
}

/** Who edits the sale is not charging it: an earlier wish to pay, whose sale is gone, must not open the pay screen now. */
function editing(): void {
  if (useUi.getState().paying) useUi.getState().closePay()
}

/** The quantity of a product as the cashier wants it, and how to change it. */
export function useQuantity(productId: ProductId): { readonly quantity: number; readonly setQuantity: (quantity: number) => void } {
  const { productWishes } = useTerminal()
  const wishes = useSyncExternalStore(productWishes.subscribe, productWishes.wishes)
  const shown = useTill((till) => quantityOf(till.state, productId))
  const setQuantity = (want: number) => {
    editing()
    productWishes.want(productId, want)
  }
  return { quantity: wishes.get(productId) ?? shown, setQuantity }
}

/** The seats of a showtime as the cashier wants them, and how to change them. */
export function useSeatChoice(showtimeId: ShowtimeId): { readonly choice: SeatChoice; readonly choose: (choice: SeatChoice) => void } {
  const { seatWishes } = useTerminal()
  const { cart } = useTillState()
  const wishes = useSyncExternalStore(seatWishes.subscribe, seatWishes.wishes)
  const choose = (choice: SeatChoice) => {
    editing()
    seatWishes.want(showtimeId, choice)
  }
  return { choice: wishes.get(showtimeId) ?? choiceOf(cart, showtimeId), choose }
}
