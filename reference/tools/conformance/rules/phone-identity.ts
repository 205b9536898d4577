/** Rules for a phone: who its owner is, and that nobody learns it without them (docs/protocol.md §6.1, §9). */
import { equalBytes } from '#shared/contracts/bytes.ts'
import { claimBits, identifyStatement, identityAnswer } from '#shared/contracts/identity-messages.ts'
import { FLAG_PROBE, FLAGS_READY, forwardMessage } from '#shared/contracts/radio-messages.ts'
import { randomBytes, sha256 } from '#shared/crypto/keys.ts'
import { sign1 } from '#shared/crypto/sign1.ts'
import type { Claim } from '#shared/domain/claims.ts'
import { CARD } from '../backend-desks.ts'
import type { Asked, PhoneBench } from '../phone-bench.ts'
import { must, type Rule } from '../rule.ts'

const SECTION = '§6.1'
const LIFETIME_S = 30
const EXPIRED_MS = 31_000
const BOTH: readonly Claim[] = ['name', 'member-number']

/** A terminal asks who is there, as a PROBE. */
async function identify(bench: PhoneBench, claims: readonly Claim[], flags = FLAGS_READY | FLAG_PROBE): Promise<Asked> {
  const requestId = randomBytes(16)
  const sessionNonce = randomBytes(16)
  const asked = { requestId, claims: claimBits(claims), bandNonce: sessionNonce, time: bench.nowS(), lifetime: LIFETIME_S }
  const bytes = await sign1(identifyStatement, { ...asked, headSeq: 1, head: randomBytes(16) }, bench.terminal, { withKid: false })
  return bench.ask({ whole: { bytes, requestId }, sessionNonce, proof: { flags } })
}

/** The answer, which is an identity; what it says. */
async function told(bench: PhoneBench, asked: Asked) {
  const answer = await bench.answer(asked)
  must(answer?.kind === 'identity', `a question that the owner has agreed to gets ${answer?.kind ?? 'nothing'} ${answer?.reason ?? ''}`)
  const said = await bench.authority.keys.open('identity', identityAnswer, answer.signed, bench.nowS())
  must(said.ok, 'the identity that is passed on is not as the backend signed it')
  must(equalBytes(said.value.statementDigest, asked.digest), 'the identity that is passed on is about another question')
  return said.value
}

async function questions(bench: PhoneBench): Promise<number> {
  return (await bench.do({ do: 'look' })).identityQuestions ?? 0
}

const given: Rule<PhoneBench> = {
  id: 'identify.given',
  section: SECTION,
  says: "What the owner agrees to is brought to the backend, with the question as the band proved it; the backend's word is passed on.",
  check: async (bench) => {
    await bench.paired()
    await bench.do({ do: 'owner', says: 'yes', gives: ['name'] })
    const asked = await identify(bench, BOTH)
    const said = await told(bench, asked)
    must(said.name === CARD.name && said.memberNumber === undefined, 'more or less is given than the owner agreed to')
    const [brought] = bench.backend.identities.asked
    const forward = forwardMessage.decode(asked.forward)
    must(brought && forward.ok && equalBytes(brought.statement, asked.statement), 'another question is brought to the backend')
    must(equalBytes(brought.proof, forward.value.proof), 'another proof is brought to the backend')
    must(equalBytes(brought.requestDigest, await sha256(forward.value.request)), 'another digest is brought to the backend')
    must(String(brought.agreed) === 'name', `the owner gives their name, and the backend hears ${brought.agreed.join(', ')}`)
    must((await questions(bench)) === 1, 'the owner is not asked once')
  },
}

const silence: Rule<PhoneBench> = {
  id: 'identify.asks',
  section: SECTION,
  says: 'The owner is asked, and nothing is said for them: not while they think, and when the question expires it is refused as `confirm-on-phone`.',
  check: async (bench) => {
    await bench.paired()
    await bench.do({ do: 'owner', says: 'nothing' })
    const asked = await identify(bench, ['name'])
    await bench.until('the owner is not asked', (reply) => (reply.identityQuestions ?? 0) > 0)
    must(!(await bench.answer(asked, bench.patience.silenceMs)), 'the phone answers before its owner does')
    await bench.advance(EXPIRED_MS)
    await bench.expectRefusal(asked, 'confirm-on-phone')
    must(bench.backend.identities.calls === 0, 'the backend is asked though the owner has said nothing')
  },
}

const refused: Rule<PhoneBench> = {
  id: 'identify.no',
  section: SECTION,
  says: 'An owner who gives nothing: `wallet-refused`, and the backend hears nothing of it.',
  check: async (bench) => {
    await bench.paired()
    await bench.do({ do: 'owner', says: 'no' })
    await bench.expectRefusal(await identify(bench, BOTH), 'wallet-refused')
    must(bench.backend.identities.calls === 0, 'the backend is asked though the owner has said no')
  },
}

const always: Rule<PhoneBench> = {
  id: 'identify.always',
  section: SECTION,
  says: 'What was agreed to for good is given without a question, also after a restart; a question for more than that is asked.',
  check: async (bench) => {
    await bench.paired()
    await bench.do({ do: 'owner', says: 'yes', always: true })
    await told(bench, await identify(bench, ['name']))
    await bench.do({ do: 'owner', says: 'no' })
    await told(bench, await identify(bench, ['name']))
    await bench.restart()
    await told(bench, await identify(bench, ['name']))
    must((await questions(bench)) === 1, 'the owner is asked again for what they agreed to for good')
    await bench.expectRefusal(await identify(bench, BOTH), 'wallet-refused')
    must((await questions(bench)) === 2, 'the owner is not asked for more than they agreed to for good')
  },
}

const more: Rule<PhoneBench> = {
  id: 'identify.more',
  section: '§9',
  says: 'A word of the backend that gives more than was agreed to is not passed on.',
  check: async (bench) => {
    await bench.paired()
    await bench.do({ do: 'owner', says: 'yes', gives: ['name'] })
    bench.backend.identities.answering = 'more'
    const asked = await identify(bench, BOTH)
    await bench.until('the backend is not asked', () => bench.backend.identities.asked.length > 0)
    must(!(await bench.answer(asked, bench.patience.silenceMs)), 'more is passed on than the owner agreed to')
  },
}

const forged: Rule<PhoneBench> = {
  id: 'identify.forged',
  section: '§9',
  says: 'An identity that no `identity` key has signed, or that is about another question, counts as none: `expired` when no other comes.',
  check: async (bench) => {
    await bench.paired()
    for (const answering of ['forged', 'other'] as const) {
      bench.backend.identities.answering = answering
      const before = bench.backend.identities.calls
      const asked = await identify(bench, ['name'])
      await bench.until('the backend is not asked', () => bench.backend.identities.calls > before)
      must(!(await bench.answer(asked, bench.patience.silenceMs)), `an identity that is ${answering} is passed on`)
      await bench.advance(EXPIRED_MS)
      await bench.expectRefusal(asked, 'expired')
    }
  },
}

const probe: Rule<PhoneBench> = {
  id: 'identify.probe',
  section: '§9',
  says: 'A question whose proof is not that of a PROBE is refused as `band-not-usable`: knocks are never used up by it.',
  check: async (bench) => {
    await bench.paired()
    await bench.expectRefusal(await identify(bench, ['name'], FLAGS_READY), 'band-not-usable')
    must((await questions(bench)) === 0, 'the owner is asked though the proof is not that of a PROBE')
  },
}

const cancelled: Rule<PhoneBench> = {
  id: 'identify.cancel',
  section: SECTION,
  says: 'CANCEL takes the question away: `cancelled`.',
  check: async (bench) => {
    await bench.paired()
    await bench.do({ do: 'owner', says: 'nothing' })
    const asked = await identify(bench, ['name'])
    await bench.until('the owner is not asked', (reply) => (reply.identityQuestions ?? 0) > 0)
    await bench.cancel(asked)
    await bench.expectRefusal(asked, 'cancelled')
  },
}

export const PHONE_IDENTITY_RULES: readonly Rule<PhoneBench>[] = [given, silence, refused, always, more, forged, probe, cancelled]
