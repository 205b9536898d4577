/**
 * Compares every head that witnesses saw with the chain in the file. A journal can be rewritten by whoever has the terminal's key, and its
 * end can be cut off; what is out of their reach is what others have seen of it.
 */
import { type KeyObject, verify } from 'node:crypto'
import type { SeenHead } from '#shared/contracts/witness.ts'
import { type Entry, publicKeyOf, restoresOf } from './check-journal.ts'
import type { Witness } from './read-witness.ts'
import type { Findings } from './report.ts'

/** Honest clocks differ by up to this much, milliseconds (as everywhere in the protocol). */
const CLOCK_TOLERANCE_MS = 300_000
const SHOWN_CHARACTERS = 16

/** What one witness has to say. */
export type WitnessSummary = {
  readonly name: string
  /** Heads it saw of this terminal. */
  readonly heads: number
  readonly agree: number
  /** Of a part of the journal that was lost before a restore, as the file itself says. */
  readonly lost: number
  readonly disagree: number
  /** The newest entry of this file that it saw, and when it saw it first: everything up to there was so at that time. */
  readonly newest?: { readonly seq: number; readonly at: string }
}

type Chain = {
  readonly entries: ReadonlyMap<number, Entry>
  readonly last: number
  readonly epoch: number
  readonly key: KeyObject | undefined
}
type Verdict = 'agrees' | 'lost' | { readonly wrong: string }
type Judged = { readonly witness: Witness; readonly head: SeenHead; readonly verdict: Verdict }

export function checkWitnesses(
  findings: Findings,
  entries: ReadonlyMap<number, Entry>,
  witnesses: readonly Witness[],
  trustedPoint: string | undefined,
): readonly WitnessSummary[] {
  findings.begin('witnesses')
  const epoch = Math.max(1, ...restoresOf(entries).map((restore) => Number(restore.content['epoch'])))
  const key = publicKeyOf(trustedPoint ?? entries.get(1)?.content['point'])?.key
  const chain = { entries, last: Math.max(0, ...entries.keys()), epoch, key }
  const judged = witnesses.flatMap((witness) =>
    // Entry 0 is before the first: a terminal that has written nothing yet carries it.
    witness.heads.filter(({ seq }) => seq > 0).map((head): Judged => ({ witness, head, verdict: verdictOn(chain, head) })),
  )
  for (const { witness, head, verdict } of judged) {
    findings.row()
    if (typeof verdict === 'object')
      findings.bad('witness', witness.name, `${verdict.wrong}${weightOf(chain, { witness, head, verdict }, judged)}`)
  }
  return witnesses.map((witness) =>
    summaryOf(
      witness,
      judged.filter((one) => one.witness === witness),
    ),
  )
}

function verdictOn({ entries, last, epoch }: Chain, head: SeenHead): Verdict {
  const entry = entries.get(head.seq)
  // A request carries the first 16 bytes.
  if (entry?.hash.startsWith(head.head)) return 'agrees'
  if (restoresOf(entries).some((restore) => isLostBefore(restore, head))) return 'lost'
  const seen = `entry ${head.seq}, seen at ${head.at}`
  if (head.epoch !== undefined && head.epoch > epoch) {
    return {
      wrong: `${seen}, is of epoch ${head.epoch}, and the file ends in epoch ${epoch}: a restore is missing, or this is an older copy.`,
    }
  }
  if (head.seq > last)
    return { wrong: `${seen}, is not here: the file ends with entry ${last}. Its tail was cut off, or it is an older copy.` }
  const [theirs, ours] = [head.head, entry?.hash ?? 'nothing'].map((hash) => `${hash.slice(0, SHOWN_CHARACTERS)}…`)
  return { wrong: `${seen}, was ${theirs} and is ${ours}: entries were changed, and hashed again from there on.` }
}

/**
 * Whether the head can be of the journal that this restore took the place of. That one went on from the same entries, in an epoch before;
 * where the epoch is not known, it was seen before the restore.
 */
function isLostBefore(restore: Entry, { seq, epoch, at }: SeenHead): boolean {
  if (seq < restore.seq) return false
  if (epoch !== undefined) return epoch < Number(restore.content['epoch'])
  return Date.parse(at) <= Date.parse(String(restore.content['at'])) + CLOCK_TOLERANCE_MS
}

/** What speaks for this witness, or against it: the terminal's own signature, and the other witnesses. */
function weightOf({ entries, key }: Chain, { witness, head }: Judged, judged: readonly Judged[]): string {
  if (head.signature !== undefined && head.head.length === 64) {
    return isSigned(head, head.signature, key)
      ? ' The terminal’s own signature is on what was seen: the witness cannot have made it up.'
      : ' The signature on what was seen is not the terminal’s: this witness is not to be believed.'
  }
  const others = judged.filter((one) => one.witness !== witness)
  const namesOf = (some: readonly Judged[]) => [...new Set(some.map((one) => one.witness.name))].join(', ')
  const same = namesOf(others.filter((one) => one.head.seq === head.seq && isSameHead(one.head.head, head.head)))
  // Whoever saw a later entry of this chain has seen all before it.
  const against = entries.has(head.seq) ? namesOf(others.filter((one) => one.verdict === 'agrees' && one.head.seq >= head.seq)) : ''
  if (same !== '' && against !== '') return ` The same was seen by ${same}; what the file says, by ${against}.`
  if (same !== '') return ` The same was seen by ${same}.`
  if (against !== '') return ` This witness disagrees with the others: what the file says was seen by ${against}.`
  return ' No other witness speaks of it.'
}

function isSameHead(a: string, b: string): boolean {
  return a.startsWith(b) || b.startsWith(a)
}

function isSigned({ seq, head }: SeenHead, signature: string, key: KeyObject | undefined): boolean {
  const signed = Buffer.from(`bt1h\n${seq}\n${head}`)
  return key !== undefined && verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'))
}

function summaryOf({ name, heads }: Witness, judged: readonly Judged[]): WitnessSummary {
  const agreeing = judged.filter(({ verdict }) => verdict === 'agrees').map(({ head }) => head)
  const [newest] = agreeing.toSorted((a, b) => b.seq - a.seq || Date.parse(a.at) - Date.parse(b.at))
  const lost = judged.filter(({ verdict }) => verdict === 'lost').length
  return {
    name,
    heads: heads.length,
    agree: agreeing.length,
    lost,
    disagree: judged.length - agreeing.length - lost,
    ...(newest ? { newest: { seq: newest.seq, at: newest.at } } : {}),
  }
}
