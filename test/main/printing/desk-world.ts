/** A receipt desk over a real store and a real ledger, with a printer that does as it is told. */
import { join } from 'node:path'
import { type Printer, type PrintJob, printerFailure } from '#main/printing/printer.ts'
import { ReceiptDesk } from '#main/printing/receipt-desk.ts'
import type { PrinterSettings } from '#shared/contracts/settings.ts'
import type { PrinterTrouble } from '#shared/contracts/troubles.ts'
import type { ReceiptId } from '#shared/domain/ids.ts'
import type { Receipt } from '#shared/domain/receipt.ts'
import type { Language } from '#shared/domain/words.ts'
import { err, ok } from '#shared/result.ts'
import { PAPER_80 } from '#test/support/collecting-printer.ts'
import { decodeEscPos } from '#test/support/escpos-decoder.ts'
import { FaultyStore } from '#test/support/faulty-store.ts'
import { ManualClock } from '#test/support/manual-clock.ts'
import { type LedgerWorld, newFolder, newId, openLedger, saleOf, sell, testKeys, valueOf } from '../ledger/sample-sales.ts'

export class ScriptedPrinter implements Printer {
  readonly papers: PrintJob[] = []
  /** Found before a byte is sent. */
  before: PrinterTrouble | undefined
  /** Found after the paper was sent. */
  after: PrinterTrouble | undefined
  /** Each print waits for this once it has begun. */
  hold: Promise<void> | undefined
  tries = 0
  running = 0
  runningMax = 0

  async print(job: PrintJob) {
    this.tries += 1
    this.running += 1
    this.runningMax = Math.max(this.runningMax, this.running)
    const printed = await this.#print(job)
    this.running -= 1
    return printed
  }

  async #print(job: PrintJob) {
    if (this.before) return err(printerFailure(this.before, 'as scripted'))
    if (!job.begin()) return err(printerFailure('not-counted', 'as scripted'))
    await this.hold
    this.papers.push(job)
    return this.after ? err(printerFailure(this.after, 'as scripted')) : ok()
  }

  place(): string {
    return 'a script'
  }

  /** What stands on the papers, one text each. */
  texts(): readonly string[] {
    return this.papers.map(({ bytes }) =>
      decodeEscPos(bytes)
        .lines.map(({ text }) => text)
        .join('\n'),
    )
  }
}

export class DeskWorld {
  readonly clock: ManualClock
  readonly printer = new ScriptedPrinter()
  readonly made: PrinterSettings[] = []
  readonly faults: { readonly what: string; readonly fields: Readonly<Record<string, string>> }[] = []
  readonly store: FaultyStore
  readonly ledger: LedgerWorld['ledger']
  language: Language = 'en'
  desk: ReceiptDesk
  readonly #close: () => void
  #run = { isAlive: true }

  private constructor(world: LedgerWorld, close: () => void) {
    this.clock = new ManualClock(world.clock.nowMs())
    this.store = new FaultyStore(world.store)
    this.ledger = world.ledger
    this.#close = close
    this.desk = this.#open(PAPER_80)
  }

  static async open(): Promise<DeskWorld> {
    const folder = newFolder()
    const world = openLedger(join(folder.path, 'terminal.sqlite'), await testKeys())
    return new DeskWorld(world, () => {
      world.store.close()
      folder.remove()
    })
  }

  close(): void {
    this.#close()
  }

  /** As after a kill: another desk over the same records, knowing only what is on disk. The one before never hears of its printer again. */
  kill(): void {
    this.#run.isAlive = false
    this.#run = { isAlive: true }
    this.desk = this.#open(PAPER_80)
  }

  /** A cash sale, in the books. */
  cashSale(): Receipt {
    return valueOf(this.store.write((tx) => sell(tx, this.ledger, saleOf([{ quantity: 1, price: 2_500 }], []))))
  }

  bandSale(): Receipt {
    return valueOf(this.store.write((tx) => sell(tx, this.ledger, saleOf([{ quantity: 1, price: 2_500 }], [2_500]))))
  }

  prints(id: ReceiptId): number | undefined {
    return this.ledger.receipt(id)?.prints
  }

  rows(): readonly unknown[] {
    return this.store.all('SELECT state, copy, tries, detail FROM print_jobs ORDER BY seq')
  }

  #open(settings: PrinterSettings): ReceiptDesk {
    const run = this.#run
    const { store, clock } = this
    const desk = new ReceiptDesk({
      store: {
        get: store.get,
        all: store.all,
        write: (work) => (run.isAlive ? store.write(work) : err({ code: 'storage-failed', trouble: 'io', detail: 'killed' })),
        close: () => {},
      },
      clock: {
        nowMs: () => clock.nowMs(),
        monotonicMs: () => clock.monotonicMs(),
        after: (delayMs, callback) =>
          clock.after(delayMs, () => {
            if (run.isAlive) callback()
          }),
      },
      ledger: this.ledger,
      newId,
      makePrinter: (chosen) => {
        this.made.push(chosen)
        return this.printer
      },
      settings,
      terminalId: 'aurora-1',
      language: () => this.language,
      onChange: () => {},
      onFault: (what, fields) => this.faults.push({ what, fields }),
    })
    desk.start()
    return desk
  }
}
