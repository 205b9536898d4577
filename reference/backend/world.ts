/** What the backend is handed instead of reaching for it: time and chance. */
export interface Clock {
  /** Wall time, milliseconds since 1970 UTC. */
  nowMs(): number
}

/** A new machine id: 16 random bytes in lower-case hex. */
export type NewId = () => string

export function instantOf(ms: number): string {
  return new Date(ms).toISOString()
}

export function secondsOf(ms: number): number {
  return Math.floor(ms / 1_000)
}
