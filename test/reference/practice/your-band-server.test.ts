import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { practiceClock } from '#reference/practice/practice-clock.ts'
import { RegistryClient } from '#reference/practice/registry-client.ts'
import { YourBand } from '#reference/practice/your-band.ts'
import { PAGES_MAX, YourBandServer } from '#reference/practice/your-band-server.ts'
import { toBase64Url } from '#shared/contracts/bytes.ts'
import { enrolPhone, OWNER_PATHS } from '#shared/contracts/owner-api.ts'
import { type FromYourBand, fromYourBand, practiceLink, readPracticeLink, type ToYourBand } from '#shared/contracts/practice-wallet.ts'
import { newSigner } from '#shared/crypto/keys.ts'
import { BackendWorld, newId, OPERATOR_TOKEN } from '#test/support/backend-world.ts'
import { until } from '#test/support/until.ts'

const ORIGIN = 'http://localhost:4000'
const PAIR_ASK = 20
const clock = practiceClock(0)

async function openWorld() {
  const backend = await BackendWorld.open()
  await backend.addSite({ merchantId: 'aurora', siteId: 'aurora' })
  const url = await backend.backend.app.listen({ host: '127.0.0.1', port: 0 })
  const folder = mkdtempSync(join(tmpdir(), 'bandtill-you-'))
  const registry = new RegistryClient(url, OPERATOR_TOKEN)
  const start = async () => {
    const band = await YourBand.start({ clock, folder, registry, rootPoint: backend.keys.rootPoint })
    if (!band.ok) throw new Error(band.error.message)
    const server = await YourBandServer.listen({ clock, folder, band: band.value, port: 0, origins: new Set([ORIGIN]) })
    if (!server.ok) throw new Error(server.error)
    return { band: band.value, server: server.value }
  }
  const world = { backend, folder, start, ...(await start()) }
  onTestFinished(async () => {
    await world.server.close()
    await world.band.stop()
    await backend.close()
    rmSync(folder, { recursive: true, force: true })
  })
  return world
}

/** A page as far as its socket goes. */
class TestPage {
  readonly heard: FromYourBand[] = []
  readonly frames: Uint8Array[] = []
  closedWith: number | undefined
  readonly socket: WebSocket

  constructor(server: YourBandServer, options: { readonly origin?: string; readonly path?: string; readonly host?: string } = {}) {
    const { origin = ORIGIN, path = '/your-band', host } = options
    this.socket = new WebSocket(`ws://127.0.0.1:${server.port}${path}`, { origin, ...(host ? { headers: { host } } : {}) })
    this.socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (isBinary) this.frames.push(Uint8Array.from(data))
      else this.heard.push(fromYourBand.parse(JSON.parse(data.toString('utf8'))))
    })
    this.socket.on('close', (code) => (this.closedWith = code))
    this.socket.on('error', () => undefined)
  }

  async opened(): Promise<this> {
    await until('the socket is open or refused', () => this.socket.readyState !== WebSocket.CONNECTING)
    return this
  }

  say(message: ToYourBand): void {
    this.socket.send(JSON.stringify(message))
  }

  async hears(say: FromYourBand['say']): Promise<FromYourBand> {
    await until(`the page hears ${say}`, () => this.heard.some((message) => message.say === say))
    return this.heard.find((message) => message.say === say) as FromYourBand
  }

  /** The close code, once it is closed. */
  async closed(): Promise<number | undefined> {
    await until('the socket is closed', () => this.closedWith !== undefined)
    return this.closedWith
  }
}

async function welcomed(server: YourBandServer): Promise<{ readonly page: TestPage; readonly session: string }> {
  const page = await new TestPage(server).opened()
  page.say({ say: 'hello', token: server.token })
  const welcome = await page.hears('welcome')
  return { page, session: welcome.say === 'welcome' ? welcome.session : '' }
}

test('the link says where and with which word, and nothing else is taken for one', () => {
  const token = 'A'.repeat(22)
  expect(readPracticeLink(practiceLink(4_711, token))).toEqual({ port: 4_711, token })
  for (const other of [
    '',
    'practice=',
    `practice=0.${token}`,
    `practice=70000.${token}`,
    `practice=1.${token}A`,
    `x${practiceLink(1, token)}`,
  ])
    expect(readPracticeLink(other)).toBeUndefined()
})

test.for([
  ['a page of another origin', { origin: 'https://evil.example' }],
  ['a page of no origin', { origin: 'null' }],
  ['another path', { path: '/' }],
  ['a name that was pointed at this machine', { host: 'band.evil.example' }],
] as const)('%s is refused before anything is said', async ([, options]) => {
  const { server } = await openWorld()
  const page = await new TestPage(server, options).opened()
  expect(await page.closed()).toBe(1006)
})

test('the link opens once; the page is known again by the word it got for it, also after the world was started again', async () => {
  const world = await openWorld()
  const used = world.server.token
  const { session } = await welcomed(world.server)
  const second = await new TestPage(world.server).opened()
  second.say({ say: 'hello', token: used })
  expect(await second.closed()).toBe(4001)
  expect(readFileSync(join(world.folder, 'your-band.session.json'), 'utf8')).not.toContain(session)
  await world.server.close()
  await world.band.stop()
  Object.assign(world, await world.start())
  const again = await new TestPage(world.server).opened()
  again.say({ say: 'hello-again', session })
  expect(await again.hears('welcome')).toMatchObject({ session, frameBytes: 182 })
})

test('a new link’s page takes the place of the one before, which is not known any more', async () => {
  const { server } = await openWorld()
  const { page: first, session } = await welcomed(server)
  const { page: next } = await welcomed(server)
  expect(await first.closed()).toBe(4003)
  const back = await new TestPage(server).opened()
  back.say({ say: 'hello-again', session })
  expect(await back.closed()).toBe(4001)
  expect(next.closedWith).toBeUndefined()
})

test.for([
  ['says nothing of ours', '{"say":"open sesame"}', 4001],
  ['sends a frame before it says who it is', Uint8Array.of(1, 2, 3, 4, 5), 4001],
  ['guesses', JSON.stringify({ say: 'hello', token: 'B'.repeat(22) }), 4001],
  ['sends more than any message has', 'x'.repeat(5_000), 1009],
] as const)('a page that %s is let go', async ([, data, code]) => {
  const { server } = await openWorld()
  const page = await new TestPage(server).opened()
  page.socket.send(data)
  expect(await page.closed()).toBe(code)
})

test('a page that says nothing is let go, and no more pages come in than there is room for', async () => {
  const { server } = await openWorld()
  const pages = await Promise.all(Array.from({ length: PAGES_MAX }, async () => new TestPage(server).opened()))
  const oneTooMany = await new TestPage(server).opened()
  expect(await oneTooMany.closed()).toBe(1006)
  for (const page of pages) expect(await page.closed()).toBe(4001)
})

test('frames reach the band once the page listens; junk among them ends the connection', async () => {
  const { server, band } = await openWorld()
  const { page } = await welcomed(server)
  // Nothing is done with a frame before the page said that it listens: this junk ends nothing.
  page.socket.send(Uint8Array.of(PAIR_ASK, 9, 5, 1, 0))
  page.say({ say: 'begin' })
  page.socket.send(Uint8Array.of(PAIR_ASK, 1, 0, 1, ...new Uint8Array(9)))
  await until('the band has answered', () => page.frames.length > 0)
  // LINK-REFUSED: what was asked makes no sense.
  expect(page.frames[0]?.[0]).toBe(30)
  expect(band.band).toBeUndefined()
  page.socket.send(Uint8Array.of(PAIR_ASK, 9, 5, 1, 0))
  expect(await page.closed()).toBe(4002)
})

test('a hand moves the band and knocks; out of range is not understood', async () => {
  const { server, band } = await openWorld()
  const { page } = await welcomed(server)
  page.say({ say: 'move', distance: 0.4, worn: true })
  await until('the band is nearer', () => band.distanceM() === 0.4)
  page.say({ say: 'knock', count: 3 })
  page.say({ say: 'move', batteryPercent: 300 })
  expect(await page.closed()).toBe(4002)
})

test('the account’s invitation lets a phone in', async () => {
  const { server, backend } = await openWorld()
  const { page } = await welcomed(server)
  page.say({ say: 'invite' })
  const invitation = await page.hears('invitation')
  const [phoneId, signer] = [newId(), await newSigner()]
  const reply = await backend.signedBy(`phone:${phoneId}`, signer)('POST', OWNER_PATHS.enrolPhone, {
    phoneId,
    code: invitation.say === 'invitation' ? invitation.code : '',
    point: toBase64Url(signer.point),
  })
  expect(enrolPhone.reply.parse(reply.json)).toEqual({ phoneId, displayName: 'Blue Heron', currency: 'CNY' })
})
