/** The smallest counter screen, 1024 × 768: everything on it can be pressed, read to its end, and found by the keyboard. */
import type { Page } from 'playwright'
import { expect, test } from 'vitest'
import type { TillState } from '#shared/contracts/till.ts'
import { money, SALE_AMOUNT_MAX } from '#shared/domain/money.ts'
import { untilArmed } from './support/armed.ts'
import { PRINT_JOBS } from './support/fake-desk-data.ts'
import type { FakeTill } from './support/fake-till.ts'
import { addCola, type Opened, STORY_TIMEOUT_MS, screensForTests } from './support/open-screens.ts'

const open = screensForTests()
const SMALLEST = { viewport: { width: 1024, height: 768 } }
/** What a fingertip needs, in CSS pixels; WCAG 2.2 asks for 24. */
const FINGER_PX = 44
/** WCAG 2.2, 1.4.11: what shows where the focus is against what is behind it. */
const CONTRAST_MIN = 3
/** More stops than any of our screens has. */
const STOPS_MAX = 80
/** Twelve rows of fourteen seats and two aisles. */
const LARGE_HALL_SHOW = 'show-2-2'

function openSmall(prepare?: (till: FakeTill) => void): Promise<Opened> {
  return open(prepare, SMALLEST)
}

/** Texts of these elements that end outside what is visible of them. */
function cutOff(page: Page, selector: string): Promise<string[]> {
  return page.locator(selector).evaluateAll((found) =>
    found.flatMap((element) => {
      const range = document.createRange()
      range.selectNodeContents(element)
      let right = innerWidth
      for (let box: Element | null = element; box !== null; box = box.parentElement) {
        if (getComputedStyle(box).overflowX !== 'visible') right = Math.min(right, box.getBoundingClientRect().right)
      }
      return range.getBoundingClientRect().right > right + 1 ? [element.textContent ?? ''] : []
    }),
  )
}

test(
  'each seat of the largest hall is as large as a finger, and the hall needs no scrolling',
  async () => {
    const { page } = await openSmall()
    await page.locator(`[data-showtime="${LARGE_HALL_SHOW}"]`).click()
    await page.locator('[data-seat]').first().waitFor()
    const sizes = await page
      .locator('[data-seat]')
      .evaluateAll((seats) => seats.map((seat) => Math.min(seat.getBoundingClientRect().width, seat.getBoundingClientRect().height)))
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(FINGER_PX)
    const hall = await page.locator('.hall').evaluate((box) => [box.scrollWidth - box.clientWidth, box.scrollHeight - box.clientHeight])
    expect(hall).toEqual([0, 0])
  },
  STORY_TIMEOUT_MS,
)

test(
  'with everything wrong at once, each warning is whole in the bar, first in it, and a press gives the reasons',
  async () => {
    const { page, till } = await openSmall()
    const { status, now } = till.state()
    till.setStatus({ printer: { ...status.printer, state: 'failed', trouble: 'no-paper', jobs: PRINT_JOBS.slice(0, 3) } })
    await page.getByTestId('status-jobs').waitFor()
    expect(await page.locator('.status-item').first().getAttribute('data-testid')).toBe('status-printer')
    till.setStatus({
      radio: { ...status.radio, state: 'failed' },
      backend: { state: 'offline', lastContactAt: now },
      exposure: { sales: 6, voids: 0, total: money(41_200, 'CNY'), inDoubt: 2, promises: 1, oldestAt: now },
    })
    await page.locator('.status-warn').nth(3).waitFor()
    expect(await cutOff(page, '.status-words')).toEqual([])
    await page.getByTestId('status').click()
    const panel = page.getByTestId('status-panel')
    for (const words of ['out of paper', 'The oldest since', 'Last answer at', 'Take cash', '3 to print']) {
      await panel.filter({ hasText: words }).waitFor()
    }
    await page.keyboard.press('Escape')
    await panel.waitFor({ state: 'detached' })
    await page.locator('[data-testid="status"]:focus').waitFor()
  },
  STORY_TIMEOUT_MS,
)

test(
  'the largest amount a sale may have is whole wherever it is shown',
  async () => {
    const { page, till } = await openSmall((fake) => {
      const total = money(SALE_AMOUNT_MAX, 'CNY')
      const state = fake.state.bind(fake)
      fake.state = (): TillState => {
        const plain = state()
        const payment = plain.payment === undefined ? {} : { payment: { ...plain.payment, total } }
        return plain.cart.lines.length === 0 ? plain : { ...plain, ...payment, cart: { ...plain.cart, total } }
      }
    })
    await addCola(page)
    const amounts = '[data-testid="cart-total"], [data-testid="amount-due"], .charge, .cash output, .key-exact'
    expect(await cutOff(page, amounts)).toEqual([])
    await page.keyboard.press('F8')
    await page.getByTestId('amount-due').filter({ hasText: '¥100,000.00' }).waitFor()
    expect(await cutOff(page, amounts)).toEqual([])
    await page.keyboard.press('F9')
    await page.getByTestId('cash-received').waitFor()
    expect(await cutOff(page, amounts)).toEqual([])
    expect(till.state().payment?.total.amount).toBe(SALE_AMOUNT_MAX)
  },
  STORY_TIMEOUT_MS,
)

type Ring = { readonly name: string; readonly contrast: number }

/** Runs in the page: the ring around what has the focus, against what is drawn behind it. */
function ringHere(): Ring | undefined {
  const { activeElement } = document
  if (activeElement === null || activeElement === document.body || activeElement.matches('h1')) return undefined
  // A radio button is drawn by its label, around it or beside it.
  const label =
    activeElement.closest('label') ??
    (activeElement.nextElementSibling?.matches('label') === true ? activeElement.nextElementSibling : null)
  const shown = activeElement.matches('input[type="radio"]') ? label : activeElement
  const partsOf = (colour: string) => [...colour.matchAll(/[\d.]+/g)].map(([part]) => Number(part))
  const luminance = (colour: string) => {
    const [red = 0, green = 0, blue = 0] = partsOf(colour).map((part) =>
      part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4,
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
  }
  let behind = 'rgb(255, 255, 255)'
  const style = getComputedStyle(shown ?? activeElement)
  const isInside = Number.parseFloat(style.outlineOffset) < 0
  for (let box = isInside ? shown : shown?.parentElement; box; box = box.parentElement) {
    const { backgroundColor } = getComputedStyle(box)
    if ((partsOf(backgroundColor)[3] ?? 1) === 1) {
      behind = backgroundColor
      break
    }
  }
  const [lighter = 0, darker = 0] = [luminance(style.outlineColor), luminance(behind)].toSorted((a, b) => b - a)
  const isDrawn = style.outlineStyle !== 'none' && Number.parseFloat(style.outlineWidth) > 0
  return {
    name: `${shown?.textContent ?? activeElement.tagName}: ${style.outlineColor} on ${behind}`,
    contrast: isDrawn ? (lighter + 0.05) / (darker + 0.05) : 0,
  }
}

/** Tabs once around this screen and returns where the focus is hard to see. */
async function faintRings(page: Page): Promise<readonly Ring[]> {
  const rings: Ring[] = []
  // From where the focus is to the end of the page, where it leaves it, and once more from the beginning.
  for (let rounds = 0, stops = 0; rounds < 2 && stops < STOPS_MAX; stops += 1) {
    await page.keyboard.press('Tab')
    const ring = await page.evaluate(ringHere)
    if (ring === undefined) rounds += 1
    else rings.push(ring)
  }
  expect(rings.length).toBeGreaterThan(5)
  return rings.filter(({ contrast }) => contrast < CONTRAST_MIN)
}

test(
  'the focus can be seen at every stop of a sale, its receipt and the history, on light and on dark',
  async () => {
    const { page } = await openSmall()
    for (const scheme of ['light', 'dark']) {
      await page.locator(`html[data-mantine-color-scheme="${scheme}"]`).waitFor()
      await addCola(page)
      expect(await faintRings(page), `${scheme} sell`).toEqual([])
      await page.keyboard.press('F9')
      await page.getByRole('button', { name: /^Exact/ }).click()
      await page.keyboard.press('F8')
      await page.locator('.paper svg').waitFor()
      expect(await faintRings(page), `${scheme} done`).toEqual([])
      await page.keyboard.press('F4')
      await page.locator('.desk-head').waitFor()
      await page.locator('.row').first().waitFor()
      expect(await faintRings(page), `${scheme} history`).toEqual([])
      await page.keyboard.press('F4')
      await untilArmed(page)
      await page.keyboard.press('F8')
      await page.getByText('Nothing in this sale yet.').waitFor()
      if (scheme === 'light') await page.getByRole('button', { name: 'Dark colours' }).click()
    }
  },
  STORY_TIMEOUT_MS,
)
