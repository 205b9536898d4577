/** `node test/renderer/support/pictures.ts DIR [WIDTHxHEIGHT] [light|dark] [LANGUAGE]`: a picture of every state of every screen, with what is wrong on stdout. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { launchChromium } from './chromium.ts'
import { barriersOf, cutTextsOf } from './sound-screen.ts'
import { openWalk, walkAll } from './whole-walk.ts'

const [folder = 'pictures', size = '1280x800', scheme = 'light', only] = process.argv.slice(2)
const [width = 1280, height = 800] = size.split('x').map(Number)
mkdirSync(folder, { recursive: true })
const browser = await launchChromium()
for (const language of ['zh-CN', 'en'] as const) {
  if (only !== undefined && only !== language) continue
  const { complaints, close, ...walk } = await openWalk(browser, { language, scheme: scheme === 'dark' ? 'dark' : 'light', width, height })
  let count = 0
  const look = async (name: string) => {
    count += 1
    await walk.page.evaluate(() => document.fonts.ready)
    await walk.page.screenshot({ path: join(folder, `${language}-${String(count).padStart(2, '0')}-${name}.png`) })
    const wrong = [...(await cutTextsOf(walk.page)), ...(await barriersOf(walk.page, ['best-practice'])), ...complaints.splice(0)]
    for (const text of wrong) process.stdout.write(`${language} ${name}: ${text}\n`)
  }
  await walkAll({ ...walk, look })
  await close()
}
await browser.close()
