/**
 * Asking one customer who they are: a question over the radio that moves no money, answered with what they agree to. What comes back is in
 * memory for as long as a cashier needs to read it; neither the question nor the answer touches the disk.
 */
import type { Standing } from '#main/enrolment/enrolment.ts'
import type { BandSessions, SessionEnd } from '#main/payments/band-session.ts'
import type { JournalHead } from '#main/payments/statements.ts'
import type { Clock, Keys } from '#main/ports.ts'
import type { Sightings } from '#main/radio/sightings.ts'
import type { IdentifyView } from '#shared/contracts/identify.ts'
import type { Refused, Unsubscribe } from '#shared/contracts/till.ts'
import { sha256 } from '#shared/crypto/keys.ts'
import type { AttemptStage } from '#shared/domain/attempt.ts'
import { type Claim, claimsIn } from '#shared/domain/claims.ts'
import { asIdentifyReason, type IdentifyReason } from '#shared/domain/identify-reasons.ts'
import type { RequestId, SightingId } from '#shared/domain/ids.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { IDENTIFY_LIFETIME_S, signIdentify } from './identify-statement.ts'
import { readIdentity, type Told } from './identity-answer.ts'

const MS_PER_S = 1_000
/** What was told leaves the screen by itself: time to write a name into a form. */
export const TOLD_SHOWN_MS = 120_000

export type IdentityDeps = {
  readonly clock: Clock
  readonly keys: Keys
  readonly newId: () => string
  /** The newest entry of the journal. */
  readonly head: () => JournalHead
  readonly standing: () => Standing
  readonly sightings: Sightings
  readonly sessions: BandSessions
  /** A customer's money is on its way, or a question about it is on the screen: nobody is asked anything else. */
  readonly isOccupied: () => boolean
  readonly onChange: () => void
  readonly onFault: (what: string, detail: Readonly<Record<string, string>>) => void
}

type Question = {
  view: IdentifyView
  /** Resolves when nobody waits for the answer any more. */
  readonly ended: Promise<void>
  readonly end: () => void
  forget: Unsubscribe
}

export class IdentityDesk {
  readonly #deps: IdentityDeps
  #question: Question | undefined
  readonly #underWay = new Set<Promise<void>>()

  constructor(deps: IdentityDeps) {
    this.#deps = deps
  }

  view(): IdentifyView | undefined {
    return this.#question?.view
  }

  isAsking(): boolean {
    return this.#question?.view.state === 'asking'
  }

  /** Asks this band's wearer, in the place of whatever was asked before. What they say shows in `view`. */
  ask(sightingId: SightingId, wanted: readonly Claim[]): Result<void, Refused> {
    const { sightings, newId, onChange, onFault, isOccupied } = this.#deps
    if (isOccupied()) return err({ code: 'payment-running' })
    const address = sightings.addressOf(sightingId)
    const band = sightings.list().find(({ id }) => id === sightingId)
    if (address === undefined || !band) return err({ code: 'band-gone' })
    this.end()
    const { promise: ended, resolve: end } = Promise.withResolvers<void>()
    const about = { requestId: newId() as RequestId, bandLetter: band.letter, asked: claimsIn(wanted, wanted) }
    const question: Question = { view: { ...about, state: 'asking', stage: 'connecting', ...this.#lifeOf() }, ended, end, forget: () => {} }
    this.#question = question
    const running = this.#run(question, address)
      .catch((bug: unknown) => {
        onFault('bug', { detail: String(bug) })
        this.#close(question)
      })
      .finally(() => this.#underWay.delete(running))
    this.#underWay.add(running)
    onChange()
    return ok()
  }

  /** Stops asking, or puts the answer away. True when there was anything. */
  end(): boolean {
    if (!this.#question) return false
    this.#close(this.#question)
    return true
  }

  /** Resolves when no band is asked any more. */
  async stop(): Promise<void> {
    this.end()
    await Promise.all(this.#underWay)
  }

  #close(question: Question): void {
    question.end()
    question.forget()
    if (this.#question !== question) return
    this.#question = undefined
    this.#deps.onChange()
  }

  async #run(question: Question, address: string): Promise<void> {
    const { clock, keys, head, sessions, standing } = this.#deps
    const { requestId, asked: claims } = question.view
    const nowS = () => Math.floor(clock.nowMs() / MS_PER_S)
    let statementDigest: Uint8Array = new Uint8Array()
    let expiresMonotonicMs = clock.monotonicMs() + IDENTIFY_LIFETIME_S * MS_PER_S
    const end = await sessions.run({
      address,
      kind: 'probe',
      requestId,
      statementFor: async ({ message: { bandNonce } }) => {
        const statement = await signIdentify({ keys, requestId, claims, bandNonce, head: head(), nowS: nowS() })
        statementDigest = await sha256(statement)
        expiresMonotonicMs = clock.monotonicMs() + IDENTIFY_LIFETIME_S * MS_PER_S
        this.#show(question, { state: 'asking', stage: 'connecting', ...this.#lifeOf() })
        return statement
      },
      // Nothing is owed to anybody whatever becomes of it: a question that is lost is asked again.
      persist: () => ok(),
      expiresMonotonicMs: () => expiresMonotonicMs,
      onStage: (stage) => this.#reached(question, stage),
      cancelled: question.ended,
    })
    if (end.kind !== 'answered') return this.#tell(question, { kind: 'untold', reason: reasonOf(end) })
    await end.open.close()
    const { keys: trusted, profile } = standing()
    const asked = { requestId, statementDigest, terminalId: profile.terminalId, claims }
    const read = await readIdentity(end.plaintext, asked, { keys: trusted, phoneKey: end.phoneKey, nowS: nowS() })
    if (read.ok) return this.#tell(question, read.value)
    this.#deps.onFault('identity-refused', { fault: read.error })
    this.#tell(question, { kind: 'untold', reason: 'band-not-usable' })
  }

  #tell(question: Question, told: Told): void {
    if (this.#question !== question) return
    if (told.kind === 'untold') return this.#show(question, { state: 'untold', reason: told.reason })
    const { clock } = this.#deps
    question.forget = clock.after(TOLD_SHOWN_MS, () => this.#close(question))
    this.#show(question, { state: 'told', given: told.given, shownUntil: new Date(clock.nowMs() + TOLD_SHOWN_MS).toISOString() })
  }

  #reached(question: Question, stage: AttemptStage): void {
    const { view } = question
    if (view.state === 'asking') this.#show(question, { state: 'asking', stage, startedAt: view.startedAt, expiresAt: view.expiresAt })
  }

  #show(question: Question, now: StateOf<IdentifyView>): void {
    const { requestId, bandLetter, asked } = question.view
    question.view = { requestId, bandLetter, asked, ...now }
    if (this.#question === question) this.#deps.onChange()
  }

  #lifeOf(): { readonly startedAt: string; readonly expiresAt: string } {
    const nowMs = this.#deps.clock.nowMs()
    return { startedAt: new Date(nowMs).toISOString(), expiresAt: new Date(nowMs + IDENTIFY_LIFETIME_S * MS_PER_S).toISOString() }
  }
}

/** What of a view changes while its question is the same. */
type StateOf<V> = V extends unknown ? Omit<V, 'requestId' | 'bandLetter' | 'asked'> : never

function reasonOf(end: Exclude<SessionEnd, { kind: 'answered' }>): IdentifyReason {
  switch (end.kind) {
    case 'not-asked':
      return asIdentifyReason(end.reason)
    case 'not-persisted':
      return 'busy'
    case 'unknown':
      return reasonOfUnknown(end.why)
  }
}

function reasonOfUnknown(why: Extract<SessionEnd, { kind: 'unknown' }>['why']): IdentifyReason {
  switch (why) {
    case 'expired':
      return 'expired'
    case 'cancelled':
      return 'cancelled'
    case 'cannot-open':
      return 'band-not-usable'
    case 'band-error':
      return 'busy'
    default:
      return 'band-gone'
  }
}
