import { create } from 'zustand'
import { hashOf, type Route, routeIn, type Screen } from './flows/route.ts'

type RouteStore = {
  readonly route: Route
  /** Follows the address bar: back, forward, and links. */
  readonly follow: () => void
  readonly goTo: (screen: Screen, rest?: string) => void
  /** The same without a step in the history: what was there cannot be gone back to. */
  readonly replace: (screen: Screen, rest?: string) => void
}

const HOME: Route = { screen: 'home', rest: '' }

export const useRoute = create<RouteStore>((set, get) => ({
  route: routeIn(window.location.hash) ?? HOME,
  follow: () => set({ route: routeIn(window.location.hash) ?? HOME }),
  goTo: (screen, rest = '') => {
    window.location.hash = hashOf({ screen, rest })
  },
  replace: (screen, rest = '') => {
    window.history.replaceState(null, '', hashOf({ screen, rest }))
    get().follow()
  },
}))
