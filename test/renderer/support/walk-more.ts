/** Walks through what surrounds selling: people, knocks, wrong persons, interrupted sales, trouble, settings, the practice drawer. */
import { money } from '#shared/domain/money.ts'
import { BANDS, TWINS } from './fake-bands.ts'
import { CASHIER, MANAGER } from './fake-desk.ts'
import { interruptedSales, NO_TROUBLE, PRINT_JOBS, TROUBLE } from './fake-desk-data.ts'
import type { Walk } from './walk.ts'

const NO_PAPER = { state: 'failed', place: 'till-printer:9100', trouble: 'no-paper' } as const
const NO_EXPOSURE = { sales: 0, total: money(0, 'CNY'), voids: 0, inDoubt: 0, promises: 0 }

/** Locked, wrong PINs, the wait after them, the first start. Ends signed in as the practice cashier. */
export async function walkPeople({ page, till, look }: Walk): Promise<void> {
  await page.keyboard.press('F10')
  await page.locator('.person').first().waitFor()
  await look('locked')
  await page.locator(`[data-staff="${MANAGER.id}"]`).click()
  for (let tries = 1; tries <= 3; tries += 1) {
    await page.keyboard.type('9876')
    await page.keyboard.press('Enter')
    await page.getByTestId('pin-said').filter({ hasText: /\S/ }).waitFor()
    if (tries === 1) await look('locked-wrong-pin')
  }
  await page.locator('.pin-keys .key:disabled').first().waitFor()
  await look('locked-waiting')
  till.forgetPeople()
  await page.locator('.set-up-form').waitFor()
  await look('set-up-name')
  await page.getByRole('textbox').fill('值班经理')
  await page.keyboard.press('Enter')
  await page.locator('.pin-twice').waitFor()
  await page.keyboard.type('4711')
  await look('set-up-pin')
  await page.keyboard.press('Enter')
  await page.keyboard.type('4712')
  await page.keyboard.press('Enter')
  await page.locator('.pin-said').filter({ hasText: /\S/ }).waitFor()
  await look('set-up-differs')
  for (const pin of ['4711', '4711']) {
    await page.keyboard.type(pin)
    await page.keyboard.press('Enter')
  }
  await page.locator('.film').first().waitFor()
  till.restorePeople()
  till.signedInAs(CASHIER)
}

/** Two people side by side; who pays is found out by knocking. Then a wrong person, and endings that need explaining. */
export async function walkKnocking({ page, till, look }: Walk): Promise<void> {
  await page.locator('[data-product="cola"]').click()
  await page.locator('.line-product').first().waitFor()
  till.setBands(TWINS)
  await page.keyboard.press('F8')
  await page.locator('[data-act="knock"]').waitFor()
  await look('pay-needs-knock')
  await page.locator('[data-primary]').click()
  await page.getByTestId('knock').waitFor()
  await look('knock-listening')
  const knock = till.state().knock
  if (knock === undefined) throw new Error('no knock round is shown')
  till.setKnock({ ...knock, state: 'nobody' })
  await page.getByTestId('knock-nobody').waitFor()
  await look('knock-nobody')
  till.setKnock({ ...knock, state: 'several' })
  await page.getByTestId('knock-several').waitFor()
  await look('knock-several')
  till.setKnock(undefined)
  till.setBands(BANDS.map((band) => ({ ...band, needsKnock: band.worn && band.armed })))
  till.setKnockWhy({ kind: 'old-news', ageMinutes: 240, limit: money(1_250, 'CNY') })
  await page.locator('.band-proposed').waitFor()
  await look('pay-old-news')
  till.setKnockWhy(undefined)
  till.setBands(BANDS)
  till.script('A', { stages: ['connecting', 'sent'], outcome: 'stop' })
  await page.locator('.band-proposed').waitFor()
  await page.locator('[data-primary][data-act="charge"][aria-disabled="false"]').click()
  await page.locator('.stage-past').first().waitFor()
  till.finish('in-doubt')
  await page.getByTestId('undone-at').waitFor()
  till.patchPayment({ state: 'reversed', why: 'unattended', isPromise: true })
  till.setStatus({
    backend: { state: 'offline' },
    outbox: { pending: 9, unsyncedTotal: money(41_200, 'CNY') },
    exposure: { sales: 6, total: money(41_200, 'CNY'), voids: 1, inDoubt: 2, promises: 1, oldestAt: till.state().now },
    inDoubt: 2,
  })
  await page.getByTestId('promise').waitFor()
  await look('pay-unattended-promise')
  till.setStatus({ backend: { state: 'online' }, outbox: { pending: 6, unsyncedTotal: money(41_200, 'CNY') }, inDoubt: 0 })
  till.setStatus({ exposure: { ...NO_EXPOSURE, sales: 6, total: money(41_200, 'CNY') } })
  till.patchPayment({ state: 'reversed', why: 'late-yes', isPromise: false })
  await page.getByTestId('promise').waitFor({ state: 'detached' })
  await look('pay-late-yes')
  till.setStatus({ outbox: { pending: 0, unsyncedTotal: money(0, 'CNY') }, exposure: NO_EXPOSURE })
}

/** From an ended payment: paid by the wrong one, given back, and the paper that does not come. */
export async function walkWrongPerson({ page, till, look }: Walk): Promise<void> {
  till.script('A', { stages: ['connecting'], outcome: 'paid' })
  await page.locator('[data-primary]').click()
  await page.locator('[data-act="charge"][aria-disabled="false"]').click()
  await page.getByTestId('wrong-person').waitFor()
  const receiptId = till.state().lastReceiptId
  if (receiptId === undefined) throw new Error('no receipt is shown')
  till.setStatus({ printer: { ...NO_PAPER, jobs: PRINT_JOBS.slice(2, 3).map((job) => ({ ...job, receiptId })) } })
  await page.getByTestId('print-state').waitFor()
  await look('done-band')
  await page.getByTestId('wrong-person').click()
  await page.getByRole('dialog').waitFor()
  await look('wrong-person-confirm')
  await page.locator('[data-confirm]').click()
  await page.getByTestId('done').waitFor({ state: 'detached' })
  till.signedInAs(MANAGER)
  till.setStatus({ printer: { ...NO_PAPER, jobs: PRINT_JOBS } })
  await page.keyboard.press('F4')
  await page.locator('.row-kind-void').first().waitFor()
  await page.getByTestId('print-queue').waitFor()
  await page.locator('.desk-head').waitFor()
  await look('history-void')
  till.setStatus({ printer: { state: 'ready', place: NO_PAPER.place, jobs: [] } })
  await page.locator('.row').nth(2).click()
  await page.getByTestId('void').waitFor()
  await page.getByTestId('void').click()
  await page.getByRole('dialog').waitFor()
  await look('history-void-confirm')
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
}

/** What a stop of the till leaves behind, and what a manager must look at. */
export async function walkTrouble({ page, till, look }: Walk): Promise<void> {
  for (const [name, sale] of Object.entries(interruptedSales(Date.parse(till.state().now)))) {
    till.setInterrupted(sale)
    await page.getByTestId('interrupted').waitFor()
    await page.getByTestId('interrupted-charged').waitFor()
    await look(`interrupted-${name}`)
  }
  till.setInterrupted(undefined)
  till.setRecovery(NO_TROUBLE)
  await page.locator('.top-tab').nth(2).click()
  await page.locator('.attention .empty strong').waitFor()
  await look('attention-none')
  till.setRecovery(TROUBLE)
  await page.locator('[data-yes="waiting"]').waitFor()
  await look('attention')
  await page.locator('.yes-acts button').last().click()
  await page.getByRole('dialog').waitFor()
  await look('attention-confirm')
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
}

/** Settings as a manager and as a cashier see them. */
export async function walkSettings({ page, till, look }: Walk): Promise<void> {
  await page.keyboard.press('F7')
  await page.locator('.printer-form').waitFor()
  await look('settings-manager')
  await page.locator('.printer-form select').first().selectOption('tcp')
  await page.locator('.printer-address').waitFor()
  await look('settings-printer')
  await page.locator('.staff-tool').first().click()
  await page.getByRole('dialog').waitFor()
  await look('settings-pin')
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await page.locator('.part-people > button').click()
  await page.getByRole('dialog').waitFor()
  await look('settings-add-person')
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  till.signedInAs(CASHIER)
  await page.locator('.printer-form').waitFor({ state: 'detached' })
  await look('settings-cashier')
  await page.keyboard.press('Escape')
}

/** The practice drawer beside a sale that is being paid. */
export async function walkPractice({ page, till, look }: Walk): Promise<void> {
  await page.keyboard.press('F2')
  if (till.state().cart.lines.length === 0) await page.locator('[data-product="cola"]').click()
  await page.locator('.line-product').first().waitFor()
  await page.keyboard.press('F6')
  await page.locator('.customer').first().waitFor()
  await look('drawer')
  await page.keyboard.press('F8')
  await page.locator('.band-list').waitFor()
  await page.locator('[data-customer="twin-b"] .customer-head').click()
  await page.locator('.customer-faults').waitFor()
  await look('drawer-customer')
  for (const id of ['stolen', 'pairing', 'robbed']) {
    await page.locator(`[data-customer="${id}"] .customer-head`).click()
    await page.locator(`[data-customer="${id}"] .life-state > li`).first().waitFor()
    await page.locator(`[data-customer="${id}"] .customer-life`).scrollIntoViewIfNeeded()
    await look(`drawer-${id}`)
  }
  await page.locator('.paper-out').last().scrollIntoViewIfNeeded()
  await look('drawer-papers')
  till.practiceGone = true
  await page.getByTestId('drawer-gone').waitFor()
  await look('drawer-gone')
  till.practiceGone = false
  await page.locator('.customer').first().waitFor()
  await page.keyboard.press('Escape')
  await page.getByTestId('drawer').waitFor({ state: 'detached' })
  await page.keyboard.press('Escape')
}
