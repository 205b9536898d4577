import { fromBase64Url, toBase64Url } from '#shared/contracts/bytes.ts'
import { type TerminalCertificate, terminalCertificate } from '#shared/contracts/radio-messages.ts'
import type { KeySet } from '#shared/crypto/key-set.ts'
import type { VerifyKey } from '#shared/crypto/keys.ts'
import { peekSign1 } from '#shared/crypto/sign1.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { VerifyKeys } from './verify-keys.ts'

const KEPT_MAX = 10_000

export type CertifiedTerminal = { readonly certificate: TerminalCertificate; readonly key: VerifyKey }

/**
 * Certificates that one of our terminal CA keys signed. Opened as of their own start, so the answer never changes and is kept:
 * a terminal shows the same certificate for days. Whether it is valid now is for the caller to ask.
 */
export class CertifiedTerminals {
  readonly #keySet: KeySet
  readonly #verifyKeys: VerifyKeys
  readonly #kept = new Map<string, CertifiedTerminal>()

  constructor(keySet: KeySet, verifyKeys: VerifyKeys) {
    this.#keySet = keySet
    this.#verifyKeys = verifyKeys
  }

  async open(text: string): Promise<Result<CertifiedTerminal, 'malformed' | 'not-ours'>> {
    const known = this.#kept.get(text)
    if (known) return ok(known)
    const bytes = fromBase64Url(text)
    if (!bytes) return err('malformed')
    const peeked = peekSign1(terminalCertificate, bytes)
    if (!peeked.ok) return err('malformed')
    const certified = await this.#keySet.openTerminalCertificate(bytes, peeked.value.value.from)
    const key = certified.ok ? await this.#verifyKeys.of(toBase64Url(certified.value.certificate.point)) : undefined
    if (!certified.ok || !key) return err('not-ours')
    const kept = { certificate: certified.value.certificate, key }
    if (this.#kept.size >= KEPT_MAX) this.#kept.clear()
    this.#kept.set(text, kept)
    return ok(kept)
  }
}
