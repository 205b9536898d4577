/** Whether a terminal's records and the backend's tell the same story. Every disagreement found is named. */
import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import type { ReadStore, SqlRow, SqlValue } from '#main/ports.ts'
import type { Database } from '#reference/backend/database/tables.ts'
import { imbalanceOf, type Receipt } from '#shared/domain/receipt.ts'

const OPEN: ReadonlySet<string> = new Set(['prepared', 'sent', 'in-doubt'])

/** I1, I3, I4 and that attempts, carts, receipts and outbox fit together. Holds at every moment, also right after a crash. */
export function disagreementsOfTerminal(store: ReadStore): readonly string[] {
  const receipts = store.all('SELECT * FROM receipts ORDER BY journal_seq')
  return [
    ...wrongNumbers(receipts),
    ...wrongReceipts(store, receipts),
    ...wrongJournal(store),
    ...wrongAttempts(store),
    ...wrongCarts(store),
  ]
}

function wrongNumbers(receipts: readonly SqlRow[]): string[] {
  const last = new Map<unknown, number>()
  return receipts.flatMap(({ series, number }) => {
    const expected = (last.get(series) ?? 0) + 1
    last.set(series, Number(number))
    return number === expected ? [] : [`receipt ${expected} of series ${String(series)} has number ${String(number)}`]
  })
}

function wrongReceipts(store: ReadStore, receipts: readonly SqlRow[]): string[] {
  return receipts.flatMap((row) => {
    const receipt = JSON.parse(String(row['receipt_json'])) as Receipt
    const wrong: string[] = []
    const imbalance = imbalanceOf(receipt)
    if (imbalance) wrong.push(`receipt ${receipt.number}: ${imbalance}`)
    const paid = store.get('SELECT SUM(amount_minor) AS paid FROM receipt_payments WHERE receipt_id = ?', receipt.id)?.['paid']
    if (paid !== receipt.total.amount || row['total_minor'] !== paid) wrong.push(`receipt ${receipt.number}: ${String(paid)} paid`)
    const attempts = store.all('SELECT state FROM attempts WHERE receipt_id = ?', receipt.id)
    // A void belongs to a sale, and takes all of it back; every sale belongs to the one attempt that was paid.
    const attemptsDue = receipt.kind === 'sale' ? 1 : 0
    if (attempts.length !== attemptsDue || attempts.some(({ state }) => state !== 'paid'))
      wrong.push(`receipt ${receipt.number}: ${attempts.length} attempts`)
    if (receipt.kind === 'void') wrong.push(...wrongVoid(store, receipt, row['of_receipt_id'] ?? null))
    const sent = store.all("SELECT body FROM outbox WHERE seq = ? AND kind = 'receipt'", row['outbox_seq'] ?? null)
    if (sent.length !== 1 || !String(sent[0]?.['body']).includes(receipt.id)) wrong.push(`receipt ${receipt.number}: not in the outbox`)
    return wrong
  })
}

function wrongVoid(store: ReadStore, receipt: Receipt, ofId: SqlValue): string[] {
  const sale = store.get("SELECT total_minor FROM audit_receipts WHERE id = ? AND kind = 'sale'", ofId)
  return sale?.['total_minor'] === -receipt.total.amount ? [] : [`receipt ${receipt.number}: not the whole of the sale it voids`]
}

function wrongJournal(store: ReadStore): string[] {
  let previous = '0'.repeat(64)
  return store.all('SELECT seq, entry_json, prev_hash, hash FROM audit_journal ORDER BY seq').flatMap((row, index) => {
    const hash = createHash('sha256').update(previous).update(String(row['entry_json'])).digest('hex')
    const isRight = row['seq'] === index + 1 && row['prev_hash'] === previous && row['hash'] === hash
    previous = String(row['hash'])
    return isRight ? [] : [`journal entry ${String(row['seq'])} does not follow`]
  })
}

function wrongAttempts(store: ReadStore): string[] {
  const open = store.all("SELECT request_id FROM attempts WHERE state IN ('prepared', 'sent', 'in-doubt')")
  const wrong = open.length > 1 ? [`${open.length} attempts are open`] : []
  const reversals = new Map<unknown, number>()
  for (const { id = null } of store.all("SELECT json_extract(body, '$.requestId') AS id FROM outbox WHERE kind = 'reversal'"))
    reversals.set(id, (reversals.get(id) ?? 0) + 1)
  for (const row of store.all('SELECT * FROM attempts')) {
    const [id, state] = [String(row['request_id']), String(row['state'])]
    const receipt = store.get('SELECT id FROM audit_receipts WHERE id = ?', row['receipt_id'] ?? null)
    if ((state === 'paid') !== (receipt !== undefined))
      wrong.push(`attempt ${id} is ${state}, its receipt ${receipt ? 'is there' : 'is not'}`)
    const isAsked = row['statement'] !== null || row['hold_ids_json'] !== '[]'
    const expected = state !== 'paid' && !OPEN.has(state) && isAsked ? 1 : 0
    if ((reversals.get(id) ?? 0) !== expected) wrong.push(`attempt ${id} is ${state} with ${reversals.get(id) ?? 0} reversals`)
  }
  return wrong
}

/** A cart is locked by exactly the attempt that is open on it, and paid by exactly one receipt. */
function wrongCarts(store: ReadStore): string[] {
  const wrong: string[] = []
  for (const { id, state } of store.all('SELECT id, state FROM carts')) {
    const attempts = store.all('SELECT state FROM attempts WHERE cart_id = ?', id ?? null).map((row) => String(row['state']))
    const open = attempts.filter((attempt) => OPEN.has(attempt))
    const paid = attempts.filter((attempt) => attempt === 'paid').length
    if (paid !== (state === 'paid' ? 1 : 0)) wrong.push(`cart ${String(id)} is ${String(state)} with ${paid} paid attempts`)
    if ((state === 'paying' || state === 'in-doubt') !== (open.length === 1))
      wrong.push(`cart ${String(id)} is ${String(state)} with ${open.length} open attempts`)
    if (state === 'in-doubt' && open[0] !== 'in-doubt') wrong.push(`cart ${String(id)} is in doubt, its attempt ${open[0]}`)
  }
  if (store.all("SELECT id FROM carts WHERE state IN ('open', 'paying', 'in-doubt')").length > 1) wrong.push('more than one cart is open')
  return wrong
}

/** I2, I5, I6, I7, once every record of the terminal has been acknowledged and no attempt is open. */
export async function disagreements(store: ReadStore, backend: Database): Promise<readonly string[]> {
  return [...disagreementsOfTerminal(store), ...(await disagreementsWithBackend(store, backend))]
}

/** The half of it that looks at both sides: `store` may stand for several terminals, which are all there are. */
export async function disagreementsWithBackend(store: ReadStore, backend: Database): Promise<readonly string[]> {
  const wrong: string[] = []
  for (const { id, state } of store.all('SELECT request_id AS id, state FROM attempts')) {
    if (OPEN.has(String(state))) wrong.push(`attempt ${String(id)} is still ${String(state)}`)
  }
  for (const { id, outcome, alarm } of store.all(
    "SELECT id, outcome, alarm FROM outbox WHERE outcome IS NOT 'applied' OR alarm IS NOT NULL",
  )) {
    if (outcome !== 'repeat' || alarm !== null) wrong.push(`outbox record ${String(id)}: ${String(outcome)} ${String(alarm)}`)
  }
  wrong.push(...(await wrongAuthorizations(store, backend)), ...(await wrongLedger(backend)), ...(await wrongSeats(store, backend)))
  const received = await sql<{ id: string }>`SELECT receipt_id AS id FROM audit_received`.execute(backend)
  const issued = new Set(store.all('SELECT id FROM audit_receipts').map((row) => String(row['id'])))
  const known = received.rows.filter(({ id }) => issued.has(id)).length
  if (known !== issued.size || received.rows.length !== issued.size) wrong.push(`${issued.size} receipts, ${received.rows.length} received`)
  return wrong
}

async function wrongAuthorizations(store: ReadStore, backend: Database): Promise<string[]> {
  const { rows } = await sql<{ id: string; state: string; amount_minor: number }>`SELECT * FROM audit_authorizations`.execute(backend)
  const known = new Set(rows.map(({ id }) => id))
  const strangers = store.all('SELECT authorization_id AS id FROM audit_payments WHERE authorization_id IS NOT NULL')
  return [
    ...strangers.filter(({ id }) => !known.has(String(id))).map(({ id }) => `a receipt has ${String(id)}, which the backend never gave`),
    ...rows.flatMap(({ id, state, amount_minor: amount }) => {
      const paid = store.all('SELECT amount_minor FROM audit_payments WHERE authorization_id = ?', id)
      const isRight =
        state === 'captured' ? paid.length === 1 && paid[0]?.['amount_minor'] === amount : state === 'reversed' && paid.length === 0
      return isRight ? [] : [`authorization ${id} is ${state} and on ${paid.length} receipts`]
    }),
  ]
}

async function wrongLedger(backend: Database): Promise<string[]> {
  const { rows } = await sql<{ posting_id: string; amount: number }>`
    SELECT posting_id, SUM(amount_minor) AS amount FROM audit_ledger GROUP BY posting_id HAVING SUM(amount_minor) <> 0`.execute(backend)
  const holds = await sql<{ account: string; amount: number }>`
    SELECT account, SUM(amount_minor) AS amount FROM audit_ledger WHERE account LIKE 'hold:%' GROUP BY account HAVING amount <> 0`.execute(
    backend,
  )
  return [
    ...rows.map(({ posting_id: id, amount }) => `posting ${id} sums to ${amount}`),
    ...holds.rows.map(({ account, amount }) => `${account} still has ${amount}`),
  ]
}

async function wrongSeats(store: ReadStore, backend: Database): Promise<string[]> {
  const { rows } = await sql<{ showtime_id: string; seat: string; receipt_id: string | null; state: string }>`
    SELECT * FROM audit_seats WHERE state IN ('sold', 'pinned')`.execute(backend)
  const sold = new Map(rows.filter((row) => row.state === 'sold').map((row) => [`${row.showtime_id} ${row.seat}`, row.receipt_id]))
  const wrong = rows.filter(({ state }) => state === 'pinned').map(({ seat }) => `seat ${seat} is pinned by nobody's attempt`)
  const claimed = new Set<string>()
  const all = ['receipts', 'pulled_receipts'].flatMap((table) => store.all(`SELECT id, kind, of_receipt_id, receipt_json FROM ${table}`))
  const voided = new Set(all.filter(({ kind }) => kind === 'void').map((row) => row['of_receipt_id']))
  for (const { seat } of seatsOfRecovered(store)) claimed.add(seat)
  for (const row of all.filter(({ id, kind }) => kind === 'sale' && !voided.has(id ?? null))) {
    for (const { subject } of (JSON.parse(String(row['receipt_json'])) as Receipt).lines) {
      if (subject.kind !== 'ticket') continue
      const seat = `${subject.showtimeId} ${subject.seat}`
      if (claimed.has(seat)) wrong.push(`seat ${seat} is on two receipts`)
      claimed.add(seat)
      if (sold.get(seat) !== row['id']) wrong.push(`seat ${seat} is not sold to its receipt`)
    }
  }
  for (const seat of sold.keys()) if (!claimed.has(seat)) wrong.push(`seat ${seat} is sold and on no receipt`)
  return wrong
}

/** A recovered receipt names no seats in its lines: those that were pinned for its payment are sold to it. */
function seatsOfRecovered(store: ReadStore): readonly { readonly seat: string }[] {
  return store.all("SELECT holds_json FROM unknown_yeses WHERE state = 'recovered'").flatMap((row) => {
    const holds = JSON.parse(String(row['holds_json'])) as readonly { readonly showtimeId: string; readonly seats: readonly string[] }[]
    return holds.flatMap(({ showtimeId, seats }) => seats.map((seat) => ({ seat: `${showtimeId} ${seat}` })))
  })
}
