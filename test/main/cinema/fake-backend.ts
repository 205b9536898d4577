import type { BackendClient, BackendRefusal } from '#main/ports.ts'
import type { HoldId, SeatId, ShowtimeId } from '#shared/domain/ids.ts'
import type { Programme } from '#shared/domain/programme.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { programme } from '#test/support/backend-world.ts'

export type Hold = { readonly holdId: HoldId; readonly showtimeId: ShowtimeId; readonly seats: readonly SeatId[] }
export const EXPIRES_AT = '2030-01-02T12:08:00.000Z'
const refusal = (code: BackendRefusal['code']): Result<never, BackendRefusal> => err({ code, message: code })

/** A backend that keeps holds in memory. Calls can be made to wait, and to be refused. */
export class FakeBackend implements BackendClient {
  readonly holds = new Map<string, Hold>()
  readonly calls: string[] = []
  programmeAnswer: Result<Programme, BackendRefusal>
  /** What the next calls wait for. */
  gate: Promise<void> = Promise.resolve()
  /** Codes the next calls are refused with, in order. */
  refusals: (BackendRefusal['code'] | undefined)[] = []
  /** What is ours by the map of seats. */
  own: readonly string[] = []

  constructor(nowMs: number, showtimes: readonly string[] = ['show-1']) {
    this.programmeAnswer = ok(programme(nowMs, { showtimes, rows: 2, seats: 30 }) as unknown as Programme)
  }

  revocations: BackendClient['revocations'] = async () => ok({ revocations: [], more: false })
  putHold: BackendClient['putHold'] = async (hold) => {
    const refused = await this.#called(`put ${hold.seats.join()}`)
    if (refused) return refused
    this.holds.set(hold.holdId, hold)
    return ok({ expiresAt: EXPIRES_AT })
  }
  deleteHold: BackendClient['deleteHold'] = async (holdId) => {
    const refused = await this.#called('delete')
    if (refused) return refused
    this.holds.delete(holdId)
    return ok()
  }
  pinHold: BackendClient['pinHold'] = async (holdId) => {
    const refused = await this.#called('pin')
    return refused ?? (this.holds.has(holdId) ? ok() : refusal('hold-gone'))
  }
  unpinHold: BackendClient['unpinHold'] = async () => ok({ expiresAt: EXPIRES_AT })
  seats: BackendClient['seats'] = async () => {
    const refused = await this.#called('seats')
    return refused ?? ok({ seats: { A1: 'held', A2: 'sold', A3: 'free', A4: 'held', A5: 'held' }, own: this.own as readonly SeatId[] })
  }
  programme: BackendClient['programme'] = async () => {
    this.calls.push('programme')
    await this.gate
    return this.programmeAnswer
  }
  enrol: BackendClient['enrol'] = async () => refusal('offline')
  renewCertificate: BackendClient['renewCertificate'] = async () => refusal('offline')
  attempt: BackendClient['attempt'] = async () => refusal('offline')
  standing: BackendClient['standing'] = async () => refusal('offline')
  ownReceipts: BackendClient['ownReceipts'] = async () => refusal('offline')
  ownAuthorizations: BackendClient['ownAuthorizations'] = async () => refusal('offline')
  postOutbox: BackendClient['postOutbox'] = async () => refusal('offline')

  seatsHeld(): string[] {
    return [...this.holds.values()].flatMap(({ seats }) => [...seats])
  }

  async #called(what: string): Promise<Result<never, BackendRefusal> | undefined> {
    this.calls.push(what)
    await this.gate
    const code = this.refusals.shift()
    return code && refusal(code)
  }
}
