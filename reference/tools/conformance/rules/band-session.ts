/** Rules for a band: offers and their nonces, proofs and their counter, what passes through (docs/protocol.md §3, §6, §8, §9). */
import { equalBytes, toHex } from '#shared/contracts/bytes.ts'
import {
  answerPlaintext,
  cancelMessage,
  commitMessage,
  ERROR_CODES,
  errorMessage,
  FLAG_PROBE,
  FLAG_WORN,
  FLAGS_READY,
  type MessageKind,
  pendingMessage,
} from '#shared/contracts/radio-messages.ts'
import { randomBytes, sha256 } from '#shared/crypto/keys.ts'
import type { BandBench } from '../band-bench.ts'
import { must, type Rule } from '../rule.ts'

/** No customer stands at so many tills within a minute. */
const SESSIONS_MAX = 60
const REQUESTS_MAX = 8
const BUSY_WITHIN_MS = 1_500
const SILENCE_MS = 31_000
const KNOCKS_GONE_MS = 16_000
const KNOCKS = 3

const nonces: Rule<BandBench> = {
  id: 'offer.nonce',
  section: '§6',
  says: 'The nonce of each OFFER is fresh: in a session, and from one connection to the next.',
  check: async (bench) => {
    const { phone, bonded } = await bench.ready(4)
    const seen: string[] = []
    for (let connection = 0; connection < 2; connection += 1) {
      const terminal = await bench.session()
      const { offer } = await bench.prove(terminal, phone, bonded)
      seen.push(toHex(offer.bandNonce), toHex((await terminal.offer()).bandNonce))
      await terminal.close()
    }
    must(new Set(seen).size === seen.length, 'the same nonce is shown twice')
  },
}

const offerFlags: Rule<BandBench> = {
  id: 'offer.flags',
  section: '§6',
  says: 'OFFER and advertisement say whether the band is worn, armed and linked.',
  check: async (bench) => {
    await bench.ready(2)
    const flagsNow = async () => {
      const terminal = await bench.session()
      const { flags } = await terminal.offer()
      await terminal.close()
      const advert = await bench.advertised()
      must((advert.flags & FLAGS_READY) === (flags & FLAGS_READY), 'advertisement and OFFER differ in what the band is')
      return flags & FLAGS_READY
    }
    must((await flagsNow()) === FLAGS_READY, 'a band that is worn, armed and linked says otherwise')
    await bench.do({ do: 'wear', worn: false })
    must(((await flagsNow()) & FLAG_WORN) === 0, 'a band off the wrist says that it is worn')
  },
}

const once: Rule<BandBench> = {
  id: 'offer.once',
  section: '§8',
  says: 'An offer is used up by the REQUEST that is proven for it, and by nothing else.',
  check: async (bench) => {
    const { phone, bonded } = await bench.ready(3)
    const looked = await bench.session()
    const shown = await looked.offer()
    await looked.close()
    const terminal = await bench.session()
    const first = await bench.prove(terminal, phone, bonded)
    must(equalBytes(first.offer.offer, shown.offer), 'an offer that was only shown is used up')
    must(!equalBytes((await terminal.offer()).offer, shown.offer), 'an offer is shown again after a REQUEST was proven for it')
  },
}

const nonceUsed: Rule<BandBench> = {
  id: 'offer.nonce-used',
  section: '§9',
  says: 'A REQUEST without an OFFER on show ends the session as `nonce-used`.',
  check: async (bench) => {
    const { phone, bonded } = await bench.ready(1)
    const terminal = await bench.session()
    const { request } = await bench.prove(terminal, phone, bonded)
    terminal.say('request', request.message)
    await terminal.expectEnd('nonce-used')
  },
}

const noOffer: Rule<BandBench> = {
  id: 'session.no-offer',
  section: '§6',
  says: 'A band without offers waits for one, and then says `busy`.',
  check: async (bench) => {
    await bench.ready(0)
    const terminal = await bench.session()
    await terminal.expectError('busy', BUSY_WITHIN_MS + bench.patience.answerMs)
  },
}

const rate: Rule<BandBench> = {
  id: 'session.rate',
  section: '§9',
  says: 'Too many sessions within a minute are told `busy`.',
  check: async (bench) => {
    await bench.ready(1)
    for (let connection = 1; ; connection += 1) {
      const terminal = await bench.session()
      const first = await terminal.first(['offer', 'error'])
      if (first?.kind === 'error') {
        const said = errorMessage.decode(first.body)
        must(said.ok && said.value.code === ERROR_CODES.busy, 'too many sessions are told something else than `busy`')
        return
      }
      await terminal.close()
      must(connection < SESSIONS_MAX, `${connection} sessions within a minute, and none of them is told \`busy\``)
    }
  },
}

const requests: Rule<BandBench> = {
  id: 'session.requests',
  section: '§9',
  says: 'More than eight requests in one session end it as `busy`.',
  check: async (bench) => {
    const { phone, bonded } = await bench.ready(REQUESTS_MAX)
    const terminal = await bench.session()
    for (let asked = 1; asked <= REQUESTS_MAX; asked += 1) {
      await bench.prove(terminal, phone, bonded)
      await bench.refill(phone, 1)
    }
    const { message } = await bench.request(await terminal.offer())
    terminal.say('request', message)
    await terminal.expectEnd('busy')
  },
}

const silence: Rule<BandBench> = {
  id: 'session.silence',
  section: '§13',
  says: 'A subscribed terminal that asks nothing for 30 s is let go.',
  check: async (bench) => {
    await bench.ready(1)
    const terminal = await bench.session()
    await terminal.offer()
    await bench.advance(SILENCE_MS)
    await terminal.expectClosed('a terminal that asks nothing is kept for longer than 30 s')
  },
}

const fields: Rule<BandBench> = {
  id: 'proof.fields',
  section: '§6',
  says: 'The proof is over this REQUEST as received, the nonce of its OFFER, the epoch, and the state the band is in.',
  check: async (bench) => {
    const { phone, bonded } = await bench.ready(1)
    const terminal = await bench.session()
    const { proof, offer, request } = await bench.prove(terminal, phone, bonded)
    must(equalBytes(proof.bandNonce, offer.bandNonce), 'the proof names another nonce')
    must(equalBytes(proof.requestDigest, await sha256(request.message)), 'the proof is over another request digest')
    must(proof.epoch === bonded.offer.epoch, 'the proof names another epoch')
    must((proof.flags & FLAGS_READY) === FLAGS_READY, 'the proof says that the band is not worn, armed and linked')
  },
}

const forward: Rule<BandBench> = {
  id: 'forward.whole',
  section: '§8',
  says: 'FORWARD carries the request as received, under the offer it was sealed to and the nonce of its OFFER.',
  check: async (bench) => {
    const { phone } = await bench.ready(1)
    const terminal = await bench.session()
    const offer = await terminal.offer()
    const { message } = await bench.request(offer)
    terminal.say('request', message)
    const forwarded = await phone.forwarded()
    must(forwarded, 'the request is not forwarded')
    must(equalBytes(forwarded.request, message), 'the request is forwarded with other bytes')
    must(equalBytes(forwarded.bandNonce, offer.bandNonce), 'FORWARD names another nonce than its OFFER')
  },
}

const counter: Rule<BandBench> = {
  id: 'proof.counter',
  section: '§6',
  says: 'The counter rises with every proof, whatever connects in between.',
  check: async (bench) => {
    const { phone, bonded } = await bench.ready(4)
    const counters: number[] = []
    for (let connection = 0; connection < 2; connection += 1) {
      const terminal = await bench.session()
      for (const as of ['request', 'probe'] as const) counters.push((await bench.prove(terminal, phone, bonded, as)).proof.counter)
      await terminal.close()
    }
    must(
      counters.every((value, index) => index === 0 || value > (counters[index - 1] ?? 0)),
      `the counter goes ${counters.join(', ')}`,
    )
  },
}

const counterKept: Rule<BandBench> = {
  id: 'proof.counter-kept',
  section: '§6',
  says: 'The counter never goes back, also when the battery was out.',
  check: async (bench) => {
    const { phone, bonded } = await bench.ready(1)
    const first = await bench.session()
    const before = await bench.prove(first, phone, bonded)
    await first.close()
    await bench.do({ do: 'battery' })
    const again = await bench.again(bonded)
    await bench.do({ do: 'wear', worn: true })
    await bench.arm(again, bonded)
    await bench.refill(again, 1)
    const after = await bench.prove(await bench.session(), again, bonded)
    must(
      after.proof.counter > before.proof.counter,
      `after a battery change the counter goes from ${before.proof.counter} to ${after.proof.counter}`,
    )
  },
}

const probe: Rule<BandBench> = {
  id: 'proof.probe',
  section: '§6',
  says: 'The proof of a PROBE carries the flag `probe`, that of a REQUEST does not.',
  check: async (bench) => {
    const { phone, bonded } = await bench.ready(2)
    const terminal = await bench.session()
    const probed = await bench.prove(terminal, phone, bonded, 'probe')
    must((probed.proof.flags & FLAG_PROBE) !== 0, 'the proof of a PROBE does not say that it is one')
    const asked = await bench.prove(terminal, phone, bonded)
    must((asked.proof.flags & FLAG_PROBE) === 0, 'the proof of a REQUEST says that it is a PROBE')
  },
}

const knocksUsed: Rule<BandBench> = {
  id: 'knocks.used',
  section: '§6',
  says: 'A PROBE, such as one that asks who is there, reads the last run of knocks; a REQUEST uses it up.',
  check: async (bench) => {
    const { phone, bonded } = await bench.ready(4)
    await bench.do({ do: 'knock', count: KNOCKS })
    const terminal = await bench.session()
    const felt: number[] = []
    for (const as of ['probe', 'probe', 'request', 'request'] as const)
      felt.push((await bench.prove(terminal, phone, bonded, as)).proof.knocks)
    const right = [KNOCKS, KNOCKS, KNOCKS, 0]
    must(String(felt) === String(right), `after ${KNOCKS} knocks probe, probe, request, request say ${felt.join(', ')}`)
  },
}

const knocksFresh: Rule<BandBench> = {
  id: 'knocks.fresh',
  section: '§13',
  says: 'A run of knocks is forgotten after 15 s.',
  check: async (bench) => {
    const { phone, bonded } = await bench.ready(1)
    await bench.do({ do: 'knock', count: KNOCKS })
    await bench.advance(KNOCKS_GONE_MS)
    const { proof } = await bench.prove(await bench.session(), phone, bonded)
    must(proof.knocks === 0, `16 s after ${KNOCKS} knocks the proof still says ${proof.knocks}`)
  },
}

const passes: Rule<BandBench> = {
  id: 'relay.unchanged',
  section: '§8',
  says: 'PENDING, ANSWER and ERROR of the phone, COMMIT and CANCEL of the terminal pass through unchanged.',
  check: async (bench) => {
    const { phone, bonded } = await bench.ready(1)
    const terminal = await bench.session()
    const { exchange, request } = await bench.prove(terminal, phone, bonded)
    const answer = await request.session.sealAnswer(answerPlaintext.encode({ kind: 3, signed: randomBytes(40) }))
    const down: readonly (readonly [MessageKind, Uint8Array])[] = [
      ['pending', pendingMessage.encode({ stage: 1 })],
      ['error', errorMessage.encode({ code: 6, retryAfterSeconds: 2 })],
      ['answer', answer],
    ]
    for (const [kind, body] of down) {
      phone.say(kind, body, exchange)
      const heard = await terminal.next(kind)
      must(heard && equalBytes(heard, body), `${kind.toUpperCase()} does not reach the terminal as the phone said it`)
    }
    const { requestId } = request
    const up: readonly (readonly [MessageKind, Uint8Array])[] = [
      ['cancel', cancelMessage.encode({ requestId, mac: randomBytes(16) })],
      ['commit', commitMessage.encode({ requestId, receiptNumber: 'A1-000042', mac: randomBytes(16) })],
    ]
    for (const [kind, body] of up) {
      terminal.say(kind, body)
      const heard = await phone.next([kind])
      must(heard && equalBytes(heard.body, body), `${kind.toUpperCase()} does not reach the phone as the terminal said it`)
    }
  },
}

const earlier: Rule<BandBench> = {
  id: 'relay.exchange',
  section: '§8',
  says: "A message of the phone that names another exchange than the session's last REQUEST is dropped.",
  check: async (bench) => {
    const { phone, bonded } = await bench.ready(2)
    const terminal = await bench.session()
    const first = await bench.prove(terminal, phone, bonded)
    const second = await bench.prove(terminal, phone, bonded)
    phone.say('pending', pendingMessage.encode({ stage: 2 }), first.exchange)
    phone.say('pending', pendingMessage.encode({ stage: 3 }), second.exchange)
    const heard = await terminal.next('pending')
    const said = heard && pendingMessage.decode(heard)
    must(said?.ok && said.value.stage === 3, 'a message for an earlier exchange reaches the terminal')
  },
}

const endings: Rule<BandBench> = {
  id: 'relay.nothing-asked',
  section: '§6',
  says: 'COMMIT or CANCEL before any REQUEST end the session as `out-of-order`.',
  check: async (bench) => {
    await bench.ready(1)
    const requestId = randomBytes(16)
    const terminal = await bench.session()
    terminal.say('cancel', cancelMessage.encode({ requestId }))
    await terminal.expectEnd('out-of-order')
    const other = await bench.session()
    other.say('commit', commitMessage.encode({ requestId, receiptNumber: 'A1-000042' }))
    await other.expectEnd('out-of-order')
  },
}

const vibrates: Rule<BandBench> = {
  id: 'commit.vibrates',
  section: '§6',
  says: 'At COMMIT the band vibrates twice when it has carried an ANSWER, once for each ANSWER, and not otherwise.',
  check: async (bench) => {
    const { phone, bonded } = await bench.ready(1)
    const terminal = await bench.session()
    const { exchange, request } = await bench.prove(terminal, phone, bonded)
    const commit = commitMessage.encode({ requestId: request.requestId, receiptNumber: 'A1-000042', mac: randomBytes(16) })
    const commits = async () => {
      terminal.say('commit', commit)
      must(await phone.next(['commit']), 'COMMIT does not reach the phone')
      return (await bench.do({ do: 'look' })).vibrations ?? 0
    }
    must((await commits()) === 0, 'the band vibrates at a COMMIT though it has carried no ANSWER')
    phone.say('answer', await request.session.sealAnswer(answerPlaintext.encode({ kind: 3, signed: randomBytes(40) })), exchange)
    must(await terminal.next('answer'), 'ANSWER does not reach the terminal')
    must((await commits()) === 2, 'the band does not vibrate twice at COMMIT')
    must((await commits()) === 2, 'the band vibrates again at the same COMMIT')
  },
}

export const BAND_SESSION_RULES: readonly Rule<BandBench>[] = [
  nonces,
  offerFlags,
  once,
  nonceUsed,
  noOffer,
  rate,
  requests,
  silence,
  fields,
  forward,
  counter,
  counterKept,
  probe,
  knocksUsed,
  knocksFresh,
  passes,
  earlier,
  endings,
  vibrates,
]
