/** Who pays, when two customers stand equally near: on real bands, phones and backend. */
import { afterEach, expect, test } from 'vitest'
import { KNOCK_FIRST_ASKED_MS, KNOCK_LISTEN_MS, KNOCK_PASS_EVERY_MS } from '#main/payments/knock-round.ts'
import type { Radio } from '#main/ports.ts'
import { createPracticeRadio } from '#main/radio/practice-radio.ts'
import type { CustomerId } from '#reference/practice/customers.ts'
import type { MessageKind } from '#shared/contracts/radio-messages.ts'
import { ANSWER_KINDS, answerPlaintext, payStatement, presenceAnswer } from '#shared/contracts/radio-messages.ts'
import { randomBytes } from '#shared/crypto/keys.ts'
import { peekSign1, sign1 } from '#shared/crypto/sign1.ts'
import type { ReceiptId } from '#shared/domain/ids.ts'
import { ok } from '#shared/result.ts'
import { CounterWorld, demand, PAYER } from '#test/support/counter-world.ts'
import { LYING_ADDRESS, LyingBand, type ReadPresence } from '#test/support/lying-band.ts'
import { testSigner } from '#test/support/test-keys.ts'

/** As near as a lying band is loud. */
const NEAR_M = 0.15
const customer = (id: CustomerId, displayName: string, distanceM = NEAR_M) => ({ ...PAYER, id, displayName, distanceM })
const TWINS = [customer('twin-a', 'Left Sandal'), customer('twin-b', 'Right Sandal')]

let world: CounterWorld
afterEach(async () => world.close())

async function openTwins(): Promise<void> {
  world = await CounterWorld.open({ customers: TWINS })
  await world.popcorn()
}

function knocks(id: CustomerId, count = world.state.knock?.count ?? 0): void {
  world.customer(id).band.state.knocked(count)
}

/** Everybody has been asked what they felt, so often; real bands answer at their own pace in between. */
async function passes(count = 1): Promise<void> {
  for (let pass = 0; pass < count; pass += 1) {
    const before = probes.length
    world.clock.advance(pass === 0 ? KNOCK_FIRST_ASKED_MS : KNOCK_PASS_EVERY_MS)
    await world.until('a pass is over', () => probes.length >= before + 2 || world.state.knock?.state !== 'listening')
  }
}

const probes: MessageKind[] = []
function countProbes(): void {
  probes.length = 0
  world.hooks.onSend = ({ kind }) => void (kind === 'probe' && probes.push(kind))
}

async function payerOfLastSale(): Promise<unknown> {
  await world.until('it is paid', () => world.state.lastReceiptId !== undefined)
  const { receipt } = demand(await world.till.receipt({ receiptId: world.state.lastReceiptId as ReceiptId }))
  const [payment] = receipt.payments
  return payment?.tender === 'band' ? payment.payerName : payment?.tender
}

function attempts(): number {
  return Number(world.store.get('SELECT COUNT(*) AS n FROM attempts')?.['n'])
}

test('two equally near: neither is charged by itself, and the one who knocks pays', async () => {
  await openTwins()
  await world.until('both are rivals', () => world.state.bands.every(({ needsKnock }) => needsKnock))
  for (const { id } of world.state.bands) {
    expect(await world.till.chargeBand({ sightingId: id })).toEqual({ ok: false, error: { code: 'knock-needed' } })
  }
  expect(attempts()).toBe(0)

  countProbes()
  expect(await world.till.chargeByKnock()).toEqual({ ok: true })
  expect(world.state.knock).toMatchObject({ state: 'listening', count: 3 })
  expect([...(world.state.knock?.letters ?? [])].sort()).toEqual(['A', 'B'])
  knocks('twin-b')
  await passes()
  expect(await payerOfLastSale()).toBe('Right Sandal')
  expect(world.state.knock).toBeUndefined()

  const row = world.store.get('SELECT statement, state FROM attempts')
  const statement = peekSign1(payStatement, row?.['statement'] as Uint8Array)
  expect(statement.ok && statement.value.value.knocks).toBe(3)
  expect(await world.disagreements()).toEqual([])
  // The payment used the knocks up: they pay for nothing else.
  expect(world.customer('twin-b').band.state.readKnocks()).toBe(0)
  expect(world.warnings).toEqual([])
})

test('both knock: a new count, and then the one who knocks that', async () => {
  await openTwins()
  countProbes()
  demand(await world.till.chargeByKnock())
  knocks('twin-a')
  knocks('twin-b')
  await passes()
  await world.until('a new count is shown', () => world.state.knock?.count !== 3)
  expect(world.state.knock?.state).toBe('listening')
  expect(attempts()).toBe(0)
  knocks('twin-a')
  await passes()
  expect(await payerOfLastSale()).toBe('Left Sandal')
})

test('nobody knocks, or not as often as shown: nobody is charged, nothing is stored, and the cashier may begin again', async () => {
  await openTwins()
  countProbes()
  demand(await world.till.chargeByKnock())
  knocks('twin-a', 4)
  await passes()
  world.clock.advance(KNOCK_LISTEN_MS)
  await world.until('the time is over', () => world.state.knock?.state === 'nobody')
  expect(attempts()).toBe(0)
  expect(world.state.cart.state).toBe('open')
  expect(await world.till.cancelPayment()).toEqual({ ok: true })
  expect(world.state.knock).toBeUndefined()
  expect(await world.till.cancelPayment()).toEqual({ ok: false, error: { code: 'no-payment' } })
  demand(await world.till.chargeByKnock())
  expect(world.state.knock?.state).toBe('listening')
})

test('knocks from before the count was shown charge nobody', async () => {
  await openTwins()
  countProbes()
  knocks('twin-a', 3)
  demand(await world.till.chargeByKnock())
  expect(world.state.knock?.count).not.toBe(3)
  await passes(2)
  expect(attempts()).toBe(0)
  knocks('twin-b')
  await passes()
  expect(await payerOfLastSale()).toBe('Right Sandal')
})

test('knocks that are gone when the payment comes: the phone refuses, nobody pays', async () => {
  await openTwins()
  countProbes()
  demand(await world.till.chargeByKnock())
  knocks('twin-a')
  world.hooks.onSend = ({ kind }) => {
    if (kind === 'request') world.customer('twin-a').band.state.takeKnocks()
  }
  world.clock.advance(KNOCK_FIRST_ASKED_MS)
  await world.until('it is refused', () => world.payment?.state === 'refused')
  expect(world.payment).toMatchObject({ reason: 'knock-missing' })
  expect(world.receiptCount()).toBe(0)
  expect(await world.disagreements()).toEqual([])
})

test('an edit of the cart, another charge and a cash panel each end the round', async () => {
  await openTwins()
  const begin = async () => {
    demand(await world.till.chargeByKnock())
    expect(world.state.knock?.state).toBe('listening')
  }
  await begin()
  await world.popcorn(2)
  expect(world.state.knock).toBeUndefined()
  await begin()
  await world.till.chargeBand({ sightingId: 'gone' as never })
  expect(world.state.knock).toBeUndefined()
  await begin()
  demand(await world.till.startCash())
  expect(world.state.knock).toBeUndefined()
  expect(await world.till.chargeByKnock()).toEqual({ ok: false, error: { code: 'payment-running' } })
  demand(await world.till.cancelPayment())
  demand(await world.till.clearCart())
  expect(await world.till.chargeByKnock()).toEqual({ ok: false, error: { code: 'cart-empty' } })
})

test('whoever stands clearly nearer pays without a knock; one step back, and it is a guess again', async () => {
  world = await CounterWorld.open({ customers: [customer('twin-a', 'Left Sandal'), customer('twin-b', 'Right Sandal', 2)] })
  await world.popcorn()
  await world.until('the near one is proposed', () => world.state.bands[0]?.proposed === true)
  expect(world.state.bands.map(({ needsKnock }) => needsKnock)).toEqual([false, true])
  world.customer('twin-a').set({ distance: 2, unlocks: true })
  await world.until('both are rivals', () => world.state.bands.every(({ needsKnock }) => needsKnock))
  world.customer('twin-b').set({ worn: false, unlocks: true })
  await world.until('one is left that could pay', () => world.state.bands.every(({ needsKnock }) => !needsKnock))
  const worn = world.state.bands.find((band) => band.worn)
  expect(await world.till.chargeBand({ sightingId: worn?.id as never })).toMatchObject({ ok: true })
  expect(await payerOfLastSale()).toBe('Left Sandal')
})

test('a stop in the middle of a round asks and charges nobody any more', async () => {
  await openTwins()
  demand(await world.till.chargeByKnock())
  knocks('twin-a')
  world.clock.advance(KNOCK_FIRST_ASKED_MS)
  await world.restart()
  await world.ready(2)
  expect(world.state.knock).toBeUndefined()
  expect(world.receiptCount()).toBe(0)
})

// --- A band beside the customer's whose phone lies ---------------------------------------------------------------------------------

type Lie = (request: ReadPresence, band: LyingBand, old: Uint8Array | undefined) => Promise<Uint8Array | undefined>
const felt = async ({ statement, digest }: ReadPresence, count: number, band: LyingBand) => {
  const said = { requestId: statement.requestId, statementDigest: digest, knocks: count, at: statement.time }
  return sign1(presenceAnswer, said, band.phone, { withKid: false })
}
const answering = (signed: Uint8Array) => answerPlaintext.encode({ kind: ANSWER_KINDS.presence, signed })
const LIES: Readonly<Record<string, { readonly lie: Lie; readonly fault?: string }>> = {
  'an old answer, relayed again': { lie: async (_request, _band, old) => old, fault: 'other-request' },
  'an answer for another statement': {
    lie: async (request, band) => answering(await felt({ ...request, digest: randomBytes(32) }, 3, band)),
    fault: 'other-statement',
  },
  'an answer signed by another phone': {
    lie: async (request) => answering(await felt(request, 3, { phone: await testSigner('stranger') } as LyingBand)),
    fault: 'bad-signature',
  },
  'an answer of yesterday': {
    lie: async ({ statement, digest }, band) =>
      answering(await felt({ statement: { ...statement, time: statement.time - 86_400 }, digest }, 3, band)),
    fault: 'wrong-time',
  },
  garbage: { lie: async () => randomBytes(300), fault: 'malformed' },
  'another kind of answer': {
    lie: async (request, band) => answerPlaintext.encode({ kind: ANSWER_KINDS.refusal, signed: await felt(request, 3, band) }),
    fault: 'malformed',
  },
  'a link that is cut each time': { lie: async () => undefined },
  'silence, for as long as it may': {
    lie: async (_request, band) => {
      band.isSilent = true
      return undefined
    },
  },
}

/** The real air with one more band in it. */
function withLiar(radio: Radio, liar: LyingBand): Radio {
  return {
    state: () => radio.state(),
    onState: (listener) => radio.onState(listener),
    onSighting: (listener) => {
      const stops = [radio.onSighting(listener), liar.onSighting(listener)]
      return () => {
        for (const stop of stops) stop()
      }
    },
    start: () => {
      radio.start()
      liar.start()
    },
    stop: async () => {
      await Promise.all([radio.stop(), liar.stop()])
    },
    connect: async (address) => (address === LYING_ADDRESS ? liar.connect() : connectHonest(radio, address)),
  }
}

let honestLinks = 0
async function connectHonest(radio: Radio, address: string): ReturnType<Radio['connect']> {
  honestLinks += 1
  const connected = await radio.connect(address)
  if (!connected.ok) {
    honestLinks -= 1
    return connected
  }
  const link = connected.value
  const close = async () => {
    await link.close()
    honestLinks -= 1
  }
  return ok({
    attRequests: () => link.attRequests(),
    lastSent: () => link.lastSent(),
    send: async (message) => link.send(message),
    receive: async (timeoutMs) => link.receive(timeoutMs),
    close,
  })
}

/**
 * Waits while the counter's time runs ten times ahead of ours, so that bands are still heard; but not while an honest band is answering:
 * that takes the time it takes.
 */
async function inHaste(what: string, isSo: () => boolean): Promise<void> {
  const [STEP_MS, EVERY_MS] = [50, 5]
  let lastMs = performance.now()
  await world.until(what, () => {
    if (honestLinks === 0 && performance.now() - lastMs >= EVERY_MS) {
      lastMs = performance.now()
      world.clock.advance(STEP_MS)
    }
    return isSo()
  })
}

test.each(Object.entries(LIES))('%s: the band that sent it felt nothing, and the one that knocked pays', async (_name, { lie, fault }) => {
  world = await CounterWorld.build({ customers: [customer('rich', PAYER.displayName)] })
  const liar = await LyingBand.make(world.backend.keys, world.clock)
  let old: Uint8Array | undefined
  let charges = 0
  liar.presence = async (request) => {
    const honest = answering(await felt(request, 0, liar))
    const said = await lie(request, liar, old)
    old ??= answering(await felt(request, 3, liar))
    // The first time it tells the truth, so that it has something to relay.
    return said ?? (fault === 'other-request' ? honest : undefined)
  }
  liar.answer = async () => {
    charges += 1
    return undefined
  }
  world.hooks.radio = () => withLiar(createPracticeRadio({ where: { path: world.airPath }, clock: world.clock, random: () => 0.5 }), liar)
  await world.start()
  await world.ready(2)
  await world.popcorn()
  await world.until('both are rivals', () => world.state.bands.every(({ needsKnock }) => needsKnock))

  const begun = world.till.chargeByKnock()
  await inHaste('the count is shown', () => world.state.knock?.state === 'listening')
  demand(await begun)
  knocks('rich')
  await inHaste('it is paid', () => world.state.lastReceiptId !== undefined)
  expect(await payerOfLastSale()).toBe(PAYER.displayName)
  expect(charges).toBe(0)
  if (fault) expect(world.warnings).toContainEqual({ message: 'presence-refused', fields: { fault } })
  expect(await world.disagreements()).toEqual([])
})
