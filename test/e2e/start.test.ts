/** `npm start` as somebody types it: one address, the sell screen behind it, and nothing left when it is stopped. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { launchChromium } from '#test/renderer/support/chromium.ts'
import { haveScreens, PAGE_TIMEOUT_MS, REPOSITORY } from './support/counter.ts'

const READY_WITHIN_MS = 60_000
/** As the supervisor promises (docs of `npm start`): every process is gone within this time. */
const GONE_WITHIN_MS = 2_000
const POLL_MS = 20
const LOOPBACK = /https?:\/\/(?:127\.0\.0\.1|localhost|\[::1\])[^\s]*/

/** Lines of stdout as they come; `first` resolves with the first that has a loopback address in it. */
function linesOf(child: ChildProcess) {
  const lines: string[] = []
  const first = Promise.withResolvers<string>()
  let rest = ''
  child.stdout?.on('data', (chunk: Buffer) => {
    const parts = (rest + chunk.toString('utf8')).split('\n')
    rest = parts.pop() ?? ''
    lines.push(...parts)
    const found = parts.find((line) => LOOPBACK.test(line))
    if (found !== undefined) first.resolve(found)
  })
  let errors = ''
  child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString('utf8')))
  child.once('exit', (code) => first.reject(new Error(`ended with ${code}\n${lines.join('\n')}\n${errors}`)))
  const timer = setTimeout(() => first.reject(new Error(`no address in time\n${lines.join('\n')}\n${errors}`)), READY_WITHIN_MS)
  return { lines, first: first.promise.finally(() => clearTimeout(timer)) }
}

/** Processes of this group that have not ended, from the kernel's own list. Fields of stat after the name: state, parent, group. */
function aliveIn(group: number): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const [state, , pgrp] = statOf(name)
      return Number(pgrp) === group && state !== 'Z' ? [Number(name)] : []
    })
}

function statOf(pid: string): readonly string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return [] // Ended since it was listed.
  }
}

function endGroup(group: number): void {
  try {
    process.kill(-group, 'SIGKILL')
  } catch {
    // Already gone, as it should be.
  }
}

test.skipIf(process.platform !== 'linux')(
  'one address alone on a line, the sell screen behind it, and every process gone after SIGTERM',
  async () => {
    await haveScreens()
    const folder = mkdtempSync(join(tmpdir(), 'bandtill-start-'))
    const child = spawn(process.execPath, ['reference/practice/supervisor.ts', '--no-open'], {
      cwd: REPOSITORY,
      env: { ...process.env, BANDTILL_DATA: folder, BANDTILL_HOST: 'browser' },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    const group = child.pid ?? Number.NaN
    onTestFinished(() => {
      endGroup(group)
      rmSync(folder, { recursive: true, force: true })
    })
    const { lines, first: firstLine } = linesOf(child)
    const address = await firstLine
    expect(address).toBe(LOOPBACK.exec(address)?.[0])
    expect(aliveIn(group).length).toBeGreaterThanOrEqual(4)
    await expectSellScreen(address)

    const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
    const askedAtMs = performance.now()
    process.kill(-group, 'SIGTERM')
    const code = await exited
    while (aliveIn(group).length > 0 && performance.now() - askedAtMs < GONE_WITHIN_MS) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    }
    expect({ code, alive: aliveIn(group) }).toEqual({ code: 0, alive: [] })
    const [first, ...later] = lines.filter((line) => LOOPBACK.test(line))
    expect(first).toBe(address)
    // Whatever else has an address comes after the till's, with words before it: a script that reads one line alone takes the right one.
    expect(later.filter((line) => LOOPBACK.exec(line)?.[0] === line || !line.includes('/wallet/'))).toEqual([])
    expect(later[0]).toMatch(/wallet: http:\/\/localhost:\d+\/wallet\/$/u)
  },
)

async function expectSellScreen(address: string): Promise<void> {
  // A monitor may look at the address first: it stays valid until somebody has entered.
  expect((await fetch(address, { redirect: 'manual' })).status).toBeLessThan(400)
  const browser = await launchChromium()
  try {
    const page = await browser.newPage()
    page.setDefaultTimeout(PAGE_TIMEOUT_MS)
    await page.goto(address)
    await page.locator('.sell').waitFor()
    await page.locator('.band-proposed, .product').first().waitFor()
    expect(await page.getByTestId('practice').textContent()).toBe('练习')
    await page.getByTestId('status-backend').filter({ hasText: '后台在线' }).waitFor()
  } finally {
    await browser.close()
  }
}
