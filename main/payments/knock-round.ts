/**
 * Who pays, when nearness does not say: a count is shown, the customer knocks it on the band, and the bands that are about equally near are
 * asked by presence what they felt. A band is charged only when it alone felt the count, and felt it after the count was shown.
 *
 * A band remembers its last run of knocks for 15 seconds, so a run made before could be the very count. Everyone is therefore asked
 * once before a count is drawn, and no count is drawn that somebody has felt already. Of a band that could not be asked then, or where all
 * counts were felt, the count is believed only after the band was heard to have felt something else.
 */
import type { Clock } from '#main/ports.ts'
import type { BandView, KnockView, Refused } from '#shared/contracts/till.ts'
import type { SightingId } from '#shared/domain/ids.ts'
import { err, ok, type Result } from '#shared/result.ts'

/** What a customer may be asked to knock. */
export const KNOCK_COUNTS = [2, 3, 4] as const
/** More people than stand at one counter with their arms on it. */
export const KNOCK_CANDIDATES_MAX = 6
/** The count stays on show this long: as long as a band remembers a run. */
export const KNOCK_LISTEN_MS = 15_000
/** Counts shown one after another when several bands felt the same; then the cashier decides. */
export const KNOCK_ROUNDS_MAX = 3
/** Nobody reads a count and has knocked it before. */
export const KNOCK_FIRST_ASKED_MS = 1_500
/** From one pass over the bands to the next: a band takes 30 sessions a minute, and a payment must still be among them. */
export const KNOCK_PASS_EVERY_MS = 2_000
/** So long the count waits until everybody was asked what they felt before: half a second each, and room for two that do not answer. */
export const KNOCK_BEFORE_MS = 6_000
/** A band that failed so often in a row is asked no more: it felt nothing. */
export const KNOCK_FAILURES_MAX = 2

// --- Decisions -----------------------------------------------------------------------------------------------------------------

/**
 * What is known of one band in a round. `last`: what it felt when it was asked last, undefined when it never answered. `isFresh`: it was
 * heard to feel something else than the count, so that the count can only be new.
 */
export type Heard = { readonly last: number | undefined; readonly failures: number; readonly isFresh: boolean }
export const UNHEARD: Heard = { last: undefined, failures: 0, isFresh: false }

/** A count nobody felt lately and that is not the one before, as far as there is one. `random`: from 0 up to 1. */
export function drawCount(felt: readonly (number | undefined)[], before: number | undefined, random: number): number {
  const others = KNOCK_COUNTS.filter((count) => count !== before)
  const unfelt = others.filter((count) => !felt.includes(count))
  const choice = unfelt.length > 0 ? unfelt : others
  return choice[Math.min(choice.length - 1, Math.floor(random * choice.length))] ?? KNOCK_COUNTS[0]
}

/** A new count is shown: only who was heard to feel something else can feel it afresh. */
export function atCount(heard: Heard, count: number): Heard {
  return { ...heard, isFresh: heard.last !== undefined && heard.last !== count }
}

/** After an answer, or without one (`felt` undefined). Before a count is shown, `count` is undefined. */
export function afterAsking(heard: Heard, felt: number | undefined, count: number | undefined): Heard {
  if (felt === undefined) return { ...heard, failures: heard.failures + 1 }
  return { last: felt, failures: 0, isFresh: heard.isFresh || (count !== undefined && felt !== count) }
}

// --- The round -----------------------------------------------------------------------------------------------------------------

export type KnockDeps = {
  readonly clock: Clock
  /** From 0 up to 1. */
  readonly random: () => number
  /** The bands that could be meant, strongest first. */
  readonly rivals: () => readonly BandView[]
  /** Where a band can be reached, while it is in sight. */
  readonly addressOf: (id: SightingId) => string | undefined
  /** What the band at this address felt last, or undefined when it could not be asked. Must come back in bounded time. */
  readonly ask: (address: string, ended: Promise<void>) => Promise<number | undefined>
  /** Whether a payment may begin now. */
  readonly mayBegin: () => Result<void, Refused>
  readonly charge: (id: SightingId, asked: { readonly knocks: number }) => Result<unknown, Refused>
  readonly onChange: () => void
  readonly onFault: (what: string, detail: Readonly<Record<string, string>>) => void
}

type Candidate = { readonly id: SightingId; readonly letter: string; heard: Heard }
type Round = {
  readonly candidates: readonly Candidate[]
  /** Resolves when nobody waits for this round any more. */
  readonly ended: Promise<void>
  readonly end: () => void
  isOver: boolean
  shown: { readonly view: KnockView; readonly endsMonotonicMs: number } | undefined
}
type Felt = 'nobody' | 'several' | Candidate

export class KnockDesk {
  readonly #deps: KnockDeps
  #round: Round | undefined
  /** Bands that could not be asked in the last round. */
  readonly #failed = new Set<SightingId>()
  readonly #underWay = new Set<Promise<void>>()

  constructor(deps: KnockDeps) {
    this.#deps = deps
  }

  view(): KnockView | undefined {
    return this.#round?.shown?.view
  }

  /** Begins a round, in the place of the one before. Resolves when the count is on show; who pays then shows by itself. */
  async begin(): Promise<Result<void, Refused>> {
    const { rivals, mayBegin, onFault } = this.#deps
    const may = mayBegin()
    if (!may.ok) return may
    this.end()
    const candidates = rivals()
      .slice(0, KNOCK_CANDIDATES_MAX)
      .map(({ id, letter }): Candidate => ({ id, letter, heard: UNHEARD }))
      // Whoever failed in the round before is asked last, so that the count does not wait for it again.
      .toSorted((a, b) => Number(this.#failed.has(a.id)) - Number(this.#failed.has(b.id)))
    this.#failed.clear()
    if (candidates.length === 0) return err({ code: 'band-gone' })
    const { promise: ended, resolve: end } = Promise.withResolvers<void>()
    const round: Round = { candidates, ended, end, isOver: false, shown: undefined }
    this.#round = round
    const { promise: shown, resolve: onShown } = Promise.withResolvers<void>()
    const running = this.#run(round, onShown)
      .catch((bug: unknown) => {
        onFault('bug', { detail: String(bug) })
        this.#close(round)
      })
      .finally(() => this.#underWay.delete(running))
    this.#underWay.add(running)
    await Promise.race([shown, ended])
    return round.isOver && !round.shown ? err({ code: 'no-payment' }) : ok()
  }

  /** Ends the round, or puts away how it ended. True when there was one. */
  end(): boolean {
    if (!this.#round) return false
    this.#close(this.#round)
    return true
  }

  /** Ends the round; resolves when no band is asked any more. */
  async stop(): Promise<void> {
    this.end()
    await Promise.all(this.#underWay)
  }

  #close(round: Round): void {
    round.isOver = true
    round.end()
    if (this.#round !== round) return
    this.#round = undefined
    this.#deps.onChange()
  }

  async #run(round: Round, onShown: () => void): Promise<void> {
    const before = this.#askBefore(round)
    await Promise.race([before, this.#wait(round, KNOCK_BEFORE_MS)])
    for (let rounds = 1; !round.isOver; rounds += 1) {
      const count = this.#show(round)
      onShown()
      await before
      const felt = await this.#listen(round, count)
      if (round.isOver) return
      if (typeof felt !== 'string') return this.#charge(round, felt, count)
      if (felt === 'nobody' || rounds === KNOCK_ROUNDS_MAX) return this.#finish(round, felt)
    }
  }

  async #askBefore(round: Round): Promise<void> {
    for (const candidate of round.candidates) {
      if (round.isOver) return
      await this.#ask(round, candidate)
    }
  }

  #show(round: Round): number {
    const { clock, random, onChange } = this.#deps
    const felt = round.candidates.map(({ heard }) => heard.last)
    const count = drawCount(felt, round.shown?.view.count, random())
    for (const candidate of round.candidates) candidate.heard = atCount(candidate.heard, count)
    const endsAt = new Date(clock.nowMs() + KNOCK_LISTEN_MS).toISOString()
    const letters = round.candidates.map(({ letter }) => letter)
    round.shown = { view: { state: 'listening', count, letters, endsAt }, endsMonotonicMs: clock.monotonicMs() + KNOCK_LISTEN_MS }
    onChange()
    return count
  }

  /** Passes over the bands until somebody felt the count, or the time is over; the last pass begins when it is. */
  async #listen(round: Round, count: number): Promise<Felt> {
    const { clock } = this.#deps
    const endsMs = round.shown?.endsMonotonicMs ?? clock.monotonicMs()
    let nextMs = endsMs - KNOCK_LISTEN_MS + KNOCK_FIRST_ASKED_MS
    for (;;) {
      await this.#wait(round, Math.min(nextMs, endsMs) - clock.monotonicMs())
      if (round.isOver) return 'nobody'
      const isLast = clock.monotonicMs() >= endsMs
      nextMs = clock.monotonicMs() + KNOCK_PASS_EVERY_MS
      const felt = await this.#pass(round, count)
      if (felt !== 'nobody' || isLast || round.isOver) return felt
    }
  }

  /**
   * Asks until one felt the count; then everyone else afresh, because one who was asked before may have knocked since. Another band that
   * says the count, even if it may be an old run, leaves it open who is meant.
   */
  async #pass(round: Round, count: number): Promise<Felt> {
    // Whoever failed is asked last, so that nobody is kept waiting by a band that does not answer.
    const order = round.candidates.toSorted((a, b) => a.heard.failures - b.heard.failures)
    for (const candidate of order) {
      if ((await this.#ask(round, candidate, count)) !== count || !candidate.heard.isFresh) continue
      for (const other of order) {
        if (other !== candidate && (await this.#ask(round, other, count)) === count) return 'several'
      }
      return candidate
    }
    return 'nobody'
  }

  async #ask(round: Round, candidate: Candidate, count?: number): Promise<number | undefined> {
    const address = this.#deps.addressOf(candidate.id)
    if (round.isOver || candidate.heard.failures >= KNOCK_FAILURES_MAX) return undefined
    const felt = address === undefined ? undefined : await this.#deps.ask(address, round.ended)
    candidate.heard = afterAsking(candidate.heard, felt, count)
    if (felt === undefined) this.#failed.add(candidate.id)
    return felt
  }

  #charge(round: Round, { id }: Candidate, knocks: number): void {
    // The round leaves the screen first: the payment takes its place.
    this.#round = undefined
    const charged = this.#deps.charge(id, { knocks })
    if (charged.ok) return this.#close(round)
    this.#round = round
    this.#deps.onFault('knock-not-charged', { code: charged.error.code })
    this.#finish(round, 'nobody')
  }

  #finish(round: Round, state: 'nobody' | 'several'): void {
    if (!round.shown) return this.#close(round)
    round.isOver = true
    round.end()
    round.shown = { ...round.shown, view: { ...round.shown.view, state } }
    this.#deps.onChange()
  }

  async #wait(round: Round, ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const stopTimer = this.#deps.clock.after(Math.max(0, ms), resolve)
    await Promise.race([promise, round.ended])
    stopTimer()
  }
}
