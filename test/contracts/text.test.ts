import { expect, test } from 'vitest'
import { productSchema, putMerchant } from '#shared/contracts/backend-api.ts'
import { staffInputs } from '#shared/contracts/staff.ts'

const HALF = '\ud83d'

test.each(['光影院', 'Popcorn 🍿', 'é'])('%s is a name', (text) => {
  expect(putMerchant.body.safeParse({ name: { en: text, 'zh-CN': text } }).success).toBe(true)
  expect(staffInputs.setUp.safeParse({ name: `  ${text} `, pin: '1234' })).toMatchObject({ data: { name: text } })
})

// Found by the fuzzing: such a name went into receipts, where the journal has no canonical form for it.
test.each([HALF, `${HALF}${HALF}`, `Popcorn ${HALF}`])('half of a character is no name, whoever sends it', (text) => {
  const price = { amount: 100, currency: 'CNY' }
  const product = { id: 'popcorn', name: { en: text, 'zh-CN': '爆米花' }, group: 'popcorn', price, taxBasisPoints: 600 }
  expect(productSchema.safeParse(product).success).toBe(false)
  expect(productSchema.safeParse({ ...product, name: { en: 'Popcorn', 'zh-CN': '爆米花' } }).success).toBe(true)
  expect(putMerchant.body.safeParse({ name: { en: 'Aurora', 'zh-CN': text } }).success).toBe(false)
  expect(staffInputs.setUp.safeParse({ name: text, pin: '1234' }).success).toBe(false)
})
