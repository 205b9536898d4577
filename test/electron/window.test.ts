/**
 * The desktop program in real Electron, by touch: runs wherever Electron's binary is installed (`npm test` says when it is not).
 * The window shows the same screens as the browser; what differs is who serves them and how they reach the terminal.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { _electron, type ElectronApplication, type Page } from 'playwright'
import { expect, onTestFinished, test } from 'vitest'
import { Stack } from '#reference/tools/counter/stack.ts'
import { addSnacks, chargeProposed, expectSoundScreen, REPOSITORY, untilEvening } from '../e2e/support/counter.ts'

async function openWindow(): Promise<{ readonly program: ElectronApplication; readonly page: Page; readonly stack: Stack }> {
  const folder = mkdtempSync(join(tmpdir(), 'bandtill-window-'))
  const stack = new Stack({ folder, clockOffsetMs: untilEvening(Date.now()) })
  await stack.startBackend()
  await stack.startWorld()
  await stack.untilReachable(['rich'])
  const program = await _electron.launch({
    cwd: REPOSITORY,
    args: [
      '.',
      ...['--data', stack.folderOf('terminal'), '--backend', stack.backend.url, '--terminal', stack.world.terminalId],
      ...[`--root-point=${stack.backend.rootPoint}`, `--enrolment-code=${stack.world.enrolmentCode}`],
      ...['--radio', 'practice', '--air', stack.world.socket, `--clock-offset-ms=${untilEvening(Date.now())}`],
    ],
  })
  onTestFinished(async () => {
    await program.close()
    await stack.stop().finally(() => rmSync(folder, { recursive: true, force: true }))
  })
  return { program, page: await program.firstWindow(), stack }
}

test('the window sells a popcorn to a band', async () => {
  const { page } = await openWindow()
  await page.locator('.film').first().waitFor()
  expect(page.url()).toBe('app://bandtill/')
  await addSnacks(page, ['popcorn-l'])
  await page.keyboard.press('F8')
  await chargeProposed(page)
  await page.locator('.outcome-payer').filter({ hasText: 'Golden Carp' }).waitFor()
  await expectSoundScreen({ page, complaints: [] }, 'done')
})

test('the page has no Node, cannot leave its address and opens no other window', async () => {
  const { program, page } = await openWindow()
  await page.locator('.film').first().waitFor()
  expect(await page.evaluate(() => [typeof Reflect.get(globalThis, 'require'), typeof Reflect.get(globalThis, 'process')])).toEqual([
    'undefined',
    'undefined',
  ])
  await page.evaluate(() => {
    location.assign('https://example.com/')
  })
  expect(await page.evaluate(() => window.open('https://example.com/'))).toBeNull()
  expect(page.url()).toBe('app://bandtill/')
  expect(program.windows()).toHaveLength(1)
  expect(
    await page.evaluate(async () =>
      fetch('https://example.com/').then(
        () => 'loaded',
        () => 'refused',
      ),
    ),
  ).toBe('refused')
})
