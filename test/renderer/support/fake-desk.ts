import type { IdentifyView } from '#shared/contracts/identify.ts'
import type { PracticeView } from '#shared/contracts/practice-desk.ts'
import type { InterruptedView, RecoveryView } from '#shared/contracts/recovery.ts'
import type { SettingsView } from '#shared/contracts/settings.ts'
import type { SessionView, StaffMember } from '#shared/contracts/staff.ts'
import type { KnockView, KnockWhy, Refused, TillInput, TillState, Unsubscribe } from '#shared/contracts/till.ts'
import type { IdentifyReason } from '#shared/domain/identify-reasons.ts'
import type { RequestId, StaffId } from '#shared/domain/ids.ts'
import type { Language } from '#shared/domain/words.ts'
import { ok, type Result } from '#shared/result.ts'
import { NO_TROUBLE, PRACTICE_WORLD, SETTINGS } from './fake-desk-data.ts'
import { refuse } from './fake-sale.ts'
import { steered } from './fake-steering.ts'

const TRIES_BEFORE_WAIT = 3
const WAIT_MS = 5_000
const QUESTION_LIFE_MS = 60_000
const TOLD_SHOWN_MS = 120_000
type Person = StaffMember & { readonly pin: string; readonly waitUntil?: string }

export const CASHIER = { id: 'staff-1' as StaffId, name: '练习 Practice', role: 'cashier' } as const satisfies StaffMember
export const MANAGER = { id: 'staff-2' as StaffId, name: '练习经理 Manager', role: 'manager' } as const satisfies StaffMember

const PRACTICE_PEOPLE: readonly Person[] = [
  { ...CASHIER, pin: '1111' },
  { ...MANAGER, pin: '2222' },
]

/** The half of the till in memory that is not about selling: people, settings, trouble and the practice world. Tests may set each of them. */
export abstract class FakeDesk {
  /** How long each answer takes. */
  lagMs = 60
  practiceGone = false
  /** Looking anything up fails, as when the terminal meets a bug. */
  isBroken = false
  /** What was steered in the practice world, in order. */
  readonly steered: TillInput<'practice'>[] = []
  touches = 0
  protected readonly nowMs: () => number
  protected knock: KnockView | undefined
  protected knockWhy: KnockWhy | undefined
  protected interrupted: InterruptedView | undefined
  protected identified: IdentifyView | undefined
  #people: readonly Person[] = PRACTICE_PEOPLE
  #signedIn: StaffId | undefined = CASHIER.id
  #wrongTries = 0
  #language: Language = 'zh-CN'
  #settings: SettingsView = SETTINGS
  #recovery: RecoveryView = NO_TROUBLE
  #world: PracticeView = PRACTICE_WORLD
  #revision = 0
  readonly #listeners = new Set<(state: TillState) => void>()

  constructor(nowMs: () => number) {
    this.nowMs = nowMs
  }

  abstract state(): TillState

  // What a test may do to it.

  /** Signs this one in, with no PIN; undefined locks. */
  signedInAs(person: StaffMember | undefined): void {
    this.#signedIn = person?.id
    this.push()
  }

  /** As before the first start: nobody has been entered. */
  forgetPeople(): void {
    this.#people = []
    this.#signedIn = undefined
    this.push()
  }

  /** As practice starts, but locked. */
  restorePeople(): void {
    this.#people = PRACTICE_PEOPLE
    this.#wrongTries = 0
    this.signedInAs(undefined)
  }

  setKnock(knock: KnockView | undefined): void {
    this.knock = knock
    this.push()
  }

  /** Whoever pays has to knock, whatever stands near. */
  setKnockWhy(knockWhy: KnockWhy | undefined): void {
    this.knockWhy = knockWhy
    this.push()
  }

  /** How far the question who somebody is has come, and how it ends. */
  reachIdentify(stage: Extract<IdentifyView, { state: 'asking' }>['stage']): void {
    if (this.identified?.state === 'asking') this.identified = { ...this.identified, stage }
    this.push()
  }

  endAsking(said: Extract<IdentifyView, { state: 'told' }>['given'] | IdentifyReason): void {
    if (!this.identified) return
    const { requestId, bandLetter, asked } = this.identified
    const about = { requestId, bandLetter, asked }
    this.identified =
      typeof said === 'string'
        ? { ...about, state: 'untold', reason: said }
        : { ...about, state: 'told', given: said, shownUntil: this.at(TOLD_SHOWN_MS) }
    this.push()
  }

  setInterrupted(interrupted: InterruptedView | undefined): void {
    this.interrupted = interrupted
    this.push()
  }

  setRecovery(recovery: RecoveryView): void {
    this.#recovery = recovery
    this.push()
  }

  // The till.

  onState(listener: (state: TillState) => void): Unsubscribe {
    this.#listeners.add(listener)
    listener(this.state())
    return () => {
      this.#listeners.delete(listener)
    }
  }

  language(): Language {
    return this.#language
  }

  setLanguage({ language }: TillInput<'language'>): void {
    this.#language = language
    this.push()
  }

  touched(): void {
    this.touches += 1
  }

  identify({ sightingId, claims }: TillInput<'identify'>): Promise<Result<void, Refused>> {
    return this.answer(() => {
      const band = this.state().bands.find(({ id }) => id === sightingId)
      if (band === undefined) return refuse('band-gone')
      const about = { requestId: 'question-1' as RequestId, bandLetter: band.letter, asked: claims }
      this.identified = { ...about, state: 'asking', stage: 'connecting', startedAt: this.at(0), expiresAt: this.at(QUESTION_LIFE_MS) }
      return ok()
    })
  }

  endIdentify(): Promise<Result<void, Refused>> {
    return this.answer(() => {
      this.identified = undefined
      return ok()
    })
  }

  setUp({ name, pin }: TillInput<'setUp'>): Promise<Result<void, Refused>> {
    return this.answer(() => {
      if (this.#people.length > 0) return refuse('name-taken')
      this.#people = [{ id: 'staff-first' as StaffId, name, role: 'manager', pin }]
      this.#signedIn = 'staff-first' as StaffId
      return ok()
    })
  }

  signIn({ staffId, pin }: TillInput<'signIn'>): Promise<Result<void, Refused>> {
    return this.answer(() => {
      const person = this.#people.find(({ id }) => id === staffId)
      if (person === undefined) return refuse('staff-unknown')
      const waitMs = person.waitUntil === undefined ? 0 : Date.parse(person.waitUntil) - this.nowMs()
      if (waitMs > 0) return refuse('pin-wait', Math.ceil(waitMs / 1_000))
      if (person.pin === pin) {
        this.#wrongTries = 0
        this.#signedIn = staffId
        return ok()
      }
      this.#wrongTries += 1
      if (this.#wrongTries < TRIES_BEFORE_WAIT) return refuse('wrong-pin')
      this.#people = this.#people.map((one) => (one === person ? { ...one, waitUntil: this.at(WAIT_MS) } : one))
      return refuse('pin-wait', WAIT_MS / 1_000)
    })
  }

  lock(): Promise<Result<void, Refused>> {
    return this.answer(() => {
      this.#signedIn = undefined
      return ok()
    })
  }

  staff(): readonly StaffMember[] {
    this.mustWork()
    return this.#people.map(({ id, name, role }) => ({ id, name, role }))
  }

  addStaff({ name, role, pin }: TillInput<'addStaff'>): Promise<Result<void, Refused>> {
    return this.#manage(() => {
      if (this.#people.some((one) => one.name === name)) return refuse('name-taken')
      this.#people = [...this.#people, { id: `staff-${this.#people.length + 1}` as StaffId, name, role, pin }]
      return ok()
    })
  }

  changePin({ staffId, pin }: TillInput<'changePin'>): Promise<Result<void, Refused>> {
    return this.answer(() => {
      if (staffId !== this.#signedIn && !this.#isManager()) return refuse('manager-needed')
      this.#people = this.#people.map((one) => (one.id === staffId ? { ...one, pin } : one))
      return ok()
    })
  }

  removeStaff({ staffId }: TillInput<'removeStaff'>): Promise<Result<void, Refused>> {
    return this.#manage(() => {
      if (this.#people.filter(({ role, id }) => role === 'manager' && id !== staffId).length === 0) return refuse('last-manager')
      this.#people = this.#people.filter(({ id }) => id !== staffId)
      return ok()
    })
  }

  settings(): SettingsView {
    return { ...this.#settings, language: this.#language }
  }

  changeSettings({ language, printer, radio, lockAfterMinutes }: TillInput<'settings'>): Promise<Result<void, Refused>> {
    return this.#manage(() => {
      const { radio: shown } = this.#settings
      this.#language = language ?? this.#language
      this.#settings = {
        ...this.#settings,
        ...(printer === undefined ? {} : { printer }),
        ...(radio === undefined ? {} : { radio: { ...shown, choice: radio } }),
        ...(lockAfterMinutes === undefined ? {} : { lockAfterMinutes }),
      }
      return ok()
    })
  }

  testPrint(): Promise<Result<void, Refused>> {
    return this.#manage(() => ok())
  }

  recovery(): RecoveryView {
    return this.#recovery
  }

  endUnknownYes({ authorizationId, how }: TillInput<'endUnknownYes'>): Promise<Result<void, Refused>> {
    return this.#manage(() => {
      const { unknownYeses } = this.#recovery
      if (unknownYeses.find((one) => one.authorizationId === authorizationId)?.state !== 'waiting') return refuse('already-ended')
      const state = how === 'recover' ? 'recovered' : 'reversed'
      const ended = unknownYeses.map((one) =>
        one.authorizationId === authorizationId ? ({ ...one, state, endedAt: this.at(0), endedBy: MANAGER.id } as const) : one,
      )
      this.#recovery = { ...this.#recovery, unknownYeses: ended }
      return ok()
    })
  }

  putAwayAlarm({ id }: TillInput<'putAwayAlarm'>): Promise<Result<void, Refused>> {
    return this.#manage(() => {
      this.#recovery = { ...this.#recovery, alarms: this.#recovery.alarms.filter((alarm) => alarm.id !== id) }
      return ok()
    })
  }

  finishInterrupted(): Promise<Result<void, Refused>> {
    return this.#endInterrupted()
  }

  undoInterrupted(): Promise<Result<void, Refused>> {
    return this.#endInterrupted()
  }

  async practice(): Promise<Result<PracticeView, Refused>> {
    await this.lag()
    return this.practiceGone ? refuse('practice-gone') : ok(this.#world)
  }

  steerPractice(command: TillInput<'practice'>): Promise<Result<void, Refused>> {
    return this.answer(() => {
      if (this.practiceGone) return refuse('practice-gone')
      this.steered.push(command)
      if (command.type === 'printer') {
        const { printer } = this.#world
        this.#world = {
          ...this.#world,
          printer: { ...printer, paper: command.paper ?? printer.paper, online: command.online ?? printer.online },
        }
        return ok()
      }
      const customers = this.#world.customers.map((one) => (one.id === command.customer ? steered(one, command) : one))
      this.#world = { ...this.#world, customers }
      return ok()
    })
  }

  // For the selling half.

  protected readonly attention = (): number =>
    this.#recovery.alarms.length + this.#recovery.unknownYeses.filter(({ state }) => state === 'waiting').length

  protected readonly session = (): SessionView => {
    if (this.#people.length === 0) return { state: 'setup' }
    const staff = this.#people.find(({ id }) => id === this.#signedIn)
    if (staff === undefined) return { state: 'locked', staff: this.#people, lastStaffId: CASHIER.id }
    return { state: 'signed-in', staff: { id: staff.id, name: staff.name, role: staff.role } }
  }

  protected mustWork(): void {
    if (this.isBroken) throw new Error('told to fail')
  }

  protected at(ms: number): string {
    return new Date(this.nowMs() + ms).toISOString()
  }

  protected push(): void {
    this.#revision += 1
    for (const listener of this.#listeners) listener(this.state())
  }

  protected revision(): number {
    return this.#revision
  }

  protected lag(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, this.lagMs))
  }

  protected async answer<T>(act: () => Result<T, Refused>): Promise<Result<T, Refused>> {
    await this.lag()
    const result = act()
    this.push()
    return result
  }

  #endInterrupted(): Promise<Result<void, Refused>> {
    return this.answer(() => {
      if (this.interrupted === undefined) return refuse('nothing-interrupted')
      this.interrupted = undefined
      return ok()
    })
  }

  #isManager(): boolean {
    return this.#people.find(({ id }) => id === this.#signedIn)?.role === 'manager'
  }

  #manage(act: () => Result<void, Refused>): Promise<Result<void, Refused>> {
    return this.answer(() => (this.#isManager() ? act() : refuse('manager-needed')))
  }
}
