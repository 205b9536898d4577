/**
 * Who asked this phone for what, and how it ended: the questions that wait for its owner, and the list of the last requests. What the list
 * says of payments is made from the records the engine keeps anyhow, so that it knows as well what was settled after the page had been
 * closed in between.
 */
import { payStatement, terminalCertificate } from '#shared/contracts/radio-messages.ts'
import { peekSign1 } from '#shared/crypto/sign1.ts'
import type { Claim } from '#shared/domain/claims.ts'
import type { IdentityEvent, IdentityOwner, IdentityQuestion, IdentityReply } from '../identity.ts'
import type { Clock, Owner, PaymentView, PhoneEvent, PhoneStore, RequestRecord } from '../ports.ts'
import { ASKED_MAX, type PhoneMemory } from './memory.ts'
import type { AskedRequest, Ending, Question, Subject } from './state.ts'

export type AskedBookParts = {
  readonly clock: Clock
  readonly memory: Pick<PhoneMemory, 'saveAsked'>
  /** Oldest first. */
  readonly kept: readonly AskedRequest[]
  readonly onChange: () => void
}
/** The owner's word: which claims it is for, where who they are was asked; `always` for the next time as well. */
export type Yes = { readonly given: readonly Claim[]; readonly always: boolean }
type Answer = (yes: Yes | undefined) => void
type OpenQuestion = Question & { readonly answer: Answer }
type Asker = Pick<AskedRequest, 'requestId' | 'name' | 'site' | 'subject'>
type Change = Pick<AskedRequest, 'ending'> & Partial<Pick<AskedRequest, 'reason' | 'rule' | 'hint' | 'receiptNumber'>>

export class AskedBook implements Owner, IdentityOwner {
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

  async confirm(payment: PaymentView, signal: AbortSignal, untilMs: number): Promise<'confirmed' | 'refused'> {
    return (await this.#ask(ofPayment(payment), signal, untilMs)) ? 'confirmed' : 'refused'
  }

  async identify(question: IdentityQuestion, signal: AbortSignal, untilMs: number): Promise<IdentityReply> {
    return (await this.#ask(ofIdentity(question), signal, untilMs)) ?? { given: [], always: false }
  }

  /** The owner's word on a question; undefined is a no. False when there is no such question any more. */
  answer(requestId: string, yes: Yes | undefined): boolean {
    const question = this.#questions.get(requestId)
    question?.answer(yes)
    return question !== undefined
  }

  tell(event: PhoneEvent): void {
    const asker = ofPayment(event.payment)
    switch (event.type) {
      case 'approved':
        return this.#note(asker, { ending: event.isOffline === true ? 'offline' : 'approved' })
      case 'refused':
        return this.#note(asker, { ending: 'refused', reason: event.reason, ...(event.rule ? { rule: event.rule } : {}) })
      case 'declined':
        return this.#note(asker, { ending: 'declined', hint: event.hint })
      case 'e-receipt':
        return this.#note(asker, { ending: this.#paidAs(asker.requestId), receiptNumber: event.receiptNumber })
    }
  }

  told(event: IdentityEvent): void {
    const asker = ofIdentity(event.question)
    switch (event.type) {
      case 'identity-given':
        return this.#note({ ...asker, subject: { kind: 'identify', claims: event.given } }, { ending: 'told' })
      case 'identity-refused':
        return this.#note(asker, { ending: 'refused', reason: event.reason })
      case 'identity-declined':
        return this.#note(asker, { ending: 'declined', hint: event.hint })
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

  async #ask(asker: Asker, signal: AbortSignal, untilMs: number): Promise<Yes | undefined> {
    const { promise, resolve } = Promise.withResolvers<Yes | undefined>()
    this.#questions.set(asker.requestId, { ...asker, untilMs, answer: resolve })
    signal.addEventListener('abort', () => resolve(undefined), { once: true })
    this.#note(asker, { ending: 'waiting' })
    const yes = await promise
    this.#questions.delete(asker.requestId)
    this.#parts.onChange()
    return yes
  }

  #saw({ key, outcome }: RequestRecord): void {
    const requestId = key.slice(key.indexOf(':') + 1)
    const known = this.#asked.get(requestId)
    const note = (change: Change) => {
      if (known && known.ending !== change.ending) this.#note(known, change)
    }
    switch (outcome.state) {
      case 'asked': {
        const asker = askerOf(requestId, outcome.submission)
        if (asker) this.#note(asker, { ending: 'asking' })
        return
      }
      case 'authorization':
        return note({ ending: 'approved' })
      case 'offline': {
        const asker = known ?? askerOf(requestId, outcome)
        if (asker) this.#note(asker, { ending: 'offline' })
        return
      }
      case 'decline':
        return note({ ending: 'declined' })
      case 'refusal':
        return note({ ending: 'refused', reason: outcome.reason })
      case 'never-seen':
    }
  }

  /** A receipt does not change how it was paid. */
  #paidAs(requestId: string): Ending {
    return this.#asked.get(requestId)?.ending === 'offline' ? 'offline' : 'approved'
  }

  #note({ requestId, name, site, subject }: Asker, change: Change): void {
    const known = this.#asked.get(requestId)
    const asked: AskedRequest = { atMs: this.#parts.clock.nowMs(), ...known, requestId, name, site, subject, ...change }
    this.#asked.set(requestId, asked)
    for (const oldest of this.#asked.keys()) {
      if (this.#asked.size <= ASKED_MAX) break
      this.#asked.delete(oldest)
    }
    // The engine keeps an ending, and then tells of it: the disk is given it once. What is lost of this list is a memory, and no money.
    if (JSON.stringify(asked) !== JSON.stringify(known)) void this.#parts.memory.saveAsked(asked)
    this.#parts.onChange()
  }
}

function ofPayment({ requestId, amount, currency, name, site }: PaymentView): Asker {
  return { requestId, name, site, subject: { kind: 'pay', amount, currency } }
}

function ofIdentity({ requestId, name, site, claims }: IdentityQuestion): Asker {
  return { requestId, name, site, subject: { kind: 'identify', claims } }
}

/** Who asked for what, from what was sent on: the terminal's certificate was checked before. */
function askerOf(
  requestId: string,
  { statement, certificate }: { readonly statement: Uint8Array; readonly certificate?: Uint8Array },
): Asker | undefined {
  const pay = peekSign1(payStatement, statement)
  const terminal = certificate && peekSign1(terminalCertificate, certificate)
  if (!pay.ok || !terminal?.ok) return undefined
  const { amount, currency } = pay.value.value
  const { name, site } = terminal.value.value
  const subject: Subject = { kind: 'pay', amount, currency }
  return { requestId, name, site, subject }
}
