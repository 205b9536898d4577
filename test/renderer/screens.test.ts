/** The built screens in a real browser over a till in memory: what is covered, what a press asks of the till, and that a touch is told. */
import { expect, test } from 'vitest'
import { until } from '#test/support/until.ts'
import { pressAtOnce, untilArmed } from './support/armed.ts'
import { TWINS } from './support/fake-bands.ts'
import { MANAGER } from './support/fake-desk.ts'
import { interruptedSales, TROUBLE } from './support/fake-desk-data.ts'
import { addCola, STORY_TIMEOUT_MS, screensForTests } from './support/open-screens.ts'

const open = screensForTests()

test(
  'a locked till covers the sale, takes a PIN from the keyboard, and refuses wrong ones before it opens',
  async () => {
    const { page } = await open()
    await addCola(page)
    await page.keyboard.press('F10')
    await page.locator('.person').first().waitFor()
    const covered = await page.locator('.frame-main').innerText()
    expect(covered).not.toMatch(/Cola|¥|Charge/)
    for (const key of ['F2', 'F3', 'F4', 'F6', 'F7', 'F8', 'F9']) await page.keyboard.press(key)
    expect(await page.locator('.person').count()).toBe(2)
    await page.keyboard.type('98765')
    expect(await page.getByTestId('pin-dots').getAttribute('aria-label')).toBe('5 digits typed')
    await page.keyboard.press('Enter')
    await page.getByTestId('pin-said').filter({ hasText: 'wrong' }).waitFor()
    expect(await page.getByTestId('pin-dots').getAttribute('aria-label')).toBe('0 digits typed')
    await page.keyboard.type('1112')
    await page.keyboard.press('Backspace')
    await page.keyboard.type('1')
    await page.keyboard.press('Enter')
    await page.locator('.line-product').filter({ hasText: 'Cola' }).waitFor()
    expect(await page.getByTestId('signed-in').innerText()).toContain('Cashier')
  },
  STORY_TIMEOUT_MS,
)

test(
  'between two who are about as near, the big button asks for a knock and never charges a band',
  async () => {
    const { page, till } = await open((fake) => fake.setBands(TWINS))
    await addCola(page)
    await page.keyboard.press('F8')
    await page.locator('[data-act="knock"]').waitFor()
    await page.locator('.band').first().click()
    await untilArmed(page)
    await page.keyboard.press('F8')
    await page.getByTestId('knock').filter({ hasText: 'Please knock on your band 3 times.' }).waitFor()
    expect(till.state().payment).toBeUndefined()
    await page.keyboard.press('Escape')
    expect(till.state().knock?.state).toBe('listening')
    await page.getByRole('button', { name: 'Stop asking' }).click()
    await page.locator('.band-list').waitFor()
    expect(till.state().knock).toBeUndefined()
  },
  STORY_TIMEOUT_MS,
)

test(
  'Wrong person asks once, and keeping the sale keeps it',
  async () => {
    const { page, till } = await open()
    await addCola(page)
    await page.keyboard.press('F8')
    await page.locator('[data-act="charge"][aria-disabled="false"]').click()
    await page.getByTestId('wrong-person').click()
    await page.getByRole('dialog', { name: 'Was it the wrong person?' }).waitFor()
    // The harmless answer has the focus; the keys of selling are dead under the question.
    await page.keyboard.press('F8')
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect(till.receipts({ limit: 10 }).rows.map(({ kind }) => kind)).toEqual(['sale'])
    await page.getByTestId('wrong-person').click()
    await page.getByRole('button', { name: 'Void the sale' }).click()
    await page.getByTestId('done').waitFor({ state: 'detached' })
    expect(till.receipts({ limit: 10 }).rows.map(({ kind, total }) => [kind, total.amount])).toEqual([
      ['void', -1_400],
      ['sale', 1_400],
    ])
    // Its sale did not open again here: the next one begins on the sell screen, not at the payment.
    await addCola(page)
    await page.getByRole('heading', { name: 'This sale' }).waitFor()
  },
  STORY_TIMEOUT_MS,
)

test(
  'an interrupted sale offers exactly what the till says it can do',
  async () => {
    const sales = Object.entries(interruptedSales(Date.now()))
    const { page, till } = await open((fake) => fake.setInterrupted(sales[0]?.[1]))
    const finish = page.locator('.interrupted .charge')
    const undo = page.locator('.interrupted-undo')
    for (const [name, sale] of sales) {
      // Away in between: two sales that offer the same could not be told apart.
      till.setInterrupted(undefined)
      await page.getByTestId('interrupted').waitFor({ state: 'detached' })
      till.setInterrupted(sale)
      await page.waitForFunction(
        ([canFinish, canUndo]) =>
          document.querySelector('.interrupted .charge')?.matches('[aria-disabled="false"]:enabled') === canFinish &&
          (document.querySelector('.interrupted-undo') !== null) === canUndo,
        [sale.canFinish, sale.canUndo] as const,
      )
      // What cannot be undone offers no button for it.
      expect([await finish.isEnabled(), await undo.count()], name).toEqual([sale.canFinish, sale.canUndo ? 1 : 0])
    }
    await page.keyboard.press('F4')
    expect(await page.getByTestId('interrupted').count()).toBe(1)
    await finish.click()
    await page.getByTestId('interrupted').waitFor({ state: 'detached' })
  },
  STORY_TIMEOUT_MS,
)

test(
  'what needs attention is shown to managers alone, and each payment is ended once',
  async () => {
    const { page, till } = await open((fake) => fake.setRecovery(TROUBLE))
    expect(await page.getByRole('button', { name: /^Attention/ }).count()).toBe(0)
    till.signedInAs(MANAGER)
    await page.getByRole('button', { name: 'Attention 2 things need attention' }).click()
    await page.getByRole('button', { name: 'Keep the money' }).click()
    await page.getByRole('button', { name: 'Write the receipt' }).click()
    await page.locator('[data-yes="waiting"]').waitFor({ state: 'detached' })
    expect(till.recovery().unknownYeses.map(({ state }) => state)).toEqual(['recovered', 'recovered'])
    await page.getByRole('button', { name: 'Seen, put it away' }).click()
    await page.locator('.alarm').waitFor({ state: 'detached' })
    expect(till.recovery().alarms).toEqual([])
  },
  STORY_TIMEOUT_MS,
)

test(
  'a band is stolen, tried, let go, paired with the knocks on show, and set back, by keyboard alone',
  async () => {
    const { page, till } = await open()
    await page.keyboard.press('F6')
    const rich = page.locator('[data-customer="rich"]')
    await rich.locator('.customer-head').focus()
    await page.keyboard.press('Enter')
    const press = async (act: string, says?: string) => {
      await rich.locator(`[data-life="${act}"]`).focus()
      await page.keyboard.press('Enter')
      if (says !== undefined) await rich.locator('.life-state', { hasText: says }).waitFor()
    }
    await press('steal', 'A thief has the band. The phone is with its owner.')
    await press('try-pairing', 'the band refused, and so did the backend')
    await press('back')
    await rich.locator('.life-state > li').first().waitFor({ state: 'detached' })
    await press('steal-both', 'cannot unlock it')
    await press('reset')
    await press('back')
    await press('release', 'The band is paired with no phone.')
    await press('pair', 'the owner knocks 3 times')
    await press('knock')
    await rich.locator('.life-state > li').first().waitFor({ state: 'detached' })
    expect(till.steered).toEqual([
      { type: 'steal', customer: 'rich', withPhone: false },
      { type: 'try-pairing', customer: 'rich' },
      { type: 'back-to-normal', customer: 'rich' },
      { type: 'steal', customer: 'rich', withPhone: true },
      { type: 'reset-band', customer: 'rich' },
      { type: 'back-to-normal', customer: 'rich' },
      { type: 'release', customer: 'rich' },
      { type: 'pair', customer: 'rich' },
      { type: 'knock', customer: 'rich', count: 3 },
    ])
  },
  STORY_TIMEOUT_MS,
)

test(
  'the practice drawer steers the world beside a sale, and says when the world is gone',
  async () => {
    const { page, till } = await open()
    await addCola(page)
    await page.keyboard.press('F6')
    await page.locator('[data-customer="rich"] .customer-head').click()
    await page.getByRole('button', { name: 'Far away' }).click()
    await page.getByRole('switch', { name: 'Band on the wrist' }).click()
    await page.getByRole('button', { name: 'Knock 3 times' }).click()
    await page.getByRole('button', { name: 'delay one by 8 s' }).click()
    await until('four commands', () => till.steered.length === 4)
    expect(till.steered).toEqual([
      { type: 'set', customer: 'rich', distance: 12, unlocks: true },
      { type: 'set', customer: 'rich', worn: false, unlocks: true },
      { type: 'knock', customer: 'rich', count: 3 },
      { type: 'fault', customer: 'rich', fault: 'delay', count: 1, delayMs: 8_000 },
    ])
    await page.getByRole('switch', { name: 'Paper in the printer' }).click()
    await until('the printer is told', () => till.steered.length === 5)
    till.practiceGone = true
    await page.getByTestId('drawer-gone').waitFor()
    await page.keyboard.press('Escape')
    await page.getByTestId('drawer').waitFor({ state: 'detached' })
    expect(await page.locator('.line-product').count()).toBe(1)
  },
  STORY_TIMEOUT_MS,
)

test(
  'a cashier reads the settings, a manager changes them, and touches are told but seldom',
  async () => {
    const { page, till } = await open()
    await page.keyboard.press('F7')
    await page.locator('.part-facts').first().waitFor()
    expect(await page.locator('.settings select, .settings form').count()).toBe(0)
    expect(await page.locator('.staff-tool').count()).toBe(1)
    till.signedInAs(MANAGER)
    await page.getByLabel('Where receipts go').selectOption('tcp')
    expect(await page.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true)
    await page.getByLabel('Address').fill('192.168.1.20')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('button', { name: 'Test print' }).waitFor()
    expect(till.settings().printer).toMatchObject({ kind: 'tcp', host: '192.168.1.20', port: 9_100 })
    await page.keyboard.press('Escape')
    for (let presses = 0; presses < 20; presses += 1) await page.keyboard.press('Shift')
    expect(till.touches).toBeGreaterThan(0)
    expect(till.touches).toBeLessThan(10)
  },
  STORY_TIMEOUT_MS,
)

test(
  'a double tap, and a key pressed twice or held down, do one thing: what comes next ignores them',
  async () => {
    const { page, till } = await open((fake) => fake.script('A', { stages: ['connecting', 'sent'], outcome: 'stop' }))
    const twice = async (locator: ReturnType<typeof page.locator>) => {
      const box = await locator.boundingBox()
      if (box === null) throw new Error('the button has no place')
      await page.mouse.dblclick(box.x + box.width / 2, box.y + box.height / 2, { delay: 20 })
    }
    const charge = page.locator('.cart .charge[aria-disabled="false"]')
    await addCola(page)
    await charge.waitFor()
    const byKey = pressAtOnce(page, '[data-act="charge"]', 'F8')
    await twice(charge)
    await byKey
    expect(till.state().payment).toBeUndefined()
    await page.keyboard.press('Escape')
    await page.getByRole('heading', { name: 'This sale' }).waitFor()
    // Held down on the button: the first press opens the payment, the repeats press nothing there.
    await charge.focus()
    await page.keyboard.down('Enter')
    await untilArmed(page)
    for (let repeats = 0; repeats < 3; repeats += 1) await page.keyboard.down('Enter')
    await page.keyboard.up('Enter')
    expect(till.state().payment).toBeUndefined()
    await twice(page.locator('[data-primary]'))
    await page.locator('.asking').waitFor()
    expect(till.state().payment?.state).not.toBe('reversed')
    await page.getByRole('button', { name: 'Cancel this payment' }).click()
    await untilArmed(page)
    await page.keyboard.press('Escape')
    await twice(page.getByRole('button', { name: 'Clear' }))
    await page.getByRole('button', { name: 'Clear all?' }).waitFor()
    expect(till.state().cart.lines).toHaveLength(1)
  },
  STORY_TIMEOUT_MS,
)
