import { createContext, useCallback, useContext, useState, useSyncExternalStore } from 'react'
import type { TillState } from '#shared/contracts/till.ts'
import type { ProductId, ShowtimeId } from '#shared/domain/ids.ts'
import { createLatestWins, type LatestWins } from './flows/latest-wins.ts'
import type { Notice } from './flows/refusal.ts'
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
  const refused = await refusalOf(ask)
  useUi.getState().tell(refused)
  return refused === undefined
}

/** Asks the terminal. Resolves with its refusal, or with nothing when it was done. */
async function refusalOf(ask: () => Promise<Answer>): Promise<Notice | undefined> {
  try {
    const answer = await ask()
    return answer.ok ? undefined : answer.error
  } catch {
    return { code: 'no-answer' }
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

export type Act = (ask: () => Promise<Answer>, onDone?: () => void, onRefused?: (refused: Notice) => void) => void

/**
 * One act at a time: while it is on its way `busy` is true and further presses are ignored. `refused` is what the last one met. In a
 * dialog it is said `here`, because the bar of notices lies under the dialog; elsewhere the bar says it.
 */
export function useAct(where: 'bar' | 'here' = 'bar'): { readonly busy: boolean; readonly refused: Notice | undefined; readonly act: Act } {
  const [busy, setBusy] = useState(false)
  const [refused, setRefused] = useState<Notice>()
  const act = useCallback<Act>(
    (ask, onDone, onRefused) => {
      if (busy) return
      setBusy(true)
      setRefused(undefined)
      void refusalOf(ask).then((refusal) => {
        setBusy(false)
        setRefused(refusal)
        if (where === 'bar' || refusal === undefined) useUi.getState().tell(refusal)
        if (refusal === undefined) onDone?.()
        else onRefused?.(refusal)
      })
    },
    [busy, where],
  )
  return { busy, refused, act }
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
