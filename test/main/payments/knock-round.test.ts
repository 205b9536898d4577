import * as fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import {
  afterAsking,
  atCount,
  drawCount,
  KNOCK_BEFORE_MS,
  KNOCK_CANDIDATES_MAX,
  KNOCK_COUNTS,
  KNOCK_FAILURES_MAX,
  KNOCK_FIRST_ASKED_MS,
  KNOCK_LISTEN_MS,
  KNOCK_PASS_EVERY_MS,
  KNOCK_ROUNDS_MAX,
  KnockDesk,
  UNHEARD,
} from '#main/payments/knock-round.ts'
import type { BandView, Refused } from '#shared/contracts/till.ts'
import type { SightingId } from '#shared/domain/ids.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { ManualClock } from '#test/support/manual-clock.ts'

const desks: KnockDesk[] = []
afterEach(async () => {
  await Promise.all(desks.splice(0).map(async (desk) => desk.stop()))
})

/** Bands by letter: what each says when it is asked. A function that gives `undefined` is a band that cannot be asked. */
function counter(letters: string, random: readonly number[] = [0]) {
  const clock = new ManualClock()
  const felt = new Map<string, () => number | undefined | Promise<number | undefined>>(Array.from(letters, (letter) => [letter, () => 0]))
  const asked: string[] = []
  const charged: (readonly [letter: string, knocks: number])[] = []
  const faults: string[] = []
  const world = { mayBegin: ok() as Result<void, Refused>, charging: ok() as Result<unknown, Refused>, together: 0, most: 0, changes: 0 }
  let drawn = 0
  const desk = new KnockDesk({
    clock,
    random: () => {
      drawn += 1
      return random[(drawn - 1) % random.length] ?? 0
    },
    rivals: () => Array.from(letters, (letter) => ({ id: letter as SightingId, letter }) as BandView),
    addressOf: (id) => (felt.has(id) ? `address of ${id}` : undefined),
    ask: async (address) => {
      const letter = address.slice(-1)
      asked.push(letter)
      world.together += 1
      world.most = Math.max(world.most, world.together)
      const answer = await felt.get(letter)?.()
      world.together -= 1
      return answer
    },
    mayBegin: () => world.mayBegin,
    charge: (id, { knocks }) => {
      if (world.charging.ok) charged.push([id, knocks])
      return world.charging
    },
    onChange: () => {
      world.changes += 1
    },
    onFault: (what) => faults.push(what),
  })
  desks.push(desk)
  const say = (letter: string, ...answers: readonly (number | undefined)[]) => {
    let said = 0
    felt.set(letter, () => {
      said += 1
      return answers[Math.min(said, answers.length) - 1]
    })
  }
  const take = () => asked.splice(0).join('')
  return { clock, desk, felt, say, take, charged, faults, world }
}
const FIRST = KNOCK_FIRST_ASKED_MS
const PASS = KNOCK_PASS_EVERY_MS

test('the count is on show as soon as everybody was asked once; the band that alone feels it is charged with it', async () => {
  const { clock, desk, say, take, charged } = counter('AB')
  say('B', 0, 0, 2)
  expect(await desk.begin()).toEqual(ok())
  const endsAt = new Date(clock.nowMs() + KNOCK_LISTEN_MS).toISOString()
  expect(desk.view()).toEqual({ state: 'listening', count: 2, letters: ['A', 'B'], endsAt })
  expect(take()).toBe('AB')
  await clock.advance(FIRST - 1)
  expect(take()).toBe('')
  await clock.advance(1)
  expect(take()).toBe('AB')
  expect(charged).toEqual([])
  await clock.advance(PASS)
  // B felt it; A is asked once more, because it may have knocked since.
  expect(take()).toBe('ABA')
  expect(charged).toEqual([['B', 2]])
  expect(desk.view()).toBeUndefined()
  await clock.advance(60_000)
  expect(take()).toBe('')
})

test('bands are asked one after another, never two at once', async () => {
  const { clock, desk, world, felt } = counter('ABC')
  for (const letter of 'ABC') felt.set(letter, async () => 0)
  await desk.begin()
  await clock.advance(KNOCK_LISTEN_MS)
  expect(world.most).toBe(1)
})

test('several felt it: a new count, different from the last and from what anybody felt; after three, it is left to the cashier', async () => {
  const { clock, desk, felt } = counter('AB', [0, 0, 0.99])
  const counts: number[] = []
  const knockAlong = () => desk.view()?.count ?? 0
  await desk.begin()
  for (const letter of 'AB') felt.set(letter, knockAlong)
  for (let round = 1; round <= KNOCK_ROUNDS_MAX; round += 1) {
    counts.push(desk.view()?.count ?? 0)
    expect(desk.view()?.state).toBe('listening')
    await clock.advance(FIRST)
  }
  expect(desk.view()?.state).toBe('several')
  expect(new Set([counts[0], counts[1]]).size).toBe(2)
  expect(new Set([counts[1], counts[2]]).size).toBe(2)
  await clock.advance(60_000)
  expect(desk.view()?.state).toBe('several')
})

test('one knocks along while the other was being found: both are seen, nobody is charged', async () => {
  const { clock, desk, say, charged } = counter('AB')
  say('A', 0, 0, 2)
  say('B', 0, 2)
  await desk.begin()
  await clock.advance(FIRST)
  expect(charged).toEqual([])
  expect(desk.view()).toMatchObject({ state: 'listening', count: 3 })
})

test('nobody, until the time is over; the last moment still counts', async () => {
  const { clock, desk, felt, charged } = counter('AB')
  await desk.begin()
  await clock.advance(KNOCK_LISTEN_MS - 1)
  expect(desk.view()?.state).toBe('listening')
  await clock.advance(1)
  expect(desk.view()?.state).toBe('nobody')
  expect(await desk.begin()).toEqual(ok())
  await clock.advance(KNOCK_LISTEN_MS - 1)
  felt.set('A', () => desk.view()?.count)
  await clock.advance(1)
  expect(charged).toEqual([['A', 2]])
})

test('a wrong count is nobody', async () => {
  const { clock, desk, felt } = counter('AB')
  await desk.begin()
  felt.set('A', () => 4)
  await clock.advance(KNOCK_LISTEN_MS)
  expect(desk.view()).toMatchObject({ state: 'nobody', count: 2 })
})

describe('a run knocked before the count was shown', () => {
  test('is not the count: another one is drawn', async () => {
    const { clock, desk, say, charged } = counter('AB')
    say('A', 2)
    await desk.begin()
    expect(desk.view()?.count).toBe(3)
    await clock.advance(KNOCK_LISTEN_MS)
    expect(charged).toEqual([])
  })

  test('where every count was felt by somebody, is believed only after the band was heard to feel something else', async () => {
    const { clock, desk, say, charged } = counter('ABC')
    say('A', 2)
    say('B', 3)
    say('C', 4)
    await desk.begin()
    expect(desk.view()?.count).toBe(2)
    await clock.advance(FIRST)
    expect(charged).toEqual([])
    say('A', 0, 2, 2)
    await clock.advance(PASS)
    expect(charged).toEqual([])
    await clock.advance(PASS)
    expect(charged).toEqual([['A', 2]])
  })

  test('of a band that could not be asked before, is believed only then, too', async () => {
    const { clock, desk, say, charged } = counter('AB')
    say('A', undefined, 2, 2, 0, 2)
    await desk.begin()
    expect(desk.view()?.count).toBe(2)
    await clock.advance(FIRST + 2 * PASS)
    expect(charged).toEqual([])
    await clock.advance(PASS)
    expect(charged).toEqual([['A', 2]])
  })

  test('said beside a fresh one leaves it open who is meant', async () => {
    const { clock, desk, say, charged } = counter('ABC')
    say('A', 2)
    say('B', 3, 3, 2)
    say('C', 4)
    await desk.begin()
    await clock.advance(FIRST + PASS)
    expect(charged).toEqual([])
    expect(desk.view()?.state).toBe('listening')
    expect(desk.view()?.count).not.toBe(2)
  })
})

describe('bands that fail', () => {
  test('felt nothing, are asked last, and after two failures in a row no more', async () => {
    const { clock, desk, say, take, charged } = counter('AB')
    say('A', undefined)
    say('B', 0, 0, 0, 2)
    await desk.begin()
    expect(take()).toBe('AB')
    await clock.advance(FIRST)
    expect(take()).toBe('BA')
    await clock.advance(PASS)
    expect(take()).toBe('B')
    await clock.advance(PASS)
    expect(charged).toEqual([['B', 2]])
    expect(KNOCK_FAILURES_MAX).toBe(2)
  })

  test('one that never answers does not keep the count from being shown', async () => {
    const { clock, desk, felt, take } = counter('ABC')
    const { promise, resolve } = Promise.withResolvers<undefined>()
    felt.set('B', async () => promise)
    const begun = desk.begin()
    await clock.advance(KNOCK_BEFORE_MS - 1)
    expect(desk.view()).toBeUndefined()
    await clock.advance(1)
    expect(await begun).toEqual(ok())
    expect(desk.view()?.state).toBe('listening')
    expect(take()).toBe('AB')
    resolve(undefined)
    await clock.advance(FIRST)
    expect(take()).toBe('CACB')
  })

  test('are asked last in the next round, so that its count waits for nobody', async () => {
    const { desk, say, take } = counter('AB')
    say('A', undefined)
    await desk.begin()
    expect(take()).toBe('AB')
    say('A', 0)
    await desk.begin()
    expect(take()).toBe('BA')
    await desk.begin()
    expect(take()).toBe('AB')
  })

  test('one that has left the air is asked no more, and a bug in asking ends the round', async () => {
    const { clock, desk, felt, take, faults } = counter('AB')
    await desk.begin()
    felt.delete('A')
    take()
    await clock.advance(FIRST)
    expect(take()).toBe('B')
    felt.set('B', () => {
      throw new Error('a bug')
    })
    await clock.advance(PASS)
    expect(faults).toEqual(['bug'])
    expect(desk.view()).toBeUndefined()
  })
})

test('ending it: nobody is asked or charged any more, whatever was on its way', async () => {
  const { clock, desk, felt, charged, take } = counter('AB')
  await desk.begin()
  const { promise, resolve } = Promise.withResolvers<number>()
  felt.set('A', async () => promise)
  await clock.advance(FIRST)
  expect(desk.end()).toBe(true)
  expect(desk.view()).toBeUndefined()
  take()
  resolve(2)
  await clock.advance(60_000)
  expect([take(), charged]).toEqual(['', []])
  expect(desk.end()).toBe(false)
})

test('ended before the count is on show: nothing is shown, and whoever asked hears it', async () => {
  const { desk, felt } = counter('A')
  const { promise, resolve } = Promise.withResolvers<number>()
  felt.set('A', async () => promise)
  const begun = desk.begin()
  desk.end()
  expect(await begun).toEqual(err({ code: 'no-payment' }))
  resolve(0)
  expect(desk.view()).toBeUndefined()
})

test('a second round takes the place of the first', async () => {
  const { clock, desk, charged, felt, world } = counter('AB')
  await Promise.all([desk.begin(), desk.begin()])
  felt.set('A', () => desk.view()?.count)
  await clock.advance(FIRST)
  expect(charged).toEqual([['A', 2]])
  expect(world.most).toBeLessThanOrEqual(2)
})

test('it begins only where a payment could begin and somebody is there', async () => {
  const { desk, world, take } = counter('A')
  world.mayBegin = err({ code: 'cart-empty' })
  expect(await desk.begin()).toEqual(err({ code: 'cart-empty' }))
  expect(take()).toBe('')
  expect(await counter('').desk.begin()).toEqual(err({ code: 'band-gone' }))
})

test('a charge that is refused at the last moment charges nobody, and says so', async () => {
  const { clock, desk, felt, world, faults } = counter('A')
  world.charging = err({ code: 'storage-failed' })
  await desk.begin()
  felt.set('A', () => desk.view()?.count)
  await clock.advance(FIRST)
  expect(desk.view()?.state).toBe('nobody')
  expect(faults).toEqual(['knock-not-charged'])
})

test('at most so many bands are asked', async () => {
  const { desk, take } = counter('ABCDEFGHIJ')
  await desk.begin()
  expect(take()).toHaveLength(KNOCK_CANDIDATES_MAX)
})

test('property: a count is one of three, never the one before, and nobody felt it where that can be', () => {
  const answer = fc.option(fc.integer({ min: 0, max: 15 }), { nil: undefined })
  const before = fc.constantFrom(undefined, 2, 3, 4)
  const random = fc.double({ min: 0, max: 1, noNaN: true })
  fc.assert(
    fc.property(fc.array(answer, { maxLength: 6 }), before, random, (felt, last, seed) => {
      const count = drawCount(felt, last, seed)
      expect(KNOCK_COUNTS).toContain(count)
      expect(count).not.toBe(last)
      const unfelt = KNOCK_COUNTS.filter((each) => each !== last && !felt.includes(each))
      if (unfelt.length > 0) expect(unfelt).toContain(count)
    }),
  )
})

test('property: a count is believed only of a band that was heard to feel something else, before it or after', () => {
  const answers = fc.array(fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined }), { maxLength: 8 })
  fc.assert(
    fc.property(answers, answers, fc.constantFrom(...KNOCK_COUNTS), (before, after, count) => {
      const shown = atCount(
        before.reduce((heard, felt) => afterAsking(heard, felt, undefined), UNHEARD),
        count,
      )
      const heard = after.reduce((known, felt) => afterAsking(known, felt, count), shown)
      const lastBefore = before.findLast((felt) => felt !== undefined)
      const wasOther = lastBefore !== undefined && lastBefore !== count
      expect(heard.isFresh).toBe(wasOther || after.some((felt) => felt !== undefined && felt !== count))
    }),
  )
})
