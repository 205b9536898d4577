/** `npm run conformance` against our own band and phone, both as real processes: every rule is kept, and the exit code says so. */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { parseAddress } from '#reference/tools/conformance/line.ts'
import type { Report } from '#reference/tools/conformance/report.ts'
import { BAND_RULES, PHONE_RULES } from '#reference/tools/conformance/run.ts'
import { startLinePart } from '#test/support/line-parts.ts'
import { run } from '../npm.ts'

const ROOT = join(import.meta.dirname, '../../..')
/** Less than a test may take, so that one that hangs is killed and named. */
const ENDS_WITHIN_MS = 55_000

async function conformance(...args: readonly string[]) {
  return run(process.execPath, [join(ROOT, 'reference/tools/conformance/main.ts'), ...args], ENDS_WITHIN_MS)
}

test.for([
  { part: 'band', rules: BAND_RULES.length },
  { part: 'phone', rules: PHONE_RULES.length },
] as const)('our own $part keeps every rule', async ({ part, rules }) => {
  const own = await startLinePart(part, ROOT)
  onTestFinished(async () => own.stop())
  const { code, printed } = await conformance(part, '--target', own.target, '--json')
  const report = JSON.parse(printed) as Report
  expect(report.rules.filter(({ outcome }) => outcome !== 'passed')).toEqual([])
  expect({ code, passed: report.passed }).toEqual({ code: 0, passed: rules })
})

test('each rule has a name of its own, and names a section that docs/protocol.md has', () => {
  const document = readFileSync(join(ROOT, 'docs/protocol.md'), 'utf8')
  const sections = new Set([...document.matchAll(/^#{2,3} (?<section>\d+(?:\.\d+)?)\.? /gmu)].map(({ groups }) => `§${groups?.section}`))
  for (const rules of [BAND_RULES, PHONE_RULES]) {
    expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length)
    expect(rules.map(({ section }) => section).filter((section) => !sections.has(section))).toEqual([])
  }
})

test('a target that is not there, and one that is something else, leave nothing tried: exit 2', async () => {
  const server = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve))
  onTestFinished(() => void server.close())
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : 0
  const other = await conformance('band', '--target', `tcp:127.0.0.1:${port}`)
  expect(other.code).toBe(2)
  expect(other.errors).toContain('nothing could be tried out')
  const none = await conformance('phone', '--target', 'tcp:127.0.0.1:1', '--json')
  expect(none.code).toBe(2)
  expect(JSON.parse(none.printed)).toMatchObject({ part: 'phone', unreachable: 'nothing answers at this address' })
})

test.each([
  ['no part', []],
  ['no target', ['band']],
  ['another part', ['terminal', '--target', 'tcp:127.0.0.1:1']],
  ['an unknown rule', ['band', '--target', 'tcp:127.0.0.1:1', '--only', 'frames.nice']],
])('a command line with %s is exit 2', async (_what, args) => {
  expect((await conformance(...args)).code).toBe(2)
})

test('addresses: a host and a port, brackets around colons, and nothing else', () => {
  expect(parseAddress('tcp:127.0.0.1:8791')).toEqual({ ok: true, value: { host: '127.0.0.1', port: 8_791 } })
  expect(parseAddress('tcp:[::1]:8791')).toEqual({ ok: true, value: { host: '::1', port: 8_791 } })
  for (const wrong of ['127.0.0.1:8791', 'tcp:8791', 'tcp:host:0', 'tcp:host:65536', 'tcp:host:port', 'udp:host:1', ''])
    expect(parseAddress(wrong).ok).toBe(false)
})
