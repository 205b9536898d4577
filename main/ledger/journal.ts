import type { Clock, Keys, ReadStore, SqlRow, WriteStore } from '#main/ports.ts'
import { toBase64Url } from '#shared/contracts/bytes.ts'
import { canonical } from './canonical.ts'
import { entryHash, FIRST_PREV_HASH, headBytes } from './head.ts'
import type { EventFields, EventKind, Head } from './ports.ts'

const LAST_ENTRY = 'SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1'
const ADD_ENTRY = 'INSERT INTO journal (seq, kind, at, entry_json, prev_hash, hash, signature, kid) VALUES (?, ?, ?, ?, ?, ?, ?, ?)'
const SIGNED_HEAD = 'SELECT seq, hash, signature, kid, at FROM journal ORDER BY seq DESC LIMIT 1'

export type Journal = {
  /** Chains, stores and signs one entry. `at` is ISO 8601 UTC. */
  append(tx: WriteStore, entry: { readonly kind: EventKind | 'receipt'; readonly at: string; readonly fields: EventFields }): Head
  last(reads: ReadStore): Head | undefined
  signedHead(reads: ReadStore): Head & { readonly signature: string; readonly kid: string; readonly at: string }
  now(): string
}

/** The hash-chained list of what happened. Each head is signed in the transaction that makes it. */
export function createJournal({ keys, clock }: { readonly keys: Keys; readonly clock: Clock }): Journal {
  const kid = toBase64Url(keys.signer.kid)
  const last = (reads: ReadStore): Head | undefined => {
    const row = reads.get(LAST_ENTRY)
    return row && { seq: Number(row['seq']), hash: String(row['hash']) }
  }
  return {
    append(tx, { kind, at, fields }) {
      const previous = last(tx) ?? { seq: 0, hash: FIRST_PREV_HASH }
      const seq = previous.seq + 1
      // What the journal itself states comes last, so that no field can pass for it.
      const entryJson = canonical({ ...fields, seq, kind, at })
      const hash = entryHash(previous.hash, entryJson)
      const signature = toBase64Url(keys.signNow(headBytes({ seq, hash })))
      tx.run(ADD_ENTRY, seq, kind, at, entryJson, previous.hash, hash, signature, kid)
      return { seq, hash }
    },
    last,
    signedHead(reads) {
      const row: SqlRow = reads.get(SIGNED_HEAD) ?? {}
      return {
        seq: Number(row['seq']),
        hash: String(row['hash']),
        signature: String(row['signature']),
        kid: String(row['kid']),
        at: String(row['at']),
      }
    },
    now: () => new Date(clock.nowMs()).toISOString(),
  }
}
