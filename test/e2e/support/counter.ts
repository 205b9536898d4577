/** One counter for one test: the real processes in a folder of their own, and a cashier's page in real Chromium, entered at the one-time address. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AxeBuilder } from '@axe-core/playwright'
import type { Browser, BrowserContextOptions, Page } from 'playwright'
import { expect, onTestFinished } from 'vitest'
import { ScreensBuild, screensAreFresh } from '#reference/practice/screens.ts'
import { localDay } from '#reference/practice/showtimes.ts'
import { Stack } from '#reference/tools/counter/stack.ts'
import type { Language } from '#shared/domain/words.ts'
import { aside, noteShifts } from './smoothness.ts'

export const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url))
export const SITE_TIME_ZONE = 'Asia/Shanghai'
const MINUTE_MS = 60_000
/** An evening with shows ahead in both halls, whatever the hour at which the tests run. */
const EVENING_MINUTES = 18 * 60 + 42
/** The next show in the larger hall after that. */
export const NEXT_SHOW = 'hall-1-1910'
export const PAGE_TIMEOUT_MS = 45_000
const WCAG_22_AA = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']

export type Counter = {
  readonly stack: Stack
  readonly page: Page
  /** What went wrong in the page so far: console errors, refused content, failed requests. */
  readonly complaints: string[]
  readonly close: () => Promise<void>
}
export type CounterOptions = { readonly language?: Language; readonly context?: BrowserContextOptions; readonly start?: Partial<Start> }
type Start = { readonly clockOffsetMs: number; readonly intervalMs: number; readonly drawer: boolean; readonly wallet: boolean }

/** Milliseconds from now to this evening in the cinema. */
export function untilEvening(nowMs: number): number {
  const { startMs } = localDay(nowMs, SITE_TIME_ZONE)
  return startMs + EVENING_MINUTES * MINUTE_MS - nowMs
}

/** The screens as they are in the source: built when they are missing or older. */
export async function haveScreens(): Promise<void> {
  if (await screensAreFresh(REPOSITORY)) return
  const problem = await new ScreensBuild().run(REPOSITORY)
  if (problem !== undefined) throw new Error(`the screens could not be built: ${problem}`)
}

/** Starts the processes and enters. Whoever calls this closes it. */
export async function startCounter(
  browser: Browser,
  { language = 'zh-CN', context = {}, start = {} }: CounterOptions = {},
): Promise<Counter> {
  await haveScreens()
  const folder = mkdtempSync(join(tmpdir(), 'bandtill-counter-'))
  const stack = new Stack({ folder, clockOffsetMs: untilEvening(Date.now()), ...start })
  const removeFolder = () => rmSync(folder, { recursive: true, force: true })
  try {
    await stack.start()
    await stack.untilReachable(['rich'])
    const browsing = await browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce', ...context })
    const page = await browsing.newPage()
    page.setDefaultTimeout(PAGE_TIMEOUT_MS)
    await noteShifts(page)
    const complaints = listen(page)
    const close = async () => {
      await browsing.close()
      await stack.stop().finally(removeFolder)
    }
    await page.goto(stack.terminal.address)
    await page.locator('.film').first().waitFor()
    if (language === 'en') await page.getByRole('button', { name: 'Switch to English' }).click()
    await page.locator(`html[lang="${language}"]`).waitFor()
    return { stack, page, complaints, close }
  } catch (cause) {
    await stack.stop().finally(removeFolder)
    throw cause
  }
}

/** A counter that closes when the test ends, whichever way it ends. */
export async function openCounter(browser: Browser, options: CounterOptions = {}): Promise<Counter> {
  const counter = await startCounter(browser, options)
  onTestFinished(async () => counter.close())
  return counter
}

function listen(page: Page): string[] {
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(`console: ${message.text()}`)
  })
  page.on('pageerror', (error) => complaints.push(`page: ${error.message}`))
  page.on('requestfailed', (request) => complaints.push(`request: ${request.url()} ${request.failure()?.errorText}`))
  page.on('response', (response) => {
    if (response.status() >= 400) complaints.push(`response: ${response.url()} ${response.status()}`)
  })
  return complaints
}

/** This screen has no barrier that a machine can find, nothing on it is cut off, and it made no complaint. */
export async function expectSoundScreen({ page, complaints }: Pick<Counter, 'page' | 'complaints'>, name: string): Promise<void> {
  const { violations, cut } = await aside(page, async () => ({
    violations: (await new AxeBuilder({ page }).withTags(WCAG_22_AA).analyze()).violations,
    cut: await page.evaluate(cutTexts),
  }))
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`)
  expect({ name, found, complaints }).toEqual({ name, found: [], complaints: [] })
  expect({ name, cut }).toEqual({ name, cut: [] })
}

/** Runs in the page: what is wider than the screen, or than a box that does not scroll and has no ellipsis. */
function cutTexts(): string[] {
  const cut: string[] = []
  const { scrollWidth, scrollHeight } = document.documentElement
  if (scrollWidth > innerWidth || scrollHeight > innerHeight) cut.push(`the page: ${scrollWidth} × ${scrollHeight}`)
  for (const button of document.querySelectorAll('button, h1, h2, h3, strong, [data-testid]')) {
    const style = getComputedStyle(button)
    if (style.position === 'absolute' || button.closest('.sr') !== null) continue
    if (
      button.scrollWidth > button.clientWidth + 1 &&
      button.clientWidth > 0 &&
      style.overflowX === 'hidden' &&
      style.textOverflow !== 'ellipsis'
    ) {
      cut.push(`${button.tagName} ${button.className}: ${button.textContent}`)
    }
  }
  return cut
}

export function show(page: Page, ending: string = NEXT_SHOW) {
  return page.locator(`[data-showtime$="${ending}"]`)
}

export function seat(page: Page, id: string) {
  return page.locator(`[data-seat="${id}"]`)
}

/** Chooses these seats with clicks and waits until the terminal has them. */
export async function chooseSeats(page: Page, ids: readonly string[], ending: string = NEXT_SHOW): Promise<void> {
  await show(page, ending).click()
  for (const id of ids) await seat(page, id).click()
  for (const id of ids) await page.locator(`.seat-ours[data-seat="${id}"]`).waitFor()
}

/** Adds snacks with clicks, one each time it is named; the seat map, when it is open, lies over them. */
export async function addSnacks(page: Page, ids: readonly string[]): Promise<void> {
  const toSnacks = page.locator('.room-snacks')
  if (await toSnacks.isVisible()) await toSnacks.click()
  const before = await page.getByTestId('cart-total').textContent()
  for (const id of ids) await page.locator(`[data-product="${id}"]`).click()
  await page.waitForFunction((text) => document.querySelector('[data-testid="cart-total"]')?.textContent !== text, before)
}

/** Waits until the terminal proposes a band, then charges it. */
export async function chargeProposed(page: Page): Promise<void> {
  await page.locator('.band-proposed').waitFor()
  await page.locator('.charge[aria-disabled="false"]').click()
}

export async function untilText(page: Page, testId: string, text: string | RegExp): Promise<void> {
  await page.getByTestId(testId).filter({ hasText: text }).waitFor()
}
