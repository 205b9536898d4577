import type { WitnessSummary } from './check-witnesses.ts'

/** A row that is not as it should be, named so that a person finds it. */
export type Problem = { readonly table: string; readonly row: string; readonly text: string }
export type Check = { readonly name: string; rows: number; problems: number }

export type Report = {
  readonly sound: boolean
  readonly checks: readonly Check[]
  readonly problems: readonly Problem[]
  /** What these figures cannot prove, in words. */
  readonly notProven: readonly string[]
  readonly head: { readonly seq: number; readonly hash: string } | undefined
  /** What each witness had to say; empty when none was asked. */
  readonly witnesses: readonly WitnessSummary[]
}

/** A problem is counted for every check; no more than this many are named, so that a wrecked file still gives a readable answer. */
export const PROBLEMS_NAMED_MAX = 10_000

/** Gathers what the checks find. */
export class Findings {
  readonly checks: Check[] = []
  readonly problems: Problem[] = []
  #current: Check = { name: '', rows: 0, problems: 0 }

  /** What follows belongs to this check. */
  begin(name: string): void {
    this.#current = { name, rows: 0, problems: 0 }
    this.checks.push(this.#current)
  }

  row(): void {
    this.#current.rows += 1
  }

  bad(table: string, row: unknown, text: string): void {
    this.#current.problems += 1
    if (this.problems.length < PROBLEMS_NAMED_MAX) this.problems.push({ table, row: String(row), text })
  }

  /** Names the row unless the two are the same. */
  same(table: string, row: unknown, what: string, found: unknown, expected: unknown): void {
    if (found !== expected) this.bad(table, row, `${what} is ${show(found)}, should be ${show(expected)}`)
  }
}

const SHOWN_MAX = 80

function show(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'missing')
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text
}
