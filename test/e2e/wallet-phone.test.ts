/**
 * A page as the customer's phone, in real Chromium, with the real processes: it joins, pairs by knocks, arms with its PIN, is charged and says
 * yes; and is closed in the middle of it, and comes back with everything.
 */
import { join } from 'node:path'
import Database from 'better-sqlite3'
import type { Browser, Page } from 'playwright'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { Language } from '#shared/domain/words.ts'
import { launchChromium } from '#test/renderer/support/chromium.ts'
import { barriersOf } from '#test/renderer/support/sound-screen.ts'
import { addSnacks, type Counter, chargeProposed, openCounter, PAGE_TIMEOUT_MS, untilEvening, untilText } from './support/counter.ts'
import { haveWallet } from './wallet/support/open-wallet.ts'

const PIN = '482913'
const PHONE = { width: 390, height: 844 }
/** Above the phone limit of the account, below what needs a knock: 128.00. */
const LARGE = ['popcorn-l', 'popcorn-l', 'popcorn-l', 'popcorn-l']

let browser: Browser
beforeAll(async () => {
  await haveWallet()
  browser = await launchChromium()
})
afterAll(async () => browser.close())

type Phone = { readonly page: Page; readonly complaints: string[]; reopen: () => Promise<void> }

/** Opens this address as a phone would, with the clock of the practice world. */
async function openPhone({ stack }: Counter, clockOffsetMs: number, locale: Language): Promise<Phone> {
  const context = await browser.newContext({ viewport: PHONE, reducedMotion: 'reduce', locale })
  onTestFinished(async () => context.close())
  await context.addInitScript((offsetMs: number) => {
    const now = Date.now.bind(Date)
    Date.now = () => now() + offsetMs
  }, clockOffsetMs)
  const complaints: string[] = []
  const open = async (rest: string) => {
    const page = await context.newPage()
    page.setDefaultTimeout(PAGE_TIMEOUT_MS)
    page.on('pageerror', (error) => complaints.push(`page: ${error.message}`))
    page.on('console', (message) => {
      // Whether somebody is signed in on the owner's pages is asked as well, and nobody is.
      const isSignedOut = message.text().includes('401 (Unauthorized)')
      if (message.type() === 'error' && !isSignedOut) complaints.push(`console: ${message.text()}`)
    })
    await page.goto(`${stack.backend.url.replace('127.0.0.1', 'localhost')}/wallet/#/phone${rest}`)
    return page
  }
  const phone = {
    complaints,
    page: await open(`/${stack.world.walletLink}`),
    /** Killed and opened again, as a browser does that has thrown the page out of its memory. */
    reopen: async () => {
      await phone.page.close()
      phone.page = await open('')
    },
  }
  return phone
}

async function expectSound({ page, complaints }: Phone, name: string): Promise<void> {
  const found = await barriersOf(page)
  const isCut = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)
  expect({ name, found, isCut, complaints }).toEqual({ name, found: [], isCut: false, complaints: [] })
}

async function typePin(page: Page): Promise<void> {
  for (const digit of PIN) await page.locator(`[data-digit="${digit}"]`).click()
}

/** Everything that makes a page the phone of a band that can pay. */
async function becomePhone(phone: Phone): Promise<void> {
  const { page } = phone
  await page.locator('[data-act="join"]').waitFor()
  await expectSound(phone, 'join')
  await page.locator('[data-act="join"]').click()
  await page.locator('[data-act="pair"]').click()
  const knocks = await page.locator('[data-knocks]').getAttribute('data-knocks')
  await expectSound(phone, 'knock')
  await page.locator(`[data-hand="knock-${knocks}"]`).click()
  await page.locator('[data-digit="1"]').waitFor()
  await page.locator('[data-hand="on"]').click()
  await typePin(page)
  await typePin(page)
  await page.getByRole('heading', { name: /Arm the band|激活手环/ }).waitFor()
  await expectSound(phone, 'arm')
  await typePin(page)
  await page.locator('[data-armed="true"]').waitFor()
}

function rows(counter: Counter, part: 'terminal' | 'backend', sql: string): unknown[] {
  const file = new Database(join(counter.stack.folderOf(part), `${part}.sqlite`), { readonly: true })
  try {
    return file.prepare(sql).all()
  } finally {
    file.close()
  }
}

async function openAll(locale: Language): Promise<{ readonly counter: Counter; readonly phone: Phone }> {
  const clockOffsetMs = untilEvening(Date.now())
  const counter = await openCounter(browser, { language: 'en', start: { clockOffsetMs, wallet: true } })
  await counter.stack.sendAllAway()
  const phone = await openPhone(counter, clockOffsetMs, locale)
  await becomePhone(phone)
  await phone.page.locator('[data-hand="near"]').click()
  return { counter, phone }
}

async function charge(till: Page): Promise<void> {
  await addSnacks(till, LARGE)
  await till.keyboard.press('F8')
  await chargeProposed(till)
}

test('a page joins, pairs by knocks, arms with its PIN, pays with its owner’s yes, and tells who they are as far as they agree; a no is a no', async () => {
  const { counter, phone } = await openAll('en')
  const { page: till } = counter
  await charge(till)
  await phone.page.locator('[data-ask]').waitFor()
  expect(await phone.page.locator('[data-ask]').innerText()).toContain('Pay ¥128.00?')
  expect(await phone.page.locator('[data-ask]').innerText()).toContain('Aurora Cinemas')
  await phone.page.locator('[data-act="approve"][aria-disabled="false"]').waitFor()
  await expectSound(phone, 'ask')
  await phone.page.locator('[data-act="approve"]').click()
  await untilText(till, 'paid-total', '¥128.00')
  await till.getByText('Paid by Blue Heron').waitFor()
  await till.getByText('Sent to the backend').waitFor()
  await phone.page.locator('[data-ending="approved"]').filter({ hasText: 'Receipt' }).waitFor()
  await till.getByRole('button', { name: 'Next sale' }).click()
  await charge(till)
  await phone.page.locator('[data-act="refuse"][aria-disabled="false"]').click()
  await till.getByTestId('not-paid').waitFor()
  await phone.page.locator('[data-ending="refused"]').waitFor()
  await expectSound(phone, 'asked')
  await till.keyboard.press('Escape')
  await till.keyboard.press('F1')
  await chargeProposed(till)
  await phone.page.locator('[data-act="approve"][aria-disabled="false"]').waitFor()
  await phone.page.getByLabel('Your member number there').uncheck()
  await expectSound(phone, 'who')
  await phone.page.locator('[data-act="approve"]').click()
  await till.getByText('Blue Heron').first().waitFor()
  expect(await till.getByText('AU-2718').count()).toBe(0)
  await phone.page.locator('[data-ending="told"]').waitFor()
  expect(rows(counter, 'terminal', 'SELECT tender, total_minor AS total FROM audit_receipts')).toEqual([{ tender: 'band', total: 12_800 }])
})

test('the page is closed over a question, and between the yes and the answer: it comes back as the same phone, and money moves once', async () => {
  const { counter, phone } = await openAll('zh-CN')
  const { page: till } = counter
  await charge(till)
  await phone.page.locator('[data-ask]').waitFor()
  await phone.reopen()
  await phone.page.locator('[data-link="linked"]').waitFor()
  await phone.page.locator('[data-armed="true"]').waitFor()
  expect(await phone.page.locator('[data-ask]').count()).toBe(0)
  await expectSound(phone, 'zh-CN again')
  await phone.page.locator('[data-ending="interrupted"]').waitFor()
  // The till still waits for the phone that was there. Its cashier stops asking; the one that is there now never saw the request.
  await till.getByRole('button', { name: 'Cancel this payment' }).click()
  await till.getByTestId('not-paid').waitFor()
  expect(rows(counter, 'backend', 'SELECT id FROM audit_authorizations')).toEqual([])
  await till.keyboard.press('Escape')
  await till.keyboard.press('F8')
  await chargeProposed(till)
  // The backend says yes, and its answer never arrives in the page.
  const authorized = Promise.withResolvers<void>()
  await phone.page.route('**/v1/authorizations', async (route) => {
    await route.fetch()
    authorized.resolve()
  })
  await phone.page.locator('[data-act="approve"][aria-disabled="false"]').click()
  await authorized.promise
  await phone.reopen()
  await phone.page.locator('[data-link="linked"]').waitFor()
  // The customer steps away for a moment: the till asks anew, by the band and at the backend.
  await phone.page.locator('[data-hand="far"]').click()
  await till.locator('[data-testid="in-doubt"], [data-testid="paid-total"]').first().waitFor()
  await phone.page.locator('[data-hand="near"]').click()
  await untilText(till, 'paid-total', '¥128.00')
  await till.getByText('Sent to the backend').waitFor()
  await phone.page.locator('[data-ending="approved"]').waitFor()
  expect(rows(counter, 'terminal', 'SELECT tender, total_minor AS total FROM audit_receipts')).toEqual([{ tender: 'band', total: 12_800 }])
  expect(rows(counter, 'backend', 'SELECT state, amount_minor AS amount FROM audit_authorizations')).toEqual([
    { state: 'captured', amount: 12_800 },
  ])
})
