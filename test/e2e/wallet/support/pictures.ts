/** `node test/e2e/wallet/support/pictures.ts DIR [WIDTHxHEIGHT] [light|dark|large] [LANGUAGE]`: a picture of every state of the wallet, with what is wrong on stdout. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { launchChromium } from '#test/renderer/support/chromium.ts'
import { haveWallet } from './open-wallet.ts'
import { faultsOf, withLargeText } from './sound-wallet.ts'
import { walkWallet } from './walk.ts'

const [folder = 'pictures', size = '360x740', manner = 'light', only] = process.argv.slice(2)
const [width = 360, height = 740] = size.split('x').map(Number)
mkdirSync(folder, { recursive: true })
await haveWallet()
const browser = await launchChromium()
for (const language of ['zh-CN', 'en'] as const) {
  if (only !== undefined && only !== language) continue
  let count = 0
  const scheme = manner === 'dark' ? 'dark' : 'light'
  await walkWallet(browser, { language, scheme, size: { width, height } }, ({ page, complaints }) => async (name) => {
    count += 1
    await page.evaluate(async () => {
      scrollTo(0, 0)
      await document.fonts.ready
    })
    const path = join(folder, `${language}-${String(count).padStart(2, '0')}-${name}.png`)
    const take = async () => page.screenshot({ path, fullPage: true })
    await (manner === 'large' ? withLargeText(page, take) : take())
    for (const text of [...(await faultsOf(page)), ...complaints.splice(0)]) process.stdout.write(`${language} ${name}: ${text}\n`)
  })
}
await browser.close()
