/** Bands and phones that break one rule each, tried out as real processes: the run names that rule, and no other. */
import { expect, test } from 'vitest'
import { BAND_RULES, PHONE_RULES, runConformance } from '#reference/tools/conformance/run.ts'
import { startLinePart } from '#test/support/line-parts.ts'
import { chosenMutants, growMutant, MUTANTS } from '#test/support/mutants.ts'

/** Silence is only waited for where a rule expects it, and a mutant that answers too late is found by another rule of its kind. */
const PATIENCE = { answerMs: 4_000, silenceMs: 250 }

test('every mutant is for a rule there is, each rule has one at most, and there are at least twelve', () => {
  const rules = new Set([...BAND_RULES.map(({ id }) => `band ${id}`), ...PHONE_RULES.map(({ id }) => `phone ${id}`)])
  const named = MUTANTS.map(({ part, rule }) => `${part} ${rule}`)
  expect(named.filter((name) => !rules.has(name))).toEqual([])
  expect(new Set(named).size).toBe(named.length)
  expect(chosenMutants().length).toBeGreaterThanOrEqual(12)
})

test.concurrent.for(chosenMutants())('a $part that breaks $rule is found by that rule alone', async (mutant, { onTestFinished }) => {
  const grown = growMutant(mutant)
  const part = await startLinePart(mutant.part, grown.root)
  onTestFinished(async () => {
    await part.stop().finally(() => grown.remove())
  })
  const report = await runConformance({ part: mutant.part, target: part.target, patience: PATIENCE })
  const broken = report.rules.filter(({ outcome }) => outcome !== 'passed')
  expect(
    broken.map(({ id }) => id),
    JSON.stringify(broken),
  ).toEqual([mutant.rule])
})
