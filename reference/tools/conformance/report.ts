/** What a run found, rule by rule. */
import { Broken, type Rule, Unreachable, Untestable } from './rule.ts'

export type Finding = {
  readonly id: string
  readonly section: string
  readonly says: string
  /** `not-tested`: the target has no hands for it. */
  readonly outcome: 'passed' | 'failed' | 'not-tested'
  /** What was seen, where it did not pass. */
  readonly seen?: string
}
export type Report = {
  readonly target: string
  readonly part: 'band' | 'phone'
  readonly passed: number
  readonly failed: number
  readonly notTested: number
  readonly rules: readonly Finding[]
}

/** Tries one rule. What the target does wrong is a finding; a target that is not there ends the run. */
export async function tryRule<Bench extends { close(): Promise<void> }>(rule: Rule<Bench>, fresh: () => Promise<Bench>): Promise<Finding> {
  const { id, section, says } = rule
  const found = { id, section, says }
  try {
    const bench = await fresh()
    try {
      await rule.check(bench)
    } finally {
      await bench.close()
    }
    return { ...found, outcome: 'passed' }
  } catch (error) {
    if (error instanceof Broken) return { ...found, outcome: 'failed', seen: error.message }
    if (error instanceof Untestable) return { ...found, outcome: 'not-tested', seen: error.message }
    if (error instanceof Unreachable) throw error
    throw new Error(`the rule ${id} itself came to grief`, { cause: error })
  }
}

export function reportOf(target: string, part: Report['part'], rules: readonly Finding[]): Report {
  const count = (outcome: Finding['outcome']) => rules.filter((rule) => rule.outcome === outcome).length
  return { target, part, passed: count('passed'), failed: count('failed'), notTested: count('not-tested'), rules }
}

const WORDS = { passed: 'passed    ', failed: 'FAILED    ', 'not-tested': 'not tested' } as const

/** One line for each rule, and what was seen under those that did not pass. */
export function linesOf({ part, target, passed, failed, notTested, rules }: Report): readonly string[] {
  const width = Math.max(...rules.map(({ id }) => id.length))
  const lines = rules.flatMap(({ id, section, says, outcome, seen }) => [
    `${WORDS[outcome]}  ${section.padEnd(5)} ${id.padEnd(width)}  ${says}`,
    ...(seen === undefined ? [] : [`${' '.repeat(12)}seen: ${seen}`]),
  ])
  return [...lines, `${part} at ${target}: ${passed} passed, ${failed} failed, ${notTested} not tested`]
}
