/** What the rules of either part stand on: the clock of the target, its hands, and the lines to it, which are closed whatever becomes of a rule. */
import { assert } from '#shared/assert.ts'
import type { LineRole } from '#shared/contracts/conformance-line.ts'
import type { Signer } from '#shared/crypto/keys.ts'
import type { Result } from '#shared/result.ts'
import type { Authority } from './authority.ts'
import { Hands, LineEnd, type Patience, type TargetAddress } from './line.ts'
import { Unreachable, Untestable } from './rule.ts'
import { msToQuietTime } from './slots.ts'

/** The clock of the target, one for a whole run: ours, and as far ahead of it as the rules have moved it. */
export class TargetClock {
  #movedMs = 0

  nowMs(): number {
    return Date.now() + this.#movedMs
  }

  nowS(): number {
    return Math.floor(this.nowMs() / 1_000)
  }

  moved(ms: number): void {
    this.#movedMs += ms
  }
}

export type Target = { readonly address: TargetAddress; readonly patience: Patience; readonly clock: TargetClock }
/** The one command that both parts have and the bench itself gives. */
type Advance = { readonly do: 'advance'; readonly ms: number }
type Parse<Reply> = (value: unknown) => { readonly success: boolean; readonly data?: Reply }

export abstract class Bench<Command extends { readonly do: string }, Reply extends { readonly ok: boolean }> {
  readonly patience: Patience
  readonly authority: Authority
  readonly terminal: Signer
  readonly #target: Target
  readonly #parse: Parse<Reply>
  /** In the order they were opened: that of the hands comes first. */
  readonly #lines: LineEnd[] = []
  #hands: Hands<Command | Advance, Reply> | undefined

  protected constructor(target: Target, parse: Parse<Reply>, made: { readonly authority: Authority; readonly terminal: Signer }) {
    this.patience = target.patience
    this.authority = made.authority
    this.terminal = made.terminal
    this.#target = target
    this.#parse = parse
  }

  /** Has the target become one that has just left the factory. */
  protected abstract begin(): Promise<void>

  /** Begins, and leaves no line open when that fails. */
  protected async begun(): Promise<this> {
    try {
      const line = await this.line('control', 'nothing answers at this address')
      this.#hands = new Hands(line, this.#parse, this.patience)
      await this.begin()
      return this
    } catch (error) {
      await this.close()
      throw error
    }
  }

  async close(): Promise<void> {
    for (const line of this.#lines.toReversed()) await line.close()
  }

  nowMs(): number {
    return this.#target.clock.nowMs()
  }

  nowS(): number {
    return this.#target.clock.nowS()
  }

  /** Whatever the target says to this, also that it has no hands for it. */
  protected async tell(command: Command | Advance): Promise<Reply> {
    assert(this.#hands, 'a rule begins when its bench has begun')
    return this.#hands.tell(command)
  }

  async do(command: Command | Advance): Promise<Reply> {
    const reply = await this.tell(command)
    if (!reply.ok) throw new Untestable(`the target has no hands for \`${command.do}\``)
    return reply
  }

  /** Lets time pass at the target. */
  async advance(ms: number): Promise<void> {
    await this.do({ do: 'advance', ms })
    this.#target.clock.moved(ms)
  }

  /** Moves the clock away from the end of a slot, where the target has hands for that. */
  protected async toQuietTime(): Promise<void> {
    const ms = msToQuietTime(this.nowMs())
    if (ms > 0 && (await this.tell({ do: 'advance', ms })).ok) this.#target.clock.moved(ms)
  }

  /** Another connection to the target. It is closed with the bench, if not before. */
  protected async tryLine(role: LineRole): Promise<Result<LineEnd, 'unreachable' | 'no-room'>> {
    const line = await LineEnd.open(this.#target.address, role)
    if (line.ok) this.#lines.push(line.value)
    return line
  }

  /** As `tryLine`; a target that does not take it cannot be tried out. */
  protected async line(role: LineRole, otherwise: string): Promise<LineEnd> {
    const line = await this.tryLine(role)
    if (!line.ok) throw new Unreachable(otherwise)
    return line.value
  }
}
