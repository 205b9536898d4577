import type { Page } from 'playwright'

/** Waits until the big button of the screen can be pressed. A click waits for that by itself; a key does not. */
export async function untilArmed(page: Page): Promise<void> {
  await page.locator('[data-primary][aria-disabled="false"]:not(:disabled)').waitFor()
}
