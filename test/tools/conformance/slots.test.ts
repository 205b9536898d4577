import { expect, test } from 'vitest'
import { SWITCH_JITTER_MS } from '#reference/band/advert.ts'
import { msToQuietTime, NEXT_SLOT_MS } from '#reference/tools/conformance/slots.ts'
import { ID_SLOT_MS } from '#shared/contracts/band-advert.ts'

test('wherever a run begins, each rule begins after the switch of its slot and well before its end', () => {
  for (let nowMs = 0; nowMs < 3 * ID_SLOT_MS; nowMs += 997) {
    const intoMs = (nowMs + msToQuietTime(nowMs)) % ID_SLOT_MS
    expect(intoMs).toBeGreaterThan(SWITCH_JITTER_MS)
    expect(intoMs).toBeLessThanOrEqual(ID_SLOT_MS - 120_000)
  }
})

test('the next slot has been switched into, wherever in its first minute the switch falls', () => {
  expect(NEXT_SLOT_MS - ID_SLOT_MS).toBeGreaterThan(SWITCH_JITTER_MS)
})
