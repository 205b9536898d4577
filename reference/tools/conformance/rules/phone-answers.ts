/** Rules for a phone: what it submits, what it answers, and what it answers when it is asked again (docs/protocol.md §6, §9, §12). */
import { equalBytes, toHex } from '#shared/contracts/bytes.ts'
import {
  cancelMessage,
  commitMessage,
  FLAG_PROBE,
  FLAGS_READY,
  forwardMessage,
  neverSeen,
  pendingMessage,
  presenceAnswer,
  presenceStatement,
  queryStatement,
} from '#shared/contracts/radio-messages.ts'
import { randomBytes, sha256 } from '#shared/crypto/keys.ts'
import { openSign1, sign1 } from '#shared/crypto/sign1.ts'
import { CONFIRM_ABOVE } from '../backend-side.ts'
import type { Asked, PhoneBench } from '../phone-bench.ts'
import { must, type Rule } from '../rule.ts'

const KNOCKS = 3
const LIFETIME_S = 20
const RECEIPT = 'A1-000042'

/** Asks again about a request: another session, another offer. */
async function query(bench: PhoneBench, requestId: Uint8Array, firstDigest: Uint8Array): Promise<Asked> {
  const sessionNonce = randomBytes(16)
  const rest = { time: bench.nowS(), lifetime: LIFETIME_S, headSeq: 1, head: randomBytes(16) }
  const bytes = await sign1(queryStatement, { requestId, firstDigest, bandNonce: sessionNonce, ...rest }, bench.terminal, {
    withKid: false,
  })
  return bench.ask({ whole: { bytes, requestId }, sessionNonce })
}

const submits: Rule<PhoneBench> = {
  id: 'submit.whole',
  section: '§12',
  says: 'A good request is submitted as it was opened: statement, certificate, digest of the REQUEST and proof; the yes comes back sealed.',
  check: async (bench) => {
    await bench.paired()
    const asked = await bench.ask()
    await bench.expectAuthorization(asked)
    const [submitted] = bench.backend.submitted
    must(submitted && equalBytes(submitted.statement, asked.statement), 'another statement is submitted than was sealed')
    must(submitted.act === 'none', 'a payment nobody was asked about is submitted as `confirmed`')
    const forward = forwardMessage.decode(asked.forward)
    must(forward.ok && equalBytes(submitted.proof, forward.value.proof), 'another proof is submitted than the band made')
    must(equalBytes(submitted.requestDigest, await sha256(forward.value.request)), 'the digest submitted is not that of the REQUEST')
  },
}

const pending: Rule<PhoneBench> = {
  id: 'answer.pending',
  section: '§9',
  says: 'PENDING `seen` comes before the answer.',
  check: async (bench) => {
    await bench.paired()
    const asked = await bench.ask()
    const first = await bench.band.next(['pending', 'answer'], asked.offered.offerId)
    must(first?.kind === 'pending', 'the phone answers without PENDING')
    const stage = pendingMessage.decode(first.body)
    must(stage.ok && stage.value.stage === 1, 'the first PENDING is not `seen`')
  },
}

const declined: Rule<PhoneBench> = {
  id: 'answer.decline',
  section: '§6',
  says: "The backend's signed no is sealed back as it is.",
  check: async (bench) => {
    await bench.paired()
    bench.backend.answering = 'no'
    const answer = await bench.answer(await bench.ask())
    must(answer?.kind === 'decline', `a decline is answered with ${answer?.kind ?? 'nothing'}`)
  },
}

const forged: Rule<PhoneBench> = {
  id: 'answer.forged',
  section: '§12',
  says: 'A reply that no `authorizer` key has signed, or that names another statement, is not passed on.',
  check: async (bench) => {
    await bench.paired()
    for (const answering of ['forged', 'other'] as const) {
      bench.backend.answering = answering
      const before = bench.backend.submitted.length
      const asked = await bench.ask()
      await bench.until('the backend is not asked', () => bench.backend.submitted.length > before)
      must(!(await bench.answer(asked, bench.patience.silenceMs)), `a reply that is ${answering} is passed on`)
    }
  },
}

const same: Rule<PhoneBench> = {
  id: 'answer.same',
  section: '§9',
  says: 'The same statement again gets the same answer, also after a restart, and a different nonce does not make it another.',
  check: async (bench) => {
    await bench.paired()
    const first = await bench.ask()
    const yes = await bench.expectAuthorization(first)
    const again = await bench.expectAuthorization(await bench.sameAgain(first))
    must(equalBytes(again, yes), 'the same statement gets another authorization')
    await bench.restart()
    const later = await bench.expectAuthorization(await bench.sameAgain(first))
    must(equalBytes(later, yes), 'after a restart the same statement gets another authorization')
  },
}

const taken: Rule<PhoneBench> = {
  id: 'answer.taken',
  section: '§9',
  says: 'Another statement under a request id that was seen gets `taken`.',
  check: async (bench) => {
    await bench.paired()
    const first = await bench.ask()
    await bench.expectAuthorization(first)
    await bench.expectRefusal(await bench.ask({ statement: { requestId: first.requestId } }), 'taken')
  },
}

const queried: Rule<PhoneBench> = {
  id: 'query.known',
  section: '§9',
  says: 'A query about an answered request gets that answer, sealed anew, and submits nothing.',
  check: async (bench) => {
    await bench.paired()
    const first = await bench.ask()
    const yes = await bench.expectAuthorization(first)
    const submitted = bench.backend.submitted.length
    const answer = await bench.answer(await query(bench, first.requestId, first.digest))
    must(answer?.kind === 'authorization' && equalBytes(answer.signed, yes), 'a query gets another answer than the request got')
    must(bench.backend.submitted.length === submitted, 'a query submits something')
  },
}

const unseen: Rule<PhoneBench> = {
  id: 'query.never-seen',
  section: '§6',
  says: 'A query about an unknown request gets *never seen*, signed; from then on that request id is refused as `cancelled`, also after a restart.',
  check: async (bench) => {
    await bench.paired()
    const requestId = randomBytes(16)
    const firstDigest = randomBytes(32)
    const asked = await query(bench, requestId, firstDigest)
    const answer = await bench.answer(asked)
    must(answer?.kind === 'never-seen', `a query about an unknown request gets ${answer?.kind ?? 'nothing'}`)
    const said = await openSign1(neverSeen, answer.signed, asked.offered.phoneKey)
    must(said.ok, '*never seen* is not signed by the key of the offer')
    must(
      equalBytes(said.value.requestId, requestId) && equalBytes(said.value.firstDigest, firstDigest),
      '*never seen* names another request',
    )
    await bench.expectRefusal(await bench.ask({ statement: { requestId } }), 'cancelled')
    await bench.restart()
    await bench.expectRefusal(await bench.ask({ statement: { requestId } }), 'cancelled')
  },
}

const present: Rule<PhoneBench> = {
  id: 'presence.answer',
  section: '§6',
  says: "A presence gets the knocks of the band's proof, signed, and moves nothing.",
  check: async (bench) => {
    await bench.paired()
    const sessionNonce = randomBytes(16)
    const requestId = randomBytes(16)
    const fields = { requestId, bandNonce: sessionNonce, time: bench.nowS(), lifetime: LIFETIME_S, headSeq: 1, head: randomBytes(16) }
    const bytes = await sign1(presenceStatement, fields, bench.terminal, { withKid: false })
    const asked = await bench.ask({ whole: { bytes, requestId }, sessionNonce, proof: { flags: FLAGS_READY | FLAG_PROBE, knocks: KNOCKS } })
    const answer = await bench.answer(asked)
    must(answer?.kind === 'presence', `a presence gets ${answer?.kind ?? 'nothing'}`)
    const said = await openSign1(presenceAnswer, answer.signed, asked.offered.phoneKey)
    must(said.ok, 'the answer to a presence is not signed by the key of the offer')
    must(said.value.knocks === KNOCKS, `${KNOCKS} knocks are answered as ${said.value.knocks}`)
    must(equalBytes(said.value.statementDigest, asked.digest), 'the answer names another presence')
    must(bench.backend.submitted.length === 0, 'a presence is submitted')
  },
}

/** A payment that waits for its owner, who says nothing: long enough to be cancelled. */
async function waiting(bench: PhoneBench): Promise<Asked> {
  await bench.paired()
  await bench.do({ do: 'owner', says: 'nothing' })
  const asked = await bench.ask({ statement: { amount: CONFIRM_ABOVE + 1 } })
  await bench.until('the owner is not asked', (reply) => (reply.questions ?? 0) > 0)
  return asked
}

const cancels: Rule<PhoneBench> = {
  id: 'cancel.heeded',
  section: '§9',
  says: 'A CANCEL with the right MAC, before anything is submitted, refuses with `cancelled`.',
  check: async (bench) => {
    const asked = await waiting(bench)
    await bench.cancel(asked)
    await bench.expectRefusal(asked, 'cancelled')
  },
}

const wrongCancel: Rule<PhoneBench> = {
  id: 'cancel.mac',
  section: '§7',
  says: 'A CANCEL without the right MAC changes nothing.',
  check: async (bench) => {
    const asked = await waiting(bench)
    const { requestId } = asked
    const ofCommit = await asked.session.mac('commit', cancelMessage.encode({ requestId }))
    for (const cancel of [{ requestId }, { requestId, mac: randomBytes(16) }, { requestId, mac: ofCommit }])
      bench.band.say('cancel', cancelMessage.encode(cancel), asked.offered.offerId)
    must(!(await bench.answer(asked, bench.patience.silenceMs)), 'a CANCEL without the right MAC ends a payment')
  },
}

/** Pays, then says COMMIT so; the receipts the owner was shown afterwards. */
async function committed(bench: PhoneBench, macOf: (asked: Asked, plain: Uint8Array) => Promise<Uint8Array | undefined>): Promise<Asked> {
  await bench.paired()
  const asked = await bench.ask()
  await bench.expectAuthorization(asked)
  const commit = { requestId: asked.requestId, receiptNumber: RECEIPT }
  const mac = await macOf(asked, commitMessage.encode(commit))
  bench.band.say('commit', commitMessage.encode(mac ? { ...commit, mac } : commit), asked.offered.offerId)
  return asked
}

const receipt: Rule<PhoneBench> = {
  id: 'commit.kept',
  section: '§6',
  says: 'At a COMMIT with the right MAC the owner is shown the receipt number.',
  check: async (bench) => {
    await committed(bench, async (asked, plain) => asked.session.mac('commit', plain))
    await bench.until('the receipt of a COMMIT is not shown', (reply) => reply.receipts?.includes(RECEIPT) === true)
  },
}

const wrongReceipt: Rule<PhoneBench> = {
  id: 'commit.mac',
  section: '§7',
  says: 'A COMMIT without the right MAC shows no receipt.',
  check: async (bench) => {
    await committed(bench, async (asked, plain) => asked.session.mac('cancel', plain))
    // The next request is looked at after the COMMIT.
    await bench.expectAuthorization(await bench.ask())
    const { receipts = [] } = await bench.do({ do: 'look' })
    must(receipts.length === 0, 'a COMMIT without the right MAC shows a receipt')
  },
}

const cutOff: Rule<PhoneBench> = {
  id: 'submit.again',
  section: '§12',
  says: 'A submission whose reply was lost is sent again, the same; the answer follows.',
  check: async (bench) => {
    await bench.paired()
    bench.backend.answering = 'cut'
    const asked = await bench.ask()
    await bench.until('a good request is not submitted', () => bench.backend.submitted.length > 0)
    bench.backend.answering = 'yes'
    await bench.advance(5_000)
    await bench.expectAuthorization(asked)
    const statements = new Set(bench.backend.submitted.map(({ statement }) => toHex(statement)))
    must(statements.size === 1 && bench.backend.submitted.length > 1, 'the same submission is not sent again')
  },
}

export const PHONE_ANSWER_RULES: readonly Rule<PhoneBench>[] = [
  submits,
  pending,
  declined,
  forged,
  same,
  taken,
  queried,
  unseen,
  present,
  cancels,
  wrongCancel,
  receipt,
  wrongReceipt,
  cutOff,
]
