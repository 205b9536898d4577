/** What the till in memory starts with beside the programme: its settings, the practice world, and examples of trouble to show. */
import type { BandLifeView, CustomerView, PracticeView } from '#shared/contracts/practice-desk.ts'
import type { InterruptedView, RecoveryView } from '#shared/contracts/recovery.ts'
import type { SettingsView } from '#shared/contracts/settings.ts'
import type { PrintJobView } from '#shared/contracts/till.ts'
import type { AuthorizationId, PrintJobId, ReceiptId, RequestId, SeatId } from '#shared/domain/ids.ts'

export const SETTINGS: SettingsView = {
  language: 'zh-CN',
  printer: { kind: 'practice', host: '', port: 9_100, paperMm: 80, encoding: 'gb18030', cut: true, drawerPulse: true },
  radio: { choice: 'auto', chosenBy: 'practice', state: 'scanning', driver: 'practice', why: 'usual' },
  lockAfterMinutes: 15,
  practice: true,
  about: {
    terminalId: 'aurora-1',
    series: 'A',
    epoch: 1,
    journalSeq: 312,
    certificateUntil: '2027-11-22T00:00:00.000Z',
    backendUrl: 'http://127.0.0.1:43117',
  },
}

export const NO_TROUBLE: RecoveryView = { unknownYeses: [], alarms: [] }

const YES = 'f'.repeat(31)
/** One payment that waits for a manager, one that was ended, and an alarm. */
export const TROUBLE: RecoveryView = {
  unknownYeses: [
    {
      authorizationId: `${YES}1` as AuthorizationId,
      requestId: 'request-lost-1' as RequestId,
      amount: { amount: 12_800, currency: 'CNY' },
      payerName: 'Golden Carp',
      approvedAt: '2026-11-22T10:12:00.000Z',
      captureBy: '2026-12-22T10:12:00.000Z',
      seats: [{ hall: { en: 'Hall 1', 'zh-CN': '1号厅' }, seats: ['F7' as SeatId, 'F8' as SeatId] }],
      state: 'waiting',
    },
    {
      authorizationId: `${YES}2` as AuthorizationId,
      requestId: 'request-lost-2' as RequestId,
      amount: { amount: 3_200, currency: 'CNY' },
      payerName: 'Lin',
      approvedAt: '2026-11-22T09:40:00.000Z',
      captureBy: '2026-12-22T09:40:00.000Z',
      seats: [],
      state: 'recovered',
      endedAt: '2026-11-22T11:02:00.000Z',
    },
  ],
  alarms: [
    {
      id: 'a1'.repeat(16),
      at: '2026-11-22T11:05:00.000Z',
      code: 'capture-refused',
      record: 'receipt',
      detail: 'capture of 1f40 refused: it was reversed',
    },
  ],
}

/** A band as it is in the morning. */
export const PAIRED: BandLifeView = { lock: 'bound', releaseWaits: false, hands: 'owner', told: [] }

function customer(view: Pick<CustomerView, 'id' | 'displayName' | 'distance'> & Partial<CustomerView>): CustomerView {
  const usual = { worn: true, armed: true, phoneReach: true, network: true, phoneDelayMs: 60, frozen: false, offers: 8, faults: {} }
  return { ...usual, life: PAIRED, ...view }
}

const PAPER = `<svg xmlns="http://www.w3.org/2000/svg" width="416" height="250" viewBox="0 0 416 250"><rect width="416" height="250" fill="#fff"/>${[
  '极光影城',
  'A-000042',
  'Popcorn L      2 x 28.00',
  '合计             ¥56.00',
]
  .map((line, index) => `<text x="24" y="${60 + index * 44}" font-size="24">${line}</text>`)
  .join('')}</svg>`

/** People in every condition the drawer can show. */
export const PRACTICE_WORLD: PracticeView = {
  customers: [
    customer({ id: 'rich', displayName: 'Golden Carp', distance: 0.3, lastEvent: 'vibrated' }),
    customer({ id: 'twin-a', displayName: 'Left Swallow', distance: 1.6 }),
    customer({ id: 'twin-b', displayName: 'Right Swallow', distance: 1.6, faults: { 'lose-answer': 1 } }),
    customer({ id: 'off-wrist', displayName: 'Bare Wrist', distance: 2.4, worn: false, armed: false }),
    customer({ id: 'no-phone', displayName: 'Forgetful Crane', distance: 3, phoneReach: false, network: false }),
    customer({ id: 'frozen', displayName: 'Winter Plum', distance: 8, frozen: true }),
    customer({
      id: 'stolen',
      displayName: 'Missing Heron',
      distance: 9,
      armed: false,
      phoneReach: false,
      lastEvent: 'pairing-refused',
      life: {
        lock: 'bound',
        releaseWaits: true,
        hands: 'thief',
        tried: { byBand: 'refused', byBackend: 'refused' },
        told: [
          { kind: 'band-released', at: '2026-11-22T10:09:00.000Z' },
          { kind: 'pairing-refused', at: '2026-11-22T10:08:00.000Z' },
        ],
      },
    }),
    customer({ id: 'pairing', displayName: 'New Reed', distance: 9.5, armed: false, life: { ...PAIRED, lock: 'released', knocks: 3 } }),
    customer({ id: 'robbed', displayName: 'Robbed Robin', distance: 10, armed: false, life: { ...PAIRED, hands: 'thief-with-phone' } }),
  ],
  printer: {
    paper: true,
    online: true,
    papers: [
      { id: 2, at: '2026-11-22T10:05:00.000Z', svg: PAPER, cut: true, drawerOpened: true },
      { id: 1, at: '2026-11-22T10:01:00.000Z', svg: PAPER, cut: true, drawerOpened: false },
    ],
  },
}

/** The interrupted-sale screen, one of each kind; `undoneMs` from `nowMs`. */
export function interruptedSales(nowMs: number) {
  const base = {
    tender: 'band',
    total: { amount: 12_800, currency: 'CNY' },
    startedAt: new Date(nowMs - 95_000).toISOString(),
    requestId: 'request-9' as RequestId,
    seats: 'pinned',
    printed: 'not-needed',
  } as const
  const undoneAt = new Date(nowMs + 55_000).toISOString()
  return {
    asking: { ...base, charged: 'asking', canFinish: false, canUndo: true, undoneAt },
    approved: { ...base, charged: 'yes', payerName: 'Golden Carp', canFinish: true, canUndo: true, undoneAt },
    unknown: { ...base, charged: 'unknown', seats: 'unknown', canFinish: false, canUndo: true, undoneAt },
    paid: {
      ...base,
      tender: 'cash',
      charged: 'yes',
      seats: 'sold',
      printed: 'unknown',
      receiptId: 'receipt-42' as ReceiptId,
      canFinish: true,
      canUndo: false,
    },
    'not-charged': { ...base, tender: 'cash', charged: 'no', seats: 'held', printed: 'no', canFinish: true, canUndo: false },
    declined: { ...base, charged: 'declined', seats: 'held', canFinish: true, canUndo: false },
    reversed: { ...base, charged: 'reversed', payerName: 'Golden Carp', seats: 'held', canFinish: true, canUndo: false },
    promised: { ...base, charged: 'reversed', isPromise: true, seats: 'unknown', canFinish: true, canUndo: false },
  } as const satisfies Record<string, InterruptedView>
}

export const PRINT_JOBS: readonly PrintJobView[] = (['printing', 'waiting', 'failed', 'unknown'] as const).map((state, index) => ({
  id: `job-${index + 1}` as PrintJobId,
  receiptId: `receipt-${42 + index}` as ReceiptId,
  printedNumber: `A-0000${42 + index}`,
  state,
  ...(state === 'failed' ? { trouble: 'no-paper' as const } : {}),
  mayBeOut: state === 'unknown' || state === 'printing',
  tries: index,
}))
