/**
 * The page that asks an owner whether a web service may know who they are. It is built with the wallet and served apart from it: its policy
 * lets a form go to the one address that was checked, which the wallet's own policy never does, and no worker may keep it.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FastifyReply } from 'fastify'
import { AUTHORIZE_PATH } from '#shared/contracts/assertions-api.ts'
import type { App } from '../routes/call.ts'
import type { Assertions } from '../services/assertions.ts'
import type { RelyingParty } from '../services/passkey-check.ts'
import { byName, WALLET_PREFIX } from './wallet-page.ts'

const PAGE = 'consent.html'

/** `formAction`: where the page may send what the owner agreed to, and nowhere else. */
function policyFor(formAction: string): string {
  return [
    "default-src 'none'",
    ...['script', 'style', 'font', 'connect'].map((kind) => `${kind}-src 'self'`),
    "img-src 'self' data:",
    "base-uri 'none'",
    `form-action ${formAction}`,
    "frame-ancestors 'none'",
  ].join('; ')
}

/** Nothing of the request is repeated here: whoever wrote it may have meant this page's readers ill. */
const REFUSED = `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Bandtill</title>
<h1>This sign-in cannot go on</h1>
<p>The website that sent you here is not registered, or asked in a way that is not allowed. Nothing was told to anybody. You can close this page.</p>
<h1 lang="zh-CN">无法继续登录</h1>
<p lang="zh-CN">把您带到这里的网站没有登记，或询问方式不被允许。没有向任何人告知任何信息，可以关闭本页。</p>
</html>
`
const NOT_BUILT = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Bandtill</title>
<h1>This page has not been built</h1>
<p>Run <code>npm run build</code> where this backend was installed, then load this page again.</p>
</html>
`

export function installConsentPage(app: App, folder: string, party: RelyingParty, assertions: Assertions): void {
  app.get(AUTHORIZE_PATH, { schema: { hide: true } }, async (request, reply) => {
    reply.headers({ 'cache-control': 'no-store', 'referrer-policy': 'strict-origin', 'content-security-policy': policyFor("'none'") })
    const named = byName(request, party)
    if (named !== undefined) return reply.redirect(named)
    const asked = await assertions.read(request.query)
    if (!asked.ok) return html(reply.code(400), REFUSED)
    const page = await built(folder)
    if (page === undefined) return html(reply.code(503), NOT_BUILT)
    reply.header('content-security-policy', policyFor(asked.value.request.redirect_uri))
    // Built beside the wallet, whose files it shares; its own address lies outside of what the wallet's worker looks after.
    return html(reply, page.replaceAll('"./', `"${WALLET_PREFIX}`))
  })
}

function html(reply: FastifyReply, text: string): FastifyReply {
  return reply.type('text/html; charset=utf-8').send(text)
}

/** A build may be put in place while this process runs. */
async function built(folder: string): Promise<string | undefined> {
  try {
    return await readFile(join(folder, PAGE), 'utf8')
  } catch {
    return undefined
  }
}
