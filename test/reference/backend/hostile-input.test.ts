/** Whatever JSON arrives, from whoever is allowed to send it, the backend refuses by name and stays up. */
import * as fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { apiError, BACKEND_PATHS, type OutboxEntry } from '#shared/contracts/backend-api.ts'
import { toBase64Url } from '#shared/contracts/bytes.ts'
import { OWNER_PATHS, passkeyOptions, signInOptions } from '#shared/contracts/owner-api.ts'
import { BackendWorld, type Customer, newId, pathOf, receiptEntry, reversalEntry, type Terminal } from '../../support/backend-world.ts'
import { OwnerBrowser, signedUp } from '../../support/owner-browser.ts'
import { SoftwareAuthenticator } from '../../support/software-authenticator.ts'

let world: BackendWorld
let terminal: Terminal
let customer: Customer

beforeEach(async () => {
  world = await BackendWorld.open()
  terminal = await world.addTerminal()
  customer = await world.addCustomer()
  await world.addProgramme('aurora')
})
afterEach(async () => world.close())

const SERVER_FAULT = 500
const json = fc.jsonValue({ maxDepth: 4 })
const path = fc.string({ unit: 'binary', maxLength: 60 }).map((text) => encodeURIComponent(text.toWellFormed()))

/** An address that nobody has called from yet: visits are counted by address. */
let addresses = 0
function elsewhere(): string {
  addresses += 1
  return `10.2.${addresses >> 8}.${addresses & 255}`
}

test('random bodies at every call that takes one', async () => {
  const { browser } = await signedUp(world, customer)
  const calls = [
    async (body: unknown) => terminal.call('PUT', pathOf('hold', newId()), body),
    async (body: unknown) => terminal.call('POST', pathOf('pin', newId()), body),
    async (body: unknown) => terminal.call('DELETE', pathOf('pin', newId()), body),
    async (body: unknown) => terminal.call('POST', BACKEND_PATHS.outbox, body),
    async (body: unknown) => terminal.call('POST', BACKEND_PATHS.enrolTerminal, body),
    async (body: unknown) => customer.call('POST', BACKEND_PATHS.submit, body),
    async (body: unknown) => customer.call('POST', BACKEND_PATHS.certifyPhone, body),
    async (body: unknown) => world.operator('PUT', pathOf('siteProgramme', 'aurora'), body),
    async (body: unknown) => world.operator('PUT', pathOf('band', newId()), body),
    async (body: unknown) => world.operator('PATCH', pathOf('account', customer.accountId), body),
    async (body: unknown) => customer.call('POST', OWNER_PATHS.enrolPhone, body),
    async (body: unknown) => OwnerBrowser.of(world, { from: elsewhere() }).call('POST', OWNER_PATHS.passkeys, body),
    async (body: unknown) => OwnerBrowser.of(world, { from: elsewhere() }).call('POST', OWNER_PATHS.signIn, body),
    async (body: unknown) => OwnerBrowser.of(world, { from: elsewhere() }).call('POST', OWNER_PATHS.recoverySignIn, body),
    async (body: unknown) => browser.call('POST', OWNER_PATHS.readNotices, body),
  ]
  await fc.assert(
    fc.asyncProperty(json, fc.nat(calls.length - 1), async (body, which) => {
      const reply = await calls[which]?.(body)
      expect(reply?.status).toBeLessThan(SERVER_FAULT)
      expect(apiError.safeParse(reply?.json).success).toBe(true)
    }),
    { numRuns: 300 },
  )
})

test('random bytes anywhere in a passkey are not accepted, and break nothing', async () => {
  const { browser } = await signedUp(world, customer)
  const { authenticator, cookies } = browser
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 200 }).map((some) => toBase64Url(some))
  const made = fc.constantFrom('clientDataJSON', 'attestationObject')
  const shown = fc.constantFrom('clientDataJSON', 'authenticatorData', 'signature', 'userHandle')
  await fc.assert(
    fc.asyncProperty(bytes, made, shown, async (random, ofMade, ofShown) => {
      const page = OwnerBrowser.of(world, { authenticator, cookies, from: elsewhere() })
      const request = signInOptions.reply.parse((await page.call('POST', OWNER_PATHS.signInOptions)).json)
      const get = authenticator.get(request)
      const signedIn = { credential: { ...get, response: { ...get.response, [ofShown]: random } } }
      expect(await page.call('POST', OWNER_PATHS.signIn, signedIn)).toMatchObject({ status: 403, json: { code: 'not-allowed' } })
      const creation = passkeyOptions.reply.parse((await page.call('POST', OWNER_PATHS.passkeyOptions, {})).json)
      const create = new SoftwareAuthenticator(() => page.origin).create(creation)
      const added = { label: 'x', credential: { ...create, response: { ...create.response, [ofMade]: random } } }
      expect(await page.call('POST', OWNER_PATHS.passkeys, added)).toMatchObject({ status: 403, json: { code: 'not-allowed' } })
    }),
    { numRuns: 60 },
  )
})

test('random ids in paths', async () => {
  await fc.assert(
    fc.asyncProperty(path, async (id) => {
      for (const url of [`/v1/showtimes/${id}/seats`, `/v1/attempts/${id}`]) {
        expect((await terminal.call('GET', url)).status).toBeLessThan(SERVER_FAULT)
      }
      expect((await world.operator('PUT', `/v1/registry/merchants/${id}`, {})).status).toBeLessThan(SERVER_FAULT)
    }),
    { numRuns: 60 },
  )
})

test('outbox bodies cut, altered and extended: applied or put aside, and the same again at the repeat', async () => {
  const good = [receiptEntry({ number: 1, total: 100 }).body, reversalEntry(world.nowMs(), { requestId: newId(), amount: 5 }).body]
  const altered = fc.record({
    body: fc.constantFrom(...good),
    at: fc.nat(400),
    text: fc.string({ unit: 'binary', maxLength: 5 }),
    cut: fc.boolean(),
    kind: fc.constantFrom('receipt' as const, 'reversal' as const, 'head' as const),
  })
  await fc.assert(
    fc.asyncProperty(altered, async ({ body, at, text, cut, kind }) => {
      const place = at % body.length
      const entry: OutboxEntry = { id: newId(), kind, body: body.slice(0, place) + text + (cut ? '{}' : body.slice(place)) }
      const send = async () => terminal.call('POST', BACKEND_PATHS.outbox, { entries: [entry] })
      const [first, second] = [await send(), await send()]
      expect(first.status).toBe(200)
      const outcomes = [first, second].map((reply) => (reply.json['results'] as { outcome: string }[])[0]?.outcome)
      expect([
        ['applied', 'repeat'],
        ['repeat', 'repeat'],
        ['quarantined', 'quarantined'],
      ]).toContainEqual(outcomes)
    }),
    { numRuns: 200 },
  )
})

test('an outbox body with half a character in it is taken once like any other', async () => {
  const entry = { id: newId(), kind: 'head', body: '"half \uD800"' }
  for (let tries = 0; tries < 2; tries += 1) {
    const { json: reply } = await terminal.call('POST', BACKEND_PATHS.outbox, { entries: [entry] })
    expect(reply['results']).toMatchObject([{ outcome: 'quarantined' }])
  }
  expect(await world.db.selectFrom('quarantined_entries').selectAll().execute()).toHaveLength(1)
})
