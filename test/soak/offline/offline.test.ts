/** Short days in a basement in every test run; the soak lives them at length. */
import { expect, test } from 'vitest'
import { runEpisode } from './episode.ts'

const running = new AbortController().signal

test.each([3])('seed %i: two tills, a band, and a phone with a bad network: everything adds up', async (seed) => {
  const { reached, wrong } = await runEpisode({ seed, stop: running })
  expect(wrong, `seed ${seed}`).toEqual([])
  expect(reached['payments']).toBeGreaterThan(0)
  expect(reached['out of slots']).toBeGreaterThan(0)
})
