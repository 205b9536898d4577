/** A short life of a band in every test run; the soak lives it at length. */
import { expect, test } from 'vitest'
import { runEpisode } from './episode.ts'

const running = new AbortController().signal

test.each([1, 2])('seed %i: one band, three phones and two tills, and never a payment that must not be', async (seed) => {
  const { reached, wrong } = await runEpisode({ seed, stop: running }, 60)
  expect(wrong, `seed ${seed}`).toEqual([])
  expect(reached['steps']).toBe(60)
  expect(reached['payments']).toBeGreaterThan(0)
  expect(reached['refused payments']).toBeGreaterThan(0)
})
