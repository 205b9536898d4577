import type { Page } from 'playwright'

/** Waits until the big button of the screen can be pressed. A click waits for that by itself; a key does not. */
export async function untilArmed(page: Page): Promise<void> {
  await page.locator('[data-primary][aria-disabled="false"]:not(:disabled)').waitFor()
}

/**
 * Presses in the very frame in which something comes to match `selector`, as the second tap of a finger does: by a click on it, or by `key`
 * where the focus is. Begun before the act that brings it; resolves once pressed. A test that clicks from outside would come too late now
 * and then.
 */
export function pressAtOnce(page: Page, selector: string, key?: string): Promise<void> {
  return page.evaluate(
    async ([what, pressed]) => {
      const found = () => document.querySelector<HTMLElement>(what)
      while (found() === null) await new Promise((frame) => requestAnimationFrame(frame))
      if (pressed === undefined) found()?.click()
      else
        (document.activeElement ?? document.body).dispatchEvent(
          new KeyboardEvent('keydown', { key: pressed, bubbles: true, cancelable: true }),
        )
    },
    [selector, key] as const,
  )
}
