/** A whole run against one target: each rule on a band or phone that has just left the factory. */
import { BandBench } from './band-bench.ts'
import { type Target, TargetClock } from './bench.ts'
import { type Patience, parseAddress } from './line.ts'
import { PhoneBench } from './phone-bench.ts'
import { type Finding, type Report, reportOf, tryRule } from './report.ts'
import { type Rule, Unreachable } from './rule.ts'
import { BAND_AIR_RULES } from './rules/band-air.ts'
import { BAND_FRAME_RULES } from './rules/band-frames.ts'
import { BAND_LOCK_RULES } from './rules/band-lock.ts'
import { BAND_SESSION_RULES } from './rules/band-session.ts'
import { BAND_SLOT_RULES } from './rules/band-slots.ts'
import { BAND_WEAR_RULES } from './rules/band-wear.ts'
import { PHONE_ANSWER_RULES } from './rules/phone-answers.ts'
import { PHONE_BOND_RULES } from './rules/phone-bond.ts'
import { PHONE_CHECK_RULES } from './rules/phone-checks.ts'
import { PHONE_IDENTITY_RULES } from './rules/phone-identity.ts'
import { PHONE_OFFLINE_RULES } from './rules/phone-offline.ts'

export const BAND_RULES = [
  ...[...BAND_FRAME_RULES, ...BAND_SESSION_RULES, ...BAND_LOCK_RULES, ...BAND_WEAR_RULES],
  ...[...BAND_SLOT_RULES, ...BAND_AIR_RULES],
]
export const PHONE_RULES = [
  ...[...PHONE_BOND_RULES, ...PHONE_CHECK_RULES, ...PHONE_ANSWER_RULES],
  ...[...PHONE_IDENTITY_RULES, ...PHONE_OFFLINE_RULES],
]
/** A part answers at once; what is slower than this does not answer. */
export const USUAL_PATIENCE: Patience = { answerMs: 5_000, silenceMs: 300 }

export type RunOptions = {
  readonly part: 'band' | 'phone'
  /** `tcp:HOST:PORT` */
  readonly target: string
  readonly patience?: Patience
  /** Only rules of these names. */
  readonly only?: readonly string[]
  readonly onFinding?: (finding: Finding) => void
}

/** Throws `Unreachable` when there is nothing to try out. */
export async function runConformance({ part, target, patience = USUAL_PATIENCE, only, onFinding }: RunOptions): Promise<Report> {
  const address = parseAddress(target)
  if (!address.ok) throw new Unreachable(`a target is named tcp:HOST:PORT, not ${target}`)
  const aim: Target = { address: address.value, patience, clock: new TargetClock() }
  const tryAll = async <Bench extends { close(): Promise<void> }>(rules: readonly Rule<Bench>[], fresh: () => Promise<Bench>) => {
    const findings: Finding[] = []
    for (const rule of rules) {
      if (only && !only.includes(rule.id)) continue
      const finding = await tryRule(rule, fresh)
      onFinding?.(finding)
      findings.push(finding)
    }
    return findings
  }
  const findings =
    part === 'band'
      ? await tryAll(BAND_RULES, async () => BandBench.fresh(aim))
      : await tryAll(PHONE_RULES, async () => PhoneBench.fresh(aim))
  return reportOf(target, part, findings)
}
