/**
 * Full jitter: a random part of a span that doubles with each failure, so that a thousand tills do not come back in step.
 * `failures` counts from 1; `random` gives numbers from 0 up to 1. The answer is in milliseconds.
 */
export function backOffMs(input: {
  readonly failures: number
  readonly firstMs: number
  readonly maxMs: number
  readonly random: () => number
}): number {
  // 2^30 is past any span in use and short of where doubling would overflow.
  const doublings = Math.min(input.failures - 1, 30)
  return Math.ceil(input.random() * Math.min(input.maxMs, input.firstMs * 2 ** doublings))
}
