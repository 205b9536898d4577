/** What a machine can find wrong with a screen as it is now: barriers, text that is cut off, a page that scrolls. */
import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright'

const WCAG_22_AA = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']

/** Where a long text gives way on purpose, to an ellipsis: each is whole on another screen, or in a title of two lines beside it. */
const MAY_END_EARLY = [
  // The site, the till and the person in the top bar; settings and receipts have them whole.
  ...['.top-site', '.top-name', '.top-person-name'],
  // What works, in the status bar, beside what does not; a press on the bar shows all of it.
  '.status-words',
  // What a receipt was about, one line in the list of receipts; the receipt beside it says all of it.
  '.row-summary',
  // The facts under a show's title, the least important last.
  '.room-what p',
] as const
/** Pixels that are nobody's text: a font's box is a little higher than a tight line, and words only read aloud still take a pixel or two. */
const ALLOWED = { mayEndEarly: MAY_END_EARLY, widerPx: 2, higherPx: 6 }

/** axe's findings by the rules of WCAG 2.2 AA, one line for each rule that is broken. */
export async function barriersOf(page: Page, moreRules: readonly string[] = []): Promise<readonly string[]> {
  // Our page has no frames, so that axe needs no second page to put its findings together.
  const axe = new AxeBuilder({ page }).setLegacyMode(true).withTags([...WCAG_22_AA, ...moreRules])
  const { violations } = await axe.options({ resultTypes: ['violations'] }).analyze()
  return violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ target, any }) => `${target.join(' ')} ${any[0]?.message ?? ''}`).join(', ')}`,
  )
}

/** Of axe's findings those that come with other colours: everything else is the same in both schemes. */
export async function faintTextsOf(page: Page): Promise<readonly string[]> {
  const axe = new AxeBuilder({ page }).setLegacyMode(true).withRules(['color-contrast'])
  const { violations } = await axe.options({ resultTypes: ['violations'] }).analyze()
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target, any }) => `${id}: ${target.join(' ')} ${any[0]?.message ?? ''}`))
}

/** Texts that are wider or higher than a box that hides the rest, and the page itself when it scrolls. */
export async function cutTextsOf(page: Page): Promise<readonly string[]> {
  await page.evaluate(() => document.fonts.ready)
  return page.evaluate(findCutTexts, ALLOWED)
}

/** Runs in the page. */
function findCutTexts({ mayEndEarly, widerPx, higherPx }: typeof ALLOWED): string[] {
  const cut: string[] = []
  const { scrollWidth, scrollHeight } = document.documentElement
  if (scrollWidth > innerWidth || scrollHeight > innerHeight) cut.push(`the page: ${scrollWidth} × ${scrollHeight}`)
  for (const box of document.querySelectorAll<HTMLElement>('body *')) {
    if (box.clientWidth <= 1 || box.innerText === undefined || box.innerText.trim() === '' || box.closest('.sr') !== null) continue
    if (mayEndEarly.some((selector) => box.matches(selector))) continue
    const { overflowX, overflowY } = getComputedStyle(box)
    const isWider = box.scrollWidth > box.clientWidth + widerPx && overflowX !== 'visible'
    const isHigher = box.scrollHeight > box.clientHeight + higherPx && (overflowY === 'hidden' || overflowY === 'clip')
    if (isWider || isHigher) {
      const size = isWider ? `${box.scrollWidth} in ${box.clientWidth} wide` : `${box.scrollHeight} in ${box.clientHeight} high`
      cut.push(`${box.tagName.toLowerCase()}.${box.className}: ${size}: ${box.innerText.replaceAll('\n', ' ').slice(0, 60)}`)
    }
  }
  return cut
}
