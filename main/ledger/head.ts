import { createHash } from 'node:crypto'

/** `prev_hash` of the first journal entry. */
export const FIRST_PREV_HASH = '0'.repeat(64)

const encoder = new TextEncoder()

/** The journal's chain: lower-case hex SHA-256 of the previous hash as ASCII, then the entry's bytes. */
export function entryHash(prevHash: string, entryJson: string): string {
  return createHash('sha256').update(prevHash, 'ascii').update(entryJson, 'utf8').digest('hex')
}

/**
 * The bytes a terminal signs for a journal head: the label `bt1h` (bandtill 1, head), the sequence number and the hash, each on a line.
 * ES256 over these bytes, 64 bytes r then s. No other statement of a terminal begins with this label: COSE begins with a CBOR array,
 * HTTP message signatures with a quoted component name.
 */
export function headBytes(head: { readonly seq: number; readonly hash: string }): Uint8Array {
  return encoder.encode(`bt1h\n${head.seq}\n${head.hash}`)
}
