import type { BandView, CartView, PaymentView, Refused, SeatHoldView, SeatMapView, Till, TillInput, TillRefusal, TillState, TillStatus } from '#shared/contracts/till.ts'
import type { AttemptStage } from '#shared/domain/attempt.ts'
import type { AuthorizationId, CartId, HoldId, LineId, MerchantId, ReceiptId, RequestId, SeatId, ShowtimeId, SightingId, SiteId, TerminalId } from '#shared/domain/ids.ts'
import { money, sum } from '#shared/domain/money.ts'
import type { SeatState } from '#shared/domain/programme.ts'
import type { Reason } from '#shared/domain/reasons.ts'
import { type Payment, type Receipt, printedNumber, tenderOf } from '#shared/domain/receipt.ts'
import { type SaleLine, priceLine } from '#shared/domain/sale-line.ts'
import type { Language } from '#shared/domain/words.ts'
import { type Result, err, ok } from '#shared/result.ts'
import { programmeAround } from './programme.ts'
import { paperOf } from './fake-paper.ts'

const HOLD_MS = 8 * 60_000
const REQUEST_LIFE_MS = 90_000
const SITE = { en: 'Aurora Cinema', 'zh-CN': '极光影城' }

/** What a band's payment does: stages, then an outcome. `stop` leaves it at that stage until the test says more. */
export type Script = { readonly stages: readonly AttemptStage[]; readonly outcome: 'paid' | Reason | 'in-doubt' | 'stop' }

const APPROVES: Script = { stages: ['connecting', 'sent', 'seen', 'asking-backend'], outcome: 'paid' }

export type FakeTill = Till & {
  /** Scripts by band letter; a band without one approves. */
  script(letter: string, script: Script): void
  setBands(bands: readonly BandView[]): void
  setStatus(status: Partial<TillStatus>): void
  setPractice(practice: boolean): void
  setStepMs(ms: number): void
  refuseNext(refused: Refused): void
  setLag(ms: number): void
  setSeat(showtimeId: string, seat: string, state: SeatState): void
  /** Moves the running payment, as a late answer would. */
  finish(outcome: Script['outcome']): void
}

export const BANDS: readonly BandView[] = [
  { id: 'sighting-a' as SightingId, letter: 'A', nearness: 4, worn: true, armed: true, phoneLinked: true, lowBattery: false, proposed: true },
  { id: 'sighting-b' as SightingId, letter: 'B', nearness: 2, worn: true, armed: true, phoneLinked: true, lowBattery: true, proposed: false },
  { id: 'sighting-c' as SightingId, letter: 'C', nearness: 2, worn: false, armed: false, phoneLinked: true, lowBattery: false, proposed: false },
  { id: 'sighting-d' as SightingId, letter: 'D', nearness: 1, worn: true, armed: false, phoneLinked: false, lowBattery: false, proposed: false },
]

type Chosen = { seat: SeatId; ticketTypeId: string }

/** A till in memory that answers as the real one does, with no money and no disk behind it. `nowMs` is its clock. */
export function createFakeTill(nowMs: () => number = Date.now): FakeTill {
  const programme = programmeAround(nowMs())
  const listeners = new Set<(state: TillState) => void>()
  const scripts = new Map<string, Script>()
  const seatsTaken = new Map<string, SeatState>()
  const chosen = new Map<ShowtimeId, { seats: Chosen[]; expiresAt: string }>()
  const products = new Map<string, number>()
  const receipts: Receipt[] = []
  const prints = new Map<string, number>()
  let bands: readonly BandView[] = BANDS
  let payment: PaymentView | undefined
  let lastReceiptId: ReceiptId | undefined
  let language: Language = 'zh-CN'
  let isPractice = true
  let revision = 0
  let requests = 0
  let stepMs = 500
  let lagMs = 60
  let refusal: Refused | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let status: TillStatus = {
    radio: { state: 'scanning', driver: 'practice', bandsNear: 4 },
    backend: { state: 'online' },
    outbox: { pending: 0, unsyncedTotal: money(0, 'CNY') },
    printer: { state: 'ready', detail: 'paper tray' },
    inDoubt: 0,
  }
  for (const [index, show] of programme.showtimes.entries()) {
    const hall = programme.halls.find((one) => one.id === show.hallId)
    for (const [at, seat] of (hall?.rows ?? []).flatMap((row) => row.seats).entries()) {
      const dice = (at * 7919 + index * 104_729) % 97
      if (dice < 26) seatsTaken.set(`${show.id} ${seat.id}`, 'sold')
      else if (dice < 31) seatsTaken.set(`${show.id} ${seat.id}`, 'held')
      else if (dice < 33) seatsTaken.set(`${show.id} ${seat.id}`, 'pinned')
    }
  }

  const lines = (): readonly SaleLine[] => [
    ...[...chosen].flatMap(([showtimeId, { seats }]) => seats.map((one) => ticketLine(showtimeId, one))),
    ...[...products].map(([productId, quantity]) => productLine(productId, quantity)),
  ]
  const ticketLine = (showtimeId: ShowtimeId, { seat, ticketTypeId }: Chosen): SaleLine => {
    const show = programme.showtimes.find((one) => one.id === showtimeId)
    const type = show?.ticketTypes.find((one) => one.id === ticketTypeId)
    const hall = programme.halls.find((one) => one.id === show?.hallId)
    if (show === undefined || type === undefined || hall === undefined) throw new Error(`no such ticket: ${showtimeId} ${ticketTypeId}`)
    return priceLine({
      id: `line-${showtimeId}-${seat}` as LineId,
      subject: { kind: 'ticket', showtimeId, seat, ticketTypeId: type.id, holdId: `hold-${showtimeId}` as HoldId, startsAt: show.startsAt, hallName: hall.name },
      name: show.title,
      detail: type.name,
      quantity: 1,
      unitPrice: type.price,
      taxBasisPoints: type.taxBasisPoints,
    })
  }
  const productLine = (productId: string, quantity: number): SaleLine => {
    const product = programme.products.find((one) => one.id === productId)
    if (product === undefined) throw new Error(`no such product: ${productId}`)
    return priceLine({
      id: `line-${productId}` as LineId,
      subject: { kind: 'product', productId: product.id },
      name: product.name,
      detail: product.name,
      quantity,
      unitPrice: product.price,
      taxBasisPoints: product.taxBasisPoints,
    })
  }
  const isRunning = () => payment !== undefined && ['prepared', 'sent', 'in-doubt'].includes(payment.state)
  const cart = (): CartView => {
    const all = lines()
    const holds: SeatHoldView[] = [...chosen].map(([showtimeId, { seats, expiresAt }]) => ({ showtimeId, seats: seats.map((one) => one.seat), expiresAt }))
    const state = payment?.state === 'in-doubt' ? 'in-doubt' : isRunning() ? 'paying' : 'open'
    return { id: 'cart-1' as CartId, state, lines: all, total: sum(all.map((line) => line.total), 'CNY'), tax: sum(all.map((line) => line.tax), 'CNY'), holds }
  }
  const state = (): TillState => ({
    revision,
    now: new Date(nowMs()).toISOString(),
    identity: {
      terminalId: 'aurora-1',
      practice: isPractice,
      merchantName: { en: 'Aurora Cinemas', 'zh-CN': '极光院线' },
      siteName: SITE,
      timeZone: 'Asia/Shanghai',
      currency: 'CNY',
      cashierName: language === 'en' ? 'Practice' : '练习员',
    },
    status: { ...status, radio: { ...status.radio, bandsNear: bands.length }, inDoubt: payment?.state === 'in-doubt' ? 1 : 0 },
    cart: cart(),
    bands,
    ...(payment === undefined ? {} : { payment }),
    ...(lastReceiptId === undefined ? {} : { lastReceiptId }),
  })
  const push = () => {
    revision += 1
    for (const listener of listeners) listener(state())
  }
  const guard = (): Refused | undefined => {
    const refused = refusal
    refusal = undefined
    return refused ?? (isRunning() ? { code: 'cart-locked' } : undefined)
  }
  const answer = async <T>(act: () => Result<T, Refused>): Promise<Result<T, Refused>> => {
    await new Promise((resolve) => setTimeout(resolve, lagMs))
    const result = act()
    push()
    return result
  }
  const refuse = (code: TillRefusal, subject?: string) => err<Refused>(subject === undefined ? { code } : { code, subject })
  const update = (patch: Partial<Extract<PaymentView, { tender: 'band' }>>) => {
    if (payment?.tender === 'band') payment = { ...payment, ...patch }
    push()
  }
  const commit = (payments: readonly Payment[]): ReceiptId => {
    const { lines: sold, total, tax } = cart()
    const number = receipts.length + 42
    const receipt: Receipt = {
      id: `receipt-${number}` as ReceiptId,
      kind: 'sale',
      series: 'A',
      number,
      issuedAt: new Date(nowMs()).toISOString(),
      practice: isPractice,
      merchant: { id: 'aurora' as MerchantId, name: { en: 'Aurora Cinemas', 'zh-CN': '极光院线' } },
      site: { id: 'aurora' as SiteId, name: SITE, address: { en: '8 Lantern Street', 'zh-CN': '灯笼街 8 号' }, timeZone: 'Asia/Shanghai' },
      terminalId: 'aurora-1' as TerminalId,
      cashierName: '练习员',
      lines: sold,
      payments,
      total,
      tax,
      tender: tenderOf(payments),
    }
    for (const [showtimeId, { seats }] of chosen) for (const { seat } of seats) seatsTaken.set(`${showtimeId} ${seat}`, 'sold')
    receipts.unshift(receipt)
    prints.set(receipt.id, 1)
    chosen.clear()
    products.clear()
    lastReceiptId = receipt.id
    return receipt.id
  }
  const settle = (outcome: Script['outcome']) => {
    if (payment?.tender !== 'band' || outcome === 'stop') return
    if (outcome === 'in-doubt') return update({ state: 'in-doubt', nextQueryAt: new Date(nowMs() + 10_000).toISOString() })
    if (outcome !== 'paid') {
      const early = outcome === 'not-worn' || outcome === 'not-armed' || outcome === 'phone-not-linked' || outcome === 'busy'
      return update({ state: early ? 'not-asked' : outcome === 'wallet-refused' ? 'refused' : 'declined', reason: outcome })
    }
    const { requestId, total } = payment
    commit([{ tender: 'band', amount: total, requestId, authorizationId: 'authorization-1' as AuthorizationId, payerName: 'Lin' }])
    update({ state: 'paid' })
  }
  const run = (script: Script, at: number) => {
    const stage = script.stages[at]
    if (stage === undefined) return settle(script.outcome)
    update({ stage, state: stage === 'connecting' ? 'prepared' : 'sent' })
    timer = setTimeout(() => run(script, at + 1), stepMs)
  }

  return {
    state,
    onState: (listener) => {
      listeners.add(listener)
      listener(state())
      return () => listeners.delete(listener)
    },
    programme: () => programme,
    seatMap: async ({ showtimeId }) => {
      await new Promise((resolve) => setTimeout(resolve, lagMs))
      const show = programme.showtimes.find((one) => one.id === showtimeId)
      const hall = programme.halls.find((one) => one.id === show?.hallId)
      if (show === undefined || hall === undefined) return refuse('unknown-item')
      if (status.backend.state === 'offline') return refuse('backend-offline')
      const ours = new Set(chosen.get(showtimeId)?.seats.map((one) => one.seat))
      const seats: Record<string, SeatMapView['seats'][string]> = {}
      for (const { id } of hall.rows.flatMap((row) => row.seats)) seats[id] = ours.has(id) ? 'ours' : (seatsTaken.get(`${showtimeId} ${id}`) ?? 'free')
      return ok({ showtimeId, hallId: hall.id, seats })
    },
    setSeats: ({ showtimeId, seats }: TillInput<'setSeats'>) =>
      answer(() => {
        const refused = guard()
        if (refused) return err(refused)
        if (status.backend.state === 'offline') return refuse('backend-offline')
        const taken = seats.filter(({ seat }) => seatsTaken.has(`${showtimeId} ${seat}`)).map(({ seat }) => seat)
        if (taken.length > 0) return refuse('seat-taken', taken.join(', '))
        if (seats.length === 0) chosen.delete(showtimeId)
        else chosen.set(showtimeId, { seats: [...seats], expiresAt: new Date(nowMs() + HOLD_MS).toISOString() })
        return ok()
      }),
    setProduct: ({ productId, quantity }) =>
      answer(() => {
        const refused = guard()
        if (refused) return err(refused)
        if (!programme.products.some((one) => one.id === productId)) return refuse('unknown-item')
        if (quantity === 0) products.delete(productId)
        else products.set(productId, quantity)
        return ok()
      }),
    removeLine: ({ lineId }) =>
      answer(() => {
        const refused = guard()
        if (refused) return err(refused)
        const line = lines().find((one) => one.id === lineId)
        if (line?.subject.kind === 'product') products.delete(line.subject.productId)
        if (line?.subject.kind === 'ticket') {
          const { seat, showtimeId } = line.subject
          const rest = chosen.get(showtimeId)?.seats.filter((one) => one.seat !== seat) ?? []
          if (rest.length === 0) chosen.delete(showtimeId)
          else chosen.set(showtimeId, { seats: rest, expiresAt: chosen.get(showtimeId)?.expiresAt ?? '' })
        }
        return ok()
      }),
    clearCart: () =>
      answer(() => {
        const refused = guard()
        if (refused) return err(refused)
        chosen.clear()
        products.clear()
        return ok()
      }),
    chargeBand: ({ sightingId }) =>
      answer(() => {
        const refused = guard()
        if (refused) return err(refused)
        const band = bands.find((one) => one.id === sightingId)
        if (band === undefined) return refuse('band-gone')
        requests += 1
        const requestId = `request-${requests}` as RequestId
        payment = {
          tender: 'band',
          requestId,
          state: 'prepared',
          stage: 'connecting',
          bandLetter: band.letter,
          total: cart().total,
          startedAt: new Date(nowMs()).toISOString(),
          expiresAt: new Date(nowMs() + REQUEST_LIFE_MS).toISOString(),
        }
        run(scripts.get(band.letter) ?? APPROVES, 0)
        return ok({ requestId })
      }),
    startCash: () =>
      answer(() => {
        const refused = guard()
        if (refused) return err(refused)
        if (chosen.size > 0 && status.backend.state === 'offline') return refuse('seats-unpinned')
        requests += 1
        const requestId = `request-${requests}` as RequestId
        payment = { tender: 'cash', requestId, state: 'prepared', total: cart().total }
        return ok({ requestId })
      }),
    takeCash: ({ tenderedMinor }) =>
      answer(() => {
        if (payment?.tender !== 'cash' || payment.state !== 'prepared') return refuse('no-payment')
        if (tenderedMinor < payment.total.amount) return refuse('too-little-cash')
        const change = money(tenderedMinor - payment.total.amount, 'CNY')
        const receiptId = commit([{ tender: 'cash', amount: payment.total, tendered: money(tenderedMinor, 'CNY'), change }])
        payment = { ...payment, state: 'paid' }
        return ok({ receiptId })
      }),
    cancelPayment: () =>
      answer(() => {
        if (payment === undefined || !isRunning()) return refuse('not-cancellable')
        clearTimeout(timer)
        payment = payment.tender === 'cash' ? undefined : { ...payment, state: 'reversed', reason: 'cancelled' }
        return ok()
      }),
    nextSale: () =>
      answer(() => {
        payment = undefined
        lastReceiptId = undefined
        return ok()
      }),
    receipts: ({ before, limit, find }) => {
      const wanted = receipts.filter((one) => one.number < (before ?? Number.POSITIVE_INFINITY))
      const found = wanted.filter((one) => find === undefined || `${printedNumber(one)} ${one.lines.map((line) => `${line.name.en} ${line.name['zh-CN']}`).join(' ')}`.toLowerCase().includes(find.toLowerCase()))
      const rows = found.slice(0, limit)
      const last = rows.at(-1)
      return {
        rows: rows.map((one) => ({
          id: one.id,
          printedNumber: printedNumber(one),
          issuedAt: one.issuedAt,
          total: one.total,
          tender: one.tender,
          kind: one.kind,
          summary: { en: one.lines.map((line) => line.name.en).join(', '), 'zh-CN': one.lines.map((line) => line.name['zh-CN']).join('、') },
          synced: status.backend.state === 'online',
        })),
        ...(found.length > limit && last !== undefined ? { nextBefore: last.number } : {}),
      }
    },
    receipt: async ({ receiptId }) => {
      const receipt = receipts.find((one) => one.id === receiptId)
      if (receipt === undefined) return refuse('receipt-unknown')
      return ok({ receipt, printedNumber: printedNumber(receipt), synced: status.backend.state === 'online', prints: prints.get(receiptId) ?? 0, paperSvg: paperOf(receipt, language) })
    },
    print: ({ receiptId }) =>
      answer(() => {
        if (status.printer.state === 'failed') return refuse('printer-failed', status.printer.detail)
        prints.set(receiptId, (prints.get(receiptId) ?? 0) + 1)
        return ok()
      }),
    language: () => language,
    setLanguage: (input) => {
      language = input.language
      push()
    },
    script: (letter, script) => scripts.set(letter, script),
    setBands: (next) => {
      bands = next
      push()
    },
    setStatus: (patch) => {
      status = { ...status, ...patch }
      push()
    },
    setPractice: (practice) => {
      isPractice = practice
      push()
    },
    setStepMs: (ms) => {
      stepMs = ms
    },
    setLag: (ms) => {
      lagMs = ms
    },
    refuseNext: (refused) => {
      refusal = refused
    },
    setSeat: (showtimeId, seat, seatState) => {
      seatsTaken.set(`${showtimeId} ${seat}`, seatState)
    },
    finish: settle,
  }
}
