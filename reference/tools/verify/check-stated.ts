import { at, jsonObject, listAt } from './canonical-json.ts'
import type { Findings } from './report.ts'

type Row = Readonly<Record<string, unknown>>
type Content = Readonly<Record<string, unknown>>
/** A receipt's row with its payments' rows, and the tables they stand in. */
export type Stated = { readonly table: string; readonly paymentsTable: string; readonly row: Row; readonly payments: readonly Row[] }

/** The row against its own frozen text: columns, balance and payments. */
export function checkStated(stated: Stated, findings: Findings): void {
  const receipt = jsonObject(stated.row['receipt_json'])
  if (!receipt) {
    findings.bad(stated.table, stated.row['id'], 'receipt_json is not a JSON object')
    return
  }
  checkColumns(stated, receipt, findings)
  checkBalance(stated, receipt, findings)
  checkPayments(stated, receipt, findings)
}

/** Columns are copies of what the frozen text says. */
function checkColumns({ table, row }: Stated, receipt: Content, findings: Findings): void {
  const id = row['id']
  const columns: Readonly<Record<string, unknown>> = {
    id: receipt['id'],
    series: receipt['series'],
    number: receipt['number'],
    kind: receipt['kind'],
    issued_at: receipt['issuedAt'],
    total_minor: at(receipt, 'total.amount'),
    currency: at(receipt, 'total.currency'),
    tender: receipt['tender'],
    of_receipt_id: at(receipt, 'of.receiptId') ?? null,
  }
  for (const [column, stated] of Object.entries(columns)) findings.same(table, id, column, row[column], stated)
  const list = listAt(receipt, 'payments')
  const isOneBand = list.length === 1 && at(list[0], 'tender') === 'band'
  findings.same(
    table,
    id,
    'authorization_id',
    row['authorization_id'],
    isOneBand && receipt['kind'] !== 'void' ? at(list[0], 'authorizationId') : null,
  )
  const isAllCash = list.every((payment) => at(payment, 'tender') === 'cash')
  findings.same(table, id, 'tender', row['tender'], isAllCash ? 'cash' : isOneBand ? 'band' : 'mixed')
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value)
}

/** I3, from the figures alone. */
function checkBalance({ table, row }: Stated, receipt: Content, findings: Findings): void {
  const id = row['id']
  const currency = at(receipt, 'total.currency')
  const total = at(receipt, 'total.amount')
  let [lines, tax, paid] = [0, 0, 0]
  const whole = (value: unknown, what: string): number => {
    if (isWhole(value)) return value
    findings.bad(table, id, `${what} is not whole minor units`)
    return 0
  }
  const amount = (from: unknown, path: string): number => {
    findings.same(table, id, `currency of ${path}`, at(from, `${path}.currency`), currency)
    return whole(at(from, `${path}.amount`), path)
  }
  for (const line of listAt(receipt, 'lines')) {
    const lineTotal = amount(line, 'total')
    findings.same(table, id, 'a line’s total', lineTotal, amount(line, 'unitPrice') * whole(at(line, 'quantity'), 'quantity'))
    lines += lineTotal
    tax += amount(line, 'tax')
  }
  for (const payment of listAt(receipt, 'payments')) {
    const net = amount(payment, 'amount')
    if (at(payment, 'tender') === 'cash') {
      findings.same(table, id, 'cash less change', amount(payment, 'tendered') - amount(payment, 'change'), net)
    }
    paid += net
  }
  findings.same(table, id, 'sum of lines', lines, total)
  findings.same(table, id, 'sum of payments', paid, total)
  findings.same(table, id, 'sum of line taxes', tax, at(receipt, 'tax.amount'))
}

/** On a void the authorization stands in a column of its own: it is the one whose money went back, and pays nothing. */
function checkPayments({ paymentsTable, row, payments }: Stated, receipt: Content, findings: Findings): void {
  const id = row['id']
  const stated = listAt(receipt, 'payments')
  const isVoid = receipt['kind'] === 'void'
  findings.same(paymentsTable, id, 'number of rows', payments.length, stated.length)
  for (const [position, payment] of stated.entries()) {
    const found = payments[position]
    if (!found) continue
    const name = `${String(id)}/${position}`
    const authorization = at(payment, 'authorizationId') ?? null
    findings.same(paymentsTable, name, 'position', found['position'], position)
    findings.same(paymentsTable, name, 'tender', found['tender'], at(payment, 'tender'))
    findings.same(paymentsTable, name, 'amount_minor', found['amount_minor'], at(payment, 'amount.amount'))
    findings.same(paymentsTable, name, 'authorization_id', found['authorization_id'], isVoid ? null : authorization)
    findings.same(paymentsTable, name, 'returned_authorization_id', found['returned_authorization_id'], isVoid ? authorization : null)
  }
}
