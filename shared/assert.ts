/** Thrown when our own code is wrong. Never caught to be ignored, never shown to a customer. */
export class Bug extends Error {
  override readonly name = 'Bug'
}

/** States what must be true here. A false condition is our mistake, so it stops the work at once. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Bug(message)
}

/** The end of an exhaustive switch: a new case that nobody handled fails to compile. */
export function unreachable(value: never): never {
  throw new Bug(`unhandled case: ${JSON.stringify(value)}`)
}
