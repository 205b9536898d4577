/** The walk through every state of every screen, for the pictures and for the test that fails on what they would show. */
import type { Browser } from 'playwright'
import type { Language } from '#shared/domain/words.ts'
import { startDevHost } from './dev-host.ts'
import { createFakeTill } from './fake-till.ts'
import { type Walk, walkDone, walkPaying, walkSelling } from './walk.ts'
import { walkIdentify } from './walk-identify.ts'
import { walkKnocking, walkPeople, walkPractice, walkSettings, walkTrouble, walkWrongPerson } from './walk-more.ts'
import { walkDisk, walkNothing, walkTakenBack } from './walk-states.ts'

export type WalkOptions = {
  readonly language: Language
  readonly scheme: 'light' | 'dark'
  readonly width: number
  readonly height: number
}
export type OpenWalk = Omit<Walk, 'look'> & {
  /** What went wrong in the page so far, in the browser's own words. */
  readonly complaints: string[]
  readonly close: () => Promise<void>
}

/** A till in memory and its page, at the empty sale. Whoever calls this closes it. */
export async function openWalk(browser: Browser, { language, scheme, width, height }: WalkOptions): Promise<OpenWalk> {
  const till = createFakeTill()
  till.lagMs = 0
  till.setLanguage({ language })
  const host = await startDevHost(till)
  const context = await browser.newContext({ viewport: { width, height }, reducedMotion: 'reduce' })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => {
    // Said by the browser itself while the walk keeps the line cut.
    const isCutLine = message.text().startsWith('WebSocket connection to')
    if (['error', 'warning'].includes(message.type()) && !isCutLine) complaints.push(`console: ${message.text()}`)
  })
  page.on('pageerror', (error) => complaints.push(`page: ${error.message}`))
  await page.goto(host.url)
  await page.locator('.film').first().waitFor()
  await page.locator(`html[lang="${language}"]`).waitFor()
  if (scheme === 'dark') await page.locator('.top-tool').nth(1).click()
  await page.locator(`html[data-mantine-color-scheme="${scheme}"]`).waitFor()
  const close = async () => {
    await context.close()
    await host.close()
  }
  return { page, till, host, complaints, close }
}

/** Shows every state of every screen to `look`, once. */
export async function walkAll(walk: Walk): Promise<void> {
  await walkSelling(walk)
  await walkPaying(walk)
  await walkDone(walk)
  await walkKnocking(walk)
  await walkIdentify(walk)
  await walkWrongPerson(walk)
  await walkTrouble(walk)
  await walkSettings(walk)
  await walkPractice(walk)
  await walkPeople(walk)
  await walkDisk(walk)
  await walkTakenBack(walk)
  await walkNothing(walk)
}
