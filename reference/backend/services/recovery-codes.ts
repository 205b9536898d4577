/** Ten codes on paper, each good once, for the day when every passkey is out of reach. What they open may freeze, and little else. */
import { RECOVERY_CODE_COUNT } from '#shared/contracts/owner-api.ts'
import { ok } from '#shared/result.ts'
import type { Database, Tx } from '../database/tables.ts'
import { type Refusable, refuse, refuseFor } from '../refusal.ts'
import { type OwnerSession, removeOwnerSessions } from '../repositories/owner-sessions-repository.ts'
import {
  findRecoveringAccount,
  findRecoveryWait,
  noteRecoveryCodeUse,
  removeRecoveryWait,
  replaceRecoveryCodes,
  setRecoveryWait,
  unusedRecoveryCodes,
} from '../repositories/recovery-codes-repository.ts'
import { CODE_GROUP_LETTERS, digestOf, isSameText, newCode, readCode, spelled } from '../secrets.ts'
import { type Clock, instantOf } from '../world.ts'
import type { TellOwner } from './notices.ts'
import type { OpenedSession, OwnerSessions } from './owner-sessions.ts'

/** The first groups say whose code it is (50 bits), the others which one (75 bits). */
const NAME_GROUPS = 2
const SECRET_GROUPS = 3
const CODE_GROUPS = NAME_GROUPS + SECRET_GROUPS
const NAME_LETTERS = NAME_GROUPS * CODE_GROUP_LETTERS

const WAIT_FIRST_MS = 1_000
const WAIT_MAX_MS = 15 * 60_000
/** After so long without a failure the earlier ones are forgotten. */
const FAILURES_KEPT_MS = 24 * 60 * 60_000
/** Many people may share one address, and one of them mistypes. */
const FREE_FAILURES_PER_ADDRESS = 4

/** How long to wait after so many failures: nothing while they are free, then a second, doubling, up to a quarter of an hour. */
export function waitAfter(failures: number, free: number): number {
  return failures <= free ? 0 : Math.min(WAIT_MAX_MS, WAIT_FIRST_MS * 2 ** (failures - free - 1))
}

type Guess = { readonly subject: string; readonly free: number }

export class RecoveryCodes {
  readonly #db: Database
  readonly #clock: Clock
  readonly #tell: TellOwner
  readonly #sessions: OwnerSessions

  constructor(db: Database, clock: Clock, tell: TellOwner, sessions: OwnerSessions) {
    this.#db = db
    this.#clock = clock
    this.#tell = tell
    this.#sessions = sessions
  }

  /** Ten new codes, as they are shown, this once. Those before are void, and so are the sessions they opened. */
  async renew(tx: Tx, accountId: string): Promise<string[]> {
    const name = newCode(NAME_GROUPS)
    const codes = Array.from({ length: RECOVERY_CODE_COUNT }, () => name + newCode(SECRET_GROUPS))
    await replaceRecoveryCodes(tx, accountId, { name, digests: codes.map(digestOf) })
    await removeOwnerSessions(tx, accountId, 'recovery-code')
    await this.#tell(tx, accountId, 'recovery-codes-made', String(RECOVERY_CODE_COUNT))
    return codes.map(spelled)
  }

  async renewOf(session: OwnerSession): Promise<string[]> {
    return this.#db.transaction().execute(async (tx) => this.renew(tx, session.accountId))
  }

  /**
   * Signs in with a code. Whoever guesses waits longer each time, for this account and from this address; a code of nobody counts and
   * is answered like a wrong one, so that a guesser never learns that they are near. `address`: where the call came from.
   */
  async signIn(typed: string, address: string, before: OwnerSession | undefined): Promise<Refusable<OpenedSession>> {
    const code = readCode(typed, CODE_GROUPS)
    const guesses: readonly Guess[] = [
      { subject: `address:${digestOf(networkOf(address))}`, free: FREE_FAILURES_PER_ADDRESS },
      ...(code === undefined ? [] : [{ subject: nameSubject(code), free: 0 }]),
    ]
    const nowMs = this.#clock.nowMs()
    // Waits are read and set in one transaction: many guesses at once are still one after another.
    return this.#db.transaction().execute(async (tx) => {
      const waits = await Promise.all(guesses.map(async ({ subject }) => findRecoveryWait(tx, subject, nowMs)))
      const untilMs = Math.max(...waits.map((wait) => wait?.untilMs ?? 0))
      if (untilMs > nowMs) return refuseFor(untilMs - nowMs, 'wait before the next try')
      const found = code === undefined ? undefined : await match(tx, code)
      if (code === undefined || !found) {
        for (const [index, { subject, free }] of guesses.entries()) {
          const failures = (waits[index]?.failures ?? 0) + 1
          const until = nowMs + waitAfter(failures, free)
          await setRecoveryWait(tx, subject, { failures, untilMs: until, expiresAtMs: nowMs + FAILURES_KEPT_MS })
        }
        return refuse('not-allowed', 'the recovery code is not good')
      }
      // The address keeps its failures: else a guesser with an account of their own could wipe them away.
      await removeRecoveryWait(tx, nameSubject(code))
      await noteRecoveryCodeUse(tx, digestOf(code), instantOf(nowMs))
      const left = (await unusedRecoveryCodes(tx, found.accountId)).length
      await this.#tell(tx, found.accountId, 'recovery-code-used', String(left))
      return ok(await this.#sessions.open(tx, found.accountId, null, before))
    })
  }
}

function nameSubject(code: string): string {
  return `name:${digestOf(code.slice(0, NAME_LETTERS))}`
}

/** The account whose unused code this is. As many comparisons are made for a code of nobody as for anybody's. */
async function match(tx: Tx, code: string): Promise<{ readonly accountId: string } | undefined> {
  const accountId = await findRecoveringAccount(tx, code.slice(0, NAME_LETTERS))
  const digests = accountId === undefined ? [] : await unusedRecoveryCodes(tx, accountId)
  const asked = digestOf(code)
  let isGood = false
  for (let index = 0; index < RECOVERY_CODE_COUNT; index += 1) {
    const nobodys = digestOf(String(index))
    const isSame = isSameText(digests[index] ?? nobodys, asked)
    isGood ||= isSame
  }
  return isGood && accountId !== undefined ? { accountId } : undefined
}

/** The network an address stands for: itself, or of IPv6 the first 64 bits, which one subscriber has to themselves. */
export function networkOf(address: string): string {
  if (!address.includes(':') || address.includes('.')) return address
  const [head = '', tail] = address.split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length)
  return [...before, ...Array.from({ length: zeros }, () => '0'), ...after].slice(0, 4).join(':')
}
