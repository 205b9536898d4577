/** The authorizer over a real file, with one till and enough customers, and as many good submits as are wanted. No HTTP. */
import { join } from 'node:path'
import { pino } from 'pino'
import { createServices } from '#reference/backend/app.ts'
import { openDatabase } from '#reference/backend/database/open-database.ts'
import type { Database } from '#reference/backend/database/tables.ts'
import { createMetrics } from '#reference/backend/plugins/metrics.ts'
import { bindBand } from '#reference/backend/repositories/bands-repository.ts'
import { findPhone, type Phone } from '#reference/backend/repositories/registry-repository.ts'
import type { Authorizer } from '#reference/backend/services/authorizer.ts'
import { openSigningKeys } from '#reference/backend/signing-keys.ts'
import { assert } from '#shared/assert.ts'
import { fromBase64Url, toBase64Url, toHex } from '#shared/contracts/bytes.ts'
import {
  bandProof,
  FLAG_ARMED,
  FLAG_WORN,
  ID_BYTES,
  LINES_DIGEST_BYTES,
  NONCE_BYTES,
  payStatement,
} from '#shared/contracts/radio-messages.ts'
import { newSigner, randomBytes, type Signer, sha256 } from '#shared/crypto/keys.ts'
import { sign1 } from '#shared/crypto/sign1.ts'

const TILL = 'bench-1'
const MERCHANT = 'bench'
const ENROLMENT_CODE = 'bench-enrolment'
const NAME = { en: 'Bench', 'zh-CN': '测量' }
/** Each pays a few hundred times at most, as a customer might in a month. */
const CUSTOMERS = 50
const AMOUNT = 1_000
const OPENING_BALANCE = 1_000_000_000
/** Limits are judged like everybody's and never reached. */
const LIMIT = 1_000_000_000
const LIMITS = {
  perPayment: LIMIT,
  perDay: LIMIT,
  perMerchantPerDay: LIMIT,
  confirmAbove: LIMIT,
  noKnockLimit: LIMIT,
  velocity: { payments: 1_000_000, withinMinutes: 1 },
  placeMaxMetres: 1_000,
}
const PLACE = { latitudeE5: 3_123_590, longitudeE5: 12_149_100 }
const HEAD_BYTES = 16
const LIFETIME_S = 90
const MS_PER_S = 1_000
/** Between two rounds of the bench, milliseconds: no customer pays all day long. */
const ROUND_MS = 4 * 60 * 60_000

type Customer = { readonly phone: Phone; readonly band: Signer; counter: number }
/** One signature of a submit, and whose it must be. */
export type SignatureCheck = { readonly point: Uint8Array; readonly signed: Uint8Array }
export type BuiltSubmit = {
  readonly phone: Phone
  readonly body: Parameters<Authorizer['submit']>[1]
  readonly checks: readonly SignatureCheck[]
}

export class AuthorizerWorld {
  readonly file: string
  readonly authorizer: Authorizer
  readonly #renewed: () => Promise<Uint8Array<ArrayBuffer>>
  readonly #clock: { nowMs(): number; at: number }
  readonly #till: Signer
  readonly #customers: readonly Customer[]
  readonly #db: Database
  #submitted = 0

  private constructor(parts: {
    file: string
    db: Database
    authorizer: Authorizer
    renewed: () => Promise<Uint8Array<ArrayBuffer>>
    clock: { nowMs(): number; at: number }
    till: Signer
    customers: readonly Customer[]
  }) {
    this.file = parts.file
    this.#db = parts.db
    this.authorizer = parts.authorizer
    this.#renewed = parts.renewed
    this.#clock = parts.clock
    this.#till = parts.till
    this.#customers = parts.customers
  }

  static async open(folder: string): Promise<AuthorizerWorld> {
    const clock = { at: Date.now(), nowMs: () => clock.at }
    const file = join(folder, 'backend.sqlite')
    const db = await openDatabase(file)
    const keys = await openSigningKeys(join(folder, 'keys.json'), Math.floor(clock.at / MS_PER_S))
    const { authorizer, registry, certificates } = createServices(
      { db, clock, keys, newId, log: pino({ level: 'silent' }), operatorToken: newId() },
      createMetrics(),
      { rpId: 'localhost', origin: () => 'http://localhost' },
    )
    const till = await newSigner()
    await registry.putMerchant(MERCHANT, { name: NAME })
    await registry.putSite(MERCHANT, {
      merchantId: MERCHANT,
      name: NAME,
      address: NAME,
      timeZone: 'Asia/Shanghai',
      currency: 'CNY',
      ...PLACE,
    })
    await registry.putTerminal(TILL, { siteId: MERCHANT, enrolmentCode: ENROLMENT_CODE })
    const enrolled = await certificates.enrol({ terminalId: TILL, code: ENROLMENT_CODE, point: toBase64Url(till.point) })
    assert(enrolled.ok, 'a registered till enrols')
    const renewed = async () => {
      const enrolment = await certificates.renew(TILL)
      const bytes = enrolment.ok ? fromBase64Url(enrolment.value.certificate) : undefined
      assert(bytes, 'an enrolled till gets its certificate')
      return bytes
    }
    const customers = await Promise.all(
      Array.from({ length: CUSTOMERS }, async () => {
        const [accountId, phoneId, bandId] = [newId(), newId(), newId()]
        const [phone, band] = await Promise.all([newSigner(), newSigner()])
        const opened = { displayName: 'Golden Carp', currency: 'CNY', openingBalance: OPENING_BALANCE, limits: LIMITS } as const
        await registry.putAccount(accountId, opened)
        await registry.putPhone(phoneId, { accountId, point: toBase64Url(phone.point) })
        // What a pairing leaves behind; how it comes about is not what is measured.
        await db
          .transaction()
          .execute(async (tx) => bindBand(tx, { id: bandId, accountId, phoneId, point: toBase64Url(band.point), epoch: 1 }))
        const known = await findPhone(db, phoneId)
        assert(known, 'a phone that was registered is known')
        return { phone: known, band, counter: 0 }
      }),
    )
    return new AuthorizerWorld({ file, db, authorizer, renewed, clock, till, customers })
  }

  /** Good submits of the customers in turn, some hours after the last. */
  async submits(count: number): Promise<readonly BuiltSubmit[]> {
    this.#clock.at += ROUND_MS
    const certificate = await this.#renewed()
    return Promise.all(Array.from({ length: count }, async () => this.#submit(certificate)))
  }

  async close(): Promise<void> {
    await this.#db.destroy()
  }

  async #submit(certificate: Uint8Array<ArrayBuffer>): Promise<BuiltSubmit> {
    const customer = this.#customers[this.#submitted % this.#customers.length]
    assert(customer, 'there are customers')
    this.#submitted += 1
    customer.counter += 1
    const { phone, band, counter } = customer
    const bandNonce = randomBytes(NONCE_BYTES)
    const asked = {
      requestId: randomBytes(ID_BYTES),
      amount: AMOUNT,
      currency: 'CNY',
      linesDigest: randomBytes(LINES_DIGEST_BYTES),
      holds: [],
      bandNonce,
      knocks: 0,
      listAgeMinutes: 0,
      time: Math.floor(this.#clock.at / MS_PER_S),
      lifetime: LIFETIME_S,
      headSeq: this.#submitted,
      head: randomBytes(HEAD_BYTES),
    }
    const statement = await sign1(payStatement, asked, this.#till, { withKid: false })
    const requestDigest = await sha256(statement, certificate)
    const flags = FLAG_WORN | FLAG_ARMED
    const proof = await sign1(bandProof, { bandNonce, requestDigest, counter, epoch: 1, flags, knocks: 0 }, band, { withKid: false })
    return {
      phone,
      body: {
        statement: toBase64Url(statement),
        certificate: toBase64Url(certificate),
        requestDigest: toBase64Url(requestDigest),
        proof: toBase64Url(proof),
        act: 'none',
        place: PLACE,
      },
      checks: [
        { point: this.#till.point, signed: statement },
        { point: band.point, signed: proof },
      ],
    }
  }
}

function newId(): string {
  return toHex(randomBytes(ID_BYTES))
}
