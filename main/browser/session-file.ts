/**
 * Sessions that outlive a crash: when the supervisor starts the terminal again on its old port, the screens that were open go on by
 * themselves. Only digests are kept, which let nobody in; an orderly stop removes them.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'

const SESSION_FILE = 'sessions.json'
const OWNER_ONLY_FILE = 0o600
/** A crash is followed by a restart within a minute; what is older belongs to another day. */
const KEPT_MS_MAX = 10 * 60_000
const DIGESTS_MAX = 8

const kept = z.strictObject({ aliveAtMs: z.number(), digests: z.array(z.string().length(44)).max(DIGESTS_MAX) })

export interface SessionStore {
  /** Digests of the sessions of a run that was cut off not long ago. */
  load(): readonly string[]
  save(digests: readonly string[]): void
  /** Forgets them all. */
  clear(): void
}

/** Keeps sessions in `folder`. A disk that refuses costs only the comfort: the screens then need a new address. */
export function sessionFile(folder: string, nowMs: () => number): SessionStore {
  const file = join(folder, SESSION_FILE)
  return {
    load() {
      try {
        const parsed = kept.safeParse(JSON.parse(readFileSync(file, 'utf8')))
        const ageMs = parsed.success ? nowMs() - parsed.data.aliveAtMs : Number.NaN
        return parsed.success && ageMs >= 0 && ageMs <= KEPT_MS_MAX ? parsed.data.digests : []
      } catch {
        return []
      }
    },
    save(digests) {
      try {
        const draft = `${file}.draft`
        rmSync(draft, { force: true })
        writeFileSync(draft, JSON.stringify({ aliveAtMs: nowMs(), digests }), { mode: OWNER_ONLY_FILE, flag: 'wx' })
        renameSync(draft, file)
      } catch {
        // See above: nothing depends on it.
      }
    },
    clear() {
      try {
        rmSync(file, { force: true })
      } catch {
        // The digests age out by themselves.
      }
    },
  }
}
