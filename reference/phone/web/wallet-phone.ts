/**
 * The phone inside the page: the same engine, bond and unlock as any other phone, over a browser's storage, keys and links. It works while
 * its page is open and no longer. One object for the screens: a state to show, and what its owner can do.
 */
import { bandStatus, offersWanted } from '#shared/contracts/link-messages.ts'
import { inviteOwner, OWNER_PATHS } from '#shared/contracts/owner-api.ts'
import { FLAG_ARMED, FLAG_WORN } from '#shared/contracts/radio-messages.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { BandBond } from '../bond.ts'
import { createBondBackend } from '../bond-backend.ts'
import type { PhoneEngine } from '../engine.ts'
import type { IdentityCard } from '../identity.ts'
import type { Bond, PairRefusal, Relay } from '../ports.ts'
import { createSignedCall, type PhoneBackendParts } from '../signed-calls.ts'
import { Unlock, type UnlockRefusal } from '../unlock.ts'
import { WitnessBook } from '../witness-book.ts'
import { AskedBook, type Yes } from './asked-book.ts'
import { type BluetoothHere, chooseBand, knownBand } from './bluetooth-door.ts'
import { type CredentialsHere, deviceBiometrics, makeDeviceCredential } from './device-unlock.ts'
import { type Enrolled, type EnrolRefusal, enrol, isEnrolled, type Network, signerOfPhone } from './enrolment.ts'
import type { DeviceCredential, Kept, PhoneMemory } from './memory.ts'
import { holdTab, type LocksHere, type TabHold } from './one-tab.ts'
import { type EngineKept, startEngine } from './page-engine.ts'
import { PracticeDoor, type PracticeKey } from './practice-door.ts'
import { type BandState, type BandWay, Observable, STARTING, type WalletPhoneState } from './state.ts'
import type { BandDoor, ReachRefusal } from './transport.ts'
import { WebBandLink } from './web-band-link.ts'
import type { WebClock } from './web-clock.ts'

export type WalletPhoneParts = {
  readonly clock: WebClock
  readonly openMemory: () => Promise<PhoneMemory>
  readonly network: Network
  readonly locks: LocksHere
  readonly bluetooth: BluetoothHere | undefined
  readonly credentials: CredentialsHere | undefined
  /** For tests, and for phones that are slower than most. */
  readonly pinRounds?: number
}
export type ArmRefusal = UnlockRefusal | { readonly code: 'not-worn' | 'out-of-reach' | 'not-bound' }
export type NotReady = 'not-ready'
const PLAIN_YES: Yes = { given: [], always: false }

/** Everything there is once this tab is the phone and the backend has taken it in. */
type Running = {
  readonly identity: Enrolled
  /** What each call to the backend is made with. */
  readonly calls: PhoneBackendParts
  readonly memory: PhoneMemory
  readonly bond: BandBond
  readonly asked: AskedBook
  readonly witness: WitnessBook
}

export class WalletPhone {
  readonly #parts: WalletPhoneParts
  readonly #state = new Observable<WalletPhoneState>(STARTING)
  readonly #link: WebBandLink
  #hold: TabHold | undefined
  #memory: PhoneMemory | undefined
  #unlock: Unlock | undefined
  #device: DeviceCredential | undefined
  #running: Running | undefined
  #engine: PhoneEngine | undefined
  #identity: IdentityCard | undefined
  #practice: PracticeDoor | undefined
  /** The id slot the band last wanted offers for. */
  #wanted: number | undefined

  constructor(parts: WalletPhoneParts) {
    this.#parts = parts
    this.#link = new WebBandLink({
      clock: parts.clock,
      onRelay: (relay) => this.#receive(relay),
      onState: (link) => this.#showBand({ link }),
    })
  }

  /** For screens: the same object until something changes. */
  get state(): Pick<Observable<WalletPhoneState>, 'get' | 'subscribe'> {
    return this.#state
  }

  /** Becomes the phone when no other tab is it, now or later, and goes on where it was. */
  start(): void {
    this.#hold = holdTab(this.#parts.locks, () => this.#show({ tab: 'waiting' }))
    void this.#hold.held.then(async () => this.#wake())
  }

  /** The page is closed. */
  stop(): void {
    this.#link.leave()
    this.#engine?.stop()
    this.#memory?.close()
    this.#hold?.release()
  }

  /** Joins an account with its owner's one-time code. */
  async enrol(code: string): Promise<Result<void, EnrolRefusal | NotReady>> {
    const memory = this.#memory
    if (!memory) return err('not-ready')
    const kept = await memory.read()
    const enrolled = await enrol(code, { memory, network: this.#parts.network, kept: kept.identity })
    if (!enrolled.ok) return enrolled
    await this.#work(memory, { ...kept, identity: enrolled.value }, enrolled.value)
    return ok()
  }

  /** The code with which a practice phone joins the account of the practice band; undefined where there is none to be had. */
  async practiceInvitation(): Promise<string | undefined> {
    return this.#practice?.invite()
  }

  /** Sets the PIN; `before` is the one in force, when there is one. */
  async setPin(pin: string, before?: string): Promise<Result<void, UnlockRefusal | { readonly code: NotReady }>> {
    if (!this.#unlock) return err({ code: 'not-ready' })
    const set = await this.#unlock.setPin(pin, before)
    this.#showPin(set)
    return set
  }

  /** Lets the device's fingerprint or face unlock as well. The PIN is asked for once. False when the device has none, or its owner said no. */
  async allowDeviceUnlock(pin: string): Promise<Result<boolean, UnlockRefusal | { readonly code: NotReady }>> {
    const { credentials } = this.#parts
    if (!this.#unlock || !this.#memory || !this.#running) return err({ code: 'not-ready' })
    const unlocked = await this.#unlock.withPin(pin)
    this.#showPin(unlocked)
    if (!unlocked.ok) return unlocked
    const made = credentials && (await makeDeviceCredential(credentials, this.#running.identity.account.displayName))
    if (!made || !(await this.#memory.saveDevice(made)).ok) return ok(false)
    this.#device = made
    this.#showPin(unlocked)
    return ok(true)
  }

  /** Takes a way to a band: the browser's chooser (from a tap), or the practice world's band. */
  async reach(way: 'bluetooth' | PracticeKey): Promise<Result<void, ReachRefusal>> {
    if (way !== 'bluetooth') return this.#use('practice', this.#practiceDoor(way))
    const door = await chooseBand(this.#parts.bluetooth)
    return door.ok ? this.#use('bluetooth', door.value) : door
  }

  /** Tries the way taken last at once, instead of when its turn comes. */
  async reconnect(): Promise<Result<void, ReachRefusal>> {
    const door = this.#practice ?? (await knownBand(this.#parts.bluetooth))
    if (!door) return err('not-chosen')
    return this.#use(this.#practice ? 'practice' : 'bluetooth', door)
  }

  /** Binds the band in reach; the state shows how often to knock. */
  async pair(): Promise<Result<void, PairRefusal | NotReady>> {
    const running = this.#running
    if (!running) return err('not-ready')
    const paired = await running.bond.pair((knocks) => this.#showBand({ knocks }))
    this.#showBand({ knocks: undefined })
    if (!paired.ok) return paired
    await this.#bound(running, paired.value, await running.memory.read())
    return ok()
  }

  /** Unlocks with the PIN and arms the band on the wrist. */
  async arm(pin: string): Promise<Result<void, ArmRefusal>> {
    return this.#armAfter(async (unlock) => unlock.withPin(pin))
  }

  /** The same with the device's own lock. */
  async armWithDevice(): Promise<Result<void, ArmRefusal>> {
    return this.#armAfter(async (unlock) => unlock.withBiometrics())
  }

  /** The owner's yes to a question. False when it has gone. */
  approve(requestId: string, yes: Yes = PLAIN_YES): boolean {
    return this.#running?.asked.answer(requestId, yes) === true
  }

  refuse(requestId: string): boolean {
    return this.#running?.asked.answer(requestId, undefined) === true
  }

  /** Takes back that this merchant is told without asking. */
  async forgetConsent(merchantId: string): Promise<Result<void, 'storage-failed' | NotReady>> {
    const forgotten = (await this.#identity?.forget(merchantId)) ?? err('not-ready' as const)
    this.#showKept()
    return forgotten
  }

  /** Carries the owner's release to the band in reach, this phone's own unless another is named. */
  async carryRelease(
    bandId = this.#state.get().band.bandId,
  ): Promise<Result<void, 'no-release' | 'out-of-reach' | 'storage-failed' | NotReady>> {
    if (!this.#running || bandId === undefined) return err('not-ready')
    const carried = await this.#running.bond.carryRelease(bandId)
    if (carried.ok && !this.#running.bond.bond) this.#unbound()
    return carried
  }

  /**
   * Is nobody's phone any more: forgets account, key, band and PIN. The band stays bound to a phone that is gone, until its owner lets it go.
   * For a phone that was retired, and for a browser that is given away.
   */
  async forget(): Promise<Result<void, 'storage-failed' | NotReady>> {
    if (!this.#memory) return err('not-ready')
    const erased = await this.#memory.erase()
    if (!erased.ok) return erased
    this.stop()
    this.#state.set(STARTING)
    return ok()
  }

  /** A one-time way into the owner's page, for the account's first passkey. */
  async inviteOwner(): Promise<Result<string, NotReady | 'no-network' | 'refused'>> {
    if (!this.#running) return err('not-ready')
    const reply = await createSignedCall(this.#running.calls)('POST', OWNER_PATHS.invitations)
    if (!reply.ok) return err(reply.error === 'refused' ? 'refused' : 'no-network')
    const parsed = inviteOwner.reply.safeParse(reply.value)
    return parsed.success ? ok(parsed.data.ticket) : err('no-network')
  }

  /** A hand in the practice world; undefined where the band is a real one. */
  get hand(): Pick<PracticeDoor, 'move' | 'knock'> | undefined {
    return this.#practice
  }

  async #wake(): Promise<void> {
    const memory = await this.#parts.openMemory().catch(() => undefined)
    if (!memory) return this.#show({ tab: 'no-storage' })
    this.#memory = memory
    const kept = await memory.read()
    this.#device = kept.device
    this.#unlock = new Unlock({
      clock: this.#parts.clock,
      store: memory,
      kept: kept.pin,
      biometrics: { recognise: async () => this.#recognise() },
      ...(this.#parts.pinRounds === undefined ? {} : { rounds: this.#parts.pinRounds }),
    })
    const pin = { isSet: kept.pin !== undefined, waitUntilMs: kept.pin?.waitUntilMs ?? 0, hasDeviceUnlock: kept.device !== undefined }
    if (isEnrolled(kept.identity)) await this.#work(memory, kept, kept.identity)
    this.#show({ tab: 'holding', pin })
    await this.#returnTo(kept)
  }

  /** The way that was taken before the page was loaded again. */
  async #returnTo({ practice, bond }: Kept): Promise<void> {
    if (this.#practice) return
    if (practice) await this.#use('practice', this.#practiceDoor(practice))
    else if (bond) {
      const door = await knownBand(this.#parts.bluetooth)
      if (door) await this.#use('bluetooth', door)
    }
  }

  async #work(memory: PhoneMemory, kept: Kept, identity: Enrolled): Promise<void> {
    const { clock, network } = this.#parts
    const signer = await signerOfPhone(identity)
    const { account, phoneId } = identity
    const calls = { ...network, phoneId, signer }
    const asked = new AskedBook({ clock, memory, kept: kept.asked, onChange: () => this.#showAsked() })
    const bond = new BandBond({
      clock,
      band: this.#link,
      backend: createBondBackend(calls),
      store: memory,
      kept: kept.bond,
      phonePoint: signer.point,
      rootPoint: account.rootPoint,
    })
    this.#running = { identity, calls, memory, bond, asked, witness: new WitnessBook(memory.witness, kept.heads) }
    this.#show({ enrolment: { state: 'enrolled', displayName: account.displayName, currency: account.currency } })
    this.#showAsked()
    if (bond.bond) await this.#bound(this.#running, bond.bond, kept)
    else this.#showBand({ bond: kept.bond ? 'begun' : 'none' })
    // Until the backend has heard that the band is bound, no payment is good.
    if (bond.bond?.state === 'bound') void bond.resume()
  }

  /** Starts the engine for the band this phone is bound to, with everything that was kept. */
  async #bound({ identity, calls, memory, asked, witness }: Running, bond: Bond, kept: EngineKept): Promise<void> {
    const { engine, card } = await startEngine({
      clock: this.#parts.clock,
      bond,
      kept,
      asked,
      witness,
      memory,
      band: this.#link,
      calls,
      rootPoint: identity.account.rootPoint,
      onKept: () => this.#showKept(),
    })
    this.#engine?.stop()
    this.#engine = engine
    this.#identity = card
    this.#showKept()
    this.#showBand({ bond: 'bound', bandId: bond.bandId })
    if (this.#wanted !== undefined) engine.offersWanted(this.#wanted)
  }

  #unbound(): void {
    this.#engine?.stop()
    this.#engine = undefined
    this.#identity = undefined
    this.#wanted = undefined
    this.#showKept()
    this.#showBand({ bond: 'none', bandId: undefined, status: undefined })
  }

  #receive(relay: Relay): void {
    const { kind, body } = relay.message
    switch (kind) {
      case 'offers-wanted': {
        const wanted = offersWanted.decode(body)
        if (!wanted.ok) return
        this.#wanted = wanted.value.slot
        this.#engine?.offersWanted(wanted.value.slot)
        return
      }
      case 'band-status': {
        const status = bandStatus.decode(body)
        if (!status.ok) return
        const { flags, batteryPercent } = status.value
        this.#showBand({
          link: 'linked',
          status: { worn: (flags & FLAG_WORN) !== 0, armed: (flags & FLAG_ARMED) !== 0, batteryPercent },
        })
        return
      }
      default:
        if (this.#running?.bond.receive(relay) !== true) this.#engine?.receive(relay)
    }
  }

  async #armAfter(unlocking: (unlock: Unlock) => Promise<Result<void, UnlockRefusal>>): Promise<Result<void, ArmRefusal>> {
    if (!this.#unlock || !this.#running) return err({ code: 'not-bound' })
    const unlocked = await unlocking(this.#unlock)
    this.#showPin(unlocked)
    if (!unlocked.ok) return unlocked
    const armed = await this.#running.bond.arm()
    return armed.ok ? armed : err({ code: armed.error })
  }

  async #recognise(): Promise<boolean> {
    const { credentials } = this.#parts
    return credentials !== undefined && this.#device !== undefined && deviceBiometrics(credentials, this.#device).recognise()
  }

  #practiceDoor(key: PracticeKey): PracticeDoor {
    this.#practice = new PracticeDoor({
      clock: this.#parts.clock,
      key,
      keep: async (access) => (this.#memory ? this.#memory.savePractice(access) : err('storage-failed')),
    })
    return this.#practice
  }

  async #use(way: BandWay, door: BandDoor): Promise<Result<void, ReachRefusal>> {
    if (way !== 'practice') this.#practice = undefined
    this.#showBand({ way })
    return this.#link.use(door)
  }

  #showPin(tried: Result<unknown, { readonly code: string; readonly waitMs?: number }>): void {
    const waitMs = tried.ok ? 0 : (tried.error.waitMs ?? 0)
    const waitUntilMs = waitMs === 0 ? 0 : this.#parts.clock.nowMs() + waitMs
    this.#show({ pin: { isSet: this.#unlock?.hasPin === true, waitUntilMs, hasDeviceUnlock: this.#device !== undefined } })
  }

  #showAsked(): void {
    if (this.#running) this.#show({ questions: this.#running.asked.questions, requests: this.#running.asked.requests })
  }

  /** Agreements and allowance are their keepers': shown anew when one of them has kept something. */
  #showKept(): void {
    this.#show({ consents: this.#identity?.consents ?? [], allowance: this.#engine?.allowance })
  }

  #showBand(change: Partial<BandState>): void {
    this.#show({ band: { ...this.#state.get().band, ...change } })
  }

  #show(change: Partial<WalletPhoneState>): void {
    this.#state.set({ ...this.#state.get(), ...change })
  }
}
