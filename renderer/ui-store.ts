import { create } from 'zustand'
import type { RequestId, ShowtimeId, SightingId } from '#shared/domain/ids.ts'
import type { Notice } from './flows/refusal.ts'
import type { LocalView, Place } from './flows/screen.ts'

/** What the cashier has opened on this screen. Nothing here is about money: a reload loses none of the sale. */
type UiStore = LocalView & {
  readonly showtimeId: ShowtimeId | undefined
  /** The show whose seat map was open last: the focus goes back to its button. */
  readonly leftShowtimeId: ShowtimeId | undefined
  readonly chosenBand: SightingId | undefined
  readonly notice: Notice | undefined
  readonly helpOpen: boolean
  readonly drawerOpen: boolean
  /** Something on Settings is typed and not saved. */
  readonly hasEdits: boolean
  /** Where somebody wants to go who has not yet said what becomes of those edits. */
  readonly leaving: (() => void) | undefined
  /** Where F3 wants the focus: raised by one each time. */
  readonly snacksAsked: number
  readonly openShowtime: (showtimeId: ShowtimeId | undefined) => void
  readonly chooseBand: (chosenBand: SightingId | undefined) => void
  readonly openPay: () => void
  readonly closePay: () => void
  readonly goTo: (place: Place) => void
  readonly dismiss: (requestId: RequestId) => void
  readonly dismissKnock: (endsAt: string) => void
  readonly tell: (notice: Notice | undefined) => void
  readonly setHelp: (helpOpen: boolean) => void
  readonly setDrawer: (drawerOpen: boolean) => void
  readonly askSnacks: () => void
  readonly startAfresh: () => void
  readonly setEdits: (hasEdits: boolean) => void
  /** Goes there at once, or asks first when edits would be lost. */
  readonly leave: (go: () => void) => void
  readonly stay: () => void
}

export const useUi = create<UiStore>((set, get) => ({
  place: 'selling',
  paying: false,
  dismissed: undefined,
  dismissedKnock: undefined,
  showtimeId: undefined,
  leftShowtimeId: undefined,
  chosenBand: undefined,
  notice: undefined,
  helpOpen: false,
  drawerOpen: false,
  hasEdits: false,
  leaving: undefined,
  snacksAsked: 0,
  openShowtime: (showtimeId) => set((ui) => ({ showtimeId, leftShowtimeId: ui.showtimeId, notice: undefined })),
  chooseBand: (chosenBand) => set({ chosenBand }),
  openPay: () => set({ paying: true, place: 'selling', chosenBand: undefined, notice: undefined }),
  closePay: () => set({ paying: false, chosenBand: undefined, notice: undefined }),
  goTo: (place) => set({ place, chosenBand: undefined, notice: undefined }),
  dismiss: (dismissed) => set({ dismissed, notice: undefined }),
  dismissKnock: (dismissedKnock) => set({ dismissedKnock, notice: undefined }),
  tell: (notice) => set({ notice }),
  setHelp: (helpOpen) => set({ helpOpen }),
  setDrawer: (drawerOpen) => set({ drawerOpen }),
  askSnacks: () => set((ui) => ({ showtimeId: undefined, place: 'selling', snacksAsked: ui.snacksAsked + 1 })),
  startAfresh: () => set({ place: 'selling', paying: false, showtimeId: undefined, chosenBand: undefined, notice: undefined }),
  setEdits: (hasEdits) => set({ hasEdits, leaving: undefined }),
  leave: (go) => (get().hasEdits ? set({ leaving: go }) : go()),
  stay: () => set({ leaving: undefined }),
}))
