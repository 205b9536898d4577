/**
 * Who asked this phone for what, and how it ended: the questions that wait for its owner, and the list of the last requests. The list is
 * made from the records the engine keeps anyhow, so that it knows as well what was settled after the page had been closed in between.
 */
import { payStatement, terminalCertificate } from '#shared/contracts/radio-messages.ts'
import { peekSign1 } from '#shared/crypto/sign1.ts'
import type { Clock, Owner, PaymentView, PhoneEvent, PhoneStore, RequestRecord, Submission } from '../ports.ts'
import { ASKED_MAX, type PhoneMemory } from './memory.ts'
import type { AskedRequest, Ending, Question } from './state.ts'

export type AskedBookParts = {
  readonly clock: Clock
  readonly memory: Pick<PhoneMemory, 'saveAsked'>
  /** Oldest first. */
  readonly kept: readonly AskedRequest[]
  readonly onChange: () => void
}
type OpenQuestion = Question & { readonly answer: (reply: 'confirmed' | 'refused') => void }
type Change = Partial<Omit<AskedRequest, 'requestId' | 'atMs'>> & { readonly ending: Ending }

export class AskedBook implements Owner {
  readonly #parts: AskedBookParts
  readonly #asked: Map<string, AskedRequest>
  readonly #questions = new Map<string, OpenQuestion>()

  constructor(parts: AskedBookParts) {
    this.#parts = parts
    // A question that was on the screen when the page was closed is on no screen now: the till hears that this phone never saw the request.
    this.#asked = new Map(
      parts.kept.map((asked) => [asked.requestId, asked.ending === 'waiting' ? { ...asked, ending: 'interrupted' } : asked]),
    )
  }

  get questions(): readonly Question[] {
    return [...this.#questions.values()].map(({ answer: _answer, ...question }) => question)
  }

  /** Newest first. */
  get requests(): readonly AskedRequest[] {
    return [...this.#asked.values()].reverse()
  }

  async confirm(
    { requestId, amount, currency, name, site }: PaymentView,
    signal: AbortSignal,
    untilMs: number,
  ): Promise<'confirmed' | 'refused'> {
    const { promise, resolve } = Promise.withResolvers<'confirmed' | 'refused'>()
    const question: OpenQuestion = { requestId, amount, currency, name, site, untilMs, answer: resolve }
    this.#questions.set(requestId, question)
    signal.addEventListener('abort', () => resolve('refused'), { once: true })
    this.#note({ requestId, amount, currency, name, site }, { ending: 'waiting' })
    const reply = await promise
    this.#questions.delete(requestId)
    this.#parts.onChange()
    return reply
  }

  /** The owner's word on a question. False when there is no such question any more. */
  answer(requestId: string, reply: 'confirmed' | 'refused'): boolean {
    const question = this.#questions.get(requestId)
    question?.answer(reply)
    return question !== undefined
  }

  tell(event: PhoneEvent): void {
    const { payment } = event
    switch (event.type) {
      case 'approved':
        return this.#note(payment, { ending: 'approved' })
      case 'refused':
        return this.#note(payment, { ending: 'refused', reason: event.reason, ...(event.rule ? { rule: event.rule } : {}) })
      case 'declined':
        return this.#note(payment, { ending: 'declined', hint: event.hint })
      case 'e-receipt':
        return this.#note(payment, { ending: 'approved', receiptNumber: event.receiptNumber })
    }
  }

  /** The engine's store, seen through: what it keeps of a request is what the list says of it. */
  watching(store: PhoneStore): PhoneStore {
    return {
      saveLimits: async (limits) => store.saveLimits(limits),
      save: async (record) => {
        const saved = await store.save(record)
        if (saved.ok) this.#saw(record)
        return saved
      },
    }
  }

  #saw({ key, outcome }: RequestRecord): void {
    const requestId = key.slice(key.indexOf(':') + 1)
    const known = this.#asked.get(requestId)
    switch (outcome.state) {
      case 'asked': {
        const view = viewOf(requestId, outcome.submission)
        if (view) this.#note(view, { ending: 'asking' })
        return
      }
      case 'authorization':
      case 'offline':
        if (known) this.#note(known, { ending: 'approved' })
        return
      case 'decline':
        if (known && known.ending !== 'declined') this.#note(known, { ending: 'declined' })
        return
      case 'refusal':
        if (known && known.ending !== 'refused') this.#note(known, { ending: 'refused', reason: outcome.reason })
        return
      case 'never-seen':
    }
  }

  #note({ requestId, amount, currency, name, site }: PaymentView, change: Change): void {
    const known = this.#asked.get(requestId)
    const asked: AskedRequest = { requestId, amount, currency, name, site, atMs: this.#parts.clock.nowMs(), ...known, ...change }
    this.#asked.set(requestId, asked)
    for (const oldest of this.#asked.keys()) {
      if (this.#asked.size <= ASKED_MAX) break
      this.#asked.delete(oldest)
    }
    // What is lost of this list is a memory, and no money.
    void this.#parts.memory.saveAsked(asked)
    this.#parts.onChange()
  }
}

/** What was asked, from what was sent to the backend: the terminal's certificate was checked before. */
function viewOf(requestId: string, { statement, certificate }: Submission): PaymentView | undefined {
  const pay = peekSign1(payStatement, statement)
  const terminal = peekSign1(terminalCertificate, certificate)
  if (!pay.ok || !terminal.ok) return undefined
  const { amount, currency } = pay.value.value
  const { name, site } = terminal.value.value
  return { requestId, amount, currency, name, site }
}
