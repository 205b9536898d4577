/**
 * The backend's private keys: one file beside the database, readable by its owner only. Never in the database, never in a log.
 * The root vouches for one or more keys of each purpose; a new key is made in good time before the old one ends, and both are published.
 */
import { createHmac, createPrivateKey, type KeyObject, sign as signBytes } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type JWTPayload, SignJWT } from 'jose'
import * as z from 'zod'
import { assert } from '#shared/assert.ts'
import { fromBase64Url, toBase64Url } from '#shared/contracts/bytes.ts'
import { encodeSign1, protectedHeader, toBeSigned } from '#shared/contracts/cose.ts'
import { KEY_PURPOSES, keyStatement } from '#shared/contracts/radio-messages.ts'
import type { SignedStructure } from '#shared/contracts/structure.ts'
import { isValidAt, KeySet } from '#shared/crypto/key-set.ts'
import { generatePrivateJwk, type PrivateJwk, randomBytes, signerOf } from '#shared/crypto/keys.ts'
import { sign1 } from '#shared/crypto/sign1.ts'

const DAY_S = 86_400
/** A key is valid from a little before it was made: it signs certificates for the id slot that has already begun. */
const KEY_BACKDATED_S = 3_600
const KEY_LIFETIME_S = 365 * DAY_S
/** A successor is made this long before a key ends, so that it reaches tills that are seldom connected. */
const RENEW_BEFORE_S = 60 * DAY_S
const CUSTOMER_SECRET_BYTES = 32
const CUSTOMER_ID_BYTES = 8
const SUBJECT_BYTES = 16
const CUSTOMER_IDS_KEPT_MAX = 10_000

/** What this service signs with. The other purposes come with the features that need them. */
const OWN_PURPOSES = ['terminal-ca', 'phone-ca', 'authorizer', 'release', 'identity', 'allowance'] as const
export type OwnPurpose = (typeof OWN_PURPOSES)[number]

const jwk = z.strictObject({ kty: z.literal('EC'), crv: z.literal('P-256'), x: z.string(), y: z.string(), d: z.string() })
const keyFile = z.strictObject({
  version: z.literal(1),
  createdAtS: z.int(),
  root: jwk,
  keys: z.array(z.strictObject({ purpose: z.enum(OWN_PURPOSES), from: z.int(), until: z.int(), statement: z.string(), jwk })),
  customerSecret: z.string(),
})
type KeyFile = z.output<typeof keyFile>

/** Signs at once, inside a transaction, with a key it does not show. */
export interface PromptSigner {
  readonly point: Uint8Array
  readonly kid: Uint8Array
  /** ES256, 64 bytes. */
  signNow(bytes: Uint8Array): Uint8Array<ArrayBuffer>
  /** A JWT (JWS compact, ES256) that names its key. */
  jwt(claims: JWTPayload): Promise<string>
  /** A COSE_Sign1 that names its key. */
  statementNow<T>(statement: SignedStructure<T>, value: T): Uint8Array<ArrayBuffer>
}
type OwnKey = { readonly purpose: OwnPurpose; readonly from: number; readonly until: number; readonly signer: PromptSigner }

export class SigningKeys {
  readonly rootPoint: Uint8Array
  /** Key statements signed by the root, as every part receives them. */
  readonly statements: readonly Uint8Array[]
  readonly keySet: KeySet
  readonly createdAtS: number
  readonly #keys: readonly OwnKey[]
  readonly #customerSecret: Uint8Array
  readonly #customerIds = new Map<string, Uint8Array<ArrayBuffer>>()

  constructor(parts: {
    readonly rootPoint: Uint8Array
    readonly statements: readonly Uint8Array[]
    readonly keySet: KeySet
    readonly createdAtS: number
    readonly keys: readonly OwnKey[]
    readonly customerSecret: Uint8Array
  }) {
    this.rootPoint = parts.rootPoint
    this.statements = parts.statements
    this.keySet = parts.keySet
    this.createdAtS = parts.createdAtS
    this.#keys = parts.keys
    this.#customerSecret = parts.customerSecret
  }

  /** The key of this purpose that is valid at `atS` (seconds) and ends last. */
  signer(purpose: OwnPurpose, atS: number): PromptSigner {
    const valid = this.#keys.filter((key) => key.purpose === purpose && isValidAt(key, atS))
    const latest = valid.sort((a, b) => b.until - a.until)[0]
    assert(latest, `no valid ${purpose} key at this time: check the clock`)
    return latest.signer
  }

  /** What a merchant knows a customer by: 8 bytes, different at every merchant. */
  customerOf(accountId: string, merchantId: string): Uint8Array<ArrayBuffer> {
    const name = `bt1-customer|${merchantId}|${accountId}`
    const known = this.#customerIds.get(name)
    if (known) return known
    const id = Uint8Array.from(createHmac('sha256', this.#customerSecret).update(name).digest().subarray(0, CUSTOMER_ID_BYTES))
    if (this.#customerIds.size >= CUSTOMER_IDS_KEPT_MAX) this.#customerIds.clear()
    this.#customerIds.set(name, id)
    return id
  }

  /** What a web service knows an owner by (OpenID `sub`): different at every service, and never what a merchant knows them by. */
  subjectOf(accountId: string, clientId: string): string {
    const mac = createHmac('sha256', this.#customerSecret).update(`bt1-subject|${clientId}|${accountId}`).digest()
    return toBase64Url(mac.subarray(0, SUBJECT_BYTES))
  }

  toJSON(): string {
    return '[signing keys]'
  }
}

/** Reads the key file, makes it at the first start, and adds a successor to a key that will end soon. `nowS`: seconds. */
export async function openSigningKeys(file: string, nowS: number): Promise<SigningKeys> {
  const kept = existsSync(file) ? keyFile.parse(JSON.parse(readFileSync(file, 'utf8'))) : await newKeyFile(nowS)
  const root = await signerOf(kept.root)
  const keys = [...kept.keys]
  for (const purpose of OWN_PURPOSES) {
    const lasting = keys.some((key) => key.purpose === purpose && key.until - nowS > RENEW_BEFORE_S)
    if (!lasting) keys.push(await newKey(purpose, kept.root, nowS))
  }
  const changed = keys.length !== kept.keys.length
  if (changed) writeDurably(file, JSON.stringify({ ...kept, keys }, undefined, 1))
  const statements = keys.map((key) => parsedBytes(key.statement))
  const keySet = await KeySet.open(root.point, statements)
  assert(keySet.ok, 'the key file contradicts itself: its statements are not signed by its root')
  return new SigningKeys({
    rootPoint: root.point,
    statements,
    keySet: keySet.value,
    createdAtS: kept.createdAtS,
    keys: await Promise.all(keys.map(async (key) => ({ ...key, signer: await promptSigner(key.jwk) }))),
    customerSecret: parsedBytes(kept.customerSecret),
  })
}

async function newKeyFile(nowS: number): Promise<KeyFile> {
  const root = await generatePrivateJwk()
  return { version: 1, createdAtS: nowS, root, keys: [], customerSecret: toBase64Url(randomBytes(CUSTOMER_SECRET_BYTES)) }
}

async function newKey(purpose: OwnPurpose, rootJwk: PrivateJwk, nowS: number): Promise<KeyFile['keys'][number]> {
  const root = await signerOf(rootJwk)
  const own = await generatePrivateJwk()
  const { kid, point } = await signerOf(own)
  const window = { from: nowS - KEY_BACKDATED_S, until: nowS + KEY_LIFETIME_S }
  const statement = await sign1(keyStatement, { purpose: KEY_PURPOSES[purpose], kid, point, ...window }, root, { withKid: false })
  return { purpose, ...window, statement: toBase64Url(statement), jwk: own }
}

async function promptSigner(own: PrivateJwk): Promise<PromptSigner> {
  const { kid, point } = await signerOf(own)
  const key: KeyObject = createPrivateKey({ key: { ...own }, format: 'jwk' })
  const signNow = (bytes: Uint8Array) => Uint8Array.from(signBytes('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' }))
  const header = protectedHeader(kid)
  return {
    kid,
    point,
    signNow,
    jwt: async (claims) => new SignJWT(claims).setProtectedHeader({ alg: 'ES256', typ: 'JWT', kid: toBase64Url(kid) }).sign(key),
    statementNow(statement, value) {
      const payload = statement.encode(value)
      return encodeSign1(header, payload, signNow(toBeSigned(header, payload)))
    },
  }
}

function parsedBytes(text: string): Uint8Array<ArrayBuffer> {
  const bytes = fromBase64Url(text)
  assert(bytes, 'the key file holds something that is not base64url')
  return bytes
}

/** The whole file or the old one, never half: written aside, flushed, renamed, and the folder flushed. */
function writeDurably(file: string, text: string): void {
  const aside = `${file}.new`
  const handle = openSync(aside, 'w', 0o600)
  try {
    writeSync(handle, text)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
  renameSync(aside, file)
  if (process.platform === 'win32') return
  const folder = openSync(dirname(join(file)), 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
