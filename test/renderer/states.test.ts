/** What a screen shows when something went wrong, went away or changed by itself: each state in words of its own, and nothing that moves. */
import type { Page } from 'playwright'
import { expect, test } from 'vitest'
import { until } from '#test/support/until.ts'
import { pressAtOnce } from './support/armed.ts'
import { BANDS } from './support/fake-bands.ts'
import { CASHIER, MANAGER } from './support/fake-desk.ts'
import { PRINT_JOBS } from './support/fake-desk-data.ts'
import { addCola, payByBand, STORY_TIMEOUT_MS, screensForTests } from './support/open-screens.ts'

const open = screensForTests()

async function topOf(page: Page, selector: string): Promise<number> {
  const box = await page.locator(selector).first().boundingBox()
  if (box === null) throw new Error(`${selector} has no place`)
  return box.y
}

test(
  'a sale that was taken back is struck in the history, names its void and cannot be voided again',
  async () => {
    const { page } = await open()
    await addCola(page)
    await payByBand(page)
    await page.getByTestId('wrong-person').click()
    await page.getByRole('button', { name: 'Void the sale' }).click()
    await page.getByTestId('done').waitFor({ state: 'detached' })
    await page.keyboard.press('F4')
    const sale = page.locator('.row-voided')
    expect(await sale.innerText()).toContain('Voided by A-000043')
    await sale.click()
    await page.getByTestId('voided-by').waitFor()
    expect(await page.getByTestId('void').count()).toBe(0)
    expect(await page.locator('.paper').innerText()).toContain('VOID')
    // What was chosen before is not acted on when the search no longer lists it.
    await page.getByRole('searchbox').fill('0043')
    await page.locator('.desk-head h2').filter({ hasText: 'A-000043' }).waitFor()
    await page.getByRole('searchbox').fill('nothing like it')
    await page.locator('.desk-head').waitFor({ state: 'detached' })
  },
  STORY_TIMEOUT_MS,
)

test(
  'older receipts stay open when the outbox moves',
  async () => {
    const { page, till } = await open()
    for (let sold = 0; sold < 70; sold += 1) {
      await till.setProduct({ productId: 'tea', quantity: 1 })
      await till.startCash()
      await till.takeCash({ tenderedMinor: 1_600 })
      await till.nextSale()
    }
    await page.keyboard.press('F4')
    await page.getByRole('button', { name: 'Older receipts' }).click()
    await page.locator('.row').nth(59).waitFor()
    till.setStatus({ outbox: { pending: 3, unsyncedTotal: { amount: 4_200, currency: 'CNY' } } })
    await page.locator('.row-sync').filter({ hasText: 'to be sent' }).first().waitFor()
    expect(await page.locator('.row').count()).toBe(60)
  },
  STORY_TIMEOUT_MS,
)

test(
  'what cannot be looked up says so and can be tried again; it never looks empty',
  async () => {
    const { page, till } = await open((fake) => fake.signedInAs(MANAGER))
    till.isBroken = true
    await page.keyboard.press('F4')
    await page.locator('.receipts-list').getByTestId('cannot-show').waitFor()
    expect(await page.getByText('No receipt yet.').count()).toBe(0)
    till.isBroken = false
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByText('No receipt yet.').waitFor()
    till.isBroken = true
    await page.keyboard.press('F7')
    await page.locator('.part-people').getByTestId('cannot-show').waitFor()
    expect(await page.getByRole('button', { name: 'Add a person' }).isDisabled()).toBe(true)
  },
  STORY_TIMEOUT_MS,
)

test(
  'a till that has no programme yet does not say that the evening is over; a radio that starts does not say that nobody is near',
  async () => {
    const { page, till } = await open((fake) => {
      fake.hasProgramme = false
    })
    await page.locator('.shows').getByText('The programme has not come yet.').waitFor()
    till.setStatus({ backend: { state: 'offline' } })
    await page.getByText('as soon as the backend is back. Until then').waitFor()
    till.hasProgramme = true
    till.setStatus({ backend: { state: 'online' }, radio: { state: 'starting', bandsNear: 0 } })
    till.setBands([])
    await addCola(page)
    await page.keyboard.press('F8')
    await page.getByTestId('radio-starting').waitFor()
    expect(await page.getByTestId('no-bands').count()).toBe(0)
    till.setStatus({ radio: { state: 'scanning', driver: 'practice', bandsNear: 0 } })
    await page.getByTestId('no-bands').waitFor()
  },
  STORY_TIMEOUT_MS,
)

test(
  'a refusal is said inside the dialog it belongs to, and a name that is taken goes back to where names are typed',
  async () => {
    const { page } = await open((fake) => fake.signedInAs(MANAGER))
    await page.keyboard.press('F7')
    await page.getByRole('button', { name: 'Add a person' }).click()
    await page.getByLabel('Name', { exact: true }).fill(CASHIER.name)
    await page.getByRole('button', { name: 'Next' }).click()
    for (const pin of ['4711', '4711']) {
      await page.keyboard.type(pin)
      await page.keyboard.press('Enter')
    }
    await page.getByRole('dialog').getByRole('alert').filter({ hasText: 'Somebody has this name already.' }).waitFor()
    const field = page.getByLabel('Name', { exact: true })
    expect(await field.evaluate((input) => input === document.activeElement)).toBe(true)
    await field.fill('Third')
    await page.getByText('Somebody has this name already.').waitFor({ state: 'detached' })
    expect(await page.getByTestId('notice').count()).toBe(0)
  },
  STORY_TIMEOUT_MS,
)

test(
  'when the first minute ends, Wrong person keeps its place, and an open question says who can still do it',
  async () => {
    const { page, till } = await open()
    await addCola(page)
    await payByBand(page)
    const before = await page.locator('[data-primary]').boundingBox()
    await page.getByTestId('wrong-person').click()
    await page.locator('[data-confirm][aria-disabled="false"]').waitFor()
    till.endFirstMinute()
    await page.getByText('A manager can still void this sale').waitFor()
    expect(await page.locator('[data-confirm]').isDisabled()).toBe(true)
    await page.getByRole('button', { name: 'Keep the sale' }).click()
    expect(await page.getByTestId('wrong-person').isDisabled()).toBe(true)
    expect(await page.locator('[data-primary]').boundingBox()).toEqual(before)
  },
  STORY_TIMEOUT_MS,
)

test(
  'a refusal of the till about a running payment stays on the screen, asking and in doubt',
  async () => {
    const { page, till } = await open((fake) => fake.script('A', { stages: ['connecting', 'sent'], outcome: 'stop' }))
    await addCola(page)
    await page.keyboard.press('F8')
    await page.locator('[data-act="charge"][aria-disabled="false"]').click()
    await page.locator('.asking').waitFor()
    till.patchPayment({ refusal: { code: 'storage-failed' } })
    await page.locator('.asking').getByTestId('payment-refusal').filter({ hasText: 'cannot write to its disk' }).waitFor()
    till.finish('in-doubt')
    await page.getByTestId('in-doubt').waitFor()
    expect(await page.getByTestId('payment-refusal').innerText()).toContain('Call the manager.')
  },
  STORY_TIMEOUT_MS,
)

test(
  'nothing moves when the backend, a print or a paper in the queue comes and goes',
  async () => {
    const { page, till } = await open()
    const film = await topOf(page, '.film')
    till.setStatus({ backend: { state: 'offline' } })
    await page.locator('.offline').waitFor()
    expect(await topOf(page, '.film')).toBe(film)
    till.setStatus({ backend: { state: 'online' } })
    await addCola(page)
    await payByBand(page)
    const { lastReceiptId } = till.state()
    if (lastReceiptId === undefined) throw new Error('no receipt is shown')
    const total = await topOf(page, '.outcome-amount')
    till.setStatus({
      printer: { state: 'failed', place: '', jobs: PRINT_JOBS.slice(2, 3).map((job) => ({ ...job, receiptId: lastReceiptId })) },
    })
    await page.getByTestId('print-state').waitFor()
    expect(await topOf(page, '.outcome-amount')).toBe(total)
    till.setStatus({ printer: { state: 'ready', place: '', jobs: [] } })
    await page.keyboard.press('F4')
    await page.locator('.row').waitFor()
    const row = await topOf(page, '.row')
    till.setStatus({ printer: { state: 'failed', place: '', jobs: PRINT_JOBS } })
    await page.getByTestId('print-queue').waitFor()
    expect(await topOf(page, '.row')).toBe(row)
  },
  STORY_TIMEOUT_MS,
)

test(
  'the cards of bands stay where they are while a finger is down, and one that has just moved takes no press',
  async () => {
    const { page, till } = await open()
    await addCola(page)
    await page.keyboard.press('F8')
    const letters = () => page.locator('.band .band-letter').allInnerTexts()
    await page.locator('.band').nth(3).waitFor()
    const farFirst = BANDS.map((band, index) => ({
      ...band,
      nearness: ([0, 1, 2, 4] as const)[index] ?? 0,
      proposed: false,
      needsKnock: false,
    }))
    const card = await page.locator('.band').first().boundingBox()
    if (card === null) throw new Error('no card')
    await page.mouse.move(card.x + 20, card.y + 20)
    await page.mouse.down()
    till.setBands(farFirst)
    await page.locator('.band').first().filter({ hasText: 'Faint' }).waitFor()
    expect(await letters()).toEqual(['A', 'B', 'C', 'D'])
    const pressed = pressAtOnce(page, '.band:first-of-type input[value="sighting-d"]')
    await page.mouse.up()
    await pressed
    // Another card has just taken the first place: nobody else is chosen.
    expect(await page.getByRole('radio', { checked: true }).getAttribute('value')).toBe('sighting-a')
    expect(await letters()).toEqual(['D', 'C', 'B', 'A'])
    await page.locator('.band').first().click()
    expect(await page.getByRole('radio', { checked: true }).getAttribute('value')).toBe('sighting-d')
  },
  STORY_TIMEOUT_MS,
)

test(
  'a second tap on what removes a line removes nothing else',
  async () => {
    const { page, till } = await open()
    await addCola(page)
    await page.locator('[data-product="tea"]').click()
    await page.locator('[data-product="water"]').click()
    await page.locator('.line-product').nth(2).waitFor()
    const bin = page.getByRole('button', { name: 'Remove Cola' })
    await bin.and(page.locator('[aria-disabled="false"]')).waitFor()
    // Two rows are left: the next one has slid to where the first was.
    const second = pressAtOnce(page, '.lines-products .line:nth-child(2):last-child .stepper button:first-child')
    await bin.click()
    await second
    await page.locator('[data-product="cola"]').click()
    await until('cola is back', () => till.state().cart.lines.length === 3)
    const add = page.getByRole('button', { name: 'One more Cola' })
    await add.click()
    const fewer = page.getByRole('button', { name: 'One fewer Cola' })
    await fewer.and(page.locator('[aria-disabled="false"]')).waitFor()
    await fewer.dblclick()
    await page.getByRole('button', { name: 'Remove Cola' }).waitFor()
    expect(till.state().cart.lines).toHaveLength(3)
  },
  STORY_TIMEOUT_MS,
)

test(
  'a dropped line takes the focus and gives it back where it was',
  async () => {
    const { page, host } = await open()
    await page.locator('[data-product="tea"]').focus()
    host.cutLine()
    await page.getByRole('alertdialog').waitFor()
    await page.locator('.connection-card:focus').waitFor()
    host.mendLine()
    await page.getByRole('alertdialog').waitFor({ state: 'detached' })
    expect(await page.evaluate(() => document.activeElement?.getAttribute('data-product'))).toBe('tea')
  },
  STORY_TIMEOUT_MS,
)
