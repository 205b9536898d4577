/** Where in the wallet somebody is. The address is behind the `#`: the server sees none of it, invitation tickets included. */

/** Every screen there is, by its name in the address. */
export const SCREENS = [
  'sign-in',
  'recover',
  'invited',
  'loss',
  'home',
  'statement',
  'receipt',
  'limits',
  'bands',
  'phones',
  'passkeys',
  'notices',
  'requests',
  'card',
  'phone',
  'more',
] as const
export type Screen = (typeof SCREENS)[number]
export type Route = {
  readonly screen: Screen
  /** What follows the screen's name: an invitation ticket, a receipt's id. */
  readonly rest: string
}

/** Screens for people who are not signed in. All others wait behind the sign-in and are shown after it. */
const OPEN_TO_ALL: ReadonlySet<Screen> = new Set(['sign-in', 'recover', 'invited', 'loss', 'phone'])
const HASH = /^#\/(?<screen>[a-z-]+)(?:\/(?<rest>.*))?$/u

/** `#/invited/abc` is the screen `invited` with `abc`. Undefined for what names no screen. */
export function routeIn(hash: string): Route | undefined {
  const { screen, rest = '' } = HASH.exec(hash)?.groups ?? {}
  const found = SCREENS.find((each) => each === screen)
  return found && { screen: found, rest }
}

export function hashOf({ screen, rest }: Route): string {
  return rest === '' ? `#/${screen}` : `#/${screen}/${rest}`
}

export function isOpenToAll(screen: Screen): boolean {
  return OPEN_TO_ALL.has(screen)
}
