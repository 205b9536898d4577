/** A whole run against one target: each rule on a band or phone that has just left the factory. */
import { BandBench } from './band-bench.ts'
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
  let movedMs = 0
  const chosen = <Bench>(rules: readonly Rule<Bench>[]) => rules.filter(({ id }) => only?.includes(id) ?? true)
  const open =
    part === 'band'
      ? { rules: chosen(BAND_RULES), fresh: async () => BandBench.fresh(address.value, patience, movedMs) }
      : { rules: chosen(PHONE_RULES), fresh: async () => PhoneBench.fresh(address.value, patience, movedMs) }
  const findings: Finding[] = []
  for (const rule of open.rules as readonly Rule<BandBench | PhoneBench>[]) {
    const finding = await tryRule(rule, async (use) => {
      const bench = await open.fresh()
      try {
        await use(bench)
      } finally {
        movedMs = await bench.close()
      }
    })
    onFinding?.(finding)
    findings.push(finding)
  }
  return reportOf(target, part, findings)
}
