/** Whole seconds until an instant of the terminal's clock, for counting down to it: 1 until it has come, then 0. */
export function secondsUntil(at: string, nowMs: number): number {
  return Math.max(0, Math.ceil((Date.parse(at) - nowMs) / 1_000))
}

/** `0:59`, `8:00`. */
export function minutesAndSeconds(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}
