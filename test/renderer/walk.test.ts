/** Every state of every screen in a real browser over a till in memory: no barrier that a machine can find, nothing cut off, no complaint. */
import type { Browser, Page } from 'playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { BUILD_TIMEOUT_MS } from '#reference/practice/screens.ts'
import { haveScreens } from './support/built-screens.ts'
import { launchChromium } from './support/chromium.ts'
import { barriersOf, cutTextsOf, faintTextsOf } from './support/sound-screen.ts'
import { openWalk, walkAll } from './support/whole-walk.ts'

/** Some ten seconds alone; a machine of two cores has the other tests to run too. */
const WALK_TIMEOUT_MS = 240_000
/** The counter's screen, and the smallest one we promise to fit. */
const [USUAL, SMALLEST] = [
  { width: 1_280, height: 800 },
  { width: 1_024, height: 768 },
]
const STATES_MIN = 67

let browser: Browser
beforeAll(async () => {
  await haveScreens()
  browser = await launchChromium()
}, BUILD_TIMEOUT_MS)
afterAll(async () => browser.close())

/** Colours are those of a screen, not of its states: `pay-old-news` is a state of `pay`. */
function onceForEachScreen(find: (page: Page) => Promise<readonly string[]>) {
  const screens = new Set<string | undefined>()
  return async (page: Page, state: string): Promise<readonly string[]> => {
    const [screen] = state.split('-')
    if (screens.has(screen)) return []
    screens.add(screen)
    return find(page)
  }
}

// Two walks meet both languages, both schemes and both sizes; the longer words on the smaller screen. What a colour cannot change is looked
// for once.
test.for([
  { language: 'zh-CN', scheme: 'light', ...USUAL, findBarriers: async (page: Page) => barriersOf(page) },
  { language: 'en', scheme: 'dark', ...SMALLEST, findBarriers: onceForEachScreen(faintTextsOf) },
] as const)(
  'every screen is whole and without barriers: $language, $scheme, $width × $height',
  { timeout: WALK_TIMEOUT_MS },
  async ({ findBarriers, ...options }) => {
    const { complaints, close, ...walk } = await openWalk(browser, options)
    const seen: string[] = []
    const wrong: string[] = []
    const look = async (name: string) => {
      seen.push(name)
      const barriers = await findBarriers(walk.page, name)
      const found = [...(await cutTextsOf(walk.page)), ...barriers, ...complaints.splice(0)]
      wrong.push(...found.map((text) => `${name}: ${text}`))
    }
    try {
      await walkAll({ ...walk, look })
    } finally {
      await close()
    }
    expect(wrong).toEqual([])
    expect(new Set(seen).size).toBe(seen.length)
    expect(seen.length).toBeGreaterThanOrEqual(STATES_MIN)
  },
)
