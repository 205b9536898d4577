/** A little of the fuzzing in every test run, what failed once, and the cases that no chance may leave out. */
import { describe, expect, test } from 'vitest'
import { fromHex } from '#shared/contracts/bytes.ts'
import { CBOR_SIZE_MAX_BYTES } from '#shared/contracts/cbor.ts'
import { Seeded } from '#test/support/seeded.ts'
import { runEpisode } from './episode.ts'
import { EXECUTION_MAX_MS, execute } from './execute.ts'
import { KEPT_INPUTS } from './kept-inputs.ts'
import type { Outcome, Parser } from './parser.ts'
import { parsers } from './parsers.ts'

const EXECUTIONS = 300
const running = new AbortController().signal
const all = await parsers()

async function outcomesOf(parser: Parser, inputs: readonly Uint8Array[]): Promise<readonly string[]> {
  const outcomes: string[] = []
  for (const input of inputs) {
    const { outcome } = await execute(parser, input)
    outcomes.push(typeof outcome === 'object' ? `${outcome.fault}: ${Buffer.from(input).toString('hex').slice(0, 600)}` : outcome)
  }
  return outcomes
}
const isFault = (outcome: string) => outcome !== 'accepted' && outcome !== 'refused'

test('each parser is declared once, and accepts its specimens', async () => {
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length)
  for (const parser of all) {
    expect(new Set(await outcomesOf(parser, parser.specimens)), parser.name).toEqual(new Set(['accepted']))
  }
})

test.each([1])('seed %i: hostile input for every parser, and none throws, hangs or takes it for another', async (seed) => {
  const { reached, wrong } = await runEpisode({ seed, stop: running }, { executions: EXECUTIONS })
  expect(wrong, `seed ${seed}`).toEqual([])
  expect(reached['executions']).toBe(EXECUTIONS)
})

test('the inputs are hostile: every parser has some to refuse, and takes none for another', async () => {
  for (const parser of all) {
    const seeded = new Seeded(7)
    const outcomes = await outcomesOf(
      parser,
      Array.from({ length: EXECUTIONS }, () => parser.make(seeded)),
    )
    expect(outcomes, parser.name).toContain('refused')
    expect(outcomes.filter(isFault), parser.name).toEqual([])
  }
})

describe('inputs that failed once', () => {
  test.each(KEPT_INPUTS)('$parser', async ({ parser: name, hex }) => {
    const parser = all.find((one) => one.name === name)
    const input = fromHex(hex)
    if (!parser || !input) throw new Error(`no parser is called ${name}, or its input is no hex`)
    expect((await outcomesOf(parser, [input])).filter(isFault)).toEqual([])
  })
})

const SWEPT_MAX_BYTES = 160
/** Each bit of what is sealed or signed is turned in test/crypto, where one message is enough. */
const swept = all.filter(({ name, specimens }) => !name.includes('sealed') && specimens.some(({ length }) => length <= SWEPT_MAX_BYTES))

test('empty, one byte, and one byte more than the longest message', async () => {
  const inputs = [0, 1, 2_049, CBOR_SIZE_MAX_BYTES + 1].flatMap((length) =>
    [0, 0x81, 0xff].map((byte) => new Uint8Array(length).fill(byte)),
  )
  for (const parser of all) expect((await outcomesOf(parser, inputs)).filter(isFault), parser.name).toEqual([])
})

test('every prefix and every single bit of a valid input', async () => {
  for (const parser of swept) {
    const specimen = parser.specimens.find(({ length }) => length <= SWEPT_MAX_BYTES) ?? new Uint8Array(0)
    const prefixes = Array.from(specimen, (_, length) => specimen.subarray(0, length))
    const flips = Array.from({ length: specimen.length * 8 }, (_, bit) => {
      const flipped = Uint8Array.from(specimen)
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      return flipped
    })
    expect((await outcomesOf(parser, [...prefixes, ...flips])).filter(isFault), parser.name).toEqual([])
  }
})

describe('what the fuzzing finds', () => {
  const parser = (run: Parser['run']): Parser => ({ name: 'broken', specimens: [], make: (seeded) => seeded.bytes(4), run })
  const findings = async (run: Parser['run']) => {
    const { reached, wrong } = await runEpisode({ seed: 1, stop: running }, { executions: 500, of: [parser(run)] })
    return { executions: reached['executions'], wrong: wrong.map((fault) => fault.split('\n')[0]) }
  }

  test('an exception, at once or later', async () => {
    const one = await findings(([byte = 0]) => {
      if (byte > 250) throw new RangeError('past the end')
      return 'refused'
    })
    expect(one.wrong).toHaveLength(3)
    expect(one.wrong[0]).toMatch(/^broken: threw .*past the end/)
    const later = await findings(async ([byte = 0]): Promise<Outcome> => {
      if (byte > 250) throw new RangeError('past the end')
      return 'refused'
    })
    expect(later).toEqual(one)
  })

  test('a wrong answer', async () => {
    const found = await findings(([byte = 0]) => (byte > 250 ? { fault: 'accepted, and written again it is other bytes' } : 'accepted'))
    expect(found.wrong[0]).toBe('broken: accepted, and written again it is other bytes')
  })

  test('an input that takes too long each time it is tried, and not one that did once', async () => {
    // By the clock and in processor time: the one runs ahead on a busy machine, the other when more than one thread works.
    const busy = (ms: number) => {
      const [startedMs, before] = [performance.now(), process.cpuUsage()]
      const spentMs = () => {
        const { user, system } = process.cpuUsage(before)
        return Math.min(performance.now() - startedMs, (user + system) / 1_000)
      }
      while (spentMs() < ms);
    }
    let tries = 0
    const slow = parser(() => {
      tries += 1
      busy(EXECUTION_MAX_MS + 1)
      return 'refused'
    })
    expect((await execute(slow, new Uint8Array(1))).outcome).toMatchObject({ fault: expect.stringMatching(/^took 5\d ms/) as string })
    expect(tries).toBe(4)
    let isFirst = true
    const once = parser(() => {
      busy(isFirst ? EXECUTION_MAX_MS + 1 : 0)
      isFirst = false
      return 'accepted'
    })
    expect((await execute(once, new Uint8Array(1))).outcome).toBe('accepted')
  })

  test('and the same seed finds the same again', async () => {
    const run: Parser['run'] = ([byte = 0]) => (byte > 240 ? { fault: `byte ${byte}` } : 'refused')
    expect(await findings(run)).toEqual(await findings(run))
  })
})
