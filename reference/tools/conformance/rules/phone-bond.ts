/** Rules for a phone: its calls to the backend, its offers, and what binds it to a band (docs/protocol.md §6, §8, §12). */
import { ID_SLOT_MS } from '#shared/contracts/band-advert.ts'
import { toHex } from '#shared/contracts/bytes.ts'
import { newSigner, randomBytes } from '#shared/crypto/keys.ts'
import type { PairChanges } from '../band-side.ts'
import type { PhoneBench } from '../phone-bench.ts'
import { must, type Rule } from '../rule.ts'

const OFFERS = 8
const OFFER_GRACE_S = 150

const pairs: Rule<PhoneBench> = {
  id: 'pair.binds',
  section: '§8.2',
  says: 'A phone pairs: it shows its owner the count, says PAIR-BIND with the right MAC, and brings BOUND to the backend.',
  check: async (bench) => {
    await bench.do({ do: 'pair' })
    const { phonePoint } = await bench.band.offer()
    const count = bench.band.keys?.knocks
    await bench.until('the phone does not show the count that was agreed on', (reply) => reply.knocks === count)
    await bench.band.bind(phonePoint)
    await bench.until('a phone that was told BOUND does not call itself bound', (reply) => reply.bound === true)
    await bench.until('BOUND is not brought to the backend', () => bench.backend.confirmed !== undefined)
  },
}

/** A PAIR-OFFER that is not an answer to this phone: nothing is brought to the backend. */
function refusesOffer(id: string, says: string, changes: () => Promise<PairChanges>): Rule<PhoneBench> {
  return {
    id,
    section: '§8.2',
    says,
    check: async (bench) => {
      await bench.do({ do: 'pair' })
      await bench.band.offer(await changes())
      must(!(await bench.band.next(['pair-bind'], undefined, bench.patience.silenceMs)), 'the phone goes on with an offer made for another')
      must(!bench.backend.paired, 'the phone brings an offer to the backend that was made for another')
    },
  }
}

const wrongBinding: Rule<PhoneBench> = {
  id: 'pair.binding',
  section: '§8.2',
  says: 'A binding that does not say what the band has offered is not brought to it.',
  check: async (bench) => {
    bench.backend.spoilBinding = (offer) => ({ ...offer, epoch: offer.epoch + 1 })
    await bench.do({ do: 'pair' })
    await bench.band.offer()
    must(!(await bench.band.next(['pair-bind'], undefined, bench.patience.silenceMs)), 'the phone carries a binding for another epoch')
  },
}

const proves: Rule<PhoneBench> = {
  id: 'link.proof',
  section: '§8.1',
  says: 'Asked by LINK-NONCE, the phone answers LINK-PROOF with the link key, also after a restart.',
  check: async (bench) => {
    await bench.paired()
    must(await bench.band.recognises(), 'LINK-PROOF is not made with the link key')
    await bench.restart()
  },
}

const arms: Rule<PhoneBench> = {
  id: 'arm.mac',
  section: '§8.3',
  says: 'Unlocked by its owner, the phone arms the band: ARM carries the MAC over nonce and ARM-ASK.',
  check: async (bench) => {
    await bench.paired()
    const unlocked = bench.do({ do: 'unlock' })
    must(await bench.band.isArmed(), 'the MAC of ARM is not made with the link key over nonce and ARM-ASK')
    await unlocked
  },
}

const leaves: Rule<PhoneBench> = {
  id: 'offers.left',
  section: '§8',
  says: 'When offers are wanted the phone leaves them: eight, each its own, signed, and expiring soon after the slot.',
  check: async (bench) => {
    await bench.paired()
    const ids = new Set<string>()
    const keys = new Set<string>()
    const latestS = ((bench.slot + 1) * ID_SLOT_MS) / 1_000 + OFFER_GRACE_S
    for (let left = 0; left < OFFERS; left += 1) {
      const offered = await bench.offered()
      ids.add(toHex(offered.offerId))
      keys.add(toHex(offered.sealingPoint))
      must(offered.expires <= latestS, 'an offer outlives its slot by more than 150 s')
    }
    must(ids.size === OFFERS && keys.size === OFFERS, 'two offers share an id or a key')
  },
}

const pseudonyms: Rule<PhoneBench> = {
  id: 'offers.pseudonym',
  section: '§2',
  says: 'Each slot has a pseudonymous key of its own.',
  check: async (bench) => {
    await bench.paired()
    const first = await bench.offered()
    for (let left = 1; left < OFFERS; left += 1) await bench.offered()
    await bench.advance(ID_SLOT_MS)
    bench.band.wants(bench.slot)
    const next = await bench.offered()
    must(toHex(next.phoneKey.point) !== toHex(first.phoneKey.point), 'the offers of two slots are signed by the same key')
  },
}

const offerOnce: Rule<PhoneBench> = {
  id: 'offers.once',
  section: '§8',
  says: "An offer's key opens one request: another one sealed to it gets `busy`.",
  check: async (bench) => {
    await bench.paired()
    const asked = await bench.ask()
    await bench.expectAuthorization(asked)
    const again = await bench.seal(asked.offered, asked.bandNonce, asked)
    bench.forward(again)
    await bench.expectError(again, 'busy')
  },
}

const signedCalls: Rule<PhoneBench> = {
  id: 'http.signed',
  section: '§12',
  says: 'Every call is signed as §12 says, with the digest of its body and a nonce of its own, and is what the contract says.',
  check: async (bench) => {
    await bench.paired()
    await bench.expectAuthorization(await bench.ask())
    const [bad] = bench.backend.badCalls
    must(!bad, `a call to ${bad?.path} is ${bad?.error}`)
    must(bench.backend.calls >= 3, 'the phone makes fewer calls than pairing and paying need')
  },
}

export const PHONE_BOND_RULES: readonly Rule<PhoneBench>[] = [
  pairs,
  refusesOffer('pair.other-phone', 'A PAIR-OFFER made for another phone is refused.', async () => ({
    phonePoint: (await newSigner()).point,
  })),
  refusesOffer('pair.other-ask', 'A PAIR-OFFER that answers another PAIR-ASK is refused.', async () => ({ askDigest: randomBytes(32) })),
  wrongBinding,
  proves,
  arms,
  leaves,
  pseudonyms,
  offerOnce,
  signedCalls,
]
