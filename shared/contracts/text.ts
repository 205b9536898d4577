/** Text that people read. */
import * as z from 'zod'

/**
 * Of 1 to `max` characters. JSON can carry half of a character (a lone surrogate), which has no bytes in UTF-8 and no canonical form
 * (RFC 8785 §3.2.2.2): in a receipt it could be neither hashed nor kept.
 */
export function readableText(max: number) {
  return whole(z.string().min(1).max(max))
}

/** The same without the spaces around it: what a person has typed. */
export function typedText(max: number) {
  return whole(z.string().trim().min(1).max(max))
}

function whole(text: z.ZodString) {
  return text.refine((value) => value.isWellFormed())
}
