/** JSON that may be anything by the time it is read: a program kept it on a disk, or has it from the other end of a line. */
import type * as z from 'zod'

/** What the text holds, or undefined when it is nothing of that shape. */
export function readKept<T>(schema: z.ZodType<T>, text: string): T | undefined {
  try {
    const read = schema.safeParse(JSON.parse(text))
    return read.success ? read.data : undefined
  } catch {
    return undefined
  }
}
