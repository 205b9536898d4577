/** A rule of docs/protocol.md as the harness tries it: what it says, where, and a check that throws `Broken` when the target does otherwise. */

export type Rule<Bench> = {
  /** `part.what`, stable: reports and makers name rules by it. */
  readonly id: string
  /** Section of docs/protocol.md. */
  readonly section: string
  readonly says: string
  readonly check: (bench: Bench) => Promise<void>
}

/** The target broke the rule. The message says what was seen. */
export class Broken extends Error {
  override readonly name = 'Broken'
}
/** The target has no hands for what this rule needs: it is not tested. */
export class Untestable extends Error {
  override readonly name = 'Untestable'
}
/** The target is not there, or not what was said. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable'
}

export function must(condition: unknown, seen: string): asserts condition {
  if (!condition) throw new Broken(seen)
}
