/** The phone's own parts in a real browser: what it keeps, the key nobody can read, one tab at a time, and nothing of Node in the bundle. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright'
import { build, type Rollup } from 'vite'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { launchChromium } from '#test/renderer/support/chromium.ts'
import type { InPage } from './support/page-entry.ts'

declare global {
  var inPage: InPage
}

let browser: Browser
let server: Server
/** Each file of the bundle by its path; the first is the entry. */
let files: ReadonlyMap<string, string>
beforeAll(async () => {
  files = await bundled()
  const [entry] = files.keys()
  server = createServer(({ url = '/' }, response) => {
    const script = files.get(url)
    response.setHeader('content-type', script === undefined ? 'text/html' : 'text/javascript')
    response.end(script ?? `<!doctype html><title>Phone</title><script type="module" src="${entry}"></script>`)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  browser = await launchChromium()
})
afterAll(async () => {
  await browser.close()
  server.close()
  server.closeAllConnections()
})

async function bundled(): Promise<ReadonlyMap<string, string>> {
  const built = await build({
    configFile: false,
    logLevel: 'silent',
    build: {
      write: false,
      minify: false,
      target: 'chrome120',
      rolldownOptions: { input: join(import.meta.dirname, 'support/page-entry.ts') },
    },
  })
  const { output } = (Array.isArray(built) ? built[0] : built) as Rollup.RollupOutput
  return new Map(output.flatMap((file) => (file.type === 'chunk' ? [[`/${file.fileName}`, file.code] as const] : [])))
}

async function openPage(context?: BrowserContext): Promise<Page> {
  const browsing = context ?? (await browser.newContext())
  const page = await browsing.newPage()
  if (!context) onTestFinished(async () => browsing.close())
  // A name: some of what a phone needs exists on secure origins only, and this machine's own counts as one.
  await page.goto(`http://localhost:${(server.address() as AddressInfo).port}/`)
  await page.waitForFunction(() => 'inPage' in globalThis)
  return page
}

test('nothing of Node is in what the page loads', () => {
  const script = [...files.values()].join('\n')
  expect(script.length).toBeGreaterThan(50_000)
  expect(script.match(/["']node:|\brequire\(["']|\bprocess\.(?:env|versions|nextTick|on)|__dirname/gu)).toBeNull()
  // The CBOR package asks whether there is a Buffer before it uses one.
  expect(script.match(/(?<!globalThis\.)\bBuffer\.(?:from|alloc)/gu)).toBeNull()
})

test('the cryptography of this browser gives the right answers', async () => {
  const page = await openPage()
  expect(await page.evaluate(async () => globalThis.inPage.selfTest())).toMatchObject({ ok: true })
})

test('what was kept is there after the page was loaded again, and the key signs and cannot be read', async () => {
  const page = await openPage()
  const before = await page.evaluate(async () => {
    const { openMemory, generateHiddenKeys, signerOfKeys } = globalThis.inPage
    const memory = await openMemory('phone')
    const keys = await generateHiddenKeys()
    const request = (key: string, atS: number, counter: number) => ({
      key,
      digest: Uint8Array.of(1, 2, 3),
      atS,
      counter,
      outcome: { state: 'never-seen' as const },
    })
    const asked = {
      requestId: 'a',
      name: 'Aurora',
      site: 'Riverside',
      subject: { kind: 'pay' as const, amount: 1, currency: 'CNY' },
      atMs: 1,
      ending: 'approved' as const,
    }
    const all = [
      await memory.saveIdentity({ phoneId: 'p1', ...keys }),
      await memory.save(request('t:2', 20, 8)),
      await memory.save(request('t:1', 10, 9)),
      await memory.save({ ...request('t:1', 10, 9), outcome: { state: 'refusal', reason: 'cancelled' } }),
      await memory.savePin({ salt: 'AA', hash: 'AA', rounds: 1, wrong: 2, waitUntilMs: 5 }),
      await memory.saveAsked(asked),
      await memory.witness.save({ terminalId: 't', seq: 3, head: 'ab', atS: 1 }),
      await memory.savePractice({ port: 1, session: 's' }),
      await memory.saveConsents([{ merchantId: 'aurora', claims: ['name'] }]),
      await memory.savePractice(undefined),
    ]
    const exported = await crypto.subtle.exportKey('jwk', keys.privateKey).then(
      () => 'read',
      () => 'refused',
    )
    return { all, exported, point: [...(await signerOfKeys(keys.privateKey, keys.publicKey)).point] }
  })
  expect(before.all.every(({ ok }) => ok)).toBe(true)
  expect(before.exported).toBe('refused')
  await page.reload()
  await page.waitForFunction(() => 'inPage' in globalThis)
  const after = await page.evaluate(async () => {
    const { openMemory, signerOfKeys } = globalThis.inPage
    const kept = await (await openMemory('phone')).read()
    if (!kept.identity) throw new Error('no identity')
    const { privateKey, publicKey } = kept.identity
    const signer = await signerOfKeys(privateKey, publicKey)
    const data = Uint8Array.of(1, 2, 3)
    const isGood = await crypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, publicKey, await signer.sign(data), data)
    const { records, pin, practice, asked, heads, consents } = kept
    return {
      point: [...signer.point],
      isGood,
      records: records.map(({ key, outcome }) => [key, outcome.state]),
      pin,
      practice,
      asked,
      heads,
      consents,
    }
  })
  expect(after).toEqual({
    point: before.point,
    isGood: true,
    records: [
      ['t:1', 'refusal'],
      ['t:2', 'never-seen'],
    ],
    pin: { salt: 'AA', hash: 'AA', rounds: 1, wrong: 2, waitUntilMs: 5 },
    practice: undefined,
    asked: [
      {
        requestId: 'a',
        name: 'Aurora',
        site: 'Riverside',
        subject: { kind: 'pay', amount: 1, currency: 'CNY' },
        atMs: 1,
        ending: 'approved',
      },
    ],
    consents: [{ merchantId: 'aurora', claims: ['name'] }],
    heads: [{ terminalId: 't', seq: 3, head: 'ab', atS: 1 }],
  })
})

test('the list of requests forgets its oldest; writing to a closed memory is refused and not thrown', async () => {
  const page = await openPage()
  const kept = await page.evaluate(async () => {
    const memory = await globalThis.inPage.openMemory('list')
    const view = {
      name: 'Aurora',
      site: 'Riverside',
      subject: { kind: 'pay' as const, amount: 1, currency: 'CNY' },
      ending: 'approved' as const,
    }
    for (let index = 0; index < 105; index += 1) await memory.saveAsked({ ...view, requestId: `r${index}`, atMs: index })
    const { asked } = await memory.read()
    await memory.savePin({ salt: 'AA', hash: 'AA', rounds: 1, wrong: 0, waitUntilMs: 0 })
    const erased = await memory.erase()
    const left = await memory.read()
    memory.close()
    const late = await memory.saveBond(undefined)
    return { count: asked.length, first: asked[0]?.requestId, erased, left: [left.asked.length, left.pin], late }
  })
  expect(kept).toMatchObject({
    count: 100,
    first: 'r5',
    erased: { ok: true },
    left: [0, undefined],
    late: { ok: false, error: 'storage-failed' },
  })
})

test('of two tabs one is the phone; when it is closed the other is', async () => {
  const context = await browser.newContext()
  onTestFinished(async () => context.close())
  const hold = async () => {
    const states: string[] = []
    Object.assign(globalThis, { states })
    void globalThis.inPage.holdTab(navigator.locks, () => states.push('waiting')).held.then(() => states.push('held'))
  }
  const states = async (page: Page) => page.evaluate(() => (globalThis as unknown as { states: readonly string[] }).states)
  const [first, second] = [await openPage(context), await openPage(context)]
  await first.evaluate(hold)
  await expect.poll(async () => states(first)).toEqual(['held'])
  await second.evaluate(hold)
  await expect.poll(async () => states(second)).toEqual(['waiting'])
  await first.close()
  await expect.poll(async () => states(second)).toEqual(['waiting', 'held'])
})
