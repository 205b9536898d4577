/** Walks through what a screen shows when something cannot be shown, written or done any more. Begins and ends at an empty sale. */
import { untilArmed } from './armed.ts'
import { BANDS } from './fake-bands.ts'
import { CASHIER, MANAGER } from './fake-desk.ts'
import { interruptedSales } from './fake-desk-data.ts'
import type { Walk } from './walk.ts'

const DISK = { code: 'storage-failed' } as const

/** The till cannot write: while it asks, in doubt, and after a stop. */
export async function walkDisk({ page, till, look }: Walk): Promise<void> {
  till.setBands(BANDS)
  till.script('A', { stages: ['connecting', 'sent'], outcome: 'stop' })
  if (till.state().cart.lines.length === 0) await page.locator('[data-product="cola"]').click()
  await page.locator('.line-product').first().waitFor()
  await page.keyboard.press('F8')
  await page.locator('[data-act="charge"][aria-disabled="false"]').click()
  await page.locator('.asking').waitFor()
  till.patchPayment({ refusal: DISK })
  await page.getByTestId('payment-refusal').waitFor()
  await look('pay-asking-disk')
  till.finish('in-doubt')
  await page.getByTestId('in-doubt').waitFor()
  await look('pay-in-doubt-disk')
  const { unknown } = interruptedSales(Date.parse(till.state().now))
  till.setInterrupted({ ...unknown, requestId: till.state().payment?.requestId ?? unknown.requestId })
  await page.getByTestId('interrupted').waitFor()
  await look('interrupted-disk')
  till.setInterrupted(undefined)
  till.finish('paid')
  await page.getByTestId('wrong-person').waitFor()
}

/** From a sale just paid: its first minute ends under the question. Then the sale in the history, taken back by a manager. */
export async function walkTakenBack({ page, till, look }: Walk): Promise<void> {
  await page.getByTestId('wrong-person').click()
  await page.getByRole('dialog').waitFor()
  till.endFirstMinute()
  await page.locator('[data-confirm]:disabled').waitFor()
  await look('wrong-person-over-confirm')
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await look('wrong-person-over')
  till.signedInAs(MANAGER)
  await page.keyboard.press('F4')
  await page.getByTestId('void').click()
  await page.locator('[data-confirm][aria-disabled="false"]').click()
  await page.locator('.row-voided').first().click()
  await page.getByTestId('voided-by').waitFor()
  await look('history-voided')
  await page.keyboard.press('Escape')
}

/** Nothing to show: because nothing has come, because it cannot be looked up, or because the name is taken. */
export async function walkNothing({ page, till, look }: Walk): Promise<void> {
  till.isBroken = true
  await page.keyboard.press('F4')
  await page.getByRole('searchbox').fill('cola')
  await page.locator('.receipts-list').getByTestId('cannot-show').waitFor()
  await look('history-error')
  till.isBroken = false
  await page.keyboard.press('F7')
  await page.locator('.part-people > button').click()
  await page.getByRole('dialog').getByRole('textbox').fill(CASHIER.name)
  await page.keyboard.press('Enter')
  for (const pin of ['4711', '4711']) {
    await page.locator('.pin-twice').waitFor()
    await page.keyboard.type(pin)
    await page.keyboard.press('Enter')
  }
  await page.getByRole('dialog').getByRole('textbox').waitFor()
  await look('settings-name-taken')
  await page.keyboard.press('Escape')
  await page.keyboard.press('Escape')
  till.signedInAs(CASHIER)
  await page.locator('.films, .film').first().waitFor()
  till.hasProgramme = false
  till.setStatus({ backend: { state: 'offline' } })
  await page.locator('.shows .empty').waitFor()
  await look('sell-no-programme')
  till.hasProgramme = true
  till.setStatus({ backend: { state: 'online' }, radio: { state: 'starting', bandsNear: 0 } })
  till.setBands([])
  await page.locator('[data-product="cola"]').click()
  await page.locator('.line-product').first().waitFor()
  await page.keyboard.press('F8')
  await page.getByTestId('radio-starting').waitFor()
  await look('pay-radio-starting')
  await page.keyboard.press('F9')
  await page.getByTestId('cash-received').waitFor()
  await page.locator('.key-exact').click()
  await page.locator('[data-primary]').click()
  await page.getByTestId('change-due').waitFor()
  await untilArmed(page)
  await page.keyboard.press('Enter')
}
