/** Print jobs as rows: what was asked of the printer, and how it went. */
import type { ReadStore, SqlRow, WriteStore } from '#main/ports.ts'
import { assert } from '#shared/assert.ts'
import type { PrintJobId, ReceiptId } from '#shared/domain/ids.ts'
import type { Language } from '#shared/domain/words.ts'

const COLUMNS = 'id, receipt_id, copy, language, state, tries, detail, created_at'
const OPEN = `SELECT ${COLUMNS} FROM print_jobs WHERE state IN ('waiting', 'printing', 'failed', 'unknown') ORDER BY seq`
const ADD = `INSERT INTO print_jobs (id, receipt_id, language, state, created_at) VALUES (?, ?, ?, 'waiting', ?)`
const BEGIN = `UPDATE print_jobs SET state = 'printing', copy = ?, tries = ? WHERE id = ?`
const PUT = 'UPDATE print_jobs SET state = ?, tries = ?, detail = ? WHERE id = ?'
const END = 'UPDATE print_jobs SET state = ?, tries = ?, ended_at = ? WHERE id = ?'
const OF_RECEIPT = 'SELECT state, copy FROM print_jobs WHERE receipt_id = ?'

const OPEN_STATES = ['waiting', 'printing', 'failed', 'unknown'] as const
export type OpenJobState = (typeof OPEN_STATES)[number]

export type JobRow = {
  readonly id: PrintJobId
  readonly receiptId: ReceiptId
  /** 0 the original, 1 the first copy; set at the moment bytes began to leave, so undefined means that no paper can be out. */
  readonly copy: number | undefined
  readonly language: Language
  readonly state: OpenJobState
  readonly tries: number
  /** A code of `PrinterTrouble`, or empty. */
  readonly detail: string
  readonly createdAt: string
}

export function openJobs(reads: ReadStore): readonly JobRow[] {
  return reads.all(OPEN).map(toRow)
}

export function addJob(tx: WriteStore, job: { id: PrintJobId; receiptId: ReceiptId; language: Language; at: string }): void {
  tx.run(ADD, job.id, job.receiptId, job.language, job.at)
}

export function beginJob(tx: WriteStore, id: PrintJobId, { copy, tries }: { copy: number; tries: number }): void {
  tx.run(BEGIN, copy, tries, id)
}

export function putJob(tx: WriteStore, job: Pick<JobRow, 'id' | 'state' | 'tries' | 'detail'>): void {
  tx.run(PUT, job.state, job.tries, job.detail, job.id)
}

export function endJob(tx: WriteStore, job: { id: PrintJobId; state: 'printed' | 'dropped'; tries: number; at: string }): void {
  tx.run(END, job.state, job.tries, job.at, job.id)
}

/**
 * What is known of a receipt's paper. `unknown`: bytes reached a printer and their end was never heard. `none`: nothing was ever sent;
 * `isAsked` when a job waits to do so.
 */
export function paperOf(reads: ReadStore, receiptId: ReceiptId): { readonly paper: 'out' | 'unknown' | 'none'; readonly isAsked: boolean } {
  const rows = reads.all(OF_RECEIPT, receiptId)
  const isAsked = rows.some((row) => OPEN_STATES.some((open) => open === row['state']))
  if (rows.some((row) => row['state'] === 'printed')) return { paper: 'out', isAsked }
  return { paper: rows.some((row) => row['copy'] !== null) ? 'unknown' : 'none', isAsked }
}

function toRow(row: SqlRow): JobRow {
  const state = OPEN_STATES.find((known) => known === row['state'])
  assert(state, 'only open jobs are read')
  return {
    id: String(row['id']) as PrintJobId,
    receiptId: String(row['receipt_id']) as ReceiptId,
    copy: row['copy'] === null ? undefined : Number(row['copy']),
    language: row['language'] === 'en' ? 'en' : 'zh-CN',
    state,
    tries: Number(row['tries']),
    detail: String(row['detail']),
    createdAt: String(row['created_at']),
  }
}
