import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto'
import type Database from 'better-sqlite3'
import { at, canonicalJson, jsonObject } from './canonical-json.ts'
import type { Findings } from './report.ts'

const FIRST_PREV_HASH = '0'.repeat(64)
/** SubjectPublicKeyInfo of a P-256 key up to its compressed point of 33 bytes (RFC 5480). */
const SPKI_PREFIX = Buffer.from('3039301306072a8648ce3d020106082a8648ce3d030107032200', 'hex')
const KID_BYTES = 8

type Row = Readonly<Record<string, unknown>>
export type Entry = {
  readonly seq: number
  readonly kind: string
  readonly hash: string
  readonly content: Readonly<Record<string, unknown>>
}

export function sha256Hex(...parts: readonly (string | Buffer)[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest('hex')
}

/** Walks the chain from its first entry, checks each signed head, and answers the entries by their place. */
export function checkJournal(
  database: Database.Database,
  findings: Findings,
  trustedPoint: string | undefined,
): ReadonlyMap<number, Entry> {
  findings.begin('journal chain')
  const entries = new Map<number, Entry>()
  let previous = { seq: 0, hash: FIRST_PREV_HASH }
  for (const row of database.prepare<[], Row>('SELECT * FROM journal ORDER BY seq').iterate()) {
    findings.row()
    const seq = Number(row['seq'])
    if (seq !== previous.seq + 1) findings.bad('journal', seq, `follows ${previous.seq}: an entry between is missing`)
    const entryJson = String(row['entry_json'])
    findings.same('journal', seq, 'prev_hash', row['prev_hash'], previous.hash)
    findings.same('journal', seq, 'hash', row['hash'], sha256Hex(String(row['prev_hash']), entryJson))
    const content = jsonObject(entryJson)
    if (!content) findings.bad('journal', seq, 'entry_json is not a JSON object')
    else checkEntry(row, content, entryJson, findings)
    entries.set(seq, { seq, kind: String(content?.['kind']), hash: String(row['hash']), content: content ?? {} })
    // The stored hash, not ours: one altered row is one problem, not a problem in every row after it.
    previous = { seq, hash: String(row['hash']) }
  }
  if (entries.size === 0) findings.bad('journal', 1, 'the journal is empty')
  checkRestores(findings, entries)
  checkHeads(database, findings, entries, trustedPoint)
  return entries
}

function checkEntry(row: Row, content: Readonly<Record<string, unknown>>, entryJson: string, findings: Findings): void {
  const seq = Number(row['seq'])
  if (canonicalJson(content) !== entryJson) findings.bad('journal', seq, 'entry_json is not in RFC 8785 form')
  for (const column of ['seq', 'kind', 'at']) findings.same('journal', seq, column, row[column], content[column])
  if ((seq === 1) !== (content['kind'] === 'open')) findings.bad('journal', seq, 'the journal begins with open, once')
}

/** Each restore opens a later epoch and a series that was not open before. */
function checkRestores(findings: Findings, entries: ReadonlyMap<number, Entry>): void {
  let epoch = 1
  const opened = new Set<unknown>()
  for (const { seq, kind, content } of entries.values()) {
    if (kind === 'open') opened.add(content['series'])
    if (kind !== 'restored') continue
    const next = content['epoch']
    if (!Number.isSafeInteger(next) || Number(next) <= epoch) findings.bad('journal', seq, `epoch ${String(next)} follows ${epoch}`)
    if (opened.has(content['series'])) findings.bad('journal', seq, `series ${String(content['series'])} was open before`)
    opened.add(content['series'])
    epoch = Number(next)
  }
}

/** The epoch the journal is in at this entry: 1, or the one that the last restore before it has opened. */
export function epochAt(entries: ReadonlyMap<number, Entry>, seq: number): number {
  const opened = restoresOf(entries).findLast((restore) => restore.seq <= seq)
  return opened ? Number(opened.content['epoch']) : 1
}

const kept = new WeakMap<ReadonlyMap<number, Entry>, readonly Entry[]>()

/** The entries of restores, looked for once: there are few, and every receipt asks. */
export function restoresOf(entries: ReadonlyMap<number, Entry>): readonly Entry[] {
  const known = kept.get(entries)
  if (known) return known
  const restores = [...entries.values()].filter((entry) => entry.kind === 'restored')
  kept.set(entries, restores)
  return restores
}

/** Signatures over `bt1h`, the place and the hash, by the key that the first entry names. */
function checkHeads(
  database: Database.Database,
  findings: Findings,
  entries: ReadonlyMap<number, Entry>,
  trustedPoint: string | undefined,
): void {
  findings.begin('signed heads')
  const point = entries.get(1)?.content['point']
  if (trustedPoint !== undefined) findings.same('journal', 1, 'point', point, trustedPoint)
  const key = publicKeyOf(trustedPoint ?? point)
  if (!key) {
    findings.bad('journal', 1, 'names no P-256 key to check the heads with')
    return
  }
  for (const row of database.prepare<[], Row>('SELECT seq, hash, signature, kid FROM audit_heads ORDER BY seq').iterate()) {
    findings.row()
    const seq = Number(row['seq'])
    findings.same('heads', seq, 'hash', row['hash'], entries.get(seq)?.hash)
    findings.same('heads', seq, 'kid', row['kid'], key.kid)
    const signature = Buffer.from(String(row['signature']), 'base64url')
    const signed = Buffer.from(`bt1h\n${seq}\n${String(row['hash'])}`)
    if (
      signature.toString('base64url') !== row['signature'] ||
      !verify('sha256', signed, { key: key.key, dsaEncoding: 'ieee-p1363' }, signature)
    ) {
      findings.bad('heads', seq, 'the signature is not the terminal’s')
    }
  }
}

/** The key of a compressed point of P-256, as base64url, and its id. */
export function publicKeyOf(point: unknown): { readonly key: KeyObject; readonly kid: string } | undefined {
  const bytes = Buffer.from(String(point), 'base64url')
  try {
    const key = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, bytes]), format: 'der', type: 'spki' })
    return { key, kid: createHash('sha256').update(bytes).digest().subarray(0, KID_BYTES).toString('base64url') }
  } catch {
    return undefined // Not a point of the curve: the caller names the entry that claims it is.
  }
}

/** Series that the journal has opened: receipts are numbered in no other. */
export function seriesOf(entries: ReadonlyMap<number, Entry>): ReadonlySet<string> {
  return new Set(
    [...entries.values()].flatMap((entry) =>
      entry.kind === 'open' || entry.kind === 'restored' ? [String(at(entry.content, 'series'))] : [],
    ),
  )
}
