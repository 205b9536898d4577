/**
 * I9: nothing secret is in the clear. A real run (pairing, arming, payments on both sides of an id rotation and one without a network, an owner who signs
 * in, freezes and lets a band go) is searched for every key, secret and account there is: in the terminal's files and log, in what its screens were told, in the air, and,
 * for key material, in the backend's database and log.
 */
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openLog } from '#main/hosting/log.ts'
import { createSignedCall } from '#reference/phone/signed-calls.ts'
import type { CustomerCharacter, CustomerId } from '#reference/practice/customers.ts'
import { msToQuietTime, NEXT_SLOT_MS } from '#reference/tools/conformance/slots.ts'
import { concat, fromBase64Url } from '#shared/contracts/bytes.ts'
import { addPasskey, OWNER_PATHS } from '#shared/contracts/owner-api.ts'
import { signerOf } from '#shared/crypto/keys.ts'
import { OPERATOR_TOKEN, pathOf } from '#test/support/backend-world.ts'
import { CounterWorld, demand, ENROLMENT_CODE, PAYER } from '#test/support/counter-world.ts'
import { bytesNeedle, filesIn, found, type Haystack, type Needle, secretsIn, textNeedle } from '#test/support/needles.ts'
import { OwnerBrowser } from '#test/support/owner-browser.ts'
import { enter, openedSocket, startHost } from '../browser/support.ts'

/** Not heard as the nearest, and heard. */
const AWAY_M = 8
const OTHER: CustomerCharacter = { ...PAYER, id: 'twin-b', displayName: 'Silver Pike', distanceM: AWAY_M }
const STAFF_PIN = '90817263'
/** Long enough that two captures share it by chance once in 2^32 places or less, as far as it is nobody's format. */
const WINDOW_BYTES = 6
/** What both bands say alike is format: beside it in a window, one or two bytes are easily the same by chance. */
const FORMAT_BYTES = 4
/** Connecting, an offer, a request and an answer, and the advertisement. */
const PAYMENT_PDUS_MIN = 20

let world: CounterWorld
beforeEach(async () => {
  world = await CounterWorld.build({ customers: [PAYER, OTHER] })
})
afterEach(async () => world.close())

/** Everything of one band that a listener near the counter hears. */
class AirRecorder {
  readonly heard = new Map<string, Buffer[]>()

  constructor() {
    world.hooks.fateOf = (bandId, _direction, pdu) => {
      this.#keep(bandId, pdu)
      return 'deliver'
    }
  }

  /** The advertisement of each band at this moment. */
  async adverts(): Promise<void> {
    for (const [id, { band }] of world.customers) {
      const { address, manufacturerData } = await band.advertisement()
      this.#keep(id, concat(address, manufacturerData))
    }
  }

  take(): ReadonlyMap<string, readonly Buffer[]> {
    const taken = new Map(this.heard)
    this.heard.clear()
    return taken
  }

  #keep(bandId: string, bytes: Uint8Array): void {
    this.heard.set(bandId, [...(this.heard.get(bandId) ?? []), Buffer.from(bytes)])
  }
}

/** The terminal's screens: what went over their socket, both ways. */
async function openScreens() {
  const host = await startHost({ till: world.till })
  const socket = await openedSocket(host, await enter(host))
  const frames: Buffer[] = []
  socket.on('message', (bytes: Buffer) => frames.push(Buffer.from(bytes)))
  let id = 0
  const say = (method: 'query' | 'mutation' | 'subscription', path: string, input?: unknown) => {
    id += 1
    const frame = JSON.stringify({ id, method, params: { path, input } })
    frames.push(Buffer.from(frame))
    socket.send(frame)
  }
  say('subscription', 'watch')
  return { frames, say }
}

/** Comes to the counter and is charged, while nobody else wears a band. */
async function pays(id: CustomerId): Promise<string> {
  for (const customer of world.customers.values()) customer.set({ worn: false, unlocks: true })
  await world.until('nobody wears a band', () => world.state.bands.every(({ worn }) => !worn))
  world.customer(id).set({ worn: true, distance: PAYER.distanceM, unlocks: true })
  await world.popcorn()
  await world.until('the one that can pay is proposed', () => world.state.bands.some(({ proposed, armed }) => proposed && armed))
  const sighting = world.state.bands.find(({ proposed }) => proposed)
  const { requestId } = demand(await world.till.chargeBand({ sightingId: sighting?.id as never }))
  const state = await world.settled(requestId)
  if (state !== 'paid') demand(await world.till.clearCart())
  return state
}

/**
 * Out of what was set aside: slot, band's word and phone's yes go through the air, into the terminal's books and to the backend. With the
 * keys that paid.
 */
async function paysInBasement(id: CustomerId): Promise<readonly Needle[]> {
  const customer = world.customer(id)
  await world.until('money is set aside', () => customer.allowance !== undefined)
  const before = customer.allowance?.amount ?? 0
  customer.set({ network: false, unlocks: false })
  expect(await pays(id)).toBe('paid')
  expect(customer.allowance?.amount ?? 0).toBeLessThan(before)
  // As soon as there is a network the phone forgets them, for new ones.
  const paidWith = secretsIn(filesIn(world.folder, (name) => name.endsWith('.allowance.json')))
  customer.set({ network: true, unlocks: false })
  return paidWith
}

/** The till has locked itself meanwhile. The PIN is typed at the till, not sent over the screens' socket that is searched. */
async function signInAgain(): Promise<void> {
  await world.until('the till has locked itself', () => world.state.session.state === 'locked')
  const { session } = world.state
  const [manager] = session.state === 'locked' ? session.staff : []
  if (!manager) throw new Error('nobody may sign in')
  demand(await world.till.signIn({ staffId: manager.id, pin: STAFF_PIN }))
}

/** The owner signs up by an invitation of the phone, freezes and thaws the account, and at last lets the band go. */
async function ownerOf(id: CustomerId) {
  const keys = world.customerKeys.get(id)
  if (!keys) throw new Error(`no keys of ${id}`)
  const call = createSignedCall({
    clock: world.clock,
    baseUrl: world.backend.url,
    phoneId: keys.phoneId,
    signer: await signerOf(keys.phoneKey),
    hasNetwork: () => true,
  })
  const invitation = await call('POST', OWNER_PATHS.invitations)
  if (!invitation.ok) throw new Error(invitation.error)
  const ticket = String((invitation.value as Readonly<Record<string, unknown>>)['ticket'])
  const browser = OwnerBrowser.overHttp(Number(new URL(world.backend.url).port))
  const reply = await browser.register({ invitation: ticket })
  const { recoveryCodes = [] } = addPasskey.reply.parse(reply.json)
  const secrets = [
    textNeedle('the invitation', ticket),
    ...recoveryCodes.map((code, index) => textNeedle(`recovery code ${index}`, code)),
    ...[...browser.cookies].map(([name, value]) => textNeedle(`the session ${name}`, value)),
  ]
  return { browser, call, secrets, bandId: keys.bandId }
}

/** Every row of the backend's database, as bytes. */
async function backendRows(): Promise<Haystack> {
  const { db } = world.backend
  const tables = await sql<{ name: string }>`SELECT name FROM sqlite_master WHERE type = 'table'`.execute(db)
  const parts: Buffer[] = []
  for (const { name } of tables.rows) {
    const { rows } = await sql<Record<string, unknown>>`SELECT * FROM ${sql.id(name)}`.execute(db)
    for (const value of rows.flatMap((row) => Object.values(row)))
      parts.push(value instanceof Uint8Array ? Buffer.from(value) : Buffer.from(String(value)), Buffer.from('\n'))
  }
  return { where: "the backend's database", bytes: Buffer.concat(parts) }
}

const isTerminalFile = (name: string) => /^terminal\.(?:sqlite(?:-wal|-shm)?|log.*)$/u.test(name) || name.startsWith('logs')

test('I9 and case 26: a run of everything leaves no key, secret or account where it does not belong, and nothing links a band to its next identity', async () => {
  const air = new AirRecorder()
  const log = openLog(world.folder)
  world.isLive = true
  // Both bands change their identity when the run says so, and at no other time.
  world.clock.advance(msToQuietTime(world.clock.nowMs()))
  await world.start()
  await world.ready(2)
  demand(await world.till.setUp({ name: 'Wen', pin: STAFF_PIN }))
  const screens = await openScreens()
  await air.adverts()
  expect(await pays(OTHER.id)).toBe('paid')
  expect(await pays(PAYER.id)).toBe('paid')
  for (const path of ['programme', 'language']) screens.say('query', path)
  screens.say('query', 'receipts', {})
  screens.say('query', 'receipt', { receiptId: world.state.lastReceiptId })
  const owner = await ownerOf(PAYER.id)
  expect((await owner.browser.call('PUT', OWNER_PATHS.freeze)).status).toBe(200)
  expect(await pays(PAYER.id)).toBe('declined')
  expect((await owner.browser.call('DELETE', OWNER_PATHS.freeze)).status).toBe(200)
  const before = air.take()

  world.clock.advance(NEXT_SLOT_MS)
  await air.adverts()
  await signInAgain()
  await world.until('the bands are heard under their new identities', () => world.state.bands.length >= 2)
  for (const { band } of world.customers.values()) await world.until('new offers have come', () => band.offerCount > 0)
  expect(await pays(OTHER.id)).toBe('paid')
  expect(await pays(PAYER.id)).toBe('paid')
  const paidWith = await paysInBasement(PAYER.id)
  const after = air.take()
  await owner.browser.signIn()
  expect((await owner.browser.call('POST', pathOf('ownRelease', owner.bandId))).json).toMatchObject({ state: 'released' })
  expect((await owner.call('GET', pathOf('release', owner.bandId))).ok).toBe(true)
  expect(await pays(PAYER.id)).toBe('declined')
  // What a band is about to forget is looked for all the same.
  const forgotten = secretsIn(filesOfParts())
  await isReleasedAndPairedAgain(OTHER.id)
  await world.synced()
  for (const { message, fields } of world.warnings) log.warn(fields, message)
  log.info({}, 'the day is over')

  // Neither the search of the air nor the comparison says anything of an air in which nothing was heard.
  for (const capture of [before, after])
    for (const id of [PAYER.id, OTHER.id]) expect((capture.get(id) ?? []).length, id).toBeGreaterThan(PAYMENT_PDUS_MIN)
  const airAll = Buffer.concat([...before.values(), ...after.values(), ...air.take().values()].flat())
  const onTerminal = [
    ...filesIn(world.folder, isTerminalFile),
    { where: 'the screens', bytes: Buffer.concat(screens.frames) },
    { where: 'the air', bytes: airAll },
  ]
  const atBackend = [await backendRows(), { where: "the backend's log", bytes: Buffer.from(world.backend.logged.join('')) }]
  const keys = keyMaterial([...owner.secrets, ...paidWith, ...forgotten])
  expect(keys.length).toBeGreaterThanOrEqual(20)
  const searched = keys.map(({ what }) => what)
  for (const id of [PAYER.id, OTHER.id])
    expect(searched).toEqual(expect.arrayContaining([`d of band-${id}.slots.json`, `d of phone-${id}.allowance.json`]))
  expect(found([...keys, ...identifiers()], onTerminal)).toEqual([])
  expect(found(keys, atBackend)).toEqual([])

  // The search finds what is there: the run itself, and each needle planted in each place.
  expect(found([textNeedle('the end', 'the day is over')], onTerminal)).toHaveLength(1)
  expect(found([textNeedle('the payer', PAYER.displayName)], onTerminal).length).toBeGreaterThanOrEqual(2)
  for (const needle of [...keys, ...identifiers()]) {
    const planted = onTerminal.map(({ where, bytes }) => ({
      where,
      bytes: Buffer.concat([bytes.subarray(0, 64), ...needle.forms.slice(0, 1)]),
    }))
    expect(found([needle], planted)).toHaveLength(onTerminal.length)
  }
  expect(linked(before, after)).toEqual([])
})

/** Where bands, phones, backend and terminal keep what is nobody else's. */
function filesOfParts(): readonly Haystack[] {
  return filesIn(world.folder, (name) => name.endsWith('.json') || name.endsWith('.jsonl'))
}

/** Its owner lets the band go, it forgets, and the same phone takes it anew: another epoch, another key. */
async function isReleasedAndPairedAgain(id: CustomerId): Promise<void> {
  const { life } = world.customer(id)
  expect(await life.release()).toBeUndefined()
  expect(await life.comeHome()).toBeUndefined()
  const { bandId = '' } = world.customerKeys.get(id) ?? {}
  const row = await world.backend.db.selectFrom('bands').select(['epoch', 'state']).where('id', '=', bandId).executeTakeFirst()
  expect(row).toEqual({ epoch: 2, state: 'active' })
}

/** Private keys of everybody, secrets of links and of owners, PINs and tokens. */
function keyMaterial(ofOwner: readonly Needle[]): readonly Needle[] {
  const came = [...world.customerKeys].flatMap(([id, { phoneKey, factoryKey }]) => [
    textNeedle(`the phone key of ${id}`, phoneKey.d),
    textNeedle(`the factory key of ${id}`, factoryKey.d),
  ])
  return [
    ...secretsIn(filesOfParts()),
    ...came,
    ...ofOwner,
    textNeedle("the operator's token", OPERATOR_TOKEN),
    textNeedle('the enrolment code', ENROLMENT_CODE),
    textNeedle("the manager's PIN", STAFF_PIN),
  ]
}

/** What the backend may know and nobody else. */
function identifiers(): readonly Needle[] {
  return [...world.customerKeys].flatMap(([id, { accountId, phoneId, bandId, phoneKey, factoryKey }]) => [
    textNeedle(`the account of ${id}`, accountId),
    textNeedle(`the phone of ${id}`, phoneId),
    textNeedle(`the band of ${id}`, bandId),
    bytesNeedle(`the phone's public key of ${id}`, fromBase64Url(phoneKey.x) ?? new Uint8Array(0)),
    bytesNeedle(`the factory's public key of ${id}`, fromBase64Url(factoryKey.x) ?? new Uint8Array(0)),
  ])
}

function windowsOf(pieces: readonly Buffer[], bytes: number): Set<string> {
  return new Set(
    pieces.flatMap((piece) =>
      Array.from({ length: Math.max(0, piece.length - bytes + 1) }, (_, at) => piece.subarray(at, at + bytes).toString('hex')),
    ),
  )
}

/** What one band said on both sides of its rotation that the other band never said: whatever could tie the two together. */
function linked(before: ReadonlyMap<string, readonly Buffer[]>, after: ReadonlyMap<string, readonly Buffer[]>): readonly string[] {
  const first = windowsOf(before.get(PAYER.id) ?? [], WINDOW_BYTES)
  const format = windowsOf([...(before.get(OTHER.id) ?? []), ...(after.get(OTHER.id) ?? [])], FORMAT_BYTES)
  const hasFormat = (window: string) => [...windowsOf([Buffer.from(window, 'hex')], FORMAT_BYTES)].some((part) => format.has(part))
  return [...windowsOf(after.get(PAYER.id) ?? [], WINDOW_BYTES)].filter((window) => first.has(window) && !hasFormat(window))
}
