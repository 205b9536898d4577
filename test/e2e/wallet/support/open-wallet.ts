/** The built wallet in a real browser over a real backend, with an authenticator that knows its person. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, BrowserContextOptions, CDPSession, Page } from 'playwright'
import { ScreensBuild, screensAreFresh } from '#reference/practice/screens.ts'
import type { Language } from '#shared/domain/words.ts'
import { BackendWorld } from '#test/support/backend-world.ts'
import { INTEREST } from './lived-in.ts'

const REPOSITORY = join(import.meta.dirname, '../../../..')
export const WALLET_DIR = join(REPOSITORY, 'dist', 'wallet')
export const PHONE = { width: 360, height: 740 } as const
/** Of a policy for a feature that this build of the browser has not got. */
const NOT_OURS = /Permissions-Policy header|status of 40[0134]|status of 429|ERR_INTERNET_DISCONNECTED|ERR_FAILED/u

export async function haveWallet(): Promise<void> {
  if (await screensAreFresh(REPOSITORY, 'wallet')) return
  const problem = await new ScreensBuild().run(REPOSITORY, 'wallet')
  if (problem !== undefined) throw new Error(`the wallet could not be built: ${problem}`)
}

export async function openBackend(): Promise<{ readonly world: BackendWorld; readonly origin: string }> {
  const world = await BackendWorld.open({ walletDir: WALLET_DIR, interest: INTEREST })
  await world.backend.app.listen({ host: '127.0.0.1', port: 0 })
  const address = world.backend.app.server.address()
  if (address === null || typeof address !== 'object') throw new Error('not listening')
  return { world, origin: `http://localhost:${address.port}` }
}

export type OpenWallet = {
  readonly page: Page
  /** What the page said on its console that nobody expects of it. */
  readonly complaints: string[]
  readonly devtools: CDPSession
  /** Whether the person is there to touch the authenticator. */
  readonly setPresent: (isPresent: boolean) => Promise<void>
}

/** The machine of the tests has no Chinese letters of its own: these are the ones that receipts are printed in. */
async function bringLetters(page: Page): Promise<void> {
  for (const [style, weight] of [
    ['400Regular', '400'],
    ['700Bold', '700'],
  ] as const) {
    const path = join(REPOSITORY, `node_modules/@expo-google-fonts/noto-sans-sc/${style}/NotoSansSC_${style}.ttf`)
    await page.context().route(`**/wallet/letters-${weight}.ttf`, async (route) => route.fulfill({ body: readFileSync(path) }))
  }
  await page.addInitScript(() => {
    for (const weight of ['400', '700']) document.fonts.add(new FontFace('Noto Sans SC', `url(letters-${weight}.ttf)`, { weight }))
  })
}

export async function openWallet(
  browser: Browser,
  options: { readonly language?: Language; readonly context?: BrowserContextOptions } = {},
): Promise<OpenWallet> {
  const { language = 'en', context = {} } = options
  const own = await browser.newContext({ viewport: PHONE, locale: language, reducedMotion: 'reduce', serviceWorkers: 'block', ...context })
  const page = await own.newPage()
  if (language === 'zh-CN') await bringLetters(page)
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' && !NOT_OURS.test(message.text())) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  const devtools = await own.newCDPSession(page)
  await devtools.send('WebAuthn.enable')
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  const setPresent = async (isPresent: boolean) => {
    await devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: isPresent })
  }
  return { page, complaints, devtools, setPresent }
}

/** Makes the first passkey as the invitation says, and goes on to the wallet. The recovery codes. */
export async function signUp(page: Page, origin: string, ticket: string): Promise<readonly string[]> {
  await page.goto(`${origin}/wallet/#/invited/${ticket}`)
  await page.locator('[data-act="make"]').click()
  await page.getByTestId('codes').waitFor()
  const codes = await page.locator('.code').allTextContents()
  await page.locator('.check input').check()
  await page.locator('[data-act="kept"]').click()
  await page.getByTestId('balance').waitFor()
  return codes
}

export async function goTo(page: Page, screen: string): Promise<void> {
  await page.evaluate((hash) => {
    window.location.hash = hash
  }, `#/${screen}`)
}
