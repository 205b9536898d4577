/** Where a browser may be sent with somebody's identity: decided once, when the operator registers it; from then on it is compared, never read. */

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]'])
/** What would end a source in a content security policy, or begin another one. */
const BREAKS_POLICY = /[\s;,'"*]/u

/** An https address (http on this machine), written in full and in one way, without query, fragment or a person in it. */
export function isRedirectUri(text: string): boolean {
  if (!URL.canParse(text) || BREAKS_POLICY.test(text)) return false
  const url = new URL(text)
  const isSafe = url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.has(url.hostname))
  const isBare = url.search === '' && url.hash === '' && url.username === '' && url.password === ''
  // `?` and `#` with nothing behind them vanish in the parsed parts, and stay in the text.
  return isSafe && isBare && url.href === text && !text.includes('?') && !text.includes('#')
}
