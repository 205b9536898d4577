/** Walks through every screen and state of the till, in both languages, for pictures and for the accessibility check. */
import type { Page } from 'playwright'
import type { SightingId } from '#shared/domain/ids.ts'
import { untilArmed } from './armed.ts'
import type { DevHost } from './dev-host.ts'
import { BANDS } from './fake-bands.ts'
import type { FakeTill } from './fake-till.ts'

export type Walk = { readonly page: Page; readonly till: FakeTill; readonly host: DevHost; readonly look: (name: string) => Promise<void> }

const FREE_SEATS = 'button.seat-free'

/** From the empty sale to a paid one, with each state on the way shown to `look`. Leaves an open, empty sale. */
export async function walkSelling({ page, till, look }: Walk): Promise<void> {
  await look('sell-empty')
  await page.locator('[data-showtime="show-1-2"]').click()
  await page.locator(FREE_SEATS).first().waitFor()
  await look('seats-free')
  const rows = page.getByRole('row')
  for (const column of [5, 6]) await rows.nth(7).locator(FREE_SEATS).nth(column).click()
  await page.locator('.cart .line').nth(1).waitFor()
  await look('seats-chosen')
  await page.locator('.hall button.seat-sold').first().click({ force: true })
  await page.getByTestId('notice').waitFor()
  await look('seats-taken')
  await page.keyboard.press('Escape')
  await page.keyboard.press('F3')
  for (const id of ['popcorn-l', 'popcorn-l', 'cola', 'combo-2']) await page.locator(`[data-product="${id}"]`).click()
  await page.locator('.line-product').nth(2).waitFor()
  await look('sell-cart')
  await page.locator('.line-type').first().click()
  await page.getByRole('menuitem').first().waitFor()
  await look('sell-ticket-type')
  await page.keyboard.press('Escape')
  await page.getByRole('menuitem').first().waitFor({ state: 'detached' })
  till.setStatus({ backend: { state: 'offline' } })
  await page.locator('.status-warn').waitFor()
  await look('sell-offline')
  till.setStatus({ backend: { state: 'online' } })
}

/** The pay screen with each ending a band payment can have, then cash. */
export async function walkPaying({ page, till, look }: Walk): Promise<void> {
  till.setBands([])
  await page.keyboard.press('F8')
  await page.locator('.radar').waitFor()
  await look('pay-no-bands')
  till.setBands(BANDS)
  await page.getByRole('radio').nth(3).waitFor()
  await look('pay-bands')
  till.script('A', { stages: ['connecting', 'sent', 'seen', 'waiting-for-customer'], outcome: 'stop' })
  till.stepMs = 30
  await page.locator('[data-primary]').click()
  await page.locator('.stage-now').nth(0).waitFor()
  await page.waitForFunction(() => document.querySelectorAll('.stage-past').length === 3)
  await look('pay-asking')
  till.finish('in-doubt')
  await page.getByTestId('in-doubt').waitFor()
  await look('pay-in-doubt')
  till.finish('wallet-refused')
  await page.getByTestId('not-paid').waitFor()
  await look('pay-refused')
  till.script('A', { stages: ['connecting'], outcome: 'not-worn' })
  await page.locator('.ended-again').click()
  await page.getByRole('radio').first().waitFor()
  await page.locator('[data-primary]').click()
  await page.locator('[data-reason="not-worn"]').waitFor()
  await look('pay-not-worn')
  await page.keyboard.press('F9')
  await page.getByTestId('cash-received').waitFor()
  await look('cash-empty')
  for (const key of ['3', '0', '0']) await page.keyboard.press(key)
  await look('cash-change')
}

/** The two ways a sale ends well, and the list of what was sold. */
export async function walkDone({ page, till, host, look }: Walk): Promise<void> {
  await page.locator('[data-primary]').click()
  await page.getByTestId('change-due').waitFor()
  await page.locator('.paper img, .paper svg').first().waitFor()
  await look('done-cash')
  await untilArmed(page)
  await page.keyboard.press('Enter')
  await page.locator('[data-product="tea"]').click()
  till.script('A', { stages: ['connecting', 'sent', 'asking-backend'], outcome: 'paid' })
  await page.locator('.line-product').first().waitFor()
  await page.keyboard.press('F8')
  await page.getByRole('radio').first().waitFor()
  await page.locator('[data-primary]').click()
  await page.locator('.outcome-payer').waitFor()
  till.setStatus({
    printer: { state: 'failed', place: 'till-printer:9100', trouble: 'no-paper', jobs: [] },
    outbox: { pending: 2, unsyncedTotal: { amount: 18_380, currency: 'CNY' } },
  })
  await page.locator('.print button').click()
  await page.getByTestId('notice').waitFor()
  await look('done-band-printer-failed')
  till.setStatus({ printer: { state: 'ready', place: 'till-printer:9100', jobs: [] } })
  await page.keyboard.press('F4')
  await page.locator('.row').first().waitFor()
  await page.locator('.desk-head').waitFor()
  await look('history')
  await page.getByRole('searchbox').fill('zzz')
  await page.locator('.rows:empty').waitFor({ state: 'attached' })
  await look('history-none')
  // The first empties the search, the second leaves the list.
  await page.keyboard.press('Escape')
  await page.locator('.row').first().waitFor()
  await page.keyboard.press('Escape')
  await page.locator('[data-primary]').click()
  await page.keyboard.press('?')
  await page.getByRole('dialog').waitFor()
  await look('help')
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  host.cutLine()
  await page.getByRole('alertdialog').waitFor()
  await look('lost')
  host.mendLine()
  await page.getByRole('alertdialog').waitFor({ state: 'detached' })
  till.setBands(BANDS.map((band) => ({ ...band, id: `${band.id}-again` as SightingId })))
}
