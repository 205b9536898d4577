/** Passkeys in a real browser, by what every browser has: fetch and navigator.credentials. */
import type { Page } from 'playwright'
import { OWNER_PATHS } from '#shared/contracts/owner-api.ts'

export type Answered = { readonly status: number; readonly json: unknown }

/** Gives the page's browser an authenticator that knows its person and finds passkeys without a name. */
export async function addAuthenticator(page: Page): Promise<void> {
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('WebAuthn.enable')
  await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
}

/** Makes the account's first passkey on the page that is open: one of the backend's own. */
export async function registerPasskey(page: Page, invitation: string): Promise<Answered> {
  return page.evaluate(register, { paths: OWNER_PATHS, invitation })
}

/** Runs in the page, and stands for itself there. */
async function register({ paths, invitation }: { paths: typeof OWNER_PATHS; invitation: string }): Promise<Answered> {
  const post = async (path: string, body: unknown) =>
    fetch(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  const options = (await (await post(paths.passkeyOptions, { invitation })).json()) as PublicKeyCredentialCreationOptionsJSON
  const credential = await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
  if (!(credential instanceof PublicKeyCredential)) throw new Error('the browser made no passkey')
  const reply = await post(paths.passkeys, { invitation, label: 'Chromium', credential: credential.toJSON() as unknown })
  return { status: reply.status, json: await reply.json() }
}
