/** Certificates for terminals and phones: who may ask, what they say, how long they live. */
import { TERMINAL_CERTIFICATE_DAYS, type TerminalProfile } from '#shared/contracts/backend-api.ts'
import { ID_SLOT_MS } from '#shared/contracts/band-advert.ts'
import { fromBase64Url, toBase64Url, toHex } from '#shared/contracts/bytes.ts'
import { phoneCertificate, terminalCertificate } from '#shared/contracts/radio-messages.ts'
import { CLOCK_TOLERANCE_S } from '#shared/crypto/key-set.ts'
import { randomBytes, sha256 } from '#shared/crypto/keys.ts'
import type { Words } from '#shared/domain/words.ts'
import { ok } from '#shared/result.ts'
import type { Database } from '../database/tables.ts'
import { type Refusable, refuse, refuseFor } from '../refusal.ts'
import { activateTerminal, findPhone, findProfile, findTerminal } from '../repositories/registry-repository.ts'
import { type CertifiedKey, countKeys, rememberKeys } from '../repositories/revocations-repository.ts'
import { isSameText } from '../secrets.ts'
import type { SigningKeys } from '../signing-keys.ts'
import { type Clock, secondsOf } from '../world.ts'
import { keyOfPoint } from './verify-keys.ts'

const DAY_S = 86_400
const SLOT_S = ID_SLOT_MS / 1_000
/** A phone may ask for the running slot, the one before it, and this many to come: a day. */
const SLOTS_AHEAD_MAX = 96
const PSEUDONYM_BYTES = 8
/** Keys of one phone that are good, now or later: a day's, asked for anew by a page that was opened forty times. */
const PHONE_KEYS_MAX = 4_000
/** The longest name a certificate carries, characters (docs/protocol.md). */
export const CERTIFIED_NAME_MAX = 40

export type Enrolment = { readonly certificate: string; readonly keySet: string[]; readonly profile: TerminalProfile }

/** A name as certificates carry it: both languages where both fit, else the Chinese one. */
export function certifiedName(name: Words): string {
  const both = name.en === name['zh-CN'] ? name.en : `${name['zh-CN']} ${name.en}`
  return both.length <= CERTIFIED_NAME_MAX ? both : name['zh-CN']
}

export class Certificates {
  readonly #db: Database
  readonly #clock: Clock
  readonly #keys: SigningKeys

  constructor(db: Database, clock: Clock, keys: SigningKeys) {
    this.#db = db
    this.#clock = clock
    this.#keys = keys
  }

  /**
   * First start of a terminal: the one-time code, and the key the terminal has just proven (the call is signed with it), give a
   * certificate. The same code and key again give another, because the first answer may have been lost; another key is refused.
   */
  async enrol(ask: { readonly terminalId: string; readonly code: string; readonly point: string }): Promise<Refusable<Enrolment>> {
    if (!(await keyOfPoint(ask.point))) return refuse('malformed', 'not a point of the curve')
    const codeHash = toHex(await sha256(new TextEncoder().encode(ask.code)))
    const isEnrolled = await this.#db.transaction().execute(async (tx) => {
      const terminal = await findTerminal(tx, ask.terminalId)
      if (!terminal || terminal.state === 'suspended' || !isSameText(terminal.codeHash, codeHash)) return false
      if (terminal.state === 'active') return terminal.point === ask.point
      await activateTerminal(tx, terminal.id, ask.point)
      return true
    })
    // One answer for an unknown terminal, a wrong code and a used one: a guesser learns nothing.
    return isEnrolled ? this.#certify(ask.terminalId) : refuse('not-allowed', 'the terminal or its enrolment code is not good')
  }

  async renew(terminalId: string): Promise<Refusable<Enrolment>> {
    return this.#certify(terminalId)
  }

  /**
   * A batch of pseudonymous certificates for a phone, one per id slot asked for. Which phone has them is kept until they end, and before
   * they are given: else they could not be revoked.
   */
  async certifyPhone(
    phone: { readonly id: string },
    keys: readonly { readonly point: string; readonly slot: number }[],
  ): Promise<Refusable<{ certificates: string[]; keySet: string[] }>> {
    const nowS = secondsOf(this.#clock.nowMs())
    const slotNow = Math.floor(nowS / SLOT_S)
    const signer = this.#keys.signer('phone-ca', nowS)
    const certificates: string[] = []
    const certified: CertifiedKey[] = []
    for (const { point: text, slot } of keys) {
      const point = (await keyOfPoint(text))?.point
      if (!point) return refuse('malformed', 'not a point of the curve')
      if (slot < slotNow - 1 || slot > slotNow + SLOTS_AHEAD_MAX) return refuse('malformed', 'slot too far from now: check the clock')
      const window = { from: slot * SLOT_S, until: (slot + 1) * SLOT_S }
      const pseudonym = randomBytes(PSEUDONYM_BYTES)
      certificates.push(toBase64Url(signer.statementNow(phoneCertificate, { pseudonym, point, ...window })))
      // Clocks differ: it is taken a little longer than it says.
      certified.push({ pseudonym: toHex(pseudonym), until: window.until + CLOCK_TOLERANCE_S })
    }
    return this.#db.transaction().execute(async (tx): Promise<Refusable<{ certificates: string[]; keySet: string[] }>> => {
      // It may have been retired since this call was let in.
      if ((await findPhone(tx, phone.id))?.retiredAt !== null) return refuse('not-allowed', 'this phone was retired')
      if ((await countKeys(tx, phone.id, nowS)) + certified.length > PHONE_KEYS_MAX)
        return refuseFor(ID_SLOT_MS, 'this phone has keys enough')
      await rememberKeys(tx, phone.id, certified, nowS)
      return ok({ certificates, keySet: this.keySet() })
    })
  }

  keySet(): string[] {
    return this.#keys.statements.map(toBase64Url)
  }

  async #certify(terminalId: string): Promise<Refusable<Enrolment>> {
    const terminal = await findTerminal(this.#db, terminalId)
    const profile = await findProfile(this.#db, terminalId)
    const point = terminal?.point ? fromBase64Url(terminal.point) : undefined
    if (!profile || !point) return refuse('unknown', 'no such terminal')
    const nowS = secondsOf(this.#clock.nowMs())
    const certificate = this.#keys.signer('terminal-ca', nowS).statementNow(terminalCertificate, {
      terminalId,
      merchantId: profile.merchant.id,
      name: certifiedName(profile.merchant.name),
      site: certifiedName(profile.site.name),
      latitudeE5: profile.site.latitudeE5,
      longitudeE5: profile.site.longitudeE5,
      point,
      from: nowS,
      until: nowS + TERMINAL_CERTIFICATE_DAYS * DAY_S,
    })
    return ok({ certificate: toBase64Url(certificate), keySet: this.keySet(), profile })
  }
}
