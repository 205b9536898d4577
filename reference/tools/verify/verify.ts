/**
 * Checks a terminal's database from outside: plain SQL and node:crypto, nothing of the terminal's own code. What the terminal wrote
 * is recomputed here from the rules in docs; where the two disagree, the row is named and the walk goes on.
 */
import type Database from 'better-sqlite3'
import { checkJournal, type Entry } from './check-journal.ts'
import { checkAttempts, checkOutbox, checkReversals, checkYeses } from './check-money.ts'
import { checkPulled } from './check-pulled.ts'
import { checkReceipts } from './check-receipts.ts'
import { checkShape } from './check-shape.ts'
import { checkVoids } from './check-voids.ts'
import { Findings, type Report } from './report.ts'

/** `trustedPoint`: the terminal's public key as its registry knows it, base64url of the 33-byte point. */
export function verifyDatabase(database: Database.Database, trustedPoint?: string): Report {
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
  const last = [...entries.values()].at(-1)
  return {
    sound: findings.checks.every((check) => check.problems === 0),
    checks: findings.checks,
    problems: findings.problems,
    notProven: notProven(entries, trustedPoint),
    head: last && { seq: last.seq, hash: last.hash },
  }
}

function notProven(entries: ReadonlyMap<number, Entry>, trustedPoint: string | undefined): readonly string[] {
  const last = [...entries.keys()].at(-1) ?? 0
  const cutTail = `That nothing came after entry ${last}: a tail cut off together with all it left in the other tables shows only against a witness.`
  const whoseKey = `That the signing key is this terminal’s own: it is the one that entry 1 names. Compare it with the registry’s (--point).`
  const authorizations = 'That the authorizations on file are the authorizer’s: their signatures need its published keys, and its books.'
  return trustedPoint === undefined ? [cutTail, whoseKey, authorizations] : [cutTail, authorizations]
}
