import fc from 'fast-check'
import { expect, test } from 'vitest'
import { COUNTER_BLOCK, ProofCounter } from '#reference/band/proof-counter.ts'
import { err, ok } from '#shared/result.ts'

/** Flash that survives a crash of the band. A write can fail before or after it has reached the flash. */
class Flash {
  ceiling = 0
  next: 'works' | 'lost' | 'written-but-failed' = 'works'

  saveCounter = async (ceiling: number) => {
    const fate = this.next
    this.next = 'works'
    if (fate !== 'lost') this.ceiling = ceiling
    return fate === 'works' ? ok() : err('storage-failed' as const)
  }
}

const step = fc.oneof(
  fc.record({ type: fc.constant('take' as const), count: fc.integer({ min: 1, max: 50 }) }),
  fc.record({ type: fc.constant('crash' as const) }),
  fc.record({ type: fc.constant('fail' as const), how: fc.constantFrom('lost' as const, 'written-but-failed' as const) }),
)

test('no value is handed out twice, across crashes, failing writes and many takers at once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const flash = new Flash()
      const used: number[] = []
      let counter = new ProofCounter(flash, flash.ceiling)
      for (const act of steps) {
        if (act.type === 'crash') counter = new ProofCounter(flash, flash.ceiling)
        if (act.type === 'fail') flash.next = act.how
        if (act.type !== 'take') continue
        const values = await Promise.all(Array.from({ length: act.count }, async () => counter.next()))
        for (const value of values) {
          if (!value.ok) continue
          // On disk before it is used: a crash right now would not give it again.
          expect(value.value).toBeLessThanOrEqual(flash.ceiling)
          expect(value.value).toBeGreaterThan(used.at(-1) ?? 0)
          used.push(value.value)
        }
      }
      expect(new Set(used).size).toBe(used.length)
    }),
    { numRuns: 200 },
  )
})

test('a failed write gives no value, and the next one works', async () => {
  const flash = new Flash()
  const counter = new ProofCounter(flash, 0)
  flash.next = 'lost'
  expect(await counter.next()).toEqual(err('storage-failed'))
  expect(await counter.next()).toEqual(ok(1))
  expect(flash.ceiling).toBe(COUNTER_BLOCK)
})

test('one write reserves a whole block', async () => {
  let writes = 0
  const counter = new ProofCounter({ saveCounter: async () => ((writes += 1), ok()) }, 0)
  for (let value = 1; value <= COUNTER_BLOCK * 2; value += 1) expect(await counter.next()).toEqual(ok(value))
  expect(writes).toBe(2)
})
