/** A wallet that somebody has lived with for a week: paid, been refused, got money back, earned interest, been told things. */
import { ASSERTION_PATHS } from '#shared/contracts/assertions-api.ts'
import { BACKEND_PATHS, submit } from '#shared/contracts/backend-api.ts'
import { IDENTITY_PATHS } from '#shared/contracts/identity-api.ts'
import { NOTICE_KINDS, type NoticeKind } from '#shared/contracts/notices.ts'
import { type BackendWorld, type Customer, newId, receiptEntry, START_MS, type Terminal } from '#test/support/backend-world.ts'
import { voidEntry } from '#test/support/outbox-entries.ts'

const DAY_MS = 86_400_000
export const INTEREST = { basisPoints: 150, timeZone: 'Asia/Shanghai' } as const

/** Where the customer signed in, and what was given there, as the bits of the claims. */
const WEBSITES = [
  { clientId: 'seats.aurora.example', name: 'Aurora: seats and popcorn for everybody', given: 3, daysAgo: 0 },
  { clientId: 'hotel.example', name: 'Lotus Hotel 莲花酒店', given: 0, daysAgo: 2 },
] as const

export type LivedIn = { readonly terminal: Terminal; readonly customer: Customer }

export async function liveIn(world: BackendWorld): Promise<LivedIn> {
  const terminal = await world.addTerminal()
  const customer = await world.addCustomer({ displayName: 'Golden Carp', balance: 1_286_450, limits: 'defaults' })
  const parts = { world, terminal, customer }
  await pay(parts, 1, 12_800)
  await nextDays(world, 2)
  const voided = await pay(parts, 2, 4_500)
  await takeBack(parts, 3, voided)
  await nextDays(world, 2)
  await refuseAll(parts)
  await nextDays(world, 1)
  await pay(parts, 4, 9_900)
  await world.submit({ terminal, customer, amount: 6_800 })
  await askWho(parts, 3)
  await askWho(parts, 0)
  await showCard(parts)
  return { terminal, customer }
}

type Parts = LivedIn & { readonly world: BackendWorld }

async function nextDays(world: BackendWorld, days: number): Promise<void> {
  world.advance(days * DAY_MS)
  await world.backend.sweep()
}

/** One of each kind of no. */
async function refuseAll({ world, terminal, customer }: Parts): Promise<void> {
  await world.submit({ terminal, customer, amount: 900_000, statement: { knocks: 2 }, proof: { knocks: 2 } })
  await world.submit({ terminal, customer, amount: 25_000 })
  await world.submit({ terminal, customer, amount: 120_000, statement: { knocks: 3 }, proof: { knocks: 3 } })
  await world.submit({ terminal, customer, amount: 5_000, proof: { flags: 0 } })
}

/** Somebody at the counter wanted to know who this is: what was given of it, as the bits of the claims. */
async function askWho({ world, terminal, customer }: Parts, given: number): Promise<void> {
  await world.db
    .insertInto('identity_requests')
    .values({
      ...{ id: newId(), request_id: newId(), binding: newId(), terminal_id: terminal.id, merchant_id: terminal.merchantId },
      ...{ account_id: customer.accountId, asked: 3, given, kind: given === 0 ? ('decline' as const) : ('identity' as const) },
      ...{ answer: null, hint: 'none', at: new Date(world.nowMs()).toISOString(), answer_until_ms: world.nowMs() },
    })
    .execute()
}

/** The operator has looked at papers; a hotel has asked; and there are websites that know this customer. */
async function showCard({ world, customer, ...parts }: Parts): Promise<void> {
  const hotel = await world.addTerminal('lotus-1', 'lotus', 'lotus', { en: 'Lotus Hotel by the Lake', 'zh-CN': '湖畔莲花酒店' })
  await askWho({ ...parts, world, customer, terminal: hotel }, 1)
  const path = (of: string) => of.replace('{accountId}', customer.accountId).replace('{merchantId}', 'aurora')
  await must(world.operator('PUT', path(IDENTITY_PATHS.name), { name: 'Golden Carp' }))
  await must(world.operator('PUT', path(IDENTITY_PATHS.memberNumber), { number: 'AURORAGOLD00000000001001' }))
  for (const { clientId, name, given, daysAgo } of WEBSITES) {
    const registered = { name, redirectUris: [`https://${clientId}/back`] }
    await must(world.operator('PUT', ASSERTION_PATHS.webService.replace('{clientId}', clientId), registered))
    const at = new Date(world.nowMs() - daysAgo * DAY_MS).toISOString()
    await world.db
      .insertInto('assertions')
      .values({ id: newId(), client_id: clientId, account_id: customer.accountId, given, at })
      .execute()
  }
}

async function must(call: Promise<{ readonly status: number }>): Promise<void> {
  const { status } = await call
  if (status !== 200) throw new Error(`refused: ${status}`)
}

type Paid = { readonly requestId: string; readonly authorizationId: string; readonly amount: number; readonly receiptId: string }

async function pay({ world, terminal, customer }: Parts, number: number, amount: number): Promise<Paid> {
  const { built, json } = await world.submit({ terminal, customer, amount })
  const { kind, signed } = submit.reply.parse(json)
  if (kind !== 'authorization') throw new Error('a payment was refused')
  const { requestId } = built
  const { id: authorizationId } = await world.db
    .selectFrom('authorizations')
    .select('id')
    .where('request_id', '=', requestId)
    .executeTakeFirstOrThrow()
  const entry = receiptEntry({ number, total: amount, captures: [{ requestId, authorizationId, amount, authorization: signed }] })
  await send(terminal, entry, printed(world, 'sale', amount))
  return { requestId, authorizationId, amount, receiptId: entry.receiptId }
}

async function takeBack({ world, terminal }: Parts, number: number, { receiptId: ofReceiptId, ...paid }: Paid): Promise<void> {
  await send(terminal, voidEntry({ number, voids: [{ ...paid, ofReceiptId }] }), printed(world, 'void', -paid.amount))
}

async function send(terminal: Terminal, { id, kind, body }: { id: string; kind: string; body: string }, more: object): Promise<void> {
  const whole = JSON.parse(body) as { receipt: object }
  Object.assign(whole.receipt, more)
  const { json } = await terminal.call('POST', BACKEND_PATHS.outbox, { entries: [{ id, kind, body: JSON.stringify(whole) }] })
  const { results } = json as { results?: readonly { outcome: string }[] }
  if (results?.[0]?.outcome !== 'applied') throw new Error(`not applied: ${JSON.stringify(json)}`)
}

/** What a terminal prints, as far as an owner is shown it. */
function printed(world: BackendWorld, kind: 'sale' | 'void', total: number) {
  const money = (amount: number) => ({ amount, currency: 'CNY' as const })
  const name = { en: 'Aurora Cinema', 'zh-CN': '极光影城' }
  const popcorn = Math.sign(total) * 2_500
  const line = (en: string, zh: string, detail: readonly [string, string], amount: number) => ({
    id: newId(),
    name: { en, 'zh-CN': zh },
    detail: { en: detail[0], 'zh-CN': detail[1] },
    quantity: 1,
    total: money(amount),
  })
  return {
    kind,
    issuedAt: new Date(world.nowMs()).toISOString(),
    practice: true,
    merchant: { id: 'aurora', name },
    site: { id: 'aurora', name, address: { en: '1 River Road', 'zh-CN': '滨江路1号' }, timeZone: 'Asia/Shanghai' },
    lines: [
      line(
        'The Long Way Home from the Edge of the Sea',
        '从海角归来的漫漫长路',
        ['Hall 2, seats F7 and F8', '2号厅 F7、F8'],
        total - popcorn,
      ),
      line('Popcorn', '爆米花', ['', ''], popcorn),
    ],
    tax: money(Math.round(total * 0.06)),
  }
}

/** A notice of every kind there is, the newest first by the order of the list. */
export async function tellEverything(world: BackendWorld, { accountId, bandId }: Customer): Promise<void> {
  const details: Readonly<Record<NoticeKind, string>> = {
    'band-paired': bandId,
    'band-released': bandId,
    'pairing-refused': bandId,
    'account-frozen': 'recovery-code',
    'account-unfrozen': 'passkey',
    'phone-added': newId(),
    'phone-retired': newId(),
    'passkey-added': 'Laptop',
    'passkey-removed': 'Laptop',
    'recovery-code-used': '7',
    'recovery-codes-made': '10',
    'limits-changed': 'phone',
    'card-changed': 'member-number',
    'allowance-fork': bandId,
  }
  for (const [index, kind] of NOTICE_KINDS.entries()) {
    const at = new Date(START_MS + index * 3_600_000).toISOString()
    await world.db
      .insertInto('notices')
      .values({ id: newId(), account_id: accountId, kind, detail: details[kind], at, read_at: index < 8 ? at : null })
      .execute()
  }
}
