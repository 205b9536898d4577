/** What a machine can find wrong with a screen of the wallet: barriers, and text that is cut off, as it is and twice as large. */
import type { Page } from 'playwright'
import { barriersOf, faintTextsOf } from '#test/renderer/support/sound-screen.ts'

/** Pixels that are nobody's text: a font's box is a little wider than its letters. */
const ALLOWED_PX = 2
const LARGE_TEXT = '200%'

/** Everything that is wrong with the screen as it is now, one line each. What a colour cannot change need be looked for in one scheme only. */
export async function faultsOf(page: Page, lookFor: 'barriers' | 'faint texts' = 'barriers'): Promise<readonly string[]> {
  await page.evaluate(() => document.fonts.ready)
  const barriers = await (lookFor === 'barriers' ? barriersOf(page, ['best-practice']) : faintTextsOf(page))
  const plain = await cutTextsOf(page)
  const large = await withLargeText(page, async () => cutTextsOf(page))
  return [...barriers, ...plain, ...large.map((text) => `at ${LARGE_TEXT}: ${text}`)]
}

export async function withLargeText<T>(page: Page, look: () => Promise<T>): Promise<T> {
  await page.evaluate((size) => {
    document.documentElement.style.fontSize = size
  }, LARGE_TEXT)
  const seen = await look()
  await page.evaluate(() => {
    document.documentElement.style.fontSize = ''
  })
  return seen
}

/** Texts that hang out of the screen or out of a box that hides the rest. The page may scroll down, never sideways. */
async function cutTextsOf(page: Page): Promise<readonly string[]> {
  return page.evaluate((allowedPx) => {
    const cut: string[] = []
    if (document.documentElement.scrollWidth > innerWidth) cut.push(`the page scrolls sideways: ${document.documentElement.scrollWidth}`)
    for (const box of document.querySelectorAll<HTMLElement>('body *')) {
      if (box.innerText === undefined || box.innerText.trim() === '' || box.closest('.sr, [hidden]') !== null || box.clientWidth <= 1)
        continue
      const { right, left } = box.getBoundingClientRect()
      const { overflowX, overflowY } = getComputedStyle(box)
      const isOut = right > innerWidth + allowedPx || left < -allowedPx
      const isWider = box.scrollWidth > box.clientWidth + allowedPx && overflowX !== 'visible'
      const isHigher = box.scrollHeight > box.clientHeight + allowedPx && (overflowY === 'hidden' || overflowY === 'clip')
      if (isOut || isWider || isHigher) {
        cut.push(
          `${box.tagName.toLowerCase()}.${box.className}: ${Math.round(left)} to ${Math.round(right)}: ${box.innerText.slice(0, 60)}`,
        )
      }
    }
    return cut
  }, ALLOWED_PX)
}
