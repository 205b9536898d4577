/** What the fuzzing knows of a parser: how hostile input for it is made, and what running it once must show. */
import { equalBytes } from '#shared/contracts/bytes.ts'
import type { Result } from '#shared/result.ts'
import type { Seeded } from '#test/support/seeded.ts'

/** Makes one input. The same generator in the same state makes the same one. */
export type InputMaker = (seeded: Seeded) => Uint8Array
/** What a parser made of an input: took it, refused it as it may, or broke a rule. An exception breaks one as well. */
export type Outcome = 'accepted' | 'refused' | { readonly fault: string }

export type Parser = {
  readonly name: string
  /** Valid inputs, which it accepts. */
  readonly specimens: readonly Uint8Array[]
  readonly make: InputMaker
  readonly run: (input: Uint8Array) => Outcome | Promise<Outcome>
}

/** Looks at a `Result`: the error must be one of those documented; `look` says what is the matter with what was accepted. */
export function judged<T>(
  result: Result<T, string>,
  errors: readonly string[],
  look: (value: T) => string | undefined = () => undefined,
): Outcome {
  if (result.ok) {
    const fault = look(result.value)
    return fault === undefined ? 'accepted' : { fault }
  }
  return errors.includes(result.error) ? 'refused' : { fault: `the error ${result.error} is not documented` }
}

/** A canonical format has one text for one content. */
export function otherBytes(encoded: Uint8Array, input: Uint8Array): string | undefined {
  return equalBytes(encoded, input) ? undefined : 'accepted, and written again it is other bytes'
}
