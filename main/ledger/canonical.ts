import { createHash } from 'node:crypto'
import canonicalize from 'canonicalize'
import { assert } from '#shared/assert.ts'

/** RFC 8785: one text for one content, so that a hash of it means the content. */
export function canonical(content: unknown): string {
  const text = canonicalize(content)
  assert(typeof text === 'string', 'only JSON content has a canonical form')
  return text
}

/** Lower-case hex SHA-256 of the text's UTF-8 bytes. */
export function sha256Hex(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex')
}
