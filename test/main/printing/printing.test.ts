import { expect, test } from 'vitest'
import type { Printer, PrintJob } from '#main/printing/printer.ts'
import { printerFailure } from '#main/printing/printer.ts'
import type { PrinterProfile } from '#main/printing/printer-profile.ts'
import { createPrinting, type PrintRecord } from '#main/printing/printing.ts'
import type { PrintJobId } from '#shared/domain/ids.ts'
import { err, ok } from '#shared/result.ts'
import { decodeEscPos } from '#test/support/escpos-decoder.ts'
import { sampleReceipt } from './sample-receipts.ts'

const profile: PrinterProfile = { model: 'generic', columns: 48, encoding: 'gb18030', cut: true, drawerPulse: true }

function setUp(print: Printer['print'], journalPrint?: (record: PrintRecord) => void) {
  const records: PrintRecord[] = []
  let jobs = 0
  const printing = createPrinting({
    printer: { print, describe: () => ({ state: 'ready', detail: 'test' }) },
    profile,
    newJobId: () => `job-${++jobs}` as PrintJobId,
    journalPrint: (record) => {
      journalPrint?.(record)
      records.push(record)
    },
  })
  return { printing, records }
}

test('a print is recorded before the printer sees it, and its end after', async () => {
  const seen: string[] = []
  const { printing, records } = setUp(async ({ id, bytes }: PrintJob) => {
    seen.push(`${id}: ${records.at(-1)?.outcome}, ${decodeEscPos(bytes).cuts} cut`)
    return ok()
  })
  expect(await printing.printReceipt(sampleReceipt(), { language: 'en', copy: 2 })).toEqual({
    ok: true,
    value: { jobId: 'job-1', sentAs: 'text' },
  })
  expect(seen).toEqual(['job-1: begun, 1 cut'])
  const about = { jobId: 'job-1', receiptId: sampleReceipt().id, copy: 2 }
  expect(records).toEqual([
    { ...about, outcome: 'begun' },
    { ...about, outcome: 'printed' },
  ])
})

test('a printer that refuses, or throws, is a value; the next receipt prints', async () => {
  const outcomes = [async () => err(printerFailure('out of paper')), () => Promise.reject(new TypeError('secret path')), async () => ok()]
  const { printing, records } = setUp(async () => (outcomes.shift() ?? outcomes[0])?.() ?? ok())
  const prints = await Promise.all([1, 2, 3].map(() => printing.printReceipt(sampleReceipt(), { language: 'en' })))
  expect(prints).toEqual([
    { ok: false, error: { code: 'printer-failed', detail: 'out of paper' } },
    { ok: false, error: { code: 'printer-failed', detail: "the printer's driver failed: TypeError" } },
    { ok: true, value: { jobId: 'job-3', sentAs: 'text' } },
  ])
  expect(records.map((record) => record.outcome)).toEqual(['begun', 'failed', 'begun', 'failed', 'begun', 'printed'])
})

test('what cannot be recorded is not printed', async () => {
  let printed = 0
  const { printing } = setUp(
    async () => {
      printed += 1
      return ok()
    },
    () => {
      throw new Error('disk full')
    },
  )
  expect(await printing.printReceipt(sampleReceipt(), { language: 'en' })).toMatchObject({ ok: false, error: { code: 'storage-failed' } })
  expect(printed).toBe(0)
})

test('one at a time, in the order asked, and only so many wait', async () => {
  let running = 0
  const order: string[] = []
  const gates: (() => void)[] = []
  const { printing } = setUp(async ({ id }) => {
    running += 1
    expect(running).toBe(1)
    order.push(id)
    if (gates.length === 0) await new Promise<void>((resolve) => gates.push(resolve))
    running -= 1
    return ok()
  })
  const prints = Array.from({ length: 52 }, () => printing.printReceipt(sampleReceipt(), { language: 'en' }))
  const refused = await Promise.all(prints.slice(50))
  expect(refused.map((print) => print.ok)).toEqual([false, false])
  const opened = new Promise<void>((resolve) => {
    const look = () => (gates[0] === undefined ? setImmediate(look) : (gates[0](), resolve()))
    look()
  })
  await opened
  expect((await Promise.all(prints.slice(0, 50))).every((print) => print.ok)).toBe(true)
  expect(order).toEqual(Array.from({ length: 50 }, (_, index) => `job-${index + 1}`))
})
