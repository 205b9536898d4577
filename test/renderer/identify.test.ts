/** Asking who somebody is, by the keyboard alone: what is asked, whom, what they tell, and that it is gone when the screen is left. */
import { expect, test } from 'vitest'
import { STORY_TIMEOUT_MS, screensForTests } from './support/open-screens.ts'

const open = screensForTests()
const READY = '.identify [data-primary][aria-disabled="false"]'

test(
  'F1, space and F8 ask for the member number alone; that there is an answer is read aloud, it is shown, and put away',
  async () => {
    const { page, till } = await open()
    await page.keyboard.press('F1')
    await page.locator(READY).waitFor()
    await page.getByRole('checkbox').first().focus()
    await page.keyboard.press('Space')
    await page.keyboard.press('F8')
    await page.getByTestId('asking-who').waitFor()
    expect(till.state().identify).toMatchObject({ state: 'asking', bandLetter: 'A', asked: ['member-number'] })
    till.reachIdentify('waiting-for-customer')
    await page.getByText('Please look at your phone').waitFor()
    till.endAsking({ 'member-number': { value: 'AC-1001', isVouched: true } })
    await page.locator('[data-claim="member-number"] strong').waitFor()
    expect(await page.locator('[data-claim]').count()).toBe(1)
    await page.getByTestId('announcer').getByText('The customer has told, on the screen: Member number.').waitFor()
    await page.locator(READY).waitFor()
    await page.keyboard.press('F8')
    await page.getByRole('radio').first().waitFor()
    expect(till.state().identify).toBeUndefined()
    await page.keyboard.press('Escape')
    await page.getByTestId('ask-who').waitFor()
  },
  STORY_TIMEOUT_MS,
)

test(
  'Escape takes the question back and only then leaves; leaving an answer makes the till forget it',
  async () => {
    const { page, till } = await open()
    await page.getByTestId('ask-who').click()
    await page.locator(READY).click()
    await page.getByTestId('asking-who').waitFor()
    await page.keyboard.press('F4')
    // A customer who is asked is waited for.
    expect(await page.getByTestId('asking-who').count()).toBe(1)
    await page.keyboard.press('Escape')
    await page.getByTestId('asking-who').waitFor({ state: 'detached' })
    expect(till.state().identify).toBeUndefined()
    await page.keyboard.press('Escape')
    await page.keyboard.press('F1')
    await page.locator(READY).click()
    await page.getByTestId('asking-who').waitFor()
    till.endAsking({ name: { value: 'Golden Carp', isVouched: false } })
    await page.getByTestId('told').waitFor()
    expect(await page.locator('[data-claim="member-number"] .told-missing').count()).toBe(1)
    await page.keyboard.press('F4')
    await page.getByRole('searchbox').waitFor()
    await page.waitForFunction(() => !document.body.textContent.includes('Golden Carp'))
    await expect.poll(() => till.state().identify).toBeUndefined()
  },
  STORY_TIMEOUT_MS,
)

test(
  'a customer who says no: the sentence to say, and the way back to the sale',
  async () => {
    const { page, till } = await open()
    await page.keyboard.press('F1')
    await page.locator(READY).click()
    await page.getByTestId('asking-who').waitFor()
    till.endAsking('wallet-refused')
    await page.getByTestId('untold').getByText('That is fine: you need not tell us.').waitFor()
    await page.locator(READY).waitFor()
    await page.keyboard.press('Enter')
    await page.getByTestId('ask-who').waitFor()
    expect(till.state().identify).toBeUndefined()
  },
  STORY_TIMEOUT_MS,
)
