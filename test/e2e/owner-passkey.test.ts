/** A real browser with a passkey of its own: the page needs fetch and navigator.credentials, and nothing of ours. */
import type { Browser, Page } from 'playwright'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { addPasskey, OWNER_PATHS, ownerStanding } from '#shared/contracts/owner-api.ts'
import { type Answered, addAuthenticator, registerPasskey } from '#test/e2e/support/page-passkeys.ts'
import { launchChromium } from '#test/renderer/support/chromium.ts'
import { BackendWorld } from '#test/support/backend-world.ts'
import { invited } from '#test/support/owner-browser.ts'

let browser: Browser
beforeAll(async () => {
  browser = await launchChromium()
})
afterAll(async () => browser.close())

/** A page of the backend's own, in a browser whose authenticator knows its person and finds passkeys without a name. */
async function openPage(world: BackendWorld): Promise<Page> {
  await world.backend.app.listen({ host: '127.0.0.1', port: 0 })
  const address = world.backend.app.server.address()
  if (address === null || typeof address !== 'object') throw new Error('not listening')
  const page = await browser.newPage()
  await addAuthenticator(page)
  await page.goto(`http://localhost:${address.port}/docs/json`)
  return page
}

test('a passkey made in Chromium signs in, freezes and shows itself again to unfreeze', async () => {
  const world = await BackendWorld.open()
  onTestFinished(async () => world.close())
  const page = await openPage(world)
  const made = await registerPasskey(page, await invited(await world.addCustomer()))
  expect(addPasskey.reply.parse(made.json).recoveryCodes).toHaveLength(10)
  expect(await page.evaluate(() => document.cookie)).toBe('')
  world.advance(6 * 60_000)
  expect(await page.evaluate(call, { method: 'PUT', path: OWNER_PATHS.freeze })).toMatchObject({ json: { freeze: { by: 'passkey' } } })
  expect(await page.evaluate(call, { method: 'DELETE', path: OWNER_PATHS.freeze })).toMatchObject({ json: { code: 'not-fresh' } })
  const shown = await page.evaluate(signIn, OWNER_PATHS)
  expect(ownerStanding.parse(shown.json)).toMatchObject({ displayName: 'Mei', signedInBy: 'passkey' })
  expect(await page.evaluate(call, { method: 'DELETE', path: OWNER_PATHS.freeze })).toEqual({ status: 200, json: { ok: true } })
})

type Paths = typeof OWNER_PATHS

/** Each of these runs in the page, and stands for itself there. */
async function call({ method, path }: { method: string; path: string }): Promise<Answered> {
  const reply = await fetch(path, { method })
  return { status: reply.status, json: await reply.json() }
}

async function signIn(paths: Paths): Promise<Answered> {
  const options = (await (await fetch(paths.signInOptions, { method: 'POST' })).json()) as PublicKeyCredentialRequestOptionsJSON
  const credential = await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) })
  if (!(credential instanceof PublicKeyCredential)) throw new Error('the browser showed no passkey')
  const body = JSON.stringify({ credential: credential.toJSON() as unknown })
  const reply = await fetch(paths.signIn, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  return { status: reply.status, json: await reply.json() }
}
