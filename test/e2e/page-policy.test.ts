/** What somebody got into the page cannot run or call home: the browser itself refuses it and says so. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser } from 'playwright'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { launchChromium } from '#test/renderer/support/chromium.ts'
import { openCounter } from './support/counter.ts'

let browser: Browser
beforeAll(async () => {
  browser = await launchChromium()
})
afterAll(async () => browser.close())

/** A server that is not the till, and would answer anybody. */
async function openForeign(): Promise<{ readonly origin: string; readonly asked: string[] }> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    response.writeHead(200, { 'access-control-allow-origin': '*', 'content-type': 'text/javascript' }).end('window.ran = "foreign script"')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

test('an inline script, an inline handler, a foreign script and a foreign call are refused and reported, and nothing of them runs', async () => {
  const { page } = await openCounter(browser)
  const { origin, asked } = await openForeign()
  await page.evaluate(inject, origin)
  await page.waitForFunction((count) => (window as Injected).refused.length >= count, 4)
  const { refused, ran, answered } = await page.evaluate(() => {
    const { refused: list, ran: what, answered: calls } = window as Injected
    return { refused: list, ran: what, answered: calls }
  })
  expect(refused.toSorted()).toEqual(
    ['connect-src enforce', 'script-src-attr enforce', 'script-src-elem enforce', 'script-src-elem enforce'].sort(),
  )
  expect({ ran, answered, asked }).toEqual({ ran: undefined, answered: 'refused', asked: [] })
})

type Injected = Window & typeof globalThis & { refused: string[]; ran?: string; answered?: string }

/** Runs in the page, as markup and code that a hostile text had brought in would. */
async function inject(foreign: string): Promise<void> {
  const page = window as Injected
  page.refused = []
  document.addEventListener('securitypolicyviolation', (event) => {
    page.refused.push(`${event.effectiveDirective} ${event.disposition}`)
  })
  const inline = document.createElement('script')
  inline.textContent = 'window.ran = "inline script"'
  const brought = document.createElement('script')
  brought.src = `${foreign}/script`
  document.body.append(inline, brought)
  const holder = document.createElement('div')
  holder.innerHTML = '<button onclick="window.ran = \'inline handler\'">x</button>'
  document.body.append(holder)
  holder.querySelector('button')?.click()
  page.answered = await fetch(`${foreign}/call`).then(
    () => 'answered',
    () => 'refused',
  )
}
