/** Every state of every screen, in both languages and both colours, at 360 pixels and with text twice as large. */
import type { Browser } from 'playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchChromium } from '#test/renderer/support/chromium.ts'
import { haveWallet, PHONE } from './support/open-wallet.ts'
import { faultsOf } from './support/sound-wallet.ts'
import { walkWallet } from './support/walk.ts'

/** So many stops has the walk: a state that is no longer reached is missed here. */
const STATES = 39

let browser: Browser
beforeAll(async () => {
  await haveWallet()
  browser = await launchChromium()
})
afterAll(async () => browser.close())

// Words and colours do not depend on each other: each language is looked at in one of the two schemes.
test.each([
  ['zh-CN', 'light', 'barriers'],
  ['en', 'dark', 'faint texts'],
] as const)('no screen in %s, %s, shuts anybody out or cuts anything off', async (language, scheme, lookFor) => {
  const faults: string[] = []
  const seen: string[] = []
  await walkWallet(browser, { language, scheme, size: PHONE }, ({ page, complaints }) => async (name) => {
    seen.push(name)
    faults.push(...[...(await faultsOf(page, lookFor)), ...complaints.splice(0)].map((fault) => `${name}: ${fault}`))
  })
  expect(faults).toEqual([])
  expect(new Set(seen).size).toBe(STATES)
})
