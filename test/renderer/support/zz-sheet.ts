import { readdirSync, readFileSync } from 'node:fs'
import { launchChromium } from './chromium.ts'

const [dir = '', out = '', ...names] = process.argv.slice(2)
const all = readdirSync(dir)
const browser = await launchChromium()
const page = await browser.newPage({ viewport: { width: 1960, height: 1240 } })
for (let i = 0; i < names.length; i += 4) {
  const imgs = names
    .slice(i, i + 4)
    .map((n) => all.find((f) => f.includes(n)) ?? '')
    .filter(Boolean)
  await page.setContent(
    `<body style="margin:4px;display:grid;grid-template-columns:1fr 1fr;gap:6px;background:#888">${imgs.map((f) => `<img style="width:100%" src="data:image/png;base64,${readFileSync(`${dir}/${f}`).toString('base64')}">`).join('')}</body>`,
  )
  await page.screenshot({ path: `${out}-${i / 4 + 1}.png` })
}
await browser.close()
