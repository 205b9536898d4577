import type { BackendFault, PhoneBackend, Submission, SubmitAnswer } from '#reference/phone/ports.ts'
import { toHex } from '#shared/contracts/bytes.ts'
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
export class FakeBackend implements PhoneBackend {
  readonly submissions: Submission[] = []
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
