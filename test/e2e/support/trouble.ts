/** What stops a sale at a real counter, and who goes on afterwards. */
import type { Page } from 'playwright'
import { expect } from 'vitest'
import { type Counter, chargeProposed } from './counter.ts'

/** Half of it passes before the answer arrives: long enough to kill a process meanwhile. */
const SLOW_PHONE_MS = 6_000
const USUAL_PHONE_MS = 60

/** Charges the band that is proposed for the sale that is open, and kills the terminal while the wallet's yes is on its way to it. */
export async function killAfterTheYes({ page, stack }: Counter): Promise<void> {
  await stack.tellWorld({ type: 'set', customer: 'rich', phoneDelayMs: SLOW_PHONE_MS })
  const approved = stack.world.part.message((message) =>
    typeof message === 'object' && message !== null && 'event' in message && message.event === 'approved' ? true : undefined,
  )
  await page.keyboard.press('F8')
  await chargeProposed(page)
  await approved
  await stack.terminal.part.kill()
  await stack.tellWorld({ type: 'set', customer: 'rich', phoneDelayMs: USUAL_PHONE_MS })
}

/**
 * The terminal comes back at another address, and the page enters there. The page of the old one is left before: the browser reports each of
 * its failed reconnections, and must not do so after the complaints are counted anew. Nothing else may have been wrong with it.
 */
export async function startAgain({ page, stack, complaints }: Counter): Promise<void> {
  await page.goto('about:blank')
  await stack.startTerminal()
  expect(withoutCutLine(complaints.splice(0))).toEqual([])
  await page.goto(stack.terminal.address)
}

/** Complaints that are not the browser's own about a line that was cut on purpose. */
export function withoutCutLine(complaints: readonly string[]): readonly string[] {
  return complaints.filter((text) => !text.startsWith('console: WebSocket connection to'))
}

/** On the locked screen: taps this person and types the PIN. */
export async function signIn(page: Page, staffId: string, pin: string): Promise<void> {
  await page.locator(`[data-staff="${staffId}"]`).click()
  await page.keyboard.type(pin)
  await page.keyboard.press('Enter')
  await page.locator('.person').first().waitFor({ state: 'detached' })
}
