import type { IdentityBackend, IdentitySaid, IdentitySubmission } from '#reference/phone/identity.ts'
import type { BackendFault, PhoneBackend, Submission, SubmitAnswer } from '#reference/phone/ports.ts'
import { toHex } from '#shared/contracts/bytes.ts'
import { identifyStatement, identityAnswer } from '#shared/contracts/identity-messages.ts'
import { authorization, decline, payStatement, phoneCertificate } from '#shared/contracts/radio-messages.ts'
import type { WalletLimitsView } from '#shared/contracts/wallet-limits-api.ts'
import { randomBytes, sha256 } from '#shared/crypto/keys.ts'
import { peekSign1, sign1 } from '#shared/crypto/sign1.ts'
import { REASONS, type Reason } from '#shared/domain/reasons.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { ManualClock } from '#test/support/manual-clock.ts'
import type { KeyWorld } from './key-world.ts'

const SLOT_S = 15 * 60

/** A backend that says what a test has it say: by default it approves, and the same statement gets the same answer. */
export class FakeBackend implements PhoneBackend, IdentityBackend {
  readonly submissions: Submission[] = []
  readonly identities: IdentitySubmission[] = []
  /** What it says of who somebody is, beyond what was agreed to. */
  saysToo: { readonly name?: string } = {}
  /** Answers of the next submissions; when none is left, it approves. */
  readonly faults: BackendFault[] = []
  declineWith: Reason | undefined
  /** What it says of limits, once a test has set it; until then it does not answer. */
  limitsView: WalletLimitsView | undefined
  /** Holds answers back until it is called. */
  gate: Promise<void> = Promise.resolve()
  readonly #keys: KeyWorld
  readonly #clock: ManualClock
  readonly #answers = new Map<string, SubmitAnswer>()

  constructor(keys: KeyWorld, clock: ManualClock) {
    this.#keys = keys
    this.#clock = clock
  }

  async certify(keys: readonly { readonly point: Uint8Array; readonly slot: number }[]) {
    const certificates = await Promise.all(
      keys.map(async ({ point, slot }) => {
        const fields = { pseudonym: randomBytes(8), point, from: slot * SLOT_S, until: (slot + 1) * SLOT_S }
        return sign1(phoneCertificate, fields, this.#keys.signer('phone-ca'), { withKid: true })
      }),
    )
    return ok({ certificates, keySet: this.#keys.statements })
  }

  async submit(submission: Submission): Promise<Result<SubmitAnswer, BackendFault>> {
    this.submissions.push(submission)
    const fault = this.faults.shift()
    if (fault) return err(fault)
    await this.gate
    const digest = await sha256(submission.statement)
    const known = this.#answers.get(toHex(digest))
    if (known) return ok(known)
    const answer = this.declineWith ? await this.#decline(submission, digest, this.declineWith) : await this.approve(submission, digest)
    this.#answers.set(toHex(digest), answer)
    return ok(answer)
  }

  async identify(submission: IdentitySubmission): Promise<Result<IdentitySaid, BackendFault>> {
    this.identities.push(submission)
    const fault = this.faults.shift()
    if (fault) return err(fault)
    await this.gate
    const asked = peekSign1(identifyStatement, submission.statement)
    if (!asked.ok) throw new Error('not an identify statement')
    const about = { requestId: asked.value.value.requestId, statementDigest: await sha256(submission.statement), terminalId: 'aurora-1' }
    const at = Math.floor(this.#clock.nowMs() / 1000)
    if (this.declineWith) {
      const no = { ...about, reason: REASONS[this.declineWith].code, at }
      return ok({ kind: 'decline', signed: await sign1(decline, no, this.#keys.signer('authorizer'), { withKid: true }), hint: 'frozen' })
    }
    const said = {
      ...(submission.agreed.includes('name') ? { name: 'Golden Carp' } : {}),
      ...(submission.agreed.includes('member-number') ? { memberNumber: 'AC-1001' } : {}),
      ...this.saysToo,
    }
    const value = { ...about, customer: randomBytes(8), ...said, vouched: 0, at }
    return ok({
      kind: 'identity',
      signed: await sign1(identityAnswer, value, this.#keys.signer('identity'), { withKid: true }),
      hint: 'none',
    })
  }

  async limits(): Promise<Result<WalletLimitsView, BackendFault>> {
    return this.limitsView ? ok(this.limitsView) : err('not-sent')
  }

  async approve({ statement }: Submission, statementDigest: Uint8Array): Promise<SubmitAnswer> {
    const peeked = peekSign1(payStatement, statement)
    if (!peeked.ok) throw new Error('not a pay statement')
    const { requestId, amount, currency, knocks } = peeked.value.value
    const approvedAt = Math.floor(this.#clock.nowMs() / 1000)
    const fields = {
      ...{ authorizationId: randomBytes(16), requestId, statementDigest, amount, currency, merchantId: 'aurora', terminalId: 'aurora-1' },
      ...{ approvedAt, captureBy: approvedAt + 30 * 86_400, customer: randomBytes(8), displayName: 'Golden Carp', knocks, mode: 1 },
    }
    return {
      kind: 'authorization',
      signed: await sign1(authorization, fields, this.#keys.signer('authorizer'), { withKid: true }),
      hint: 'none',
    }
  }

  async #decline({ statement }: Submission, statementDigest: Uint8Array, reason: Reason): Promise<SubmitAnswer> {
    const peeked = peekSign1(payStatement, statement)
    if (!peeked.ok) throw new Error('not a pay statement')
    const at = Math.floor(this.#clock.nowMs() / 1000)
    const fields = { requestId: peeked.value.value.requestId, statementDigest, terminalId: 'aurora-1', reason: REASONS[reason].code, at }
    return { kind: 'decline', signed: await sign1(decline, fields, this.#keys.signer('authorizer'), { withKid: true }), hint: 'funds' }
  }
}
