/** Practice storage of a band and of a phone: each has one file of lines in the practice folder. */
import { join } from 'node:path'
import * as z from 'zod'
import { fromBase64Url, toBase64Url } from '#shared/contracts/bytes.ts'
import { walletLimits } from '#shared/contracts/wallet-limits-api.ts'
import { CLAIMS } from '#shared/domain/claims.ts'
import { CURRENCIES } from '#shared/domain/money.ts'
import type { PolicySettings } from '#shared/domain/policy.ts'
import { REASON_LIST } from '#shared/domain/reasons.ts'
import type { BandStore, LockRecord, SlotRecord } from '../band/ports.ts'
import type { Consent, ConsentStore } from '../phone/identity.ts'
import type { AllowanceStore, Bond, BondStore, KeptAllowance, Outcome, PhoneStore, RequestRecord, WitnessedHead } from '../phone/ports.ts'
import type { PinRecord, PinStore } from '../phone/unlock.ts'
import { WITNESSED_HEADS_MAX, WitnessBook } from '../phone/witness-book.ts'
import { privateJwk } from './kept-keys.ts'
import { RecordFile } from './record-file.ts'
import { keepWhole, readWhole } from './whole-file.ts'

const ceilingLine = z.strictObject({ ceiling: z.int().min(0) })

/** The counter's ceiling in one line. Throws `SyntaxError` or `ZodError` for a line that is none: the practice world does not guess. */
export function readCeiling(line: string): number {
  return ceilingLine.parse(JSON.parse(line)).ceiling
}

const isBytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array)
const bytes = z.codec(z.string(), isBytes, {
  decode: (text, context) => {
    const decoded = fromBase64Url(text)
    if (decoded) return decoded
    context.issues.push({ code: 'custom', input: text, message: 'not base64url' })
    return z.NEVER
  },
  encode: (decoded) => toBase64Url(decoded),
})
const lockRecord = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('factory') }),
  z.strictObject({
    state: z.literal('bound'),
    epoch: z.int(),
    key: privateJwk,
    idKey: bytes,
    linkKey: bytes,
    phonePoint: bytes,
    bindingDigest: bytes,
  }),
  z.strictObject({ state: z.literal('released'), epoch: z.int() }),
]) satisfies z.ZodType<LockRecord>
const slotRecord = z.strictObject({
  epoch: z.int(),
  key: privateJwk,
  next: z.int().min(0),
  serial: z.int().min(0),
  lastDigest: bytes.optional(),
})

/** A band's flash: its proof counter, and its lock. What a lock replaces is gone from the disk. */
export async function openBandStore(
  folder: string,
  customer: string,
): Promise<{
  readonly store: BandStore
  readonly ceiling: number
  readonly lock: LockRecord
  readonly slots: SlotRecord | undefined
  close(): Promise<void>
}> {
  const { file, lines } = await RecordFile.open(join(folder, `band-${customer}.jsonl`))
  const ceilings = lines.map(readCeiling)
  const lockPath = join(folder, `band-${customer}.lock.json`)
  const slotsPath = join(folder, `band-${customer}.slots.json`)
  const [kept, keptSlots] = await Promise.all([readWhole(lockPath), readWhole(slotsPath)])
  return {
    store: {
      saveCounter: async (ceiling) => file.append(JSON.stringify({ ceiling })),
      saveLock: async (lock) => keepWhole(lockPath, JSON.stringify(lockRecord.encode(lock))),
      saveSlots: async (slots) => keepWhole(slotsPath, slots && JSON.stringify(slotRecord.encode(slots))),
    },
    ceiling: Math.max(0, ...ceilings.slice(-1)),
    lock: kept === undefined ? { state: 'factory' } : lockRecord.parse(JSON.parse(kept)),
    slots: keptSlots === undefined ? undefined : readSlots(keptSlots),
    close: async () => file.close(),
  }
}

/** A band's slot counter as it is kept. Throws `SyntaxError` or `ZodError` for a text that is none. */
export function readSlots(text: string): SlotRecord {
  const { lastDigest, ...kept } = slotRecord.parse(JSON.parse(text))
  return lastDigest === undefined ? kept : { ...kept, lastDigest }
}

const submission = z.strictObject({
  statement: bytes,
  certificate: bytes,
  requestDigest: bytes,
  proof: bytes,
  act: z.enum(['none', 'confirmed']),
})
const outcome = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('asked'), submission }),
  z.strictObject({ state: z.enum(['authorization', 'decline']), signed: bytes }),
  z.strictObject({ state: z.literal('refusal'), reason: z.enum(REASON_LIST) }),
  z.strictObject({ state: z.literal('never-seen') }),
  z.strictObject({
    state: z.literal('offline'),
    authorization: bytes,
    slot: bytes,
    slotProof: bytes,
    statement: bytes,
    isReported: z.boolean(),
  }),
]) satisfies z.ZodType<Outcome>
const record = z.strictObject({ key: z.string(), digest: bytes, atS: z.int(), counter: z.int(), outcome })

const limitsLine = walletLimits.extend({ currency: z.enum(CURRENCIES) }) satisfies z.ZodType<PolicySettings>

const bond = z.strictObject({
  state: z.enum(['begun', 'bound', 'confirmed']),
  bandId: z.string(),
  epoch: z.int(),
  point: z.string(),
  linkKey: z.string(),
  binding: z.string(),
  releaseKey: z.string(),
  bound: z.string().optional(),
})

const keptAllowance = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('leased'), key: privateJwk, lease: z.string() }),
  z.strictObject({
    state: z.literal('open'),
    key: privateJwk,
    slots: z.array(z.strictObject({ counter: z.int().min(0), cap: z.int().min(1), slot: z.string() })),
    currency: z.string(),
    until: z.int(),
  }),
]) satisfies z.ZodType<KeptAllowance>

const pinRecord = z.strictObject({ salt: z.string(), hash: z.string(), rounds: z.int(), wrong: z.int(), waitUntilMs: z.number() })

const consents = z.array(z.strictObject({ merchantId: z.string(), claims: z.array(z.enum(CLAIMS)) }))

/** What a phone must not forget: its requests, the band it is bound to, who may unlock it, and who may always ask who its owner is. */
export async function openPhoneStore(
  folder: string,
  customer: string,
): Promise<{
  readonly store: PhoneStore & BondStore & PinStore & ConsentStore & AllowanceStore
  readonly records: readonly RequestRecord[]
  readonly limits: PolicySettings | undefined
  readonly bond: Bond | undefined
  readonly pin: PinRecord | undefined
  readonly consents: readonly Consent[]
  readonly allowance: KeptAllowance | undefined
  close(): Promise<void>
}> {
  const { file, lines } = await RecordFile.open(join(folder, `phone-${customer}.jsonl`))
  const limits = await RecordFile.open(join(folder, `limits-${customer}.jsonl`))
  const newest = limits.lines.at(-1)
  const bondPath = join(folder, `phone-${customer}.bond.json`)
  const pinPath = join(folder, `phone-${customer}.pin.json`)
  const consentsPath = join(folder, `phone-${customer}.consents.json`)
  const allowancePath = join(folder, `phone-${customer}.allowance.json`)
  const paths = [bondPath, pinPath, consentsPath, allowancePath] as const
  const [kept, keptPin, keptConsents, keptSlots] = await Promise.all(paths.map(readWhole))
  return {
    store: {
      saveConsents: async (changed) => keepWhole(consentsPath, JSON.stringify(changed)),
      savePin: async (pin) => keepWhole(pinPath, JSON.stringify(pin)),
      save: async (entry) => file.append(JSON.stringify(record.encode(entry))),
      saveLimits: async (changed) => limits.file.append(JSON.stringify(changed)),
      saveAllowance: async (changed) => keepWhole(allowancePath, changed && JSON.stringify(changed)),
      saveBond: async (changed) => keepWhole(bondPath, changed && JSON.stringify(changed)),
    },
    records: lines.map(readRecord),
    limits: newest === undefined ? undefined : limitsLine.parse(JSON.parse(newest)),
    bond: kept === undefined ? undefined : keptBond(kept),
    allowance: keptSlots === undefined ? undefined : readAllowance(keptSlots),
    pin: keptPin === undefined ? undefined : pinRecord.parse(JSON.parse(keptPin)),
    consents: keptConsents === undefined ? [] : consents.parse(JSON.parse(keptConsents)),
    close: async () => void (await Promise.all([file.close(), limits.file.close()])),
  }
}

/** A phone's offline allowance as it is kept. Throws `SyntaxError` or `ZodError` for a text that is none. */
export function readAllowance(text: string): KeptAllowance {
  return keptAllowance.parse(JSON.parse(text))
}

/** One line of a phone's memory. Throws `SyntaxError` or `ZodError` for a line that is none. */
export function readRecord(line: string): RequestRecord {
  return record.parse(JSON.parse(line))
}

const witnessedHead = z.strictObject({
  terminalId: z.string(),
  seq: z.int().min(0),
  head: z.string().regex(/^[0-9a-f]{32}$/),
  atS: z.int(),
}) satisfies z.ZodType<WitnessedHead>

/** What a customer's phone remembers of tills. The file is written anew at a start when it has grown beyond what is remembered. */
export async function openWitnessBook(folder: string, customer: string): Promise<{ readonly book: WitnessBook; close(): Promise<void> }> {
  const path = join(folder, `witness-${customer}.jsonl`)
  const { file, lines } = await RecordFile.open(path)
  const book = new WitnessBook({ save: async (head) => file.append(JSON.stringify(head)) }, lines.map(readHead))
  if (lines.length > 2 * WITNESSED_HEADS_MAX) await file.replace(book.heads.map((head) => JSON.stringify(head)))
  return { book, close: async () => file.close() }
}

/** One line of what a phone has witnessed. Throws `SyntaxError` or `ZodError` for a line that is none. */
export function readHead(line: string): WitnessedHead {
  return witnessedHead.parse(JSON.parse(line))
}

function keptBond(text: string): Bond {
  const { bound, ...parsed } = bond.parse(JSON.parse(text))
  return bound === undefined ? parsed : { ...parsed, bound }
}
