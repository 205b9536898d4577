/** Rules for a band: who is at the other end of its link, whom it lets itself be bound to, and who lets it go (docs/protocol.md §8). */
import { equalBytes, toHex } from '#shared/contracts/bytes.ts'
import { NO_EXCHANGE, pairAsk } from '#shared/contracts/link-messages.ts'
import { newSigner, randomBytes } from '#shared/crypto/keys.ts'
import { Authority } from '../authority.ts'
import type { BandBench } from '../band-bench.ts'
import type { PhoneSide } from '../phone-side.ts'
import { must, type Rule } from '../rule.ts'

const DAY_S = 86_400
const KNOCK_WAIT_MS = 61_000

async function refusesSecondPhone(bench: BandBench): Promise<void> {
  const stranger = await bench.phone()
  const { ask } = await stranger.asked()
  stranger.say('pair-ask', ask)
  await stranger.expectRefused('not-available', 'pair-offer')
}

/** Offered to a phone, and not bound yet. */
async function offered(bench: BandBench) {
  const phone = await bench.phone()
  const { offer, keys } = await phone.askForOffer(bench.factoryPoint)
  const { bandId, epoch, point } = offer
  const said = { bandId, epoch, point, phonePoint: phone.signer.point, at: bench.nowS() }
  return { phone, offer, keys, said, key: bench.authority.statement('release') }
}

/** The band takes no binding of this kind, whatever is knocked. */
async function refusesBinding(bench: BandBench, phone: PhoneSide, knocks: number): Promise<void> {
  await bench.do({ do: 'knock', count: knocks })
  await phone.expectRefused('not-available', 'bound')
}

const linkNonce: Rule<BandBench> = {
  id: 'link.nonce',
  section: '§8.1',
  says: 'A bound band greets each connection of a phone with LINK-NONCE, fresh each time.',
  check: async (bench) => {
    const { bonded } = await bench.bound()
    const seen = new Set<string>()
    for (let connection = 0; connection < 3; connection += 1) {
      const phone = await bench.phone(bonded.phone)
      seen.add(toHex(await phone.linkNonce()))
      await phone.close()
    }
    must(seen.size === 3, 'LINK-NONCE repeats')
  },
}

const ownPhone: Rule<BandBench> = {
  id: 'link.proof',
  section: '§8.1',
  says: 'The phone it is bound to is known by its LINK-PROOF, and asked for offers.',
  check: async (bench) => {
    const { phone, bonded } = await bench.bound()
    await phone.close()
    await bench.again(bonded)
  },
}

const stranger: Rule<BandBench> = {
  id: 'link.stranger',
  section: '§8.1',
  says: 'Without the right LINK-PROOF a caller is a stranger: it leaves no offers and arms nothing.',
  check: async (bench) => {
    const { phone } = await bench.bound()
    await bench.do({ do: 'wear', worn: true })
    await phone.close()
    const other = await bench.phone()
    await other.prove(await other.linkNonce(), randomBytes(32))
    await bench.refill(other, 1)
    other.say('arm-ask', Uint8Array.of(0xa1, 1, 1))
    await other.expectRefused('not-available', 'arm-nonce')
    const terminal = await bench.session()
    must(!(await terminal.next('offer', bench.patience.silenceMs)), 'the band shows an offer that a stranger has left')
  },
}

const pairOffered: Rule<BandBench> = {
  id: 'pair.offer',
  section: '§8.2',
  says: 'A band bound to nobody answers PAIR-ASK with an offer for this phone, signed by its factory key; the first epoch is 1.',
  check: async (bench) => {
    const first = await offered(bench)
    must(first.offer.epoch === 1, `the first epoch is ${first.offer.epoch}`)
    must(equalBytes(first.offer.bandId, bench.bandId), 'the offer names another band')
    const second = await first.phone.askForOffer(bench.factoryPoint)
    must(!equalBytes(first.offer.point, second.offer.point), 'the key of an epoch is not made anew for each offer')
  },
}

const strictAsk: Rule<BandBench> = {
  id: 'pair.strict',
  section: '§1.1',
  says: 'A PAIR-ASK that is not in the one form of §1.1, or whose agreement point is none of the curve, is refused.',
  check: async (bench) => {
    const phone = await bench.phone()
    const { ask, agreement } = await phone.asked()
    const extraKey = Uint8Array.from([0xa4, ...ask.subarray(1), 4, 0])
    const longHead = Uint8Array.from([0xb8, 3, ...ask.subarray(1)])
    const tail = Uint8Array.from([...ask, 0])
    const { phonePoint, phoneNonce } = { phonePoint: phone.signer.point, phoneNonce: randomBytes(16) }
    const agreementPoint = Uint8Array.from(agreement.point).fill(0xff, 1)
    for (const body of [extraKey, longHead, tail, pairAsk.encode({ phonePoint, agreementPoint, phoneNonce })]) {
      phone.say('pair-ask', body, NO_EXCHANGE)
      await phone.expectRefused('not-available', 'pair-offer')
    }
  },
}

function secondPhone(id: string, says: string, before: (bench: BandBench) => Promise<void>): Rule<BandBench> {
  return {
    id,
    section: '§8.2',
    says,
    check: async (bench) => {
      await bench.bound()
      await before(bench)
      await refusesSecondPhone(bench)
    },
  }
}

const bindMac: Rule<BandBench> = {
  id: 'bind.mac',
  section: '§8.2',
  says: 'A PAIR-BIND whose MAC is not made with the link key of this pairing binds nothing.',
  check: async (bench) => {
    const { phone, said, key, keys } = await offered(bench)
    await phone.bind(await bench.authority.binding(said), key, randomBytes(32))
    await refusesBinding(bench, phone, keys.knocks)
  },
}

const bindSigner: Rule<BandBench> = {
  id: 'bind.signer',
  section: '§8.2',
  says: 'A binding counts only under a key of purpose `release`, valid now, that the root of this band vouches for.',
  check: async (bench) => {
    const { authority } = bench
    const now = { from: bench.nowS() - DAY_S, until: bench.nowS() + DAY_S }
    const past = { from: bench.nowS() - 3 * DAY_S, until: bench.nowS() - 2 * DAY_S }
    const other = await newSigner()
    const wrongs = [
      { by: authority.signer('authorizer'), key: authority.statement('authorizer') },
      { by: other, key: await authority.vouchFor('release', other, past) },
      { by: other, key: authority.statement('release') },
      { by: other, key: await (await Authority.found(bench.nowS())).vouchFor('release', other, now) },
    ]
    for (const { by, key } of wrongs) {
      const { phone, said, keys } = await offered(bench)
      await phone.bind(await authority.binding(said, by), key, keys.linkKey)
      await refusesBinding(bench, phone, keys.knocks)
      await phone.close()
    }
  },
}

const bindContent: Rule<BandBench> = {
  id: 'bind.content',
  section: '§8.2',
  says: 'A binding for another band, epoch, key or phone than the band has offered binds nothing.',
  check: async (bench) => {
    const point = (await newSigner()).point
    const wrongs = [{ bandId: randomBytes(16) }, { epoch: 2 }, { point }, { phonePoint: point }]
    for (const wrong of wrongs) {
      const { phone, said, key, keys } = await offered(bench)
      await phone.bind(await bench.authority.binding({ ...said, ...wrong }), key, keys.linkKey)
      await refusesBinding(bench, phone, keys.knocks)
      await phone.close()
    }
  },
}

const bindKnock: Rule<BandBench> = {
  id: 'bind.knock',
  section: '§8.2',
  says: 'One run of knocks decides: another count than the one agreed on binds nothing.',
  check: async (bench) => {
    const { phone, said, key, keys } = await offered(bench)
    await phone.bind(await bench.authority.binding(said), key, keys.linkKey)
    await bench.do({ do: 'knock', count: keys.knocks + 1 })
    await phone.expectRefused('knock-missing', 'bound')
    await bench.do({ do: 'knock', count: keys.knocks })
    must(!(await phone.next(['bound'], bench.patience.silenceMs)), 'a second run of knocks binds')
  },
}

const bindLate: Rule<BandBench> = {
  id: 'bind.late',
  section: '§13',
  says: 'A knock that does not come within 60 s binds nothing.',
  check: async (bench) => {
    const { phone, said, key, keys } = await offered(bench)
    await phone.bind(await bench.authority.binding(said), key, keys.linkKey)
    // The band has looked at it when it answers what comes after.
    must(!(await phone.next(['bound', 'link-refused'], bench.patience.silenceMs)), 'the band does not wait for a knock')
    await bench.advance(KNOCK_WAIT_MS)
    await phone.expectRefused('knock-missing', 'bound')
  },
}

const bindAgain: Rule<BandBench> = {
  id: 'bind.again',
  section: '§8.2',
  says: 'A PAIR-BIND with the same binding gets BOUND again, without another knock.',
  check: async (bench) => {
    const { phone, bonded } = await bench.bound()
    await phone.bind(bonded.binding, bench.authority.statement('release'), bonded.keys.linkKey)
    await phone.expectBound(bonded)
  },
}

const releases: Rule<BandBench> = {
  id: 'release.opens',
  section: '§8.4',
  says: "On the owner's order the band lets go, whichever phone carries it; the next binding has the next epoch and a new key.",
  check: async (bench) => {
    const { bonded } = await bench.bound()
    const other = await bench.phone()
    await bench.release(other, 1)
    const { offer } = await other.askForOffer(bench.factoryPoint)
    must(offer.epoch === 2, `after a release from epoch 1 comes epoch ${offer.epoch}`)
    must(!equalBytes(offer.point, bonded.offer.point), 'the new epoch has the old key')
  },
}

/** An order that must turn nothing: the band stays bound. */
function keeps(
  id: string,
  says: string,
  order: (bench: BandBench) => Promise<{ readonly release: Uint8Array; readonly key: Uint8Array }>,
): Rule<BandBench> {
  return {
    id,
    section: '§8.4',
    says,
    check: async (bench) => {
      const { phone } = await bench.bound()
      const { release, key } = await order(bench)
      phone.sayRelease(release, key)
      await phone.expectRefused('not-available', 'released')
    },
  }
}

const replayedRelease: Rule<BandBench> = {
  id: 'release.replayed',
  section: '§8.4',
  says: 'An order opens nothing twice: that of an earlier epoch does not release a band that is bound again.',
  check: async (bench) => {
    const { phone } = await bench.bound()
    const order = await bench.authority.release(bench.bandId, 1, bench.nowS())
    const key = bench.authority.statement('release')
    phone.sayRelease(order, key)
    await phone.expectReleased()
    const next = await bench.phone()
    await bench.pair(next)
    next.sayRelease(order, key)
    await next.expectRefused('not-available', 'released')
  },
}

const releaseWipes: Rule<BandBench> = {
  id: 'release.wipes',
  section: '§8.4',
  says: 'A release ends the session of a terminal: offers and keys are gone.',
  check: async (bench) => {
    const { phone } = await bench.ready(2)
    const terminal = await bench.session()
    await terminal.offer()
    await bench.release(phone, 1)
    await terminal.expectClosed('a released band keeps the session of a terminal')
    must((await bench.do({ do: 'look' })).advert === undefined, 'a released band goes on advertising')
  },
}

export const BAND_LOCK_RULES: readonly Rule<BandBench>[] = [
  linkNonce,
  ownPhone,
  stranger,
  pairOffered,
  strictAsk,
  secondPhone('lock.second-phone', 'A bound band refuses every other phone.', async () => {}),
  secondPhone('lock.reset', 'A bound band refuses every other phone, also after a reset.', async (bench) => {
    await bench.do({ do: 'reset' })
  }),
  secondPhone('lock.battery', 'A bound band refuses every other phone, also after a battery change.', async (bench) => {
    await bench.do({ do: 'battery' })
  }),
  bindMac,
  bindSigner,
  bindContent,
  bindKnock,
  bindLate,
  bindAgain,
  releases,
  keeps('release.signer', 'An order that no key of purpose `release` has signed releases nothing.', async (bench) => {
    const { authority } = bench
    const order = await authority.release(bench.bandId, 1, bench.nowS(), authority.signer('authorizer'))
    return { release: order, key: authority.statement('authorizer') }
  }),
  keeps('release.other-band', 'An order for another band releases nothing.', async (bench) => ({
    release: await bench.authority.release(randomBytes(16), 1, bench.nowS()),
    key: bench.authority.statement('release'),
  })),
  keeps('release.other-epoch', 'An order for another epoch releases nothing.', async (bench) => ({
    release: await bench.authority.release(bench.bandId, 2, bench.nowS()),
    key: bench.authority.statement('release'),
  })),
  replayedRelease,
  releaseWipes,
]
