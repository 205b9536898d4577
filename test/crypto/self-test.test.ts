import { expect, test } from 'vitest'
import { KNOWN_ANSWERS, selfTest } from '#shared/crypto/self-test.ts'

test('this platform gives every known answer', async () => {
  expect(await selfTest()).toEqual({ ok: true, value: undefined })
})

const PRIMITIVES = [
  ['sha-256', 'sha256'],
  ['hmac-sha-256', 'hmac'],
  ['hkdf-sha-256', 'hkdf'],
  ['aes-128-gcm', 'gcm'],
  ['es256', 'es256'],
  ['hpke', 'hpke'],
] as const
const PARTS = PRIMITIVES.flatMap(([primitive, name]) => Object.keys(KNOWN_ANSWERS[name]).map((part) => [primitive, name, part] as const))

test.each(PARTS)('a platform that is wrong about %s is named (%s.%s altered)', async (primitive, name, part) => {
  const answer: Readonly<Record<string, string>> = KNOWN_ANSWERS[name]
  const hex = answer[part] ?? ''
  const last = hex.endsWith('0') ? '1' : '0'
  const altered = { ...KNOWN_ANSWERS, [name]: { ...answer, [part]: hex.slice(0, -1) + last } }
  expect(await selfTest(altered)).toEqual({ ok: false, error: primitive })
})
