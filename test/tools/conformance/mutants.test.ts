/** Bands and phones that break one rule each, tried out as real processes: the run names that rule, and no other. */
import { expect, test } from 'vitest'
import { BAND_RULES, PHONE_RULES, runConformance } from '#reference/tools/conformance/run.ts'
import { startLinePart } from '#test/support/line-parts.ts'
import { chosenMutants, growMutant, MUTANTS, type Mutant } from '#test/support/mutants.ts'

/** Silence is only waited for where a rule expects it, and a mutant that answers too late is found by another rule of its kind. */
const PATIENCE = { answerMs: 4_000, silenceMs: 600 }

test('every mutant is for a rule there is, each rule has one at most, and there are at least twelve', () => {
  const rules = new Set([...BAND_RULES.map(({ id }) => `band ${id}`), ...PHONE_RULES.map(({ id }) => `phone ${id}`)])
  const named = MUTANTS.map(({ part, rule }) => `${part} ${rule}`)
  expect(named.filter((name) => !rules.has(name))).toEqual([])
  expect(new Set(named).size).toBe(named.length)
  expect(chosenMutants().length).toBeGreaterThanOrEqual(12)
})

/** In every run a mutant meets its rule and a part of the others, each another part; all of them when BANDTILL_MUTANTS is `all`. */
const PARTS = process.env['BANDTILL_MUTANTS'] === 'all' ? 1 : 4
const TIMEOUT_MS = 180_000

function rulesFor({ part, rule }: Mutant): readonly string[] {
  const turn = chosenMutants().findIndex((mutant) => mutant.part === part && mutant.rule === rule)
  const ids = (part === 'band' ? BAND_RULES : PHONE_RULES).map(({ id }) => id)
  return ids.filter((id, index) => id === rule || index % PARTS === turn % PARTS)
}

test.concurrent.for(chosenMutants())(
  'a $part that breaks $rule is found by that rule alone',
  { timeout: TIMEOUT_MS },
  async (mutant, { onTestFinished }) => {
    const grown = growMutant(mutant)
    const part = await startLinePart(mutant.part, grown.root)
    onTestFinished(async () => {
      await part.stop().finally(() => grown.remove())
    })
    const report = await runConformance({ part: mutant.part, target: part.target, patience: PATIENCE, only: rulesFor(mutant) })
    const broken = report.rules.filter(({ outcome }) => outcome !== 'passed')
    expect(
      broken.map(({ id }) => id),
      JSON.stringify(broken),
    ).toEqual([mutant.rule])
  },
)
