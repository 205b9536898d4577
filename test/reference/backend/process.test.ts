/** The backend as a real process: killed under load, restarted, stopped. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import * as z from 'zod'
import { openDatabase } from '#reference/backend/database/open-database.ts'
import { PRACTICE_LIMITS } from '#reference/practice/customers.ts'
import { BACKEND_PATHS } from '#shared/contracts/backend-api.ts'
import { fromBase64Url, toBase64Url } from '#shared/contracts/bytes.ts'
import { signCall } from '#shared/crypto/http-signature.ts'
import { newSigner, type Signer } from '#shared/crypto/keys.ts'
import { pairScripted } from '#test/support/scripted-pairing.ts'
import { type Customer, newId, OPERATOR_TOKEN, pathOf, type Terminal } from '../../support/backend-world.ts'
import { buildSubmit } from '../../support/submits.ts'
import { until } from '../../support/until.ts'

const ready = z.strictObject({ type: z.literal('ready'), port: z.int().positive(), rootPoint: z.string().length(44) })
const MAIN = 'reference/backend/main.ts'

let dir: string
const running = new Set<ReturnType<typeof spawn>>()

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'bandtill-backend-process-'))
})
afterEach(async () => {
  for (const child of running) {
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  }
  running.clear()
  rmSync(dir, { recursive: true, force: true })
})

async function start(args: readonly string[] = [], environment: Readonly<Record<string, string>> = {}) {
  const env = { ...process.env, ...environment, BANDTILL_OPERATOR_TOKEN: OPERATOR_TOKEN }
  const child = spawn(process.execPath, [MAIN, '--data', dir, '--port', '0', ...args], { env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
  running.add(child)
  let stdout = ''
  let stderr = ''
  child.stdout?.on('data', (text: Buffer) => (stdout += text.toString()))
  child.stderr?.on('data', (text: Buffer) => (stderr += text.toString()))
  const [message] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as unknown[]
  const said = ready.safeParse(message)
  if (!said.success) throw new Error(`the backend did not start: ${stderr}`)
  const base = `http://127.0.0.1:${said.data.port}`
  return { child, base, rootPoint: said.data.rootPoint, stdout: () => stdout, stderr: () => stderr }
}
type Running = Awaited<ReturnType<typeof start>>

async function operator(base: string, path: string, body: unknown) {
  const headers = { authorization: `Bearer ${OPERATOR_TOKEN}`, 'content-type': 'application/json' }
  const reply = await fetch(base + path, { method: 'PUT', headers, body: JSON.stringify(body) })
  if (!reply.ok) throw new Error(await reply.text())
}

async function signed(base: string, key: { keyId: string; signer: Signer }, method: 'GET' | 'POST', path: string, body?: unknown) {
  const bytes = new TextEncoder().encode(body === undefined ? '' : JSON.stringify(body))
  const headers = await signCall({ method, url: base + path, body: bytes }, key, Date.now() / 1_000)
  const options =
    body === undefined
      ? { method, headers: { ...headers } }
      : { method, headers: { ...headers, 'content-type': 'application/json' }, body: bytes }
  const reply = await fetch(base + path, options)
  return z.looseObject({}).parse(await reply.json())
}

async function seeded(base: string): Promise<{ terminal: Omit<Terminal, 'call'>; customer: Omit<Customer, 'call'> }> {
  const name = { en: 'Aurora', 'zh-CN': '极光' }
  await operator(base, pathOf('merchant', 'aurora'), { name })
  const place = { timeZone: 'Asia/Shanghai', latitudeE5: 0, longitudeE5: 0, currency: 'CNY' }
  await operator(base, pathOf('site', 'aurora'), { merchantId: 'aurora', name, address: name, ...place })
  await operator(base, pathOf('terminal', 'till-1'), { siteId: 'aurora', enrolmentCode: 'code-12345' })
  const [signer, phone, band, factory] = await Promise.all([newSigner(), newSigner(), newSigner(), newSigner()])
  const body = { terminalId: 'till-1', code: 'code-12345', point: toBase64Url(signer.point) }
  const enrolled = await signed(base, { keyId: 'terminal:till-1', signer }, 'POST', BACKEND_PATHS.enrolTerminal, body)
  const certificate = fromBase64Url(String(enrolled['certificate']))
  if (!certificate) throw new Error(`enrolment failed: ${JSON.stringify(enrolled)}`)
  const [accountId, phoneId, bandId] = [newId(), newId(), newId()]
  await operator(base, pathOf('account', accountId), {
    displayName: 'Mei',
    currency: 'CNY',
    openingBalance: 1_000_000,
    limits: PRACTICE_LIMITS,
  })
  await operator(base, pathOf('phone', phoneId), { accountId, point: toBase64Url(phone.point) })
  await operator(base, pathOf('band', bandId), { factoryPoint: toBase64Url(factory.point) })
  const scripted = { bandId, factory, band, epoch: 1, phonePoint: phone.point }
  await pairScripted(scripted, async (...call) => signed(base, { keyId: `phone:${phoneId}`, signer: phone }, ...call))
  let counter = 0
  const nextCounter = () => (counter += 1)
  return {
    terminal: { id: 'till-1', merchantId: 'aurora', siteId: 'aurora', signer, certificate },
    customer: { accountId, phoneId, phone, bandId, factory, band, epoch: 1, nextCounter },
  }
}

async function exitOf({ child }: Running): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  return { code: child.exitCode, signal: child.signalCode }
}

test('killed in the middle of payments, it has lost nothing it acknowledged', { timeout: 60_000 }, async () => {
  let backend = await start()
  const { rootPoint } = backend
  const { terminal, customer } = await seeded(backend.base)
  const never = async () => {
    throw new Error('not used')
  }
  const wish = { terminal: { ...terminal, call: never }, customer: { ...customer, call: never } }
  const key = { keyId: `phone:${customer.phoneId}`, signer: customer.phone }
  const acknowledged = new Map<string, { body: unknown; signed: unknown }>()
  const sent: { requestId: string; body: unknown }[] = []
  for (let round = 0; round < 3; round += 1) {
    const killAt = acknowledged.size + 5 + round * 3
    for (;;) {
      const built = await buildSubmit(Date.now(), { ...wish, amount: 100 })
      sent.push({ requestId: built.requestId, body: built.body })
      const answer = signed(backend.base, key, 'POST', BACKEND_PATHS.submit, built.body)
      // The last one of a round is under way when the process dies.
      if (acknowledged.size >= killAt) {
        backend.child.kill('SIGKILL')
        await answer.catch(() => undefined)
        break
      }
      const { kind, signed: statement } = await answer
      expect(kind).toBe('authorization')
      acknowledged.set(built.requestId, { body: built.body, signed: statement })
    }
    await exitOf(backend)
    backend = await start()
    expect(backend.rootPoint).toBe(rootPoint)
    for (const known of acknowledged.values()) {
      const again = await signed(backend.base, key, 'POST', BACKEND_PATHS.submit, known.body)
      expect(again['signed']).toBe(known.signed)
    }
  }
  backend.child.kill('SIGTERM')
  await exitOf(backend)
  const db = await openDatabase(join(dir, 'backend.sqlite'))
  const held = await db.selectFrom('authorizations').select(['request_id', 'amount']).execute()
  const wallet = await db.selectFrom('balances').select('amount').where('account', '=', `wallet:${customer.accountId}`).executeTakeFirst()
  await db.destroy()
  const requestIds = new Set(held.map((row) => row.request_id))
  for (const requestId of acknowledged.keys()) expect(requestIds).toContain(requestId)
  for (const requestId of requestIds) expect(sent.map((attempt) => attempt.requestId)).toContain(requestId)
  expect(wallet?.amount).toBe(1_000_000 - 100 * held.length)
})

test('asked to stop, it ends by itself with everything in one file, whoever still keeps a connection', async () => {
  const backend = await start()
  await fetch(backend.base + BACKEND_PATHS.health)
  backend.child.kill('SIGTERM')
  expect(await exitOf(backend)).toEqual({ code: 0, signal: null })
  expect(() => statSync(join(dir, 'backend.sqlite-wal'))).toThrow('ENOENT')
  expect(backend.stdout()).toBe('')
  expect(backend.stderr()).toContain('"msg":"stopped"')
})

test('days that it slept through are credited behind its start, at the rate it was told of', async () => {
  const env = { BANDTILL_INTEREST_BPS: '365', BANDTILL_INTEREST_TIME_ZONE: 'UTC' }
  const accountId = newId()
  const first = await start([], env)
  await operator(first.base, pathOf('account', accountId), { displayName: 'Mei', currency: 'CNY', openingBalance: 1_000_000 })
  first.child.kill('SIGTERM')
  await exitOf(first)
  const later = await start(['--clock-offset-ms', String(3 * 86_400_000)], env)
  await until('interest is credited', () => later.stderr().includes('"settledDays"'))
  later.child.kill('SIGTERM')
  await exitOf(later)
  const db = await openDatabase(join(dir, 'backend.sqlite'))
  const credited = await db
    .selectFrom('entries')
    .innerJoin('postings', 'postings.id', 'entries.posting_id')
    .select(['postings.kind', 'entries.amount'])
    .where('entries.account', '=', `wallet:${accountId}`)
    .orderBy('postings.rowid')
    .execute()
  await db.destroy()
  // 3.65 % of 10,000.00 is 1.00 a day.
  expect(credited.slice(0, 3)).toEqual([
    { kind: 'opening', amount: 1_000_000 },
    { kind: 'interest', amount: 100 },
    { kind: 'interest', amount: 100 },
  ])
})

test('it ends when whoever started it is gone', async () => {
  const backend = await start()
  backend.child.disconnect()
  expect((await exitOf(backend)).code).toBe(0)
})

test('keys and token are for their owner alone, and in neither database nor log', async () => {
  const backend = await start()
  backend.child.kill('SIGTERM')
  await exitOf(backend)
  if (process.platform !== 'win32') {
    for (const name of ['keys.json', 'backend.sqlite']) expect(statSync(join(dir, name)).mode & 0o777, name).toBe(0o600)
  }
  const keys = z
    .looseObject({ root: z.looseObject({ d: z.string() }), customerSecret: z.string() })
    .parse(JSON.parse(readFileSync(join(dir, 'keys.json'), 'utf8')))
  const seen = backend.stderr() + readFileSync(join(dir, 'backend.sqlite'), 'latin1')
  for (const secret of [keys.root.d, keys.customerSecret, OPERATOR_TOKEN]) expect(seen).not.toContain(secret)
})

test.each([
  ['an address that is not loopback, without https in front', ['--host', '0.0.0.0'], '--https-terminated'],
  ['an option nobody knows', ['--nonsense'], 'nonsense'],
  ['a port that is none', ['--port', '70000'], 'port'],
])('it refuses %s, and says so', async (_name, args, word) => {
  const child = spawn(process.execPath, [MAIN, '--data', dir, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
  running.add(child)
  let stderr = ''
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString()))
  const [code] = (await once(child, 'close')) as [number]
  expect(code).toBe(2)
  expect(stderr).toContain(word)
})
