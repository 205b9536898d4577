/** The terminal is told of a touch at most this often: its own rule counts in tens of seconds. */
const TOUCH_EVERY_MS = 5_000

/** True when a touch now should be passed on. Times by one monotonic clock. */
export function shouldTell(lastToldMs: number | undefined, nowMs: number): boolean {
  return lastToldMs === undefined || nowMs - lastToldMs >= TOUCH_EVERY_MS
}

/** True when a repeat of this key would press something again. A space that is typed may repeat. */
export function isHeldPress(key: string, isTyping: boolean): boolean {
  return key === 'Enter' || (key === ' ' && !isTyping)
}
