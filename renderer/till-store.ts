import { create } from 'zustand'
import type { TillState } from '#shared/contracts/till.ts'
import type { Link } from './terminal-client.ts'

type TillStore = {
  readonly link: Link
  /** The last whole state the terminal pushed. */
  readonly state: TillState | undefined
  /** When it arrived, by the page's monotonic clock: only ever used to add the time passed since to the terminal's own clock. */
  readonly arrivedAtMs: number
  readonly setLink: (link: Link) => void
  readonly arrive: (state: TillState, arrivedAtMs: number) => void
}

export const useTill = create<TillStore>((set) => ({
  link: 'connecting',
  state: undefined,
  arrivedAtMs: 0,
  setLink: (link) => set({ link }),
  arrive: (state, arrivedAtMs) => set({ state, arrivedAtMs, link: 'open' }),
}))
