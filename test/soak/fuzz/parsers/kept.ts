/** What the programs read back from disks and backups: files, rows, lines. (The command line is its owner's, and no stranger's.) */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { sessionFile } from '#main/browser/session-file.ts'
import { readLine, readSeats } from '#main/cart/kept-lines.ts'
import { readKeyText } from '#main/hosting/file-keys.ts'
import { createMarkFile, MARK_FILE } from '#main/hosting/mark-file.ts'
import { openRendererFiles } from '#main/hosting/renderer-files.ts'
import { createJournal } from '#main/ledger/journal.ts'
import { pullReceipt } from '#main/ledger/pull.ts'
import type { SqlValue, Store, WriteStore } from '#main/ports.ts'
import { SettingsBook } from '#main/settings/settings-book.ts'
import { wholeLines } from '#reference/practice/record-file.ts'
import { readAllowance, readCeiling, readHead, readRecord, readSlots } from '#reference/practice/stores.ts'
import { canonicalJson, jsonObject } from '#reference/tools/verify/canonical-json.ts'
import { toBase64Url } from '#shared/contracts/bytes.ts'
import type { TerminalId } from '#shared/domain/ids.ts'
import { PAPER_80 } from '#test/support/collecting-printer.ts'
import { quickFolder } from '#test/support/disk.ts'
import { byteFaults, withFaults } from '../byte-faults.ts'
import { type Json, jsonFaults } from '../json-faults.ts'
import type { Outcome, Parser } from '../parser.ts'
import { isPlain } from './contracts.ts'

const TERMINAL = 'aurora-1'
const MACHINE_ID = '0f'.repeat(16)
const HASH = 'ab'.repeat(32)
const AT = '2030-01-02T12:00:00.000Z'

const bytesOf = (value: Json) => new Uint8Array(Buffer.from(JSON.stringify(value)))
const textOf = (input: Uint8Array) => Buffer.from(input).toString('utf8')

/** Reads JSON text: what comes back is a value, or undefined when the text is not what was kept. */
function keptJson(name: string, values: readonly Json[], read: (text: string) => unknown): Parser {
  return {
    name,
    specimens: values.map(bytesOf),
    make: jsonFaults(values),
    run: (input) => plain(read(textOf(input))),
  }
}

function plain(value: unknown): Outcome {
  if (value === undefined) return 'refused'
  return isPlain(value) ? 'accepted' : { fault: 'accepted, and it has got another prototype' }
}

export async function keptParsers(): Promise<readonly Parser[]> {
  // Written over at each execution; the folder goes with the memory disk, or with the soak's own folder.
  const folder = mkdtempSync(join(process.env['TMPDIR'] ?? quickFolder(), 'bandtill-fuzz-'))
  return [
    ...inFiles(folder),
    ...cartParsers(),
    pulledReceipt(),
    settings(),
    keptJson('journal text, read by verify', [{ seq: 7, kind: 'receipt', at: AT, id: MACHINE_ID, total_minor: 2_500, of: [1] }], (text) => {
      const content = jsonObject(text)
      if (content) canonicalJson(content)
      return content
    }),
    ...recordLines(),
    await pageFiles(folder),
  ]
}

function inFiles(folder: string): readonly Parser[] {
  const marks = createMarkFile(folder)
  const sessions = sessionFile(folder, () => 1_000)
  const mark = { incarnation: MACHINE_ID, seq: 7, hash: HASH, epoch: 1, series: 'A' }
  const jwk = { kty: 'EC', crv: 'P-256', x: 'A'.repeat(43), y: 'B'.repeat(43), d: 'C'.repeat(43) }
  const written = (name: string, values: readonly Json[], file: string, read: () => unknown): Parser => ({
    name,
    specimens: values.map(bytesOf),
    make: jsonFaults(values),
    run: (input) => {
      writeFileSync(join(folder, file), input)
      return plain(read())
    },
  })
  return [
    written('mark file', [mark, { ...mark, next: MACHINE_ID }], MARK_FILE, () => marks.read()),
    written('session file', [{ aliveAtMs: 1_000, digests: ['a'.repeat(44)] }], 'sessions.json', () => {
      const digests = sessions.load()
      return digests.length > 0 ? digests : undefined
    }),
    keptJson('key file', [jwk], (text) => {
      const key = readKeyText('terminal-key.json', text)
      return key.ok ? key.value : undefined
    }),
  ]
}

const words = { en: 'Popcorn', 'zh-CN': '爆米花' }
const money = { amount: 2_500, currency: 'CNY' }
const line = {
  id: 'line-1',
  subject: { kind: 'product', productId: 'popcorn' },
  name: words,
  detail: words,
  quantity: 1,
  unitPrice: money,
  total: money,
  taxBasisPoints: 1_300,
  tax: money,
}

function cartParsers(): readonly Parser[] {
  const ticket = {
    ...line,
    subject: { kind: 'ticket', showtimeId: 's1', seat: 'A1', ticketTypeId: 'adult', holdId: MACHINE_ID, startsAt: AT, hallName: words },
  }
  return [keptJson('cart line', [line, ticket], readLine), keptJson('cart seats', [['A1', 'A2']], readSeats)]
}

function receiptOf(): { readonly [key: string]: Json } {
  return {
    id: MACHINE_ID,
    kind: 'sale',
    series: 'A',
    number: 7,
    issuedAt: AT,
    practice: false,
    merchant: { id: 'aurora', name: words },
    site: { id: 'main', name: words, address: words, timeZone: 'Asia/Shanghai' },
    terminalId: TERMINAL,
    cashierName: 'Lin',
    lines: [line],
    payments: [{ tender: 'band', amount: money, requestId: MACHINE_ID, authorizationId: MACHINE_ID, payerName: 'Silver Heron' }],
    total: money,
    tax: money,
    tender: 'band',
  }
}

/** A transaction that keeps nothing, and takes only what a database takes. */
class EmptyTransaction implements WriteStore {
  get(): undefined {
    return undefined
  }
  all(): readonly never[] {
    return []
  }
  run(_: string, ...values: readonly SqlValue[]): { readonly changes: number } {
    for (const value of values) {
      const isTaken = value === null || typeof value === 'string' || value instanceof Uint8Array || Number.isSafeInteger(value)
      if (!isTaken) throw new TypeError(`no database keeps ${String(value)} here`)
    }
    return { changes: 1 }
  }
}

/** A receipt's body as the backend gives it back after a restore. */
function pulledReceipt(): Parser {
  const body = {
    receipt: receiptOf(),
    journal: { seq: 9, hash: HASH },
    captures: [{ requestId: MACHINE_ID, authorizationId: MACHINE_ID, amount: money, authorization: 'AAAA' }],
    sells: [{ holdId: MACHINE_ID, showtimeId: 's1', seats: ['A1'] }],
  }
  const cash = {
    ...body,
    receipt: { ...receiptOf(), tender: 'cash', payments: [{ tender: 'cash', amount: money, tendered: money, change: money }] },
  }
  const recovered = { ...line, subject: { kind: 'recovered', authorizationId: MACHINE_ID } }
  const values: readonly Json[] = [body, cash, { ...body, receipt: { ...receiptOf(), kind: 'recovered', lines: [recovered] } }]
  const tx = new EmptyTransaction()
  const journal = createJournal({
    keys: {
      signer: { kid: new Uint8Array(8), point: new Uint8Array(33), sign: async () => new Uint8Array(64) },
      signNow: () => new Uint8Array(64),
    },
    clock: { nowMs: () => Date.parse(AT), monotonicMs: () => 0, after: () => () => {} },
  })
  return {
    name: 'pulled receipt',
    specimens: values.map(bytesOf),
    make: jsonFaults(values),
    run: (input) => (pullReceipt(tx, journal, TERMINAL as TerminalId, textOf(input)) === 'pulled' ? 'accepted' : 'refused'),
  }
}

/** Rows of the settings table. Damaged ones are as if they had never been set. */
function settings(): Parser {
  const values: readonly Json[] = [{ ...PAPER_80, kind: 'tcp', host: '192.0.2.7' }, 'en', 'stoprocent', 5]
  return {
    name: 'settings',
    specimens: values.map(bytesOf),
    make: jsonFaults(values),
    run: (input) => {
      const text = textOf(input)
      const store: Store = {
        get: () => ({ value: text }),
        all: () => [],
        write: () => ({ ok: false, error: { code: 'storage-failed', trouble: 'full', detail: '' } }),
        close: () => {},
      }
      let damaged = 0
      const warn = () => {
        damaged += 1
      }
      const book = new SettingsBook({ store, printer: PAPER_80, printerKinds: ['file', 'tcp'], hasRadioChoice: true, log: { warn } })
      if (!isPlain(book.now())) return { fault: 'accepted, and it has got another prototype' }
      return damaged < 4 ? 'accepted' : 'refused'
    },
  }
}

/** Lines of a practice band's and phone's files. A line that is none is refused by an exception of one of these two kinds. */
function recordLines(): readonly Parser[] {
  const signed = toBase64Url(new Uint8Array(40).fill(1))
  const record = { key: `${TERMINAL}:${MACHINE_ID}`, digest: signed, atS: 1_900_000_000, counter: 4 }
  const submission = { statement: signed, certificate: signed, requestDigest: signed, proof: signed, act: 'none' }
  const records: readonly Json[] = [
    { ...record, outcome: { state: 'asked', submission } },
    { ...record, outcome: { state: 'authorization', signed } },
    { ...record, outcome: { state: 'never-seen' } },
    {
      ...record,
      outcome: { state: 'offline', authorization: signed, slot: signed, slotProof: signed, statement: signed, isReported: false },
    },
  ]
  const lined = (name: string, values: readonly Json[], read: (text: string) => unknown): Parser => {
    const faults = jsonFaults(values)
    return {
      name,
      specimens: values.map((value) => Buffer.concat([bytesOf(value), Buffer.from('\n')])),
      make: (seeded) => Buffer.concat([faults(seeded), Buffer.from(seeded.below(20) === 0 ? '' : '\n')]),
      run: (input) => {
        const { lines, length } = wholeLines(Buffer.from(input))
        if (length > input.length) return { fault: 'longer than what there is' }
        try {
          for (const text of lines) read(text)
          return lines.length > 0 ? 'accepted' : 'refused'
        } catch (error) {
          if (error instanceof SyntaxError || error instanceof z.ZodError) return 'refused'
          throw error
        }
      },
    }
  }
  const key = { kty: 'EC', crv: 'P-256', x: signed, y: signed, d: signed }
  const allowance = { state: 'open', key, slots: [{ counter: 4, cap: 5_000, slot: signed }], currency: 'CNY', until: 1_900_000_000 }
  const head = { terminalId: TERMINAL, seq: 7, head: 'ab'.repeat(16), atS: 1_900_000_000 }
  return [
    lined('phone record', records, readRecord),
    lined('phone witness record', [head], readHead),
    lined('band record', [{ ceiling: 64 }], readCeiling),
    lined('band slot counter', [{ epoch: 1, key, next: 4, serial: 2, lastDigest: signed }], readSlots),
    lined('phone allowance', [{ state: 'leased', key, lease: signed }, allowance], readAllowance),
  ]
}

async function pageFiles(folder: string): Promise<Parser> {
  const pages = join(folder, 'pages')
  mkdirSync(join(pages, 'assets'), { recursive: true })
  writeFileSync(join(pages, 'index.html'), '<p>')
  writeFileSync(join(pages, 'assets', 'a.js'), '1')
  writeFileSync(join(folder, 'secret.js'), 'secret')
  const files = await openRendererFiles(pages)
  if (!files.ok) throw new Error(files.error)
  const specimens = ['/', '/index.html', '/assets/a.js', '/assets/../../secret.js', '/%2e%2e/secret.js'].map(
    (path) => new Uint8Array(Buffer.from(path)),
  )
  return {
    name: 'path of a page',
    specimens: specimens.slice(0, 3),
    make: (seeded) => (seeded.below(10) === 0 ? byteFaults(specimens)(seeded) : withFaults(seeded, seeded.pick(specimens))),
    run: async (input) => {
      const answer = await files.value.answer(textOf(input), {})
      if (Buffer.from(answer.body).includes('secret')) return { fault: 'led out of the folder' }
      return answer.status === 200 ? 'accepted' : 'refused'
    },
  }
}
