import { create } from 'zustand'
import type { RequestId, ShowtimeId, SightingId } from '#shared/domain/ids.ts'
import type { Notice } from './flows/refusal.ts'
import type { LocalView } from './flows/screen.ts'

/** What the cashier has opened on this screen. Nothing here is about money: a reload loses none of the sale. */
type UiStore = LocalView & {
  readonly showtimeId: ShowtimeId | undefined
  /** The show whose seat map was open last: the focus goes back to its button. */
  readonly leftShowtimeId: ShowtimeId | undefined
  readonly chosenBand: SightingId | undefined
  readonly notice: Notice | undefined
  readonly helpOpen: boolean
  /** Where F3 wants the focus: raised by one each time. */
  readonly snacksAsked: number
  readonly openShowtime: (showtimeId: ShowtimeId | undefined) => void
  readonly chooseBand: (chosenBand: SightingId | undefined) => void
  readonly openPay: () => void
  readonly closePay: () => void
  readonly setHistory: (history: boolean) => void
  readonly dismiss: (requestId: RequestId) => void
  readonly tell: (notice: Notice | undefined) => void
  readonly setHelp: (helpOpen: boolean) => void
  readonly askSnacks: () => void
  readonly startAfresh: () => void
}

export const useUi = create<UiStore>((set) => ({
  history: false,
  paying: false,
  dismissed: undefined,
  showtimeId: undefined,
  leftShowtimeId: undefined,
  chosenBand: undefined,
  notice: undefined,
  helpOpen: false,
  snacksAsked: 0,
  openShowtime: (showtimeId) => set((ui) => ({ showtimeId, leftShowtimeId: ui.showtimeId, notice: undefined })),
  chooseBand: (chosenBand) => set({ chosenBand }),
  openPay: () => set({ paying: true, history: false, chosenBand: undefined, notice: undefined }),
  closePay: () => set({ paying: false, chosenBand: undefined, notice: undefined }),
  setHistory: (history) => set({ history, notice: undefined }),
  dismiss: (dismissed) => set({ dismissed, notice: undefined }),
  tell: (notice) => set({ notice }),
  setHelp: (helpOpen) => set({ helpOpen }),
  askSnacks: () => set((ui) => ({ showtimeId: undefined, history: false, snacksAsked: ui.snacksAsked + 1 })),
  startAfresh: () => set({ history: false, paying: false, showtimeId: undefined, chosenBand: undefined, notice: undefined }),
}))
