import { launchChromium } from '#test/renderer/support/chromium.ts'
import { startCounter, chooseSeats, addSnacks, chargeProposed } from './support/counter.ts'
const b = await launchChromium()
const c = await startCounter(b)
const { page } = c
let n = 0
const shot = async (name: string) => page.screenshot({ path: `/tmp/e2e-shots/${++n}-${name}.png` })
try {
await shot('sell')
await chooseSeats(page, ['F7','F8'])
await shot('seats')
await addSnacks(page, ['popcorn-l'])
await page.getByRole('button', { name: /^收款/ }).click()
await page.locator('.band-proposed').waitFor()
await shot('pay')
await chargeProposed(page)
await page.getByTestId('done').waitFor()
await page.getByText('已上传后台').waitFor()
await shot('done')
await page.keyboard.press('F4')
await page.locator('.row').first().waitFor()
await page.locator('.desk-head').waitFor()
await shot('history')
console.log(c.complaints)
} catch (e) { await shot('fail'); console.log(e) }
await c.close(); await b.close()
