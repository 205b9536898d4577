/**
 * The terminal's standing: its certificate, the keys it trusts, and who it is on receipts. Kept in the store, so that a start without
 * the backend still sells; renewed when half the certificate's life has passed.
 */
import type { BackendClient, Clock, Enrolment, Store } from '#main/ports.ts'
import { enrolTerminal, type TerminalProfile } from '#shared/contracts/backend-api.ts'
import { fromBase64Url, toBase64Url } from '#shared/contracts/bytes.ts'
import { readKept } from '#shared/contracts/kept-json.ts'
import { type TerminalCertificate, terminalCertificate } from '#shared/contracts/radio-messages.ts'
import type { Unsubscribe } from '#shared/contracts/till.ts'
import { KeySet } from '#shared/crypto/key-set.ts'
import { peekSign1 } from '#shared/crypto/sign1.ts'
import { err, ok, type Result } from '#shared/result.ts'

const SETTING = 'enrolment'
const RENEW_CHECK_MS = 60 * 60_000
const RENEW_RETRY_MS = 60_000

export type Standing = {
  readonly certificateBytes: Uint8Array
  readonly certificate: TerminalCertificate
  readonly keys: KeySet
  readonly profile: TerminalProfile
}

export type EnrolmentRefusal = {
  /** No cached standing and no backend; the code was refused; what came back does not verify against our root; the disk refused. */
  readonly code: 'backend-needed' | 'code-refused' | 'not-trusted' | 'storage-failed'
  readonly detail: string
}

type Deps = {
  readonly store: Store
  readonly backend: BackendClient
  readonly clock: Clock
  readonly rootPoint: Uint8Array
  readonly terminalId: string
  readonly terminalPoint: Uint8Array
  readonly code?: string
  readonly log: { warn(message: string, fields?: Readonly<Record<string, string>>): void }
}
export type EnrolmentDesk = { readonly standing: () => Standing; readonly stop: () => void }

/** Loads the standing, or enrols with the one-time code on the first start. Keeps it fresh until `stop`. */
export async function openEnrolment(deps: Deps): Promise<Result<EnrolmentDesk, EnrolmentRefusal>> {
  const loaded = await load(deps)
  const first = loaded ?? (await enrol(deps))
  if (!first.ok) return first
  let standing = first.value
  let cancelTimer: Unsubscribe = () => {}
  let stopped = false
  const schedule = (delayMs: number) => {
    if (!stopped) cancelTimer = deps.clock.after(delayMs, () => void renew())
  }
  const renew = async () => {
    const { from, until } = standing.certificate
    if (deps.clock.nowMs() / 1_000 < (from + until) / 2) return schedule(RENEW_CHECK_MS)
    const answer = await deps.backend.renewCertificate()
    const checked = answer.ok ? await check(deps, answer.value) : undefined
    if (stopped) return
    const renewed = answer.ok && checked?.ok ? keep(deps, answer.value, checked.value) : undefined
    if (renewed?.ok) standing = renewed.value
    schedule(renewed?.ok ? RENEW_CHECK_MS : RENEW_RETRY_MS)
  }
  // The first look at the certificate's age happens at once, but never holds up the start.
  void renew()
  return ok({
    standing: () => standing,
    stop() {
      stopped = true
      cancelTimer()
    },
  })
}

async function enrol(deps: Deps): Promise<Result<Standing, EnrolmentRefusal>> {
  if (!deps.code) return err({ code: 'backend-needed', detail: 'this terminal is not enrolled yet, and no enrolment code was given' })
  const answer = await deps.backend.enrol({ terminalId: deps.terminalId, code: deps.code })
  if (!answer.ok) {
    const code = answer.error.code === 'offline' ? 'backend-needed' : 'code-refused'
    return err({ code, detail: answer.error.message })
  }
  return accept(deps, answer.value)
}

/** Checks what the backend sent against our root, then keeps it. */
async function accept(deps: Deps, enrolment: Enrolment): Promise<Result<Standing, EnrolmentRefusal>> {
  const standing = await check(deps, enrolment)
  return standing.ok ? keep(deps, enrolment, standing.value) : standing
}

function keep(deps: Deps, enrolment: Enrolment, standing: Standing): Result<Standing, EnrolmentRefusal> {
  const text = JSON.stringify({
    certificate: toBase64Url(enrolment.certificate),
    keySet: enrolment.keySet.map(toBase64Url),
    profile: enrolment.profile,
  })
  const saved = deps.store.write((tx) =>
    tx.run('INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value', SETTING, text),
  )
  return saved.ok ? ok(standing) : err({ code: 'storage-failed', detail: saved.error.detail })
}

/** `atS`: the moment at which the certificate must be valid, seconds; now, unless an outdated one has to do. */
async function check(deps: Deps, enrolment: Enrolment, atS = nowS(deps)): Promise<Result<Standing, EnrolmentRefusal>> {
  const keys = await KeySet.open(deps.rootPoint, enrolment.keySet)
  if (!keys.ok) return err({ code: 'not-trusted', detail: `the key set does not verify against the root: ${keys.error}` })
  const opened = await keys.value.openTerminalCertificate(enrolment.certificate, atS)
  if (!opened.ok) return err({ code: 'not-trusted', detail: `the terminal certificate does not verify: ${opened.error}` })
  const { certificate } = opened.value
  if (certificate.terminalId !== deps.terminalId || toBase64Url(certificate.point) !== toBase64Url(deps.terminalPoint)) {
    return err({ code: 'not-trusted', detail: 'the certificate is for another terminal or another key' })
  }
  return ok({ certificateBytes: enrolment.certificate, certificate, keys: keys.value, profile: enrolment.profile })
}

function nowS(deps: Deps): number {
  return Math.floor(deps.clock.nowMs() / 1_000)
}

/**
 * The standing kept from an earlier start, or undefined when there is none. An outdated certificate is renewed; when nobody can renew it
 * now, it still says who this terminal is: snacks and cash go on, and no band is asked until it is valid again. So it is when this clock
 * is off: the certificate then looks outdated, or not begun, and the backend takes none of our signatures.
 */
async function load(deps: Deps): Promise<Result<Standing, EnrolmentRefusal> | undefined> {
  const row = deps.store.get('SELECT value FROM settings WHERE key = ?', SETTING)
  if (!row) return undefined
  const enrolment = readEnrolment(String(row['value']))
  if (!enrolment) return replaceDamaged(deps)
  const { certificate } = enrolment
  const standing = await check(deps, enrolment)
  if (standing.ok) return standing
  const renewed = await deps.backend.renewCertificate()
  if (renewed.ok) return accept(deps, renewed.value)
  const issued = peekSign1(terminalCertificate, certificate)
  const mayDo = renewed.error.code === 'offline' || renewed.error.code === 'bad-signature'
  return mayDo && issued.ok ? check(deps, enrolment, issued.value.value.from) : standing
}

function readEnrolment(text: string): Enrolment | undefined {
  const kept = readKept(enrolTerminal.reply, text)
  const certificate = kept && fromBase64Url(kept.certificate)
  const keySet = kept?.keySet.map(fromBase64Url).filter((bytes) => bytes !== undefined)
  return certificate && keySet?.length === kept?.keySet.length ? { certificate, keySet: keySet ?? [], profile: kept.profile } : undefined
}

/** What is on disk is no standing any more. Our key is still the one the backend knows, so it can give us another. */
async function replaceDamaged(deps: Deps): Promise<Result<Standing, EnrolmentRefusal>> {
  deps.log.warn('cache-damaged', { what: 'enrolment' })
  const renewed = await deps.backend.renewCertificate()
  if (renewed.ok) return accept(deps, renewed.value)
  const code = renewed.error.code === 'offline' ? 'backend-needed' : 'not-trusted'
  return err({ code, detail: `the kept certificate cannot be read, and no other was given: ${renewed.error.message}` })
}
