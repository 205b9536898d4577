import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { Standing } from '#main/enrolment/enrolment.ts'
import { ListAge } from '#main/list-age.ts'
import { openStore } from '#main/store/open-store.ts'
import { LIST_AGE_MINUTES_MAX } from '#shared/contracts/radio-messages.ts'
import { ManualClock } from '#test/support/manual-clock.ts'
import { valueOf } from './ledger/sample-sales.ts'

const MINUTE_MS = 60_000
const undo: (() => void)[] = []
afterEach(() => {
  for (const step of undo.splice(0)) step()
})

/** `ackedAgo`, `certifiedAgo`: minutes before the start; `silentMs`: since the list was last heard, undefined before the first time. */
function started({ ackedAgo, certifiedAgo }: { readonly ackedAgo: readonly (number | undefined)[]; readonly certifiedAgo: number }) {
  const clock = new ManualClock()
  const heard: { silentMs: number | undefined } = { silentMs: undefined }
  const folder = mkdtempSync(join(tmpdir(), 'bandtill-list-age-'))
  const store = valueOf(openStore({ file: join(folder, 'terminal.sqlite') }))
  undo.push(() => {
    store.close()
    rmSync(folder, { recursive: true })
  })
  const at = (ago: number) => new Date(clock.nowMs() - ago * MINUTE_MS).toISOString()
  for (const [index, ago] of ackedAgo.entries()) {
    valueOf(
      store.write((tx) =>
        tx.run(
          'INSERT INTO outbox (id, kind, body, created_at, acked_at, outcome) VALUES (?, ?, ?, ?, ?, ?)',
          String(index).padStart(32, '0'),
          'head',
          '{}',
          at(10_000),
          ago === undefined ? null : at(ago),
          ago === undefined ? null : 'applied',
        ),
      ),
    )
  }
  const standing = () => ({ certificate: { from: (clock.nowMs() - certifiedAgo * MINUTE_MS) / 1_000 } }) as Standing
  const news = { silentMs: () => heard.silentMs }
  return { clock, heard, age: new ListAge({ store, clock, news, standing }) }
}

test('once the backend has answered, only that counts', async () => {
  const { clock, heard, age } = started({ ackedAgo: [600], certifiedAgo: 6_000 })
  heard.silentMs = 0
  expect(age.minutes()).toBe(0)
  heard.silentMs = 15 * MINUTE_MS - 1
  expect(age.minutes()).toBe(14)
  heard.silentMs = 15 * MINUTE_MS
  expect(age.minutes()).toBe(15)
  heard.silentMs = undefined
  await clock.advance(5 * MINUTE_MS)
  expect(age.minutes()).toBe(605)
})

test.each([
  ['the newest record that was acknowledged', [700, 40, undefined, undefined], 6_000, 40],
  ['the certificate, when no record was', [undefined], 50, 50],
  ['the certificate, when it is newer', [700], 50, 50],
] as const)('before that it counts from %s', (_, ackedAgo, certifiedAgo, minutes) => {
  expect(started({ ackedAgo, certifiedAgo }).age.minutes()).toBe(minutes)
})

test('a clock that was set back tells nothing, one that differs a little tells enough, and nobody calls it older than a year', async () => {
  expect(started({ ackedAgo: [-3], certifiedAgo: 10 }).age.minutes()).toBe(LIST_AGE_MINUTES_MAX)
  const { clock, age } = started({ ackedAgo: [-1], certifiedAgo: 10 })
  expect(age.minutes()).toBe(0)
  await clock.advance(30 * MINUTE_MS)
  expect(age.minutes()).toBe(30)
  expect(started({ ackedAgo: [], certifiedAgo: 600_000 }).age.minutes()).toBe(LIST_AGE_MINUTES_MAX)
})
