import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createLatestWins } from '../../../renderer/flows/latest-wins.ts'

/** A terminal that answers when told to, and shows what it accepted when told to. */
function slowTerminal() {
  const sent: { key: string; value: number; answer: (accepted: boolean) => void }[] = []
  const shown = new Map<string, number>()
  const queue = createLatestWins<string, number>({
    send: (key, value) => new Promise((resolve) => sent.push({ key, value, answer: resolve })),
    isShown: (key, value) => shown.get(key) === value,
  })
  const answer = async (accepted: boolean) => {
    sent.at(-1)?.answer(accepted)
    await Promise.resolve()
    await Promise.resolve()
  }
  return { queue, sent, shown, answer }
}

test('while one call is on its way only the newest wish waits', async () => {
  const { queue, sent, answer } = slowTerminal()
  queue.want('cola', 1)
  queue.want('cola', 2)
  queue.want('cola', 3)
  expect(sent.map(({ value }) => value)).toEqual([1])
  expect(queue.wish('cola')).toBe(3)
  await answer(true)
  expect(sent.map(({ value }) => value)).toEqual([1, 3])
})

test('a wish is shown until the state has it: by that state, or at once when it came before the answer', async () => {
  const { queue, shown, answer } = slowTerminal()
  queue.want('cola', 1)
  await answer(true)
  expect(queue.wish('cola')).toBe(1)
  queue.stateArrived()
  expect(queue.wish('cola')).toBeUndefined()
  queue.want('cola', 2)
  shown.set('cola', 2)
  queue.stateArrived()
  expect(queue.wish('cola')).toBe(2)
  await answer(true)
  expect(queue.wish('cola')).toBeUndefined()
})

test('a refusal drops the wish and what was wished on top of it', async () => {
  const { queue, sent, answer } = slowTerminal()
  queue.want('cola', 1)
  queue.want('cola', 2)
  await answer(false)
  expect(queue.wish('cola')).toBeUndefined()
  expect(sent).toHaveLength(1)
  queue.want('cola', 5)
  expect(sent.map(({ value }) => value)).toEqual([1, 5])
})

test('one key does not wait for another', () => {
  const { queue, sent } = slowTerminal()
  queue.want('cola', 1)
  queue.want('tea', 1)
  expect(sent.map(({ key }) => key)).toEqual(['cola', 'tea'])
})

test('listeners hear each change and the snapshot is stable between changes', async () => {
  const { queue, answer } = slowTerminal()
  let heard = 0
  const stop = queue.subscribe(() => {
    heard += 1
  })
  queue.want('cola', 1)
  const before = queue.wishes()
  expect(queue.wishes()).toBe(before)
  expect(before.get('cola')).toBe(1)
  stop()
  await answer(false)
  expect(heard).toBe(1)
})

test('however taps and answers interleave, the last call sent carries the last wish', async () => {
  const steps = fc.array(fc.oneof(fc.nat({ max: 9 }), fc.constant('answer' as const)), { maxLength: 30 })
  await fc.assert(
    fc.asyncProperty(steps, async (plan) => {
      const { queue, sent, answer } = slowTerminal()
      let answered = 0
      let last: number | undefined
      for (const step of plan) {
        if (step !== 'answer') {
          last = step
          queue.want('cola', step)
        } else if (answered < sent.length) {
          answered += 1
          await answer(true)
        }
      }
      while (answered < sent.length) {
        answered += 1
        await answer(true)
      }
      expect(sent.at(-1)?.value).toBe(last)
    }),
  )
})
