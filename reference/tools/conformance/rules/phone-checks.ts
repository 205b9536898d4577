/** Rules for a phone: what it refuses, and with which reason (docs/protocol.md §1.1, §9). */
import { FLAG_ARMED, FLAG_PROBE, FLAG_WORN, FLAGS_READY } from '#shared/contracts/radio-messages.ts'
import { newSigner, randomBytes } from '#shared/crypto/keys.ts'
import type { Reason } from '#shared/domain/reasons.ts'
import { Authority } from '../authority.ts'
import { CONFIRM_ABOVE } from '../backend-side.ts'
import type { PhoneBench, Spoiled } from '../phone-bench.ts'
import { must, type Rule } from '../rule.ts'

const DAY_S = 86_400
const KNOCKS = 3

/** A request spoiled in one way, or in several one after another: each is refused with this reason, and nothing is submitted. */
function refuses(id: string, says: string, reason: Reason, spoil: (bench: PhoneBench) => Promise<readonly Spoiled[]>): Rule<PhoneBench> {
  return {
    id,
    section: '§9',
    says,
    check: async (bench) => {
      await bench.paired()
      for (const spoiled of await spoil(bench)) await bench.expectRefusal(await bench.ask(spoiled), reason)
    },
  }
}

const strict: Rule<PhoneBench> = {
  id: 'request.strict',
  section: '§1.1',
  says: 'A plaintext that is not in the one form of §1.1 gets ERROR `malformed`: a key too many, a long head, bytes behind it, an endless map.',
  check: async (bench) => {
    await bench.paired()
    const prepared = await bench.prepare()
    const good = prepared.plaintext
    const bad = [
      Uint8Array.from([0xa3, ...good.subarray(1), 3, 0]),
      Uint8Array.from([0xb8, 2, ...good.subarray(1)]),
      Uint8Array.from([...good, 0]),
      Uint8Array.from([0xbf, ...good.subarray(1), 0xff]),
      good.subarray(0, -1),
    ]
    for (const plaintext of bad) {
      const asked = await bench.seal(await bench.offered(), prepared.bandNonce, { ...prepared, plaintext })
      bench.forward(asked)
      await bench.expectError(asked, 'malformed')
    }
  },
}

const altered: Rule<PhoneBench> = {
  id: 'request.altered',
  section: '§7',
  says: 'A REQUEST whose ciphertext was altered, or that was sealed for another nonce, gets ERROR `malformed`.',
  check: async (bench) => {
    await bench.paired()
    const asked = await bench.prepare()
    const forward = Uint8Array.from(asked.forward)
    // Somewhere in the ciphertext: behind the head of FORWARD, the encapsulated key and some of what is sealed.
    const at = 150
    forward[at] = (forward[at] ?? 0) ^ 1
    bench.forward({ ...asked, forward })
    await bench.expectError(asked, 'malformed')
  },
}

const notOurs: Rule<PhoneBench> = {
  id: 'request.structure',
  section: '§9',
  says: 'A sealed statement that is none of pay, query and presence gets ERROR `malformed`.',
  check: async (bench) => {
    await bench.paired()
    const other = await bench.authority.release(randomBytes(16), 1, bench.nowS(), bench.terminal)
    const asked = await bench.ask({ whole: { bytes: other, requestId: randomBytes(16) } })
    await bench.expectError(asked, 'malformed')
  },
}

const confirms: Rule<PhoneBench> = {
  id: 'policy.confirm',
  section: '§9.2',
  says: 'Above the phone limit the owner is asked; a yes is submitted as `confirmed`, a no refuses with `wallet-refused`.',
  check: async (bench) => {
    await bench.paired()
    const statement = { amount: CONFIRM_ABOVE + 1 }
    await bench.expectAuthorization(await bench.ask({ statement }))
    must(bench.backend.submitted.at(-1)?.act === 'confirmed', 'a confirmed payment is not submitted as `confirmed`')
    must((await bench.do({ do: 'look' })).questions === 1, 'the owner is not asked once')
    await bench.do({ do: 'owner', says: 'no' })
    await bench.expectRefusal(await bench.ask({ statement }), 'wallet-refused')
  },
}

const unconfirmed: Rule<PhoneBench> = {
  id: 'policy.unconfirmed',
  section: '§9',
  says: 'A confirmation that does not come before the request expires refuses with `confirm-on-phone`.',
  check: async (bench) => {
    await bench.paired()
    await bench.do({ do: 'owner', says: 'nothing' })
    const asked = await bench.ask({ statement: { amount: CONFIRM_ABOVE + 1, lifetime: 30 } })
    await bench.until('the owner is not asked', (reply) => (reply.questions ?? 0) > 0)
    await bench.advance(31_000)
    await bench.expectRefusal(asked, 'confirm-on-phone')
  },
}

const offline: Rule<PhoneBench> = {
  id: 'submit.no-network',
  section: '§9',
  says: 'With no network, nothing sent and nothing set aside, the phone refuses with `no-network-no-allowance`.',
  check: async (bench) => {
    await bench.paired()
    const prepared = await bench.prepare()
    await bench.do({ do: 'network', on: false })
    bench.forward(prepared)
    await bench.expectRefusal(prepared, 'no-network-no-allowance')
  },
}

const certificates = async (bench: PhoneBench): Promise<readonly Spoiled[]> => {
  const { authority, terminal } = bench
  const nowS = bench.nowS()
  const otherRoot = await Authority.found(nowS)
  return [
    { certificate: await authority.terminalCertificate(terminal, nowS, {}, otherRoot.signer('terminal-ca')) },
    { certificate: await authority.terminalCertificate(terminal, nowS, {}, authority.signer('authorizer')) },
  ]
}

export const PHONE_CHECK_RULES: readonly Rule<PhoneBench>[] = [
  strict,
  altered,
  notOurs,
  refuses(
    'terminal.certificate',
    'A certificate that no `terminal-ca` key of the root has signed refuses.',
    'terminal-not-trusted',
    certificates,
  ),
  refuses(
    'terminal.expired',
    'A terminal certificate that has run out refuses.',
    'terminal-not-trusted',
    async ({ authority, terminal }) => [{ certificate: await authority.terminalCertificate(terminal, 0, { from: 0, until: DAY_S }) }],
  ),
  refuses('terminal.not-yet', 'A terminal certificate of tomorrow refuses.', 'terminal-not-trusted', async (bench) => {
    const window = { from: bench.nowS() + DAY_S, until: bench.nowS() + 2 * DAY_S }
    return [{ certificate: await bench.authority.terminalCertificate(bench.terminal, bench.nowS(), window) }]
  }),
  refuses('terminal.signature', 'A statement that the certified key has not signed refuses.', 'terminal-not-trusted', async () => [
    { signer: await newSigner() },
  ]),
  refuses('terminal.nonce', 'A statement made for another nonce than the session has refuses.', 'terminal-not-trusted', async () => [
    { statement: { bandNonce: randomBytes(16) } },
  ]),
  refuses('proof.signature', 'A proof that its own band has not signed refuses.', 'band-not-usable', async () => [
    { proofSigner: await newSigner() },
  ]),
  refuses('proof.nonce', 'A proof over another nonce refuses.', 'band-not-usable', async () => [{ proof: { bandNonce: randomBytes(16) } }]),
  refuses('proof.digest', 'A proof over another request refuses.', 'band-not-usable', async () => [
    { proof: { requestDigest: randomBytes(32) } },
  ]),
  refuses('proof.epoch', 'A proof of another epoch refuses.', 'band-not-usable', async () => [{ proof: { epoch: 2 } }]),
  refuses('proof.probe', 'A proof with the flag `probe` never stands behind a payment.', 'band-not-usable', async () => [
    { proof: { flags: FLAGS_READY | FLAG_PROBE } },
  ]),
  {
    id: 'proof.counter',
    section: '§9',
    says: 'A counter that is not above every one seen refuses.',
    check: async (bench) => {
      await bench.paired()
      bench.band.counter = 40
      await bench.expectAuthorization(await bench.ask())
      for (const counter of [41, 1]) await bench.expectRefusal(await bench.ask({ proof: { counter } }), 'band-not-usable')
    },
  },
  refuses('proof.not-worn', 'A band off the wrist refuses.', 'not-worn', async () => [{ proof: { flags: FLAGS_READY & ~FLAG_WORN } }]),
  refuses('proof.not-armed', 'A band that is not armed refuses.', 'not-armed', async () => [
    { proof: { flags: FLAGS_READY & ~FLAG_ARMED } },
  ]),
  refuses('proof.knocks', 'Another count of knocks than the statement requires refuses.', 'knock-missing', async () => [
    { statement: { knocks: KNOCKS } },
    { statement: { knocks: KNOCKS }, proof: { knocks: KNOCKS - 1 } },
  ]),
  refuses('request.expired', 'A request that has expired, or is from the future, refuses.', 'expired', async (bench) => [
    { statement: { time: bench.nowS() - 120, lifetime: 90 } },
    { statement: { time: bench.nowS() + 2 * 3_600 } },
  ]),
  confirms,
  unconfirmed,
  offline,
]
