/**
 * The phone's own unlock, which is what arms the band: a PIN with growing delays, or the phone's biometrics. A thief with band and phone
 * has neither. Tries are counted on disk before they are judged, so that a restart gives nobody another one.
 */
import { equalBytes, toBase64Url } from '#shared/contracts/bytes.ts'
import { randomBytes } from '#shared/crypto/keys.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { Turns } from '#shared/turns.ts'
import { keptBytes } from './kept-bytes.ts'
import type { Clock } from './ports.ts'

/** OWASP's password storage cheat sheet (2023) for PBKDF2-HMAC-SHA256. */
export const PIN_ROUNDS = 600_000
const PIN = /^[0-9]{6}$/
const SALT_BYTES = 16
const HASH_BITS = 256
/** Wrong tries that cost nothing, and then how long each further one makes the next wait, seconds; the last goes on for ever. */
export const FREE_TRIES = 3
export const WAITS_S = [5, 30, 120, 600, 3_600] as const

/** base64url salt and hash; `wrong` in a row; when the next try may be made, milliseconds since 1970 UTC. */
export type PinRecord = {
  readonly salt: string
  readonly hash: string
  readonly rounds: number
  readonly wrong: number
  readonly waitUntilMs: number
}
export interface PinStore {
  /** Resolves `ok` only when it would survive a power cut. */
  savePin(record: PinRecord): Promise<Result<void, 'storage-failed'>>
}
/** The phone's fingerprint or face, where it has one. */
export interface Biometrics {
  /** True when the owner was recognised just now. */
  recognise(): Promise<boolean>
}
export type UnlockRefusal =
  | { readonly code: 'wrong-pin'; readonly waitMs: number }
  | { readonly code: 'wait'; readonly waitMs: number }
  | { readonly code: 'no-pin' | 'not-a-pin' | 'not-recognised' | 'storage-failed' }

export type UnlockParts = {
  readonly clock: Clock
  readonly store: PinStore
  readonly kept: PinRecord | undefined
  readonly biometrics?: Biometrics
  /** For tests and for phones that are slower than most. */
  readonly rounds?: number
}

export class Unlock {
  readonly #parts: UnlockParts
  #record: PinRecord | undefined
  readonly #turns = new Turns()

  constructor(parts: UnlockParts) {
    this.#parts = parts
    this.#record = parts.kept
  }

  get hasPin(): boolean {
    return this.#record !== undefined
  }

  /** Sets the PIN, six digits; a phone that has one asks for it first. */
  async setPin(pin: string, before?: string): Promise<Result<void, UnlockRefusal>> {
    if (!PIN.test(pin)) return err({ code: 'not-a-pin' })
    if (this.#record) {
      const known = await this.withPin(before ?? '')
      if (!known.ok) return known
    }
    const rounds = this.#parts.rounds ?? PIN_ROUNDS
    const salt = randomBytes(SALT_BYTES)
    return this.#save({ salt: toBase64Url(salt), hash: toBase64Url(await hashOf(pin, salt, rounds)), rounds, wrong: 0, waitUntilMs: 0 })
  }

  /** One try after another, however many are made at once. */
  async withPin(pin: string): Promise<Result<void, UnlockRefusal>> {
    return this.#turns.take(async () => this.#tryPin(pin))
  }

  async withBiometrics(): Promise<Result<void, UnlockRefusal>> {
    return (await this.#parts.biometrics?.recognise()) === true ? ok() : err({ code: 'not-recognised' })
  }

  async #tryPin(pin: string): Promise<Result<void, UnlockRefusal>> {
    const record = this.#record
    if (!record) return err({ code: 'no-pin' })
    const nowMs = this.#parts.clock.nowMs()
    const longestMs = (WAITS_S.at(-1) ?? 0) * 1_000
    // A clock set back must not make a wait longer than it was, nor a clock set forward end it for a thief who can do that: the phone's own
    // clock is behind its own lock.
    const waitMs = Math.min(longestMs, record.waitUntilMs - nowMs)
    if (waitMs > 0) return err({ code: 'wait', waitMs })
    const wrong = record.wrong + 1
    const nextMs = wrong < FREE_TRIES ? 0 : (WAITS_S[Math.min(wrong - FREE_TRIES, WAITS_S.length - 1)] ?? 0) * 1_000
    const counted = await this.#save({ ...record, wrong, waitUntilMs: nextMs === 0 ? 0 : nowMs + nextMs })
    if (!counted.ok) return counted
    const salt = keptBytes(record.salt)
    const isRight = equalBytes(await hashOf(pin, salt, record.rounds), keptBytes(record.hash))
    if (!isRight) return err({ code: 'wrong-pin', waitMs: nextMs })
    return this.#save({ ...record, wrong: 0, waitUntilMs: 0 })
  }

  async #save(record: PinRecord): Promise<Result<void, UnlockRefusal>> {
    const saved = await this.#parts.store.savePin(record)
    if (!saved.ok) return err({ code: 'storage-failed' })
    this.#record = record
    return ok()
  }
}

async function hashOf(pin: string, salt: Uint8Array<ArrayBuffer>, rounds: number): Promise<Uint8Array> {
  const material = await crypto.subtle.importKey('raw', new TextEncoder().encode(pin), 'PBKDF2', false, ['deriveBits'])
  const parameters = { name: 'PBKDF2', hash: 'SHA-256', salt, iterations: rounds }
  return new Uint8Array(await crypto.subtle.deriveBits(parameters, material, HASH_BITS))
}
