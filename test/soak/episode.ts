/** What every group of the soak runs: episodes, each with a seed of its own, so that one that failed can be run again by itself. */

export type EpisodeInput = {
  readonly seed: number
  /** Fires when the time is up: an episode ends early then, checked as far as it came. */
  readonly stop: AbortSignal
}
export type EpisodeResult = {
  /** What was reached, by name: the counts of a group are the sums of its episodes'. */
  readonly reached: Readonly<Record<string, number>>
  /** Each one is a rule that did not hold. */
  readonly wrong: readonly string[]
}
export type Episode = (input: EpisodeInput) => Promise<EpisodeResult>

const GOLDEN = 0x9e37_79b9

/** The seed of one episode (mixed as splitmix32 does, so that neighbours have nothing in common). */
export function episodeSeed(seed: number, number: number): number {
  let mixed = (seed + Math.imul(number + 1, GOLDEN)) >>> 0
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0_aaad)
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a_2d97)
  return (mixed ^ (mixed >>> 15)) >>> 0
}
