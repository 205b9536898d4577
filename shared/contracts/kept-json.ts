/** JSON that a program kept for itself and reads again at its next start, from a disk that may have changed it. */
import type * as z from 'zod'

/** What the text holds, or undefined when it is not what was kept. */
export function readKept<T>(schema: z.ZodType<T>, text: string): T | undefined {
  try {
    const read = schema.safeParse(JSON.parse(text))
    return read.success ? read.data : undefined
  } catch {
    return undefined
  }
}
