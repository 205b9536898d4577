/** Whether this screen makes sounds: kept with the page, because two screens of one till may differ. */
const KEY = 'bandtill.sound'
const OFF = 'off'

export function soundIsOn(): boolean {
  try {
    return localStorage.getItem(KEY) !== OFF
  } catch {
    // A browser that keeps nothing for us still sounds.
    return true
  }
}

export function chooseSound(isOn: boolean): void {
  try {
    if (isOn) localStorage.removeItem(KEY)
    else localStorage.setItem(KEY, OFF)
  } catch {
    // Nothing is kept: the next page sounds again.
  }
}
