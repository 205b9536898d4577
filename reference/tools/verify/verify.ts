/**
 * Checks a terminal's database from outside: plain SQL and node:crypto, nothing of the terminal's own code. What the terminal wrote
 * is recomputed here from the rules in docs; where the two disagree, the row is named and the walk goes on.
 */
import type Database from 'better-sqlite3'
import { jsonObject } from './canonical-json.ts'
import { checkJournal, type Entry } from './check-journal.ts'
import { checkAttempts, checkOutbox, checkReversals, checkYeses } from './check-money.ts'
import { checkPulled } from './check-pulled.ts'
import { checkReceipts } from './check-receipts.ts'
import { checkShape } from './check-shape.ts'
import { checkVoids } from './check-voids.ts'
import { checkWitnesses, type WitnessSummary } from './check-witnesses.ts'
import type { Witness } from './read-witness.ts'
import { Findings, type Report } from './report.ts'

/** `trustedPoint`: the terminal's public key as its registry knows it, base64url of the 33-byte point. */
export function verifyDatabase(database: Database.Database, trustedPoint?: string, witnesses: readonly Witness[] = []): Report {
  const findings = new Findings()
  let entries: ReadonlyMap<number, Entry> = new Map()
  const steps: readonly [string, () => void][] = [
    ['file', () => checkShape(database, findings)],
    ['journal', () => void (entries = checkJournal(database, findings, trustedPoint))],
    ['receipts', () => checkReceipts(database, findings, entries)],
    ['pulled_receipts', () => checkPulled(database, findings, entries)],
    ['receipts', () => checkVoids(database, findings)],
    ['attempts', () => checkAttempts(database, findings)],
    ['unknown_yeses', () => checkYeses(database, findings)],
    ['outbox', () => checkReversals(database, findings, entries)],
    ['outbox', () => checkOutbox(database, findings, entries)],
  ]
  for (const [table, step] of steps) {
    try {
      step()
    } catch (error) {
      // A damaged page, a missing table: named, and the other tables are still looked at.
      findings.bad(table, 'unreadable', error instanceof Error ? error.message : String(error))
    }
  }
  const heard = witnesses.length > 0 ? checkWitnesses(findings, entries, witnesses, trustedPoint) : []
  const last = [...entries.values()].at(-1)
  return {
    sound: findings.checks.every((check) => check.problems === 0),
    checks: findings.checks,
    problems: findings.problems,
    notProven: notProven(entries, trustedPoint, heard),
    head: last && { seq: last.seq, hash: last.hash },
    witnesses: heard,
  }
}

/** The terminal that the first entry names; undefined when that entry cannot be read. */
export function terminalOf(database: Database.Database): string | undefined {
  try {
    const text = database.prepare('SELECT entry_json FROM audit_journal WHERE seq = 1').pluck().get()
    const terminal = jsonObject(text)?.['terminal']
    return typeof terminal === 'string' ? terminal : undefined
  } catch {
    return undefined
  }
}

function notProven(
  entries: ReadonlyMap<number, Entry>,
  trustedPoint: string | undefined,
  witnesses: readonly WitnessSummary[],
): readonly string[] {
  const whoseKey = `That the signing key is this terminal’s own: it is the one that entry 1 names. Compare it with the registry’s (--point).`
  const authorizations = 'That the authorizations on file are the authorizer’s: their signatures need its published keys, and its books.'
  const lost = witnesses.reduce((sum, witness) => sum + witness.lost, 0)
  const restores = `That the restores in the journal were honest: ${lost} heads that were seen are of what they say was lost.`
  return [
    tail([...entries.keys()].at(-1) ?? 0, witnesses),
    ...(trustedPoint === undefined ? [whoseKey] : []),
    authorizations,
    ...(lost > 0 ? [restores] : []),
  ]
}

function tail(last: number, witnesses: readonly WitnessSummary[]): string {
  const [newest] = witnesses
    .flatMap((witness) => witness.newest ?? [])
    .toSorted((a, b) => b.seq - a.seq || Date.parse(b.at) - Date.parse(a.at))
  if (!newest)
    return `That nothing came after entry ${last}: a tail cut off together with all it left in the other tables shows only against a witness.`
  if (newest.seq < last)
    return `That nothing came after entry ${last}: the newest entry that a witness saw is ${newest.seq}, at ${newest.at}.`
  return `That nothing came after entry ${last} since ${newest.at}, when a witness saw it as the newest.`
}
