/** A little of the soak in every test run: short episodes of payments, the episodes that failed once, and the command itself. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { until } from '#test/support/until.ts'
import { episodeSeed } from './episode.ts'
import { GROUPS } from './groups.ts'
import { KEPT_SEEDS } from './kept-seeds.ts'
import { readOptions } from './options.ts'
import { runEpisode } from './payments/episode.ts'

const running = new AbortController().signal

test.each([1])('seed %i: payments under faults, and every book agrees', async (seed) => {
  const { reached, wrong } = await runEpisode({ seed, stop: running }, { rounds: 10 })
  expect(wrong, `seed ${seed}`).toEqual([])
  expect(reached['faulted payments']).toBeGreaterThan(10)
})

describe('episodes that failed once', () => {
  test('name groups there are', () => {
    expect(KEPT_SEEDS.filter(({ group }) => !GROUPS.some(({ name }) => name === group))).toEqual([])
  })

  for (const { group, seed, episode } of KEPT_SEEDS) {
    test(`${group}, seed ${seed}, episode ${episode}`, async () => {
      const found = await GROUPS.find(({ name }) => name === group)?.load()
      expect((await found?.runEpisode({ seed: episodeSeed(seed, episode), stop: running }))?.wrong).toEqual([])
    })
  }
})

describe('the command line', () => {
  test('takes minutes, seed, group and episode, and a fresh seed when none is named', () => {
    expect(readOptions(['--minutes', '0.5', '--seed', '7', '--only', 'kills', '--episode', '3'], 1)).toMatchObject({
      value: { minutes: 0.5, seed: 7, episode: 3, groups: [{ name: 'kills' }] },
    })
    expect(readOptions([], 99)).toMatchObject({ value: { minutes: 10, seed: 99, groups: GROUPS } })
  })

  test.each([['--minutes', 'x'], ['--minutes', '0'], ['--seed', '-1'], ['--only', 'nothing'], ['--episode', '1'], ['--what']])(
    'refuses %s %s',
    (...args) => {
      expect(readOptions(args, 1).ok).toBe(false)
    },
  )

  test('gives each episode a seed of its own', () => {
    const seeds = Array.from({ length: 1_000 }, (_, number) => episodeSeed(7, number))
    expect(new Set(seeds).size).toBe(seeds.length)
    expect(episodeSeed(8, 0)).not.toBe(seeds[0])
  })
})

let soak: ChildProcess | undefined
let folder: string | undefined
afterEach(() => {
  soak?.kill('SIGKILL')
  if (folder) rmSync(folder, { recursive: true, force: true })
  folder = undefined
})

function start(args: readonly string[]): { readonly child: ChildProcess; readonly lines: () => string[] } {
  folder = mkdtempSync(join(tmpdir(), 'bandtill-soak-test-'))
  let output = ''
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, BANDTILL_SOAK_FOLDER: folder },
  })
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  soak = child
  return { child, lines: () => output.trim().split('\n') }
}

test('a soak ends with its counts and one line, and leaves nothing behind', async () => {
  const { child, lines } = start(['--only', 'power', '--minutes', '0.01', '--seed', '5', '--episode', '0'])
  await once(child, 'close')
  expect(lines().at(-1)).toBe('1 passed, 0 failed')
  expect(child.exitCode).toBe(0)
  expect(lines().join('\n')).toMatch(/power +\d+ power cuts/)
  expect(readdirSync(folder ?? '')).toEqual([])
})

test('stopped by a signal it ends its processes, says so, and counts as failed', async () => {
  const { child, lines } = start(['--only', 'power', '--minutes', '5', '--seed', '5'])
  await until('it has begun', () => readdirSync(folder ?? '').length > 0)
  child.kill('SIGTERM')
  await once(child, 'close')
  expect(child.exitCode).toBe(1)
  expect(lines().at(-1)).toMatch(/^\d+ passed, 1 failed$/)
  expect(readdirSync(folder ?? '')).toEqual([])
})

test('a command line it does not understand is refused in words', async () => {
  const { child, lines } = start(['--minutes', 'many'])
  await once(child, 'close')
  expect(child.exitCode).toBe(2)
  expect(lines().at(-1)).toBe('0 passed, 1 failed')
})
