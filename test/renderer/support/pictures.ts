/** `node test/renderer/support/pictures.ts DIR [WIDTHxHEIGHT]`: a picture of every screen and state in both languages, with axe's findings on stdout. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import { launchChromium } from './chromium.ts'
import { startDevHost } from './dev-host.ts'
import { createFakeTill } from './fake-till.ts'
import { walkDone, walkPaying, walkSelling } from './walk.ts'
import { walkKnocking, walkPeople, walkPractice, walkSettings, walkTrouble, walkWrongPerson } from './walk-more.ts'

const [folder = 'pictures', size = '1280x800', scheme = 'light', only] = process.argv.slice(2)
const [width = 1280, height = 800] = size.split('x').map(Number)
mkdirSync(folder, { recursive: true })
const browser = await launchChromium()
for (const language of ['zh-CN', 'en'] as const) {
  if (only !== undefined && only !== language) continue
  const till = createFakeTill()
  till.setLanguage({ language })
  const host = await startDevHost(till)
  const context = await browser.newContext({ viewport: { width, height }, reducedMotion: 'reduce' })
  const page = await context.newPage()
  page.on('console', (message) => process.stdout.write(`console ${message.type()}: ${message.text()}\n`))
  page.on('pageerror', (error) => process.stdout.write(`page error: ${error.message}\n`))
  await page.goto(host.url)
  await page.locator('.film').first().waitFor()
  if (scheme === 'dark') await page.locator('.top-tool').nth(1).click()
  let count = 0
  const look = async (name: string) => {
    count += 1
    await page.evaluate(() => document.fonts.ready)
    await page.screenshot({ path: join(folder, `${language}-${String(count).padStart(2, '0')}-${name}.png`) })
    const { violations } = await new AxeBuilder({ page })
      .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
      .analyze()
    for (const { id, nodes } of violations)
      process.stdout.write(
        `${language} ${name}: ${id}: ${nodes
          .map((node) => `${node.target.join(' ')} ${node.any[0]?.message ?? ''}`)
          .slice(0, 4)
          .join(' | ')}\n`,
      )
    const scrolls = await page.evaluate(
      () => document.documentElement.scrollHeight > innerHeight || document.documentElement.scrollWidth > innerWidth,
    )
    if (scrolls) process.stdout.write(`${language} ${name}: the page scrolls\n`)
  }
  const walk = { page, till, host, look }
  await walkSelling(walk)
  await walkPaying(walk)
  await walkDone(walk)
  await walkKnocking(walk)
  await walkWrongPerson(walk)
  await walkTrouble(walk)
  await walkSettings(walk)
  await walkPractice(walk)
  await walkPeople(walk)
  await context.close()
  await host.close()
}
await browser.close()
