/** Bands and phones that break one rule each: our own sources with one place changed, in a folder of their own. */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '../..')
/** What a band or a phone as a process is made of. */
const FOLDERS = ['shared', 'reference/band', 'reference/phone', 'reference/practice', 'reference/host']

export type Mutant = {
  readonly part: 'band' | 'phone'
  /** The one rule of the conformance run that must find it. */
  readonly rule: string
  readonly file: string
  /** Stands there exactly once. */
  readonly from: string
  readonly to: string
}

/** Grown and tried out in every test run; the others when BANDTILL_MUTANTS is `all`. */
const IN_EVERY_RUN = new Set([
  ...['band offer.nonce', 'band proof.fields', 'band proof.counter-kept', 'band link.stranger', 'band wear.brush'],
  ...['band slots.used', 'band air.exchange'],
  ...['phone proof.counter', 'phone query.never-seen', 'phone answer.forged'],
  ...['phone identify.always', 'phone offline.evidence'],
])

/** Those of this run. */
export function chosenMutants(): readonly Mutant[] {
  return process.env['BANDTILL_MUTANTS'] === 'all' ? MUTANTS : MUTANTS.filter(({ part, rule }) => IN_EVERY_RUN.has(`${part} ${rule}`))
}

export const MUTANTS: readonly Mutant[] = [
  ...bandMutants('shared/contracts/frames.ts', [
    ['frames.repeated', "return equalBytes(known, part) ? ok(undefined) : err('altered-segment')", "return err('altered-segment')"],
    ['frames.altered', "return equalBytes(known, part) ? ok(undefined) : err('altered-segment')", 'return ok(undefined)'],
    ['frames.count', 'open.count !== count || ', ''],
  ]),
  ...bandMutants('reference/band/session.ts', [
    [
      'slots.probe',
      "if (kind === 'request') this.#parts.onRelayed?.({ requestDigest, bandNonce, ...seen })",
      'this.#parts.onRelayed?.({ requestDigest, bandNonce, ...seen, flags: 7 })',
    ],
    ['gatt.mtu', 'segmentBytes(gatt.mtu, gatt.mtu)', 'segmentBytes(gatt.mtu, gatt.mtu) + 1'],
    ['offer.nonce', 'const bandNonce = randomBytes(NONCE_BYTES)', 'const bandNonce = new Uint8Array(NONCE_BYTES)'],
    ['proof.fields', 'await sha256(request)', 'await sha256(request.subarray(1))'],
    ['proof.probe', 'state.flags() | FLAG_PROBE', 'state.flags()'],
    ['knocks.used', 'knocks: state.takeKnocks()', 'knocks: state.readKnocks()'],
    ['relay.exchange', '|| !equalBytes(this.#exchange.offerId, offerId)', ''],
    ['commit.vibrates', "message.kind === 'commit' && this.#exchange.answered", "message.kind === 'commit'"],
    ['session.requests', 'REQUESTS_PER_SESSION_MAX = 8', 'REQUESTS_PER_SESSION_MAX = 80'],
  ]),
  ...bandMutants('reference/band/proof-counter.ts', [
    ['proof.counter', 'this.#last += 1', 'this.#last += this.#last % 2 === 0 ? 1 : 0'],
    ['proof.counter-kept', 'this.#last = ceiling\n', 'this.#last = 0\n'],
  ]),
  ...bandMutants('reference/band/band.ts', [
    ['session.rate', 'SESSIONS_PER_MINUTE_MAX = 30', 'SESSIONS_PER_MINUTE_MAX = 3_000'],
    ['advert.offers', 'this.#offers.clear()\n    if (', 'if ('],
  ]),
  ...bandMutants('reference/band/wristband.ts', [
    ['slots.stranger', 'if (this.#owner !== caller || !slots) return', 'if (!slots) return'],
    [
      'air.stranger',
      "if (this.#lock.record.state === 'bound') say(",
      "say(caller, 'band-status', bandStatus.encode({ flags: 0, batteryPercent: 0 }))\n    if (this.#lock.record.state === 'bound') say(",
    ],
    ['status.told', 'this.state.whenChanged(() => this.#tellOwner())', ''],
    ['link.nonce', 'nonce: randomBytes(NONCE_BYTES), armNonce', 'nonce: new Uint8Array(NONCE_BYTES), armNonce'],
    ['link.stranger', 'if (this.#owner === caller) this.#band?.fromPhone(relay)', 'this.#band?.fromPhone(relay)'],
    ['arm.once', 'caller.armNonce = undefined\n', ''],
    ['arm.not-worn', "if (!this.state.worn) return refuse(caller, 'not-worn')", ''],
    ['release.wipes', 'this.#band?.retire()', ''],
  ]),
  ...bandMutants('reference/band/lock.ts', [
    ['bind.mac', "|| !(await isLinkMac(mac, offered.keys.linkKey, 'bind', message.value.binding))", ''],
    ['bind.knock', 'count === offered.keys.knocks', 'count > 0'],
    ['release.other-band', '|| !equalBytes(order.bandId, this.#parts.factory.bandId)', ''],
  ]),
  ...bandMutants('reference/band/slots.ts', [
    ['slots.lease', 'serial: (this.#record?.serial ?? 0) + 1', 'serial: 1'],
    ['slots.key', 'const key = await generatePrivateJwk()', 'const key = this.#record?.key ?? (await generatePrivateJwk())'],
    ['slots.proof', 'counter, flags, knocks }, await', 'counter, flags, knocks: 0 }, await'],
    ['slots.request', ' && equalBytes(each.requestDigest, requestDigest))\n', ')\n'],
    ['slots.late', 'RELAYED_KEPT_MS = 90_000', 'RELAYED_KEPT_MS = 900_000'],
    ['slots.not-worn', 'if (obstacle) return err(obstacle ===', "if (obstacle && obstacle !== 'not-worn') return err(obstacle ==="],
    ['slots.not-armed', 'if (obstacle) return err(obstacle ===', "if (obstacle && obstacle !== 'not-armed') return err(obstacle ==="],
    ['slots.used', 'if (counter < record.next && !isRepeat)', 'if (counter < record.next - 1 && !isRepeat)'],
    ['slots.again', 'if (counter < record.next && !isRepeat)', 'if (counter < record.next)'],
    ['slots.kept', 'parts.record?.epoch === parts.epoch ? parts.record : undefined', 'undefined'],
    ['slots.released', 'const said = { bandId, epoch,', 'const said = { bandId, epoch: 1,'],
  ]),
  ...bandMutants('reference/band/phone-link.ts', [
    ['air.frames', '() => u16(frameBytes())', '() => u16(Math.min(100, frameBytes()))'],
    ['air.small-mtu', 'if (frameBytes() < LINK_FRAME_BYTES_MIN) return link.disconnect()', ''],
    ['air.faults', 'onBroken: () => link.disconnect()', 'onBroken: () => {}'],
    ['air.unsubscribed', "if (event?.type === 'unsubscribed') leave()", ''],
  ]),
  ...bandMutants('reference/band/gatt-table.ts', [
    [
      'air.service',
      '  write: TO_BAND_UUID,\n})',
      '  write: TO_BAND_UUID,\n}).concat({ handle: 15, type: u16(PRIMARY_SERVICE), value: uuidBytes(SERVICE_UUID), groupEnd: 15 })',
    ],
  ]),
  ...bandMutants('shared/contracts/phone-link.ts', [
    ['air.exchange', 'body: concat(offerId, message.body)', 'body: concat(new Uint8Array(OFFER_ID_BYTES), message.body)'],
  ]),
  ...bandMutants('reference/band/band-state.ts', [
    ['knocks.fresh', 'KNOCKS_KEPT_MS = 15_000', 'KNOCKS_KEPT_MS = 60_000'],
    ['wear.flicker', 'DISARM_AFTER_MS = 5_000', 'DISARM_AFTER_MS = 3_500'],
    ['wear.brush', 'SETTLED_AFTER_MS = 1_000', 'SETTLED_AFTER_MS = 0'],
    ['arm.lifetime', 'Math.min(lifetimeMs, ARMED_MAX_MS)', 'ARMED_MAX_MS'],
  ]),
  ...phoneMutants('reference/phone/open-request.ts', [
    ['identify.probe', "if (statement.kind === 'identify' && (flags & FLAG_PROBE) === 0) return err('band-not-usable')", ''],
    ['terminal.signature', "(await isSignedBy(opened, key)) ? ok(certificate) : err('terminal-not-trusted')", 'ok(certificate)'],
    ['terminal.nonce', "if (!equalBytes(statement.value.bandNonce, forward.bandNonce)) return err('terminal-not-trusted')", ''],
    ['proof.counter', ' || counter <= counterSeen', ''],
    ['proof.epoch', ' || epoch !== band.epoch', ''],
    ['proof.probe', "if (statement.kind === 'pay' && (flags & FLAG_PROBE) !== 0) return err('band-not-usable')", ''],
    ['request.expired', 'return nowS > statement.time + statement.lifetime || statement.time > nowS + CLOCK_TOLERANCE_S', 'return false'],
  ]),
  ...phoneMutants('reference/phone/engine.ts', [
    ['identify.cancel', 'await this.#parts.identity?.cancelled(relay)', ''],
    [
      'offline.once',
      'else settled = record?.outcome\n',
      "else settled = record?.outcome.state === 'offline' ? undefined : record?.outcome\n",
    ],
    ['policy.confirm', "act: verdict.type === 'confirm' ? 'confirmed' : 'none'", "act: 'none'"],
    ['query.never-seen', "if (this.#records.find(key)?.outcome.state === 'never-seen')", 'if (false)'],
  ]),
  ...phoneMutants('reference/phone/identity.ts', [
    ['identify.given', 'requestDigest: proof.requestDigest,', 'requestDigest: opened.statement.digest,'],
    ['identify.asks', "interrupt(err('confirm-on-phone'))", 'interrupt(ok({ given: question.claims, always: false }))'],
    ['identify.no', "if (given.length === 0) return err('wallet-refused')", ''],
    ['identify.always', 'question.claims.every((claim) => kept.claims.includes(claim))', 'true'],
    ['identify.more', " && (memberNumber === undefined || agreed.includes('member-number'))", ''],
    ['identify.forged', '!said.ok || !equalBytes(said.value.statementDigest, digest)', '!said.ok'],
  ]),
  ...phoneMutants('reference/phone/allowance.ts', [
    ['offline.lease', ' && equalBytes(lease.value.phonePoint, phonePoint)', ''],
    ['offline.answer', 'approvedAt: this.#nowS(), ...payment', 'approvedAt: 1, ...payment'],
    ['offline.evidence', '(await openOffline(evidence, keySet)).ok ? ok(evidence)', 'keySet ? ok(evidence)'],
    ['offline.used', 'this.#next = Math.max(this.#next, refused.value.next)', ''],
    ['offline.cap', '.find(({ cap }) => amount <= cap)', '.find(() => amount > 0)'],
    ['offline.until', ' || this.#nowS() > kept.until) return []', ') return []'],
    ['offline.revoked', 'return reply.ok ? reply.value :', 'return reply.ok ||'],
  ]),
  ...phoneMutants('reference/phone/offline-book.ts', [
    ['offline.told', 'await backend.report({ statement, authorization, slot, slotProof })', '{ ok: true } as const'],
  ]),
  ...phoneMutants('reference/phone/exchange.ts', [
    ['cancel.mac', "return macMatches(await this.opened.session.mac('cancel', cancelMessage.encode(unsigned)), mac)", 'return true'],
    ['commit.mac', "macMatches(await this.opened.session.mac('commit', commitMessage.encode(unsigned)), mac)", 'true'],
  ]),
  ...phoneMutants('reference/phone/submitter.ts', [
    ['answer.forged', 'return opened.ok && equalBytes(opened.value.statementDigest, digest)', 'return opened.ok'],
  ]),
  ...phoneMutants('reference/phone/bond.ts', [['pair.other-ask', ' && equalBytes(offer.askDigest, await sha256(askBody))', '']]),
]

type Change = readonly [rule: string, from: string, to: string]

function bandMutants(file: string, changes: readonly Change[]): readonly Mutant[] {
  return changes.map(([rule, from, to]) => ({ part: 'band', rule, file, from, to }))
}

function phoneMutants(file: string, changes: readonly Change[]): readonly Mutant[] {
  return changes.map(([rule, from, to]) => ({ part: 'phone', rule, file, from, to }))
}

/** The sources with the mutant's one change. Throws when its place is not there exactly once: then it no longer breaks what it says. */
export function growMutant({ rule, file, from, to }: Mutant): { readonly root: string; remove(): void } {
  const source = readFileSync(join(ROOT, file), 'utf8')
  const places = source.split(from).length - 1
  if (places !== 1) throw new Error(`the mutant for ${rule} finds its place ${places} times in ${file}`)
  const root = mkdtempSync(join(tmpdir(), 'bandtill-mutant-'))
  for (const folder of FOLDERS) cpSync(join(ROOT, folder), join(root, folder), { recursive: true })
  cpSync(join(ROOT, 'package.json'), join(root, 'package.json'))
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'))
  writeFileSync(
    join(root, file),
    source.replace(from, () => to),
  )
  return { root, remove: () => rmSync(root, { recursive: true, force: true }) }
}
