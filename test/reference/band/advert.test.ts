import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { advertData, RotatingIdentity, SWITCH_JITTER_MS } from '#reference/band/advert.ts'
import { decodeAdvert, ID_SLOT_MS } from '#shared/contracts/band-advert.ts'
import { toHex } from '#shared/contracts/bytes.ts'

const KEY = new Uint8Array(32).fill(5)
const SLOT = 2_000_000

test('the rotating id is the first 8 bytes of HMAC-SHA256 over the slot, 8 bytes big-endian', async () => {
  const { rotatingId, slot } = await new RotatingIdentity(KEY).at(SLOT * ID_SLOT_MS + SWITCH_JITTER_MS)
  expect(slot).toBe(SLOT)
  const number = Buffer.alloc(8)
  number.writeBigUInt64BE(BigInt(SLOT))
  expect(toHex(rotatingId)).toBe(createHmac('sha256', KEY).update(number).digest('hex').slice(0, 16))
})

test('id and address change in the same event, once a slot, within its first minute', async () => {
  const identity = new RotatingIdentity(KEY)
  const seen = new Map<string, Set<string>>()
  const switches: number[] = []
  let before = ''
  for (let ms = SLOT * ID_SLOT_MS; ms < (SLOT + 4) * ID_SLOT_MS; ms += 1_000) {
    const { rotatingId, address } = await identity.at(ms)
    const id = toHex(rotatingId)
    seen.set(id, (seen.get(id) ?? new Set()).add(toHex(address)))
    if (id !== before && before !== '') switches.push(ms % ID_SLOT_MS)
    before = id
  }
  expect([...seen.values()].every((addresses) => addresses.size === 1)).toBe(true)
  expect(new Set([...seen.values()].flatMap((addresses) => [...addresses])).size).toBe(seen.size)
  expect(switches.length).toBeGreaterThanOrEqual(3)
  for (const moment of switches) expect(moment).toBeLessThanOrEqual(SWITCH_JITTER_MS)
  expect(new Set(switches).size).toBeGreaterThan(1)
})

test('an advert carries flags and id and nothing else', async () => {
  const identity = await new RotatingIdentity(KEY).at(SLOT * ID_SLOT_MS)
  const advert = decodeAdvert(advertData(identity, 7))
  expect(advert).toEqual({ flags: 7, rotatingId: identity.rotatingId })
  expect((identity.address[0] ?? 0xff) & 0xc0).toBe(0)
})
