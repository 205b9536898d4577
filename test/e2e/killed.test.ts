/** The till is killed after a wallet has said yes: it comes back, says what it knows, and the cashier ends the sale, gives it back and goes on. */
import { join } from 'node:path'
import Database from 'better-sqlite3'
import type { Browser } from 'playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchChromium } from '#test/renderer/support/chromium.ts'
import { CASHIER_ID, CASHIER_PIN } from '#test/support/staff.ts'
import { addSnacks, type Counter, expectSoundScreen, openCounter, untilText } from './support/counter.ts'
import { killAfterTheYes, signIn, startAgain } from './support/trouble.ts'

let browser: Browser
beforeAll(async () => {
  browser = await launchChromium()
})
afterAll(async () => browser.close())

test('killed between the yes and the receipt: finished once, then given back as charged to the wrong person, then locked and signed in again', async () => {
  const counter = await openCounter(browser, { language: 'en' })
  const { page } = counter
  await addSnacks(page, ['popcorn-l'])
  await killAfterTheYes(counter)
  await startAgain(counter)
  await page.getByTestId('interrupted-charged').filter({ hasText: /yes/i }).waitFor()
  await page.getByTestId('interrupted').filter({ hasText: 'Golden Carp' }).waitFor()
  await expectSoundScreen(counter, 'en interrupted')
  expect(receipts(counter)).toEqual([])
  await page.getByRole('button', { name: 'Finish: write the receipt' }).click()
  await untilText(page, 'paid-total', '¥32.00')
  await page.getByText('Paid by Golden Carp').waitFor()
  await untilText(page, 'status-outbox', 'All sent')
  expect(receipts(counter)).toEqual([{ number: 1, kind: 'sale', total: 3_200 }])
  expect(moneyOf(counter)).toEqual({ authorizations: [{ state: 'captured', amount: 3_200 }], merchant: 3_200 })

  await page.getByTestId('wrong-person').click()
  await page.getByRole('button', { name: 'Void the sale' }).click()
  await page.getByTestId('done').waitFor({ state: 'detached' })
  await untilText(page, 'status-outbox', 'All sent')
  expect(receipts(counter)).toEqual([
    { number: 1, kind: 'sale', total: 3_200 },
    { number: 2, kind: 'void', total: -3_200 },
  ])
  expect(moneyOf(counter)).toEqual({ authorizations: [{ state: 'captured', amount: 3_200 }], merchant: 0 })

  await page.keyboard.press('F10')
  await signIn(page, CASHIER_ID, CASHIER_PIN)
  await page.keyboard.press('F2')
  await untilText(page, 'cart-total', '¥32.00')
  expect(receipts(counter)).toHaveLength(2)
  expect(moneyOf(counter).authorizations).toHaveLength(1)
})

type Row = Readonly<Record<string, string | number | null>>

function rows({ stack }: Counter, name: 'terminal' | 'backend', sql: string): readonly Row[] {
  const database = new Database(join(stack.folderOf(name), `${name}.sqlite`), { readonly: true, fileMustExist: true })
  try {
    return database.prepare(sql).all() as Row[]
  } finally {
    database.close()
  }
}

function receipts(counter: Counter): readonly Row[] {
  return rows(counter, 'terminal', 'SELECT number, kind, total_minor AS total FROM audit_receipts ORDER BY number')
}

/** What the wallet was asked for and how that ended, and what the merchant has of it, minor units. */
function moneyOf(counter: Counter): { readonly authorizations: readonly Row[]; readonly merchant: number } {
  const merchant = "SELECT COALESCE(SUM(amount_minor), 0) AS total FROM audit_ledger WHERE account LIKE 'merchant:%'"
  return {
    authorizations: rows(counter, 'backend', 'SELECT state, amount_minor AS amount FROM audit_authorizations'),
    merchant: Number(rows(counter, 'backend', merchant)[0]?.['total']),
  }
}
