/** `node test/renderer/support/doc-pictures.ts [DIR]`: the pictures of docs/images, taken at the real counter in practice on a Friday evening. */
import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright'
import { enterTill, expectDone, type ScriptCashier } from '#reference/tools/counter/script-cashier.ts'
import type { SeatId, ShowtimeId } from '#shared/domain/ids.ts'
import type { Language } from '#shared/domain/words.ts'
import { addSnacks, type Counter, chargeProposed, chooseSeats, startCounter, untilEvening } from '../../e2e/support/counter.ts'
import { killAfterTheYes, signIn, startAgain } from '../../e2e/support/trouble.ts'
import { MANAGER_ID, MANAGER_PIN } from '../../support/staff.ts'
import { launchChromium } from './chromium.ts'

const [folder = 'docs/images'] = process.argv.slice(2)
const DAY_MS = 24 * 60 * 60_000
const FRIDAY = 5
/** Who came before: snacks, and seats of the next show in the larger hall. */
const EARLIER_SALES: readonly { readonly seats: readonly string[]; readonly snack: string }[] = [
  { seats: ['H6', 'H7', 'H8', 'H9'], snack: 'combo-family' },
  { seats: ['G5', 'G6'], snack: 'popcorn-m' },
  { seats: ['I1', 'I2', 'I3'], snack: 'lemon-tea' },
  { seats: ['F10', 'F11'], snack: 'combo-duo' },
  { seats: ['E4'], snack: 'coffee' },
  { seats: ['H12', 'H13', 'G12', 'G13', 'G14'], snack: 'nachos' },
]

/** Milliseconds from now to the Friday evening of this week or the next one, in the cinema. */
function untilFriday(): number {
  const evening = untilEvening(Date.now())
  const weekday = new Date(Date.now() + evening).getUTCDay()
  return evening + ((FRIDAY - weekday + 7) % 7) * DAY_MS
}

/** A second way in, for the script that sells before the cashier's pictures are taken. */
async function enterByScript({ stack }: Counter): Promise<ScriptCashier> {
  const { part } = stack.terminal
  const address = part.message((message) =>
    typeof message === 'object' && message !== null && 'type' in message && message.type === 'address' && 'url' in message
      ? String(message.url)
      : undefined,
  )
  part.process.send({ type: 'new-token' })
  return enterTill(await address)
}

async function sellEarlier(counter: Counter): Promise<void> {
  const cashier = await enterByScript(counter)
  const { till } = cashier
  const programme = await till.programme.query()
  const showtimeId = programme?.showtimes.find(({ id }) => id.endsWith('hall-1-1910'))?.id as ShowtimeId
  for (const { seats, snack } of EARLIER_SALES) {
    const wanted = seats.map((seat) => ({ seat: seat as SeatId, ticketTypeId: 'adult' }))
    expectDone('seats', await till.setSeats.mutate({ showtimeId, seats: wanted }))
    const product = programme?.products.find(({ id }) => id === snack)
    if (product !== undefined) expectDone('snack', await till.setProduct.mutate({ productId: product.id, quantity: 1 }))
    expectDone('cash', await till.startCash.mutate())
    const { payment } = await cashier.until('cash', (state) => state.payment?.tender === 'cash')
    expectDone('taken', await till.takeCash.mutate({ tenderedMinor: payment?.total.amount ?? 0 }))
    expectDone('next', await till.nextSale.mutate())
    await cashier.until('an empty sale', (state) => state.cart.lines.length === 0)
  }
  await cashier.until('all sent', (state) => state.status.outbox.pending === 0)
  cashier.close()
}

async function take(page: Page, name: string): Promise<void> {
  await page.evaluate(() => document.fonts.ready)
  await page.screenshot({ path: join(folder, `${name}.png`) })
}

async function walk(counter: Counter, language: Language): Promise<void> {
  const { page } = counter
  await sellEarlier(counter)
  await chooseSeats(page, ['F7', 'F8'])
  await addSnacks(page, ['combo-duo', 'popcorn-caramel'])
  await take(page, `sell-${language}`)
  await page.locator('.cart-show-head').click()
  await page.locator('.hall .seat-sold').first().waitFor()
  await take(page, `seats-${language}`)
  await page.keyboard.press('F8')
  await page.locator('.band-proposed').waitFor()
  await page.locator('.charge[aria-disabled="false"]').waitFor()
  await take(page, `pay-${language}`)
  await chargeProposed(page)
  await page.getByTestId('done').waitFor()
  await page.locator('.paper text').first().waitFor()
  await page
    .getByTestId('status-outbox')
    .filter({ hasText: language === 'en' ? 'All sent' : '已全部上传' })
    .waitFor()
  await take(page, `done-${language}`)
  await page.keyboard.press('F4')
  await page.locator('.row').nth(EARLIER_SALES.length).waitFor()
  await page.locator('.desk-head').waitFor()
  await take(page, `history-${language}`)
  await page.keyboard.press('Escape')
  await nextSale(page)
}

async function nextSale(page: Page): Promise<void> {
  await page.getByTestId('done').locator('[data-primary]').click()
  await page.getByTestId('done').waitFor({ state: 'detached' })
  await page.locator('.film').first().waitFor()
}

/** Two people side by side: the count to knock. Ends at the sale, with the drawer that moved them. */
async function walkKnock({ page, stack }: Counter, language: Language): Promise<void> {
  await addSnacks(page, ['cola'])
  await page.keyboard.press('F8')
  await page.locator('.band').first().waitFor()
  await stack.sendAllAway()
  // Whoever stood there a moment ago is still heard for a while, and would be asked to knock too.
  await page.waitForFunction(() => document.querySelectorAll('.bars-3, .bars-4').length === 0)
  for (const customer of ['twin-a', 'twin-b'] as const) await stack.bringToCounter(customer)
  await page.waitForFunction(() => document.querySelectorAll('.bars-3, .bars-4').length === 2)
  await page.locator('[data-act="knock"][aria-disabled="false"]').click()
  await page.getByTestId('knock').waitFor()
  await take(page, `knock-${language}`)
  await page.getByTestId('knock').getByRole('button').click()
  await page.locator('.band-list').waitFor()
  await page.keyboard.press('Escape')
  await page.keyboard.press('F6')
  await page.locator('[data-customer="twin-a"] .customer-head').click()
  await page.locator('.customer-faults').waitFor()
  await take(page, `practice-${language}`)
  await page.keyboard.press('Escape')
  await page.getByTestId('drawer').waitFor({ state: 'detached' })
  await stack.sendAllAway()
  await stack.bringToCounter('rich')
}

/** Starts the till again, enters, and waits for its screen. */
async function openAgain(counter: Counter): Promise<void> {
  await startAgain(counter)
  await counter.page.locator('.top').waitFor()
}

/** Killed after the yes: the sale that was interrupted, finished afterwards. */
async function walkInterrupted(counter: Counter, language: Language): Promise<void> {
  const { page } = counter
  await killAfterTheYes(counter)
  await openAgain(counter)
  await page.getByTestId('interrupted').locator('.charge:not(:disabled)').waitFor()
  await take(page, `interrupted-${language}`)
  await page.getByTestId('interrupted').locator('.charge').click()
  await page.getByTestId('done').waitFor()
  await nextSale(page)
}

/** Locked; then what a manager sets, and what waits for a manager when records were copied back from a backup. */
async function walkManager(counter: Counter, language: Language): Promise<void> {
  const { page } = counter
  await restoreBackup(counter)
  await page.keyboard.press('F10')
  await page.locator('.person').first().waitFor()
  await take(page, `sign-in-${language}`)
  await signIn(page, MANAGER_ID, MANAGER_PIN)
  await page.keyboard.press('F7')
  await page.locator('.printer-form').waitFor()
  await take(page, `settings-${language}`)
  await page.locator('.top-tab').nth(2).click()
  await page.locator('[data-yes="waiting"]').waitFor()
  await take(page, `attention-${language}`)
}

/** The records are copied away, a wallet says yes to a sale, the till is lost with it, and the copy is put back. */
async function restoreBackup(counter: Counter): Promise<void> {
  const { stack, page } = counter
  const file = join(stack.folderOf('terminal'), 'terminal.sqlite')
  await stack.terminal.part.stop()
  cpSync(file, `${file}.backup`)
  await openAgain(counter)
  await addSnacks(page, ['combo-duo'])
  await killAfterTheYes(counter)
  for (const suffix of ['-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true })
  cpSync(`${file}.backup`, file)
  await openAgain(counter)
}

mkdirSync(folder, { recursive: true })
const browser = await launchChromium()
try {
  for (const language of ['zh-CN', 'en'] as const) {
    const counter = await startCounter(browser, { language, start: { clockOffsetMs: untilFriday(), drawer: true } })
    try {
      await walk(counter, language)
      await walkKnock(counter, language)
      await walkInterrupted(counter, language)
      await walkManager(counter, language)
    } finally {
      await counter.close()
    }
  }
} finally {
  await browser.close()
}
