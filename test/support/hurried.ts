/** Nobody waits in real time for who is out of reach: the world's clock runs ahead while something is waited for. */
import type { BondWorld } from './bond-world.ts'

/** This much passes every few milliseconds. */
const PASSES_MS = 5_000
const LOOKS_MS = 5
/** In real time: who is in reach has answered by then. */
const ANSWERS_WITHIN_MS = 40

/** What `act` came to; from some time on the world's time passes quickly until it does. */
export async function hurried<T>(world: BondWorld, act: Promise<T>): Promise<T> {
  const startedMs = performance.now()
  const timer = setInterval(() => {
    if (performance.now() - startedMs > ANSWERS_WITHIN_MS) world.advance(PASSES_MS)
  }, LOOKS_MS)
  try {
    return await act
  } finally {
    clearInterval(timer)
  }
}
