/** The till speaks one language at a time: whoever changes it, every screen, every control and the papers follow. */
import type { Page } from 'playwright'
import { expect, test } from 'vitest'
import { addCola, STORY_TIMEOUT_MS, screensForTests } from './support/open-screens.ts'

const open = screensForTests()

/** What is chosen among the languages on Settings. */
function chosenLanguage(page: Page): Promise<string | null> {
  return page
    .getByRole('radiogroup', { name: /Language|语言/ })
    .getByRole('radio', { checked: true })
    .getAttribute('value')
}

test(
  'the button in the bar turns the whole page, the choice on Settings with it',
  async () => {
    const { page, till } = await open()
    await page.keyboard.press('F7')
    await page.getByRole('heading', { name: 'Screen' }).waitFor()
    expect(await chosenLanguage(page)).toBe('en')
    await page.getByRole('button', { name: '切换到中文' }).click()
    await page.getByRole('heading', { name: '屏幕' }).waitFor()
    expect([till.language(), await chosenLanguage(page)]).toEqual(['zh-CN', 'zh-CN'])
    await page.getByText('English', { exact: true }).click()
    await page.getByRole('heading', { name: 'Screen' }).waitFor()
    expect([till.language(), await page.locator('html').getAttribute('lang')]).toEqual(['en', 'en'])
  },
  STORY_TIMEOUT_MS,
)

test(
  'a change made elsewhere reaches this page, and the paper on it',
  async () => {
    const { page, till } = await open()
    await addCola(page)
    await page.keyboard.press('F9')
    await page.getByRole('button', { name: /^Exact/ }).click()
    await page.keyboard.press('F8')
    const paper = page.locator('.paper svg')
    await paper.filter({ hasText: /TOTAL.*合计/s }).waitFor()
    till.setLanguage({ language: 'zh-CN' })
    await page.getByRole('button', { name: '下一单' }).waitFor()
    await paper.filter({ hasText: /合计.*TOTAL/s }).waitFor()
    expect(await page.locator('html').getAttribute('lang')).toBe('zh-CN')
  },
  STORY_TIMEOUT_MS,
)
