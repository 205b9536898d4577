/** The only page a browser without a session sees. It says how to get in, and nothing about the terminal. */
import { randomBytes } from 'node:crypto'
import { barePolicy, COMMON_HEADERS } from '../hosting/page-headers.ts'

const NONCE_BYTES = 18

const STYLE = `
  body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: #f4f4f1; color: #1c1c1a;
    font: 18px/1.6 "Noto Sans SC Variable", system-ui, sans-serif }
  main { max-width: 34rem; padding: 2rem }
  h1 { font-size: 1.5rem; margin: 0 0 .5rem }
  section + section { margin-top: 2rem }
  code { background: #e5e5df; padding: .1em .4em; border-radius: .3em }
`

export type Page = { readonly headers: Readonly<Record<string, string>>; readonly body: string }

/**
 * How to get in. `again`: the browser came from another site and kept its cookie back, so the page asks once more by itself; that second
 * request is the page's own, and the cookie comes with it.
 */
export function entryPage({ again }: { readonly again: boolean }): Page {
  const nonce = randomBytes(NONCE_BYTES).toString('base64')
  const refresh = again ? '<meta http-equiv="refresh" content="0;url=/">' : ''
  return {
    headers: {
      ...COMMON_HEADERS,
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': barePolicy(nonce),
      'cache-control': 'no-store',
    },
    body: `<!doctype html>
<html lang="zh-CN">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">${refresh}
<title>Bandtill</title><style nonce="${nonce}">${STYLE}</style></head>
<body><main>
<section><h1>请用一次性地址打开</h1>
<p>收银界面只能通过启动时显示的一次性地址打开。该地址已被使用，或这里没有已登录的会话。</p>
<p>请重新启动收银机（<code>npm start</code>），然后打开新显示的地址。</p></section>
<section lang="en"><h1>Open the one-time address</h1>
<p>The till opens only by the one-time address shown when it starts. That address has been used, or this browser has no session.</p>
<p>Restart the terminal (<code>npm start</code>) and open the address it shows.</p></section>
</main></body></html>
`,
  }
}
