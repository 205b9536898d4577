import { expect, test } from 'vitest'
import { isMachineId, isSlug } from '#shared/domain/ids.ts'

test('a machine id is 32 lower-case hex digits', () => {
  expect(isMachineId('0123456789abcdef'.repeat(2))).toBe(true)
  for (const text of ['', 'a'.repeat(31), 'a'.repeat(33), 'A'.repeat(32), 'g'.repeat(32), `${'a'.repeat(32)}\n`, ` ${'a'.repeat(31)}`]) {
    expect(isMachineId(text), JSON.stringify(text)).toBe(false)
  }
})

test('a slug is 1 to 16 lower-case letters, digits and hyphens, and begins with none of the last', () => {
  for (const text of ['a', '1', 'aurora-1', 'a'.repeat(16), 'a-']) expect(isSlug(text)).toBe(true)
  for (const text of ['', '-a', 'A', 'a_b', 'a b', 'a'.repeat(17), 'aurora-1\n', '极光'])
    expect(isSlug(text), JSON.stringify(text)).toBe(false)
})
