/**
 * `npm run demo -- --out DIR`: one evening at the counter, by a script, through the real processes. It leaves the two databases, the
 * first band receipt as the printer got it and as a picture, the story and a summary, and exits 0 only if everything held.
 */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import Database from 'better-sqlite3'
import { paperPng } from '#main/printing/receipt-picture.ts'
import { receiptText } from '#main/printing/receipt-text.ts'
import { assert } from '#shared/assert.ts'
import { toBase64Url } from '#shared/contracts/bytes.ts'
import { toDecimalText } from '#shared/domain/money.ts'
import type { Receipt } from '#shared/domain/receipt.ts'
import { enterTill, expectDone, type ScriptCashier } from '../counter/script-cashier.ts'
import { makeScreens, Stack } from '../counter/stack.ts'
import { letGoAndPairAnew, loseTheBand } from './band-life.ts'
import { allSent, offlineOf, payInTheBasement } from './basement.ts'
import { examine, type Jwk, type SaleRecord } from './evidence.ts'
import { askWho, type Identity } from './identity.ts'
import { freezeDuringTheDay, type Lost, loseBandAndPhone } from './lost.ts'
import { addSnack, type Counter, chooseSeats, type Declined, meetRefusal, type Sold, sellByBand, sellByCash } from './scenes.ts'
import { cancelAndTakeCash, type Doubted, killTheTerminal, loseAnAnswer, stopTheBackend, type Trouble } from './trouble.ts'
import { chargeTheWrongPerson, type Refunded, settleByKnock } from './who-pays.ts'

/** The demo's evening: a Friday, 18:00 at the cinema. The processes' clocks run from here. */
const EVENING = '2026-11-20T10:00:00.000Z'
/** Columns of 80 mm paper. */
const PAPER_COLUMNS = 48

const story: string[] = []
function tell(line: string): void {
  story.push(line)
  process.stdout.write(`${line}\n`)
}

const TROUBLES = [
  ['An answer is lost on the way back', loseAnAnswer],
  ['Cancelled, and paid in cash', cancelAndTakeCash],
  ['The backend stops in the middle, and comes back', stopTheBackend],
] as const

/** The evening itself. */
async function evening(stack: Stack, cashier: ScriptCashier): Promise<Evening> {
  const counter = { stack, cashier, tell }
  const sold: Sold[] = []
  const declines: Declined[] = []
  const doubted: Doubted[] = []
  const keep = ({ sold: sales, doubted: doubt }: Trouble) => {
    sold.push(...sales)
    doubted.push(doubt)
  }

  tell('\n## Two seats and popcorn, by band\n')
  await chooseSeats(counter, 2)
  await addSnack(counter, 'popcorn', 1)
  const first = await sellByBand(counter, 'rich')
  sold.push(first)
  expectDone('printing', await cashier.till.print.mutate({ receiptId: first.receipt.id }))

  tell('\n## A second customer, by band\n')
  await chooseSeats(counter, 1)
  sold.push(await sellByBand(counter, 'twin-a'))

  tell('\n## A band that is not worn, and a wallet that says no\n')
  await addSnack(counter, 'drink', 2)
  declines.push(await meetRefusal(counter, 'off-wrist'))
  declines.push(await meetRefusal(counter, 'broke'))

  tell('\n## The same cart, paid in cash\n')
  sold.push(await sellByCash(counter))

  tell('\n## Two bands side by side\n')
  sold.push(await settleByKnock(counter, 'twin-b', 'twin-a'))

  tell('\n## The wrong person\n')
  const mistaken = await chargeTheWrongPerson(counter, 'confirmer', 'rich')
  sold.push(...mistaken.sold)

  for (const [title, trouble] of TROUBLES) {
    tell(`\n## ${title}\n`)
    keep(await trouble(counter, 'rich'))
  }

  const lives = await bandLives(counter)
  sold.push(...lives.sold)
  declines.push(lives.declined)

  tell('\n## Identity at the counter\n')
  const identity = await askWho(counter, 'rich', 'twin-a')

  tell('\n## The terminal is killed between approval and receipt\n')
  const killed = await killTheTerminal(counter, 'rich')
  keep(killed)

  tell('\n## A basement without a network, and a copied band\n')
  const basement = await payInTheBasement({ ...counter, cashier: killed.cashier }, 'far-away')
  sold.push(...basement.sold)

  tell('\n## Everything reaches the backend\n')
  await allSent(killed)
  tell('The outbox is empty: every receipt was received, every hold of money captured or given back.')
  const { cashier: last } = killed
  const known = { refunded: [mistaken.refunded], lost: lives.lost, offline: basement.sold, printed: first.receipt }
  return { ...known, cashier: last, sold, declines, doubted, identity }
}

/** What becomes of bands besides paying: lost, frozen, let go, and lost together with the phone. */
async function bandLives(counter: Counter): Promise<{ readonly sold: readonly Sold[]; readonly declined: Declined; readonly lost: Lost }> {
  tell('\n## A band is lost, and somebody finds it\n')
  const found = await loseTheBand(counter, 'twin-a')

  tell('\n## An account is frozen during the day\n')
  const frozen = await freezeDuringTheDay(counter, 'twin-b')

  tell('\n## A band is let go, and paired anew\n')
  const anew = await letGoAndPairAnew(counter, 'twin-a')

  tell('\n## Band and phone are lost together\n')
  const stolen = await loseBandAndPhone(counter, 'twin-b')
  return {
    sold: [found.sold, ...frozen.sold, anew, stolen.sold],
    declined: frozen.declined,
    lost: {
      paymentsAfterDisarm: found.paymentsAfterDisarm + stolen.lost.paymentsAfterDisarm,
      paymentsAfterFreeze: frozen.paymentsAfterFreeze + stolen.lost.paymentsAfterFreeze,
    },
  }
}

type Evening = {
  /** The script at the till as it is at the end: the terminal was started again meanwhile. */
  readonly cashier: ScriptCashier
  readonly sold: readonly Sold[]
  /** Those of them that were paid without a network. */
  readonly offline: readonly Sold[]
  readonly refunded: readonly Refunded[]
  readonly declines: readonly Declined[]
  readonly doubted: readonly Doubted[]
  readonly lost: Lost
  readonly identity: Identity
  readonly printed: Receipt
}

/** An answer that came by the backend alone, after the terminal was killed, has no count of radio requests. */
type PaidAttempt = { readonly requestId: string; readonly attRequests?: number; readonly answer: Uint8Array }

function attemptsOf(file: string): ReadonlyMap<string, PaidAttempt> {
  const database = new Database(file, { readonly: true, fileMustExist: true })
  const rows = database
    .prepare("SELECT receipt_id, request_id, att_requests, answer FROM attempts WHERE state = 'paid' AND tender = 'band'")
    .all() as { receipt_id: string; request_id: string; att_requests: number | null; answer: Uint8Array }[]
  database.close()
  return new Map(
    rows.map(({ receipt_id: receiptId, request_id: requestId, att_requests: attRequests, answer }) => [
      receiptId,
      { requestId, answer, ...(attRequests === null ? {} : { attRequests }) },
    ]),
  )
}

/** The journal's hash at a receipt's entry: what its QR code shows. */
function headOf(file: string, receiptId: string): string {
  const database = new Database(file, { readonly: true, fileMustExist: true })
  const row = database.prepare('SELECT j.hash FROM journal j JOIN receipts r ON r.journal_seq = j.seq WHERE r.id = ?').get(receiptId)
  database.close()
  return (row as { hash: string }).hash
}

function saleRecords({ sold, offline }: Pick<Evening, 'sold' | 'offline'>, terminalFile: string): (SaleRecord & Record<string, unknown>)[] {
  const attempts = attemptsOf(terminalFile)
  return sold.map((sale) => {
    const { receipt, ms } = sale
    const attempt = attempts.get(receipt.id)
    return {
      receiptNumber: receipt.number,
      receiptId: receipt.id,
      total: receipt.total,
      tender: receipt.tender,
      ...(attempt
        ? {
            requestId: attempt.requestId,
            authorization: toBase64Url(attempt.answer),
            authorizationKind: offline.includes(sale) ? 'offline' : 'online',
            ...(attempt.attRequests === undefined ? {} : { attRequests: attempt.attRequests }),
          }
        : {}),
      ...(ms === undefined ? {} : { ms }),
    }
  })
}

/**
 * Copies a database at rest: its process has stopped, so the file is checkpointed. The copy leaves WAL mode, so that whoever reads it
 * later, even without the right to write beside it, makes no -wal.
 */
function keepDatabase(from: string, to: string): void {
  for (const ending of ['', '-wal', '-shm']) rmSync(`${to}${ending}`, { force: true })
  cpSync(from, to)
  const copy = new Database(to)
  copy.pragma('journal_mode = DELETE')
  copy.close()
}

async function run(out: string): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'bandtill-demo-'))
  const stack = new Stack({ folder, clockOffsetMs: Date.parse(EVENING) - Date.now() })
  let cashier: ScriptCashier | undefined
  try {
    tell('# An evening at the counter')
    await makeScreens((line) => process.stderr.write(`${line}\n`))
    await stack.start()
    await stack.untilReachable(['rich', 'twin-a', 'broke'])
    cashier = await enterTill(stack.terminal.address)
    await cashier.until(
      'a working counter',
      ({ status, programmeVersion }) =>
        status.radio.state === 'scanning' && status.backend.state === 'online' && programmeVersion !== 'none',
    )
    const played = await evening(stack, cashier)
    cashier = played.cashier
    const { keys } = (await (await fetch(`${stack.backend.url}/v1/keys/authorizers.json`)).json()) as { keys: Jwk[] }
    const terminalId = cashier.state().identity.terminalId
    cashier.close()
    await stack.stop()
    return await leaveEvidence({ ...played, out, stack, jwks: keys, terminalId })
  } finally {
    cashier?.close()
    await stack.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

type Evidence = Evening & { readonly out: string; readonly stack: Stack; readonly jwks: readonly Jwk[]; readonly terminalId: string }

async function leaveEvidence({
  out,
  stack,
  sold,
  offline: paidOffline,
  refunded,
  declines,
  doubted,
  lost,
  identity,
  printed,
  jwks,
  terminalId,
}: Evidence): Promise<boolean> {
  const files = { terminal: join(out, 'terminal.sqlite'), backend: join(out, 'backend.sqlite') }
  keepDatabase(join(stack.folderOf('terminal'), 'terminal.sqlite'), files.terminal)
  keepDatabase(join(stack.folderOf('backend'), 'backend.sqlite'), files.backend)
  const sales = saleRecords({ sold, offline: paidOffline }, files.terminal)
  keepPaper(stack, out)
  writeFileSync(
    join(out, 'receipt.png'),
    await paperPng(printed, { language: 'zh-CN', columns: PAPER_COLUMNS, head: headOf(files.terminal, printed.id) }),
  )
  tell('\n## The first receipt, as text\n')
  tell(`\`\`\`\n${receiptText(printed, { language: 'zh-CN', columns: PAPER_COLUMNS })}\n\`\`\``)

  tell('\n## What was checked afterwards, from the databases alone\n')
  const refunds = refunded.map(({ receipt: { id, of, total } }) => ({ receiptId: id, ofReceiptId: of?.receiptId ?? '', total }))
  const { findings, inDoubt } = examine(files, jwks, { sales, refunds, doubted })
  for (const { claim, held, detail } of findings) tell(`- ${held ? 'held' : 'BROKEN'}: ${claim} (${detail})`)
  const isSafe = lost.paymentsAfterDisarm === 0 && lost.paymentsAfterFreeze === 0
  tell(
    `- ${isSafe ? 'held' : 'BROKEN'}: whoever finds band and phone pays nothing (${lost.paymentsAfterDisarm} after it came off, ${lost.paymentsAfterFreeze} after the freeze)`,
  )
  const offline = offlineOf(files.backend, paidOffline)
  const isSettled = offline.spent === offline.settled && offline.doubleSpendCaught
  tell(
    `- ${isSettled ? 'held' : 'BROKEN'}: what was paid without a network is settled (${offline.settled} of ${offline.spent} minor units), and the slot spent twice was ${offline.doubleSpendCaught ? 'caught' : 'not caught'}`,
  )
  const held = isSafe && isSettled && findings.every((each) => each.held)
  const total = [...sold, ...refunded].reduce((sum, { receipt }) => sum + receipt.total.amount, 0)
  tell(
    `\n${sold.length} sales and ${refunded.length} void, ${toDecimalText({ amount: total, currency: printed.total.currency })} ${printed.total.currency}. ${held ? 'Everything held.' : 'Something did not hold.'}`,
  )

  const summary = {
    terminals: [{ id: terminalId, file: 'terminal.sqlite' }],
    sales,
    refunds,
    declines,
    inDoubt,
    lost,
    identity,
    offline,
    jwks: { keys: jwks },
  }
  writeFileSync(join(out, 'summary.json'), `${JSON.stringify(summary, null, 2)}\n`)
  writeFileSync(join(out, 'story.md'), `${story.join('\n')}\n`)
  return held
}

/** The bytes the printer got for the first band sale: the one print job there was before the cash sale printed by itself. */
function keepPaper(stack: Stack, out: string): void {
  const paper = join(stack.folderOf('terminal'), 'paper')
  const jobs = readdirSync(paper).map((name) => readFileSync(join(paper, name)))
  const first = jobs.find((bytes) => bytes.includes(Buffer.from('A-000001', 'latin1')))
  assert(first, 'the first receipt was printed')
  writeFileSync(join(out, 'receipt.bin'), first)
}

/** The folder named on the command line, as the caller wrote it: npm runs scripts in the repository, wherever it was called. */
function outFolder(): string | undefined {
  try {
    const { values } = parseArgs({ options: { out: { type: 'string' } } })
    if (!values.out) return undefined
    const folder = resolve(process.env['INIT_CWD'] ?? process.cwd(), values.out)
    mkdirSync(folder, { recursive: true })
    return folder
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    return undefined
  }
}

const out = outFolder()
if (out === undefined) {
  process.stderr.write('Say in which folder to leave the results: npm run demo -- --out DIR\n')
  process.exitCode = 2
} else {
  process.exitCode = (await run(out)) ? 0 : 1
}
