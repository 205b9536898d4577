import { expect, test } from 'vitest'
import { tillAnswer } from '#main/practice/till-answer.ts'
import { err, ok } from '#shared/result.ts'

test('outside practice, without a world, with one that says no, and with one that does it', () => {
  expect(tillAnswer(undefined)).toEqual(err({ code: 'practice-only' }))
  expect(tillAnswer(err({ code: 'practice-gone' }))).toEqual(err({ code: 'practice-gone' }))
  expect(tillAnswer(err({ code: 'practice-refused', subject: 'cannot-unlock' }))).toEqual(
    err({ code: 'practice-refused', subject: 'cannot-unlock' }),
  )
  expect(tillAnswer(ok(7))).toEqual(ok(7))
})
