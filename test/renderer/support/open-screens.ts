/** The built screens in a real browser over a till in memory, for the stories of one test file. */
import { join } from 'node:path'
import type { Browser, BrowserContextOptions, Page } from 'playwright'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { BUILD_TIMEOUT_MS, ScreensBuild, screensAreFresh } from '#reference/practice/screens.ts'
import { launchChromium } from './chromium.ts'
import { type DevHost, startDevHost } from './dev-host.ts'
import { createFakeTill, type FakeTill } from './fake-till.ts'

const REPOSITORY = join(import.meta.dirname, '../../..')
/** A browser on a busy machine of two cores. */
export const STORY_TIMEOUT_MS = 60_000

export type Opened = { readonly page: Page; readonly till: FakeTill; readonly host: DevHost }
export type OpenScreens = (prepare?: (till: FakeTill) => void, context?: BrowserContextOptions) => Promise<Opened>

/** Builds the screens when they are old, starts Chromium once, and closes after each test what it opened. The till speaks English. */
export function screensForTests(): OpenScreens {
  let browser: Browser
  let host: DevHost | undefined
  beforeAll(async () => {
    if (!(await screensAreFresh(REPOSITORY))) {
      const problem = await new ScreensBuild().run(REPOSITORY)
      if (problem !== undefined) throw new Error(`the screens could not be built: ${problem}`)
    }
    browser = await launchChromium()
  }, BUILD_TIMEOUT_MS)
  afterAll(async () => browser.close(), STORY_TIMEOUT_MS)
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close()
    await host?.close()
  })
  return async (prepare = () => undefined, context = {}) => {
    const till = createFakeTill()
    till.lagMs = 0
    till.stepMs = 5
    till.setLanguage({ language: 'en' })
    prepare(till)
    host = await startDevHost(till)
    const options = { viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce', ...context } as const
    const page = await (await browser.newContext(options)).newPage()
    await page.goto(host.url)
    await page.locator('.top').waitFor()
    await page.locator(`html[lang="${till.language()}"]`).waitFor()
    return { page, till, host }
  }
}

export async function addCola(page: Page): Promise<void> {
  await page.locator('[data-product="cola"]').click()
  await page.locator('.line-product').first().waitFor()
}

/** Pays the open sale by the proposed band, and waits for the receipt. */
export async function payByBand(page: Page): Promise<void> {
  await page.keyboard.press('F8')
  await page.locator('[data-act="charge"][aria-disabled="false"]').click()
  await page.getByTestId('receipt-number').waitFor()
}
