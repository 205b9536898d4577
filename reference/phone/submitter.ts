/** Sending a submission to the backend, and again while no answer comes: the same bytes get the same answer. */
import { equalBytes } from '#shared/contracts/bytes.ts'
import { authorization, decline } from '#shared/contracts/radio-messages.ts'
import type { KeySet } from '#shared/crypto/key-set.ts'
import { err, type Result } from '#shared/result.ts'
import type { BackendFault, Clock, PhoneBackend, Submission, SubmitAnswer } from './ports.ts'

/** First wait before the same submission is sent again; it doubles up to the maximum. */
export const RESUBMIT_FIRST_MS = 500
export const RESUBMIT_MAX_MS = 5_000

type SubmitterParts = {
  readonly clock: Clock
  readonly backend: PhoneBackend
  /** The keys the root vouches for, once the backend has sent them. */
  readonly keySet: () => KeySet | undefined
}

export class Submitter {
  readonly #parts: SubmitterParts
  #stopped = false

  constructor(parts: SubmitterParts) {
    this.#parts = parts
  }

  /** No more tries. Whoever stops it aborts the submissions in work as well, so that none waits for its next try. */
  stop(): void {
    this.#stopped = true
  }

  /** Submits while no answer comes and the request has not expired (`untilS`, seconds). `digest` names the statement submitted. */
  async submit(
    submission: Submission,
    digest: Uint8Array,
    untilS: number,
    cancelled: AbortSignal,
  ): Promise<Result<SubmitAnswer, BackendFault>> {
    const { backend, clock } = this.#parts
    let everSent = false
    for (let waitMs = RESUBMIT_FIRST_MS; ; waitMs = Math.min(RESUBMIT_MAX_MS, waitMs * 2)) {
      const reply = await backend.submit(submission)
      if (reply.ok && (await this.#isAnswerTo(reply.value, digest))) return reply
      if (!reply.ok && reply.error === 'refused') return everSent ? err('no-answer') : reply
      if (!reply.ok && reply.error === 'not-sent' && !everSent) return reply
      everSent = true
      if (this.#stopped || clock.nowMs() + waitMs > untilS * 1000) return err('no-answer')
      await this.#wait(waitMs, cancelled)
    }
  }

  /** An answer counts when the authorizer signed it for this very statement. */
  async #isAnswerTo({ kind, signed }: SubmitAnswer, digest: Uint8Array): Promise<boolean> {
    const keySet = this.#parts.keySet()
    if (!keySet) return false
    const nowS = Math.floor(this.#parts.clock.nowMs() / 1000)
    const opened =
      kind === 'authorization'
        ? await keySet.open('authorizer', authorization, signed, nowS)
        : await keySet.open('authorizer', decline, signed, nowS)
    return opened.ok && equalBytes(opened.value.statementDigest, digest)
  }

  async #wait(delayMs: number, cancelled: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const stopTimer = this.#parts.clock.after(delayMs, resolve)
      const onStop = () => {
        if (!this.#stopped) return
        stopTimer()
        resolve()
      }
      cancelled.addEventListener('abort', onStop, { once: true })
      onStop()
    })
  }
}
