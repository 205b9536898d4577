/** Recovery put together with the ledger, the mark beside the keys, the open sale, the payments and the outbox. */
import type { Carts } from '#main/cart/carts.ts'
import type { ProgrammeBook } from '#main/cinema/programme-book.ts'
import type { EnrolmentDesk } from '#main/enrolment/enrolment.ts'
import { createLedger, type LedgerFault } from '#main/ledger/ledger.ts'
import type { Ledger } from '#main/ledger/ports.ts'
import type { Payments } from '#main/payments/payments.ts'
import type { StoreFault } from '#main/ports.ts'
import { localTime } from '#main/printing/local-time.ts'
import { compareWithBackend, type OpenedRecords, openRecords } from '#main/recovery/open-records.ts'
import { RecordsMarker } from '#main/recovery/records-mark.ts'
import { Recovery } from '#main/recovery/recovery.ts'
import { createEnqueue } from '#main/sync/enqueue.ts'
import type { Outbox } from '#main/sync/ports.ts'
import type { RequestId, TerminalId } from '#shared/domain/ids.ts'
import { ok, type Result } from '#shared/result.ts'
import type { TerminalParts } from './terminal-parts.ts'

export type Books = { readonly ledger: Ledger; readonly marker: RecordsMarker; readonly opened: OpenedRecords }

/**
 * The ledger over the file as it is; a file that was copied back goes on in a new epoch before anything else happens. When the mark is
 * gone, the backend is asked first, if it can be: a till that sells in between could give a number twice.
 */
export async function openBooks(parts: TerminalParts): Promise<Result<Books, LedgerFault | StoreFault>> {
  const { store, keys, clock, newId, terminalId, marks, backend } = parts
  const enqueue = createEnqueue({ clock, newId })
  let follow = () => {}
  const ledger = createLedger({
    store,
    keys,
    clock,
    newId,
    terminalId: terminalId as TerminalId,
    enqueue,
    onGrowth: () => follow(),
  })
  if (!ledger.ok) return ledger
  const marker = new RecordsMarker({ marks, store, ledger: ledger.value, clock })
  const records = { store, ledger: ledger.value, marker, newId }
  const opened = openRecords(records)
  if (!opened.ok) return opened
  const isMarkGone = marks !== undefined && opened.value.verdict === 'unproven' && ledger.value.head().seq > 1
  const standing = isMarkGone ? await backend.standing() : undefined
  const compared = standing?.ok ? compareWithBackend(records, opened.value, standing.value) : opened
  if (!compared.ok) return compared
  follow = () => marker.follow()
  return ok({ ledger: ledger.value, marker, opened: compared.value })
}

export type RecoveringParts = TerminalParts &
  Books & {
    readonly enrolment: EnrolmentDesk
    readonly carts: Carts
    readonly programme: ProgrammeBook
    readonly payments: Payments
    readonly outbox: Outbox
    readonly cashierName: () => string
    readonly onChange: () => void
  }

/** Once everything is answered, the outbox begins to send and what is in doubt is asked about. */
export function createRecovery(parts: RecoveringParts): Recovery {
  const { enrolment, carts, programme, payments, outbox, log } = parts
  return new Recovery({
    ...parts,
    standing: () => enrolment.standing(),
    outboxAlarms: () => outbox.alarms(),
    localTime: (moment, timeZone) => localTime(moment, timeZone).minute,
    hallOf: (showtimeId) => programme.hall(programme.showtime(showtimeId)?.hallId ?? '')?.name,
    onMaySettle: () => payments.maySettleNow(),
    onSettled() {
      outbox.start()
      payments.backOnline()
    },
    onCartChanged: () => carts.reload(),
    onFoundPaid(requestIds) {
      for (const requestId of requestIds) payments.foundPaid(requestId as RequestId)
      carts.reload()
    },
    onOutbox: () => outbox.kick(),
    onFault: (what, detail) => log.warn(what, detail),
  })
}
