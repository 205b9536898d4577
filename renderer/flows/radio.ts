import type { SettingsView } from '#shared/contracts/settings.ts'
import type { T } from '../i18n/i18n.ts'

/** What listens for bands, and whether it does. */
export function radioWords({ driver, state }: SettingsView['radio'], t: T): string {
  const is = t(`settings.radioState.${state}`)
  return driver === undefined ? is : `${t(`radio.driver.${driver}`)} · ${is}`
}

/** Why no band can be heard, or else why this driver was taken. Empty while there is nothing to say. */
export function radioWhy({ driver, why, trouble }: SettingsView['radio'], t: T): string {
  if (trouble !== undefined) return t(`radio.trouble.${trouble}`)
  // There is one practice world to listen to: nothing was chosen.
  return why === undefined || driver === 'practice' ? '' : t(`radio.why.${why}`)
}
