import type { Page } from 'playwright'

/** More stops than any of our screens has. */
const TABS_MAX = 120

/** Presses Tab until the focus is on a control with this name, as somebody without a mouse does. */
export async function tabTo(page: Page, name: RegExp): Promise<void> {
  const passed: string[] = []
  for (let tabs = 0; tabs < TABS_MAX; tabs += 1) {
    await page.keyboard.press('Tab')
    const here = await page.evaluate(() => {
      const { activeElement } = document
      if (activeElement === null || activeElement === document.body) return ''
      return activeElement.getAttribute('aria-label') ?? activeElement.textContent ?? ''
    })
    if (name.test(here)) return
    passed.push(here)
  }
  throw new Error(`no way by Tab to ${String(name)}; passed ${passed.join(' | ')}`)
}
