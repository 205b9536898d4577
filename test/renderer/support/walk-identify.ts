/** Walks through asking customers who they are. Begins and ends on the selling screen. */
import { BANDS } from './fake-bands.ts'
import type { Walk } from './walk.ts'

const ASK = '.identify [data-primary][aria-disabled="false"]'

export async function walkIdentify({ page, till, look }: Walk): Promise<void> {
  till.setBands([])
  await page.keyboard.press('F1')
  await page.locator('.identify .radar').waitFor()
  await look('identify-no-bands')
  till.setBands(BANDS)
  await page.getByRole('radio').nth(3).waitFor()
  await look('identify-bands')
  await page.locator(ASK).click()
  await page.getByTestId('asking-who').waitFor()
  till.reachIdentify('waiting-for-customer')
  await page.waitForFunction(() => document.querySelectorAll('.stage-past').length === 3)
  await look('identify-asking')
  till.endAsking({ name: { value: 'Golden Carp 金鲤鱼', isVouched: true }, 'member-number': { value: 'AC-1001', isVouched: false } })
  await page.getByTestId('told').waitFor()
  await look('identify-told')
  await page.locator(ASK).click()
  await page.getByRole('checkbox').first().uncheck()
  await page.locator(ASK).click()
  await page.getByTestId('asking-who').waitFor()
  till.endAsking({})
  await page.getByTestId('told').waitFor()
  await look('identify-nothing')
  await page.locator(ASK).click()
  await page.locator(ASK).click()
  await page.getByTestId('asking-who').waitFor()
  till.endAsking('wallet-refused')
  await page.getByTestId('untold').waitFor()
  await look('identify-untold')
  await page.locator(ASK).click()
  await page.locator('.identify').waitFor({ state: 'detached' })
}
