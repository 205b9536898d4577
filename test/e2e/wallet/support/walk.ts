/** One walk through the wallet that stops at every state of every screen, for the checks and for the pictures. */
import type { Browser, Page } from 'playwright'
import { OWNER_SESSION_IDLE_MS } from '#shared/contracts/owner-api.ts'
import type { Language } from '#shared/domain/words.ts'
import type { BackendWorld, Customer } from '#test/support/backend-world.ts'
import { invited } from '#test/support/owner-browser.ts'
import { liveIn, tellEverything } from './lived-in.ts'
import { goTo, type OpenWallet, openBackend, openWallet, signUp } from './open-wallet.ts'

export type Manner = {
  readonly language: Language
  readonly size: { readonly width: number; readonly height: number }
  readonly scheme: 'light' | 'dark'
}
export type Look = (name: string) => Promise<void>
type Walk = OpenWallet & { readonly world: BackendWorld; readonly origin: string; readonly customer: Customer; readonly look: Look }

const act = (page: Page, name: string) => page.locator(`[data-act="${name}"]`)

/** `watch`: told of the page before the first stop. */
export async function walkWallet(browser: Browser, { language, size, scheme }: Manner, watch: (wallet: OpenWallet) => Look): Promise<void> {
  const { world, origin } = await openBackend()
  const wallet = await openWallet(browser, { language, context: { viewport: size, colorScheme: scheme } })
  const { customer } = await liveIn(world)
  const walk = { ...wallet, world, origin, customer, look: watch(wallet) }
  try {
    const codes = await walkIn(walk)
    await walkMoney(walk)
    await walkCard(walk)
    await walkSafety(walk)
    await walkLoss(walk, codes)
    await walkTrouble(walk)
    await walkNewcomer(walk)
  } finally {
    await wallet.page.context().close()
    await world.close()
  }
}

/** Everything before the wallet itself. */
async function walkIn({ page, origin, customer, look, setPresent }: Walk): Promise<readonly string[]> {
  await page.goto(`${origin}/wallet/`)
  await act(page, 'passkey').waitFor()
  await look('sign-in')
  await setPresent(false)
  await act(page, 'passkey').click()
  await page.locator('.note-bad').waitFor()
  await look('sign-in-refused')
  await setPresent(true)
  await goTo(page, 'loss')
  await act(page, 'passkey').waitFor()
  await look('loss-signed-out')
  await goTo(page, 'recover')
  await page.locator('input').fill('7Q2MX-9KDFA-7Q2MX')
  await act(page, 'sign-in').click()
  await page.locator('.note-bad').waitFor()
  await look('recover-refused')
  await goTo(page, 'invited')
  await page.locator('.note').waitFor()
  await look('invited-nobody')
  await goTo(page, `invited/${await invited(customer)}`)
  await act(page, 'make').waitFor()
  await look('invited')
  await act(page, 'make').click()
  await page.getByTestId('codes').waitFor()
  await act(page, 'kept').click()
  await look('codes')
  const codes = await page.locator('.code').allTextContents()
  await page.locator('.check input').check()
  await act(page, 'kept').click()
  await page.getByTestId('balance').waitFor()
  return codes
}

async function walkMoney({ page, look }: Walk): Promise<void> {
  await page.locator('.row').first().waitFor()
  await page.locator('.fold summary').click()
  await look('home')
  await goTo(page, 'statement')
  await page.locator('.line').first().waitFor()
  await page.locator('.line').nth(1).locator('summary').click()
  await look('statement')
  await page.locator('.chip').last().click()
  await page.locator('input[name="to"]').fill('2026-01-01')
  await page.locator('.error').waitFor()
  await look('statement-bad-days')
  await page.locator('input[name="from"]').fill('2025-12-01')
  await page.locator('.empty').waitFor()
  await look('statement-empty')
  await page.locator('.chip').nth(1).click()
  await page
    .locator('.line')
    .filter({ hasNot: page.locator('svg.none') })
    .first()
    .waitFor()
  const line = page.locator('.line', { has: page.locator('a.button') }).first()
  await line.locator('summary').click()
  await line.locator('a.button').click()
  await page.locator('.paper').waitFor()
  await look('receipt')
  await goTo(page, `receipt/${'0'.repeat(32)}`)
  await page.locator('a.button').waitFor()
  await look('receipt-none')
  await goTo(page, 'limits')
  await page.locator('input[name="perPayment"]').fill('200 yuan')
  await page.locator('input[name="payments"]').fill('')
  await page.locator('.fold summary').first().click()
  await look('limits-wrong')
  await page.locator('input[name="perPayment"]').fill('1500')
  await page.locator('input[name="payments"]').fill('5')
  await act(page, 'save').click()
  await page.locator('.note-good').waitFor()
  await look('limits-saved')
  await goTo(page, 'requests')
  await page.locator('.row').first().waitFor()
  await look('requests')
}

async function walkCard({ page, look }: Walk): Promise<void> {
  await goTo(page, 'card')
  await page.locator('.row').nth(2).waitFor()
  await act(page, 'save-number').waitFor()
  await look('card')
  await page.locator('input[name="cardName"]').fill(' ')
  await act(page, 'save-name').click()
  await page.locator('input[name="memberNumber"]').fill('-7')
  await act(page, 'save-number').click()
  await page.locator('.error').nth(1).waitFor()
  await look('card-wrong')
  await page.locator('input[name="cardName"]').fill('Silver Carp')
  await act(page, 'save-name').click()
  await page.locator('input[name="memberNumber"]').fill('LOTUS0000000000000000007')
  await act(page, 'save-number').click()
  await page.locator('[data-set-by="owner"]').waitFor()
  await page.locator('.note-good').nth(1).waitFor()
  await look('card-changed')
  await act(page, 'remove-number').first().click()
  await page.locator('dialog').waitFor()
  await look('card-remove')
  await act(page, 'cancel').click()
}

async function walkSafety({ page, world, customer, look }: Walk): Promise<void> {
  await goTo(page, 'bands')
  await act(page, 'release').waitFor()
  await look('bands')
  await act(page, 'release').click()
  await page.locator('dialog').waitFor()
  await look('bands-release')
  await act(page, 'cancel').click()
  await goTo(page, 'phones')
  await act(page, 'retire').waitFor()
  await look('phones')
  await act(page, 'invite').click()
  await page.getByTestId('phone-code').waitFor()
  await look('phones-invite')
  await act(page, 'close').click()
  await goTo(page, 'passkeys')
  await act(page, 'add').waitFor()
  await look('passkeys')
  await act(page, 'new-codes').click()
  await page.locator('dialog').waitFor()
  await look('passkeys-new-codes')
  await act(page, 'cancel').click()
  await tellEverything(world, customer)
  await goTo(page, 'notices')
  await page.locator('.badge').first().waitFor()
  await look('notices')
  await goTo(page, 'more')
  await act(page, 'sign-out').waitFor()
  await look('more')
}

async function walkLoss({ page, look }: Walk, codes: readonly string[]): Promise<void> {
  await goTo(page, 'loss')
  await act(page, 'stop').waitFor()
  await look('loss')
  await act(page, 'stop').click()
  await page.getByTestId('stopped').waitFor()
  await act(page, 'release').waitFor()
  await look('loss-stopped')
  await act(page, 'release').click()
  await act(page, 'confirm').click()
  await page.locator('.note-good').waitFor()
  await act(page, 'retire').click()
  await act(page, 'confirm').click()
  await page.locator('.note-good').nth(1).waitFor()
  await look('loss-dealt-with')
  await goTo(page, 'home')
  await page.locator('.frozen-card').waitFor()
  await look('home-frozen')
  await goTo(page, 'more')
  await act(page, 'sign-out').click()
  await page.locator('.note').waitFor()
  await look('signed-out')
  await goTo(page, 'recover')
  await page.locator('input').fill(codes[0] ?? '')
  await act(page, 'sign-in').click()
  await page.getByTestId('balance').waitFor()
  await look('home-by-code')
}

async function walkTrouble({ page, world, look }: Walk): Promise<void> {
  await goTo(page, 'limits')
  await page.locator('input[name="perDay"]').fill('100')
  world.advance(OWNER_SESSION_IDLE_MS + 1)
  await act(page, 'save').click()
  await page.locator('.note').first().waitFor()
  await look('session-ended')
  await act(page, 'passkey').click()
  await page.locator('input[name="perDay"]').waitFor({ state: 'visible' })
  await page.context().setOffline(true)
  await page.locator('.offline-note').waitFor()
  await goTo(page, 'phones')
  await goTo(page, 'passkeys')
  await act(page, 'retry').waitFor()
  await look('offline')
  await page.context().setOffline(false)
  await goTo(page, 'home')
  await page.route('**/v1/**', async (route) => route.abort())
  await page.reload()
  await act(page, 'retry').waitFor()
  await look('unreachable')
  await page.unroute('**/v1/**')
  await page.route('**/v1/owner/wallet/**', async (route) => route.abort())
  await page.route('**/v1/owner/wallet', async () => undefined)
  await page.reload()
  await page.locator('.state').waitFor()
  await look('loading')
}

/** A wallet on its first day. */
async function walkNewcomer({ page, world, origin, look }: Walk): Promise<void> {
  await page.unrouteAll({ behavior: 'ignoreErrors' })
  await signUp(page, origin, await invited(await world.addCustomer({ displayName: 'Silver Carp' })))
  await goTo(page, 'card')
  await page.locator('.empty').nth(1).waitFor()
  await look('card-empty')
}
