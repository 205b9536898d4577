import { afterEach, beforeEach, expect, test } from 'vitest'
import { BACKEND_PATHS } from '#shared/contracts/backend-api.ts'
import { fromBase64Url, toBase64Url } from '#shared/contracts/bytes.ts'
import { newSigner } from '#shared/crypto/keys.ts'
import { BackendWorld, newId, pathOf, programme } from '../../support/backend-world.ts'

let world: BackendWorld

beforeEach(async () => {
  world = await BackendWorld.open()
})
afterEach(async () => world.close())

const name = { en: 'Aurora', 'zh-CN': '极光' }
const site = { merchantId: 'aurora', name, address: name, timeZone: 'Asia/Shanghai', latitudeE5: 0, longitudeE5: 0, currency: 'CNY' }

test('the same put again is done; other content is a conflict; missing parents are unknown', async () => {
  const [accountId, phoneId, bandId] = [newId(), newId(), newId()]
  const [phone, band] = [await newSigner(), await newSigner()]
  const account = { displayName: 'Mei', currency: 'CNY', openingBalance: 500 }
  const phoneBody = { accountId, point: toBase64Url(phone.point) }
  const bandBody = { factoryPoint: toBase64Url(band.point) }
  const puts: readonly (readonly [string, Record<string, unknown>, Record<string, unknown>])[] = [
    [pathOf('merchant', 'aurora'), { name }, { name: { ...name, en: 'Other' } }],
    [pathOf('site', 'aurora'), site, { ...site, latitudeE5: 1 }],
    [pathOf('terminal', 'aurora-1'), { siteId: 'aurora', enrolmentCode: 'code-1234' }, { siteId: 'aurora', enrolmentCode: 'code-1235' }],
    [pathOf('account', accountId), account, { ...account, openingBalance: 501 }],
    [pathOf('phone', phoneId), phoneBody, { ...phoneBody, point: toBase64Url((await newSigner()).point) }],
    [pathOf('band', bandId), bandBody, { factoryPoint: toBase64Url((await newSigner()).point) }],
  ]
  for (const [path, body] of puts.slice(1).filter(([at]) => !at.includes('accounts') && !at.includes('bands'))) {
    expect((await world.operator('PUT', path, body)).json['code'], path).toBe('unknown')
  }
  for (const [path, body, other] of puts) {
    expect((await world.operator('PUT', path, body)).status, path).toBe(200)
    expect((await world.operator('PUT', path, body)).status, path).toBe(200)
    expect(await world.operator('PUT', path, other), path).toMatchObject({ status: 409, json: { code: 'conflict' } })
  }
  const ledger = await world.db.selectFrom('entries').select(['account', 'amount']).orderBy('amount').execute()
  expect(ledger).toEqual([
    { account: 'outside-bank', amount: -500 },
    { account: `wallet:${accountId}`, amount: 500 },
  ])
})

test('a key stands for one band, and for one phone', async () => {
  const [owner, finder] = [await world.addCustomer(), await world.addCustomer()]
  const band = { factoryPoint: toBase64Url(owner.factory.point) }
  expect((await world.operator('PUT', pathOf('band', newId()), band)).json['code']).toBe('conflict')
  const phone = { accountId: finder.accountId, point: toBase64Url(owner.phone.point) }
  expect((await world.operator('PUT', pathOf('phone', newId()), phone)).json['code']).toBe('conflict')
})

test.each([
  ['a name longer than a certificate carries', pathOf('merchant', 'm'), { name: { en: 'x'.repeat(41), 'zh-CN': '影' } }],
  ['a name that turns the text around', pathOf('merchant', 'm'), { name: { en: 'Aurora \u202E', 'zh-CN': '影' } }],
  ['a site nowhere on Earth', pathOf('site', 's'), { ...site, latitudeE5: 9_000_001 }],
  ['an address that steers the printer', pathOf('site', 's'), { ...site, address: { en: '1 River Road\u001b@', 'zh-CN': '路' } }],
  ['a time zone nobody lives in', pathOf('site', 's'), { ...site, timeZone: 'Mars/Base' }],
  [
    'a display name with a zero-width character',
    pathOf('account', newId()),
    { displayName: 'Me\u200Bi', currency: 'CNY', openingBalance: 0 },
  ],
  ['a point that is not on the curve', pathOf('phone', newId()), { accountId: newId(), point: toBase64Url(new Uint8Array(33)) }],
  ['a short enrolment code', pathOf('terminal', 't'), { siteId: 's', enrolmentCode: 'abc' }],
])('%s is malformed', async (_name, path, body) => {
  expect(await world.operator('PUT', path, body)).toMatchObject({ status: 400, json: { code: 'malformed' } })
})

test('an account that does not exist cannot be frozen', async () => {
  expect((await world.operator('PATCH', pathOf('account', newId()), { frozen: true })).json['code']).toBe('unknown')
})

test('enrolment: one code, one key; a lost answer may be asked for again, another key may not', async () => {
  const terminal = await world.addTerminal('aurora-1')
  const body = { terminalId: 'aurora-1', code: 'code-of-aurora-1', point: toBase64Url(terminal.signer.point) }
  expect((await terminal.call('POST', BACKEND_PATHS.enrolTerminal, body)).status).toBe(200)
  const rogue = await newSigner()
  const asRogue = world.signedBy('terminal:aurora-1', rogue)
  const taken = await asRogue('POST', BACKEND_PATHS.enrolTerminal, { ...body, point: toBase64Url(rogue.point) })
  expect(taken).toMatchObject({ status: 403, json: { code: 'not-allowed' } })
  const unproven = await asRogue('POST', BACKEND_PATHS.enrolTerminal, body)
  expect(unproven).toMatchObject({ status: 401, json: { code: 'bad-signature' } })
  const wrong = await terminal.call('POST', BACKEND_PATHS.enrolTerminal, { ...body, code: 'code-of-aurora-2' })
  expect(wrong).toMatchObject({ status: 403, json: { code: 'not-allowed' } })
})

test('a terminal gets a certificate that opens, its profile, and a fresh one when it asks', async () => {
  const terminal = await world.addTerminal()
  world.advance(4 * 86_400_000)
  const renewed = await terminal.call('POST', BACKEND_PATHS.renewCertificate)
  expect(renewed.json['profile']).toMatchObject({ terminalId: 'aurora-1', merchant: { id: 'aurora' }, currency: 'CNY' })
  const bytes = fromBase64Url(String(renewed.json['certificate']))
  const opened = bytes && (await world.keys.keySet.openTerminalCertificate(bytes, world.nowS()))
  if (!opened?.ok) throw new Error('the certificate does not open')
  expect(opened.value.certificate).toMatchObject({
    terminalId: 'aurora-1',
    name: '极光影城 Aurora Cinema',
    until: world.nowS() + 7 * 86_400,
  })
})

test('a phone gets certificates for the slots of a day, and for no other', async () => {
  const customer = await world.addCustomer()
  const slot = Math.floor(world.nowS() / 900)
  const keys = [{ point: toBase64Url((await newSigner()).point), slot }]
  const reply = await customer.call('POST', BACKEND_PATHS.certifyPhone, { keys })
  const [certificate] = (reply.json['certificates'] ?? []) as string[]
  const bytes = fromBase64Url(certificate ?? '')
  expect(bytes && (await world.keys.keySet.openPhoneCertificate(bytes, world.nowS())).ok).toBe(true)
  for (const far of [slot - 2, slot + 97]) {
    const refused = await customer.call('POST', BACKEND_PATHS.certifyPhone, { keys: [{ ...keys[0], slot: far }] })
    expect(refused).toMatchObject({ status: 400, json: { code: 'malformed' } })
  }
})

test('a programme: the same version is the same content, a new one replaces, promised seats stay', async () => {
  const terminal = await world.addTerminal()
  expect((await terminal.call('GET', BACKEND_PATHS.programme)).json['code']).toBe('unknown')
  const first = programme(world.nowMs(), { showtimes: ['show-1', 'show-2', 'show-3'] })
  const put = async (body: unknown) => world.operator('PUT', pathOf('siteProgramme', 'aurora'), body)
  expect((await put(first)).status).toBe(200)
  expect((await put(first)).status).toBe(200)
  expect((await put({ ...first, products: [] })).json['code']).toBe('conflict')
  expect((await terminal.call('GET', BACKEND_PATHS.programme)).json).toEqual(first)
  await terminal.call('PUT', pathOf('hold', newId()), { showtimeId: 'show-2', seats: ['A1'] })
  expect((await put({ ...programme(world.nowMs(), { version: '2', rows: 2 }) })).status).toBe(200)
  const kept = await world.db.selectFrom('showtimes').select('id').orderBy('id').execute()
  expect(kept.map((row) => row.id)).toEqual(['show-1', 'show-2'])
  const seats = await terminal.call('GET', pathOf('seats', 'show-1'))
  expect(Object.keys(seats.json['seats'] ?? {})).toHaveLength(12)
})

test('a programme that contradicts itself or its site is malformed', async () => {
  await world.addTerminal()
  const good = programme(world.nowMs())
  const [showtime] = good.showtimes
  const bad = [
    { ...good, currency: 'EUR' },
    { ...good, showtimes: [{ ...showtime, hallId: 'nowhere' }] },
    { ...good, showtimes: [showtime, showtime] },
    { ...good, showtimes: [{ ...showtime, title: { en: 'Red\u001b@', 'zh-CN': '红' } }] },
    { ...good, halls: [...good.halls, ...good.halls] },
    { ...good, products: good.products.map((product) => ({ ...product, price: { amount: -1, currency: 'CNY' } })) },
  ]
  for (const body of bad) {
    expect((await world.operator('PUT', pathOf('siteProgramme', 'aurora'), body)).json['code']).toBe('malformed')
  }
  expect((await world.operator('PUT', pathOf('siteProgramme', 'nowhere'), good)).json['code']).toBe('unknown')
})

test('a showtime id of another site is a conflict', async () => {
  await world.addTerminal()
  await world.addTerminal('lotus-1', 'lotus', 'lotus')
  await world.addProgramme('aurora')
  expect((await world.addProgramme('lotus')).json['code']).toBe('conflict')
})
