/** By the keyboard alone: the focus is never nowhere, Escape takes the smallest step back, and the list of keys is true. */
import type { Page } from 'playwright'
import { expect, test } from 'vitest'
import { MANAGER } from './support/fake-desk.ts'
import { TROUBLE } from './support/fake-desk-data.ts'
import { addCola, STORY_TIMEOUT_MS, screensForTests } from './support/open-screens.ts'

const open = screensForTests()

/** Waits until the focus is on the title of the screen with this name. */
async function titleHasFocus(page: Page, title: string): Promise<void> {
  await page.waitForFunction((text) => document.activeElement?.tagName === 'H1' && document.activeElement.textContent === text, title)
}

test(
  'the title takes the focus where nothing else does: on Settings, Attention, Sell, and at a payment with no band',
  async () => {
    const { page, till } = await open((fake) => {
      fake.setRecovery(TROUBLE)
      fake.setBands([])
    })
    await titleHasFocus(page, 'Sell')
    await page.keyboard.press('F7')
    await titleHasFocus(page, 'Settings')
    // A cashier has nothing to attend to, and the page is not loaded anew either.
    await page.keyboard.press('F5')
    await titleHasFocus(page, 'Settings')
    till.signedInAs(MANAGER)
    await page.getByRole('button', { name: /^Attention/ }).waitFor()
    await page.keyboard.press('F5')
    await titleHasFocus(page, 'Needs attention')
    await page.keyboard.press('F4')
    await page.getByRole('searchbox').waitFor()
    await page.keyboard.press('Escape')
    await titleHasFocus(page, 'Sell')
    await page.keyboard.press('F10')
    await titleHasFocus(page, 'Who is at the till?')
    await page.keyboard.type('1111')
    await page.keyboard.press('Enter')
    await titleHasFocus(page, 'Sell')
    await addCola(page)
    await page.keyboard.press('F8')
    await titleHasFocus(page, 'Payment')
    expect(await page.locator('.radar').count()).toBe(1)
  },
  STORY_TIMEOUT_MS,
)

test(
  'Escape clears what was typed before it leaves: a search, the cash received',
  async () => {
    const { page, till } = await open()
    await page.keyboard.press('F4')
    const search = page.getByRole('searchbox')
    await search.fill('zzz')
    await page.keyboard.press('Escape')
    expect(await search.inputValue()).toBe('')
    await page.keyboard.press('Escape')
    await search.waitFor({ state: 'detached' })
    await addCola(page)
    await page.keyboard.press('F9')
    const received = page.getByTestId('cash-received')
    await received.waitFor()
    await page.keyboard.type('20')
    await received.filter({ hasText: '¥20.00' }).waitFor()
    await page.keyboard.press('Escape')
    await received.filter({ hasText: '¥0.00' }).waitFor()
    expect(till.state().payment).toMatchObject({ tender: 'cash', state: 'prepared' })
    await page.keyboard.press('Escape')
    await received.waitFor({ state: 'detached' })
    expect(till.state().payment).toBeUndefined()
  },
  STORY_TIMEOUT_MS,
)

test(
  'nobody leaves Settings with edits that are not saved before saying what becomes of them',
  async () => {
    const { page, till } = await open((fake) => fake.signedInAs(MANAGER))
    const kind = page.getByLabel('Where receipts go')
    const question = page.getByRole('dialog', { name: 'Discard the changes?' })
    const edit = async () => {
      await page.keyboard.press('F7')
      await kind.selectOption('file')
    }
    await edit()
    for (const way of ['Escape', 'F2', 'F4']) {
      await page.keyboard.press(way)
      await question.waitFor()
      await page.keyboard.press('Enter')
      await question.waitFor({ state: 'detached' })
      expect(await kind.inputValue(), way).toBe('file')
    }
    await page.getByRole('button', { name: 'History' }).click()
    await question.getByRole('button', { name: 'Discard' }).click()
    await page.getByRole('searchbox').waitFor()
    expect(till.settings().printer.kind).toBe('practice')
    await edit()
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('button', { name: 'Test print' }).waitFor()
    await page.keyboard.press('Escape')
    await titleHasFocus(page, 'Sell')
  },
  STORY_TIMEOUT_MS,
)

test(
  'the list of keys is the list of this screen',
  async () => {
    const { page } = await open((fake) => fake.signedInAs(undefined))
    const keys = page.getByRole('dialog', { name: 'Keyboard shortcuts' })
    await page.keyboard.press('?')
    await keys.getByText('Type the PIN').waitFor()
    expect(await keys.innerText()).not.toMatch(/F\d|Charge|Practice/)
  },
  STORY_TIMEOUT_MS,
)
