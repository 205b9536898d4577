/** The keys the root vouches for, and what they in turn have signed. A part trusts one root point and nothing else. */

import { toHex } from '#shared/contracts/bytes.ts'
import { decodeSign1 } from '#shared/contracts/cose.ts'
import {
  KEY_PURPOSES,
  type KeyPurpose,
  keyStatement,
  type PhoneCertificate,
  phoneCertificate,
  type TerminalCertificate,
  terminalCertificate,
} from '#shared/contracts/radio-messages.ts'
import type { SignedStructure } from '#shared/contracts/structure.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { importVerifyKey, kidOf, type VerifyKey } from './keys.ts'
import { openSign1, peekSign1, type Sign1Error } from './sign1.ts'

/** Clocks of honest parts may differ by this much, seconds (security practice: ±5 minutes for certificate and offer windows). */
export const CLOCK_TOLERANCE_S = 300
const KEYS_MAX = 64

export type KeySetError = Sign1Error | 'bad-point' | 'too-many-keys'
export type TrustError = Sign1Error | 'unknown-key' | 'not-valid-now' | 'bad-point'

type TrustedKey = {
  readonly purpose: number
  readonly from: number
  readonly until: number
  readonly key: VerifyKey
  readonly point: Uint8Array
}

export class KeySet {
  readonly #keys: ReadonlyMap<string, TrustedKey>

  private constructor(keys: ReadonlyMap<string, TrustedKey>) {
    this.#keys = keys
  }

  /** Reads a key set: each entry is a key statement signed by the root. One bad entry refuses the whole set. */
  static async open(rootPoint: Uint8Array, statements: readonly Uint8Array[]): Promise<Result<KeySet, KeySetError>> {
    if (statements.length > KEYS_MAX) return err('too-many-keys')
    const root = await importVerifyKey(rootPoint)
    if (!root.ok) return root
    const keys = new Map<string, TrustedKey>()
    for (const bytes of statements) {
      const statement = await openSign1(keyStatement, bytes, root.value)
      if (!statement.ok) return statement
      const { purpose, kid, point, from, until } = statement.value
      const key = await importVerifyKey(point)
      if (!key.ok) return key
      if (toHex(await kidOf(point)) !== toHex(kid)) return err('malformed')
      keys.set(toHex(kid), { purpose, from, until, key: key.value, point })
    }
    return ok(new KeySet(keys))
  }

  /** Points of one purpose, for publishing as JWKs. */
  points(purpose: KeyPurpose): readonly Uint8Array[] {
    return [...this.#keys.values()].filter((key) => key.purpose === KEY_PURPOSES[purpose]).map((key) => key.point)
  }

  /** Opens a statement that a key of this purpose signed; the key must be valid at `atS` (seconds). */
  async open<T>(purpose: KeyPurpose, statement: SignedStructure<T>, bytes: Uint8Array, atS: number): Promise<Result<T, TrustError>> {
    const peeked = peekSign1(statement, bytes)
    if (!peeked.ok) return peeked
    const trusted = peeked.value.kid && this.#keys.get(toHex(peeked.value.kid))
    if (!trusted || trusted.purpose !== KEY_PURPOSES[purpose]) return err('unknown-key')
    if (!isValidAt(trusted, atS)) return err('not-valid-now')
    return openSign1(statement, bytes, trusted.key)
  }

  /** True when a key of this purpose, valid at `atS` (seconds), is the one these bytes name. It does not check the signature. */
  names(purpose: KeyPurpose, bytes: Uint8Array, atS: number): boolean {
    const parts = decodeSign1(bytes)
    const trusted = parts.ok && parts.value.kid ? this.#keys.get(toHex(parts.value.kid)) : undefined
    return trusted !== undefined && trusted.purpose === KEY_PURPOSES[purpose] && isValidAt(trusted, atS)
  }

  /** A terminal's certificate, valid now, with the key it certifies. */
  async openTerminalCertificate(
    bytes: Uint8Array,
    nowS: number,
  ): Promise<Result<{ certificate: TerminalCertificate; key: VerifyKey }, TrustError>> {
    return this.#openCertificate('terminal-ca', terminalCertificate, bytes, nowS)
  }

  /** A phone's pseudonymous certificate, valid now, with the key it certifies. */
  async openPhoneCertificate(
    bytes: Uint8Array,
    nowS: number,
  ): Promise<Result<{ certificate: PhoneCertificate; key: VerifyKey }, TrustError>> {
    return this.#openCertificate('phone-ca', phoneCertificate, bytes, nowS)
  }

  async #openCertificate<T extends { readonly point: Uint8Array; readonly from: number; readonly until: number }>(
    purpose: KeyPurpose,
    statement: SignedStructure<T>,
    bytes: Uint8Array,
    nowS: number,
  ): Promise<Result<{ certificate: T; key: VerifyKey }, TrustError>> {
    const certificate = await this.open(purpose, statement, bytes, nowS)
    if (!certificate.ok) return certificate
    if (!isValidAt(certificate.value, nowS)) return err('not-valid-now')
    const key = await importVerifyKey(certificate.value.point)
    return key.ok ? ok({ certificate: certificate.value, key: key.value }) : key
  }
}

/** A statement is good from its time (give or take what honest clocks differ by) to the end of its lifetime. */
export function isExpired({ time, lifetime }: { readonly time: number; readonly lifetime: number }, nowS: number): boolean {
  return nowS > time + lifetime || time > nowS + CLOCK_TOLERANCE_S
}

/** True inside a validity window, give or take the clock tolerance. */
export function isValidAt(window: { readonly from: number; readonly until: number }, atS: number): boolean {
  return atS >= window.from - CLOCK_TOLERANCE_S && atS <= window.until + CLOCK_TOLERANCE_S
}
