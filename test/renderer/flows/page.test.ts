import { expect, test } from 'vitest'
import type { PrinterSettings } from '#shared/contracts/settings.ts'
import { printerSettings } from '#shared/contracts/settings.ts'
import type { BandPaymentView, CashPaymentView } from '#shared/contracts/till.ts'
import { ATTEMPT_STATES } from '#shared/domain/attempt.ts'
import type { ReceiptId, RequestId } from '#shared/domain/ids.ts'
import { money } from '#shared/domain/money.ts'
import { byDistance, DISTANCES_M, SPOTS, spotOf, troubles } from '../../../renderer/flows/practice.ts'
import { isSamePrinter, printerFault } from '../../../renderer/flows/printer.ts'
import { toneOf } from '../../../renderer/flows/sound.ts'
import { isHeldPress, shouldTell } from '../../../renderer/flows/touch.ts'
import { PRACTICE_WORLD, SETTINGS } from '../support/fake-desk-data.ts'

const RECEIPT = 'receipt-1' as ReceiptId

function band(state: BandPaymentView['state'], requestId = 'request-1'): BandPaymentView {
  return {
    tender: 'band',
    requestId: requestId as RequestId,
    state,
    stage: 'sent',
    bandLetter: 'A',
    total: money(100, 'CNY'),
    startedAt: '2026-11-22T10:00:00.000Z',
    expiresAt: '2026-11-22T10:01:30.000Z',
  }
}

test('a touch is passed on at once, then not again for five seconds', () => {
  expect(shouldTell(undefined, 0)).toBe(true)
  expect(shouldTell(1_000, 5_999)).toBe(false)
  expect(shouldTell(1_000, 6_000)).toBe(true)
})

test('a key that is held down presses nothing again; a space that is typed may repeat', () => {
  expect(isHeldPress('Enter', true)).toBe(true)
  expect(isHeldPress(' ', false)).toBe(true)
  expect(isHeldPress(' ', true)).toBe(false)
  expect(isHeldPress('ArrowRight', false)).toBe(false)
})

test('a payment that ends is heard once: rising when paid, falling when refused; the first state is silent', () => {
  const cash: CashPaymentView = { tender: 'cash', requestId: 'request-2' as RequestId, state: 'prepared', total: money(100, 'CNY') }
  expect(toneOf(undefined, { lastReceiptId: RECEIPT, payment: band('refused') })).toBeUndefined()
  expect(toneOf({ payment: band('sent') }, { payment: band('paid'), lastReceiptId: RECEIPT })).toBe('paid')
  expect(toneOf({ lastReceiptId: RECEIPT }, { lastReceiptId: RECEIPT })).toBeUndefined()
  expect(toneOf({ payment: cash }, {})).toBeUndefined()
  for (const state of ATTEMPT_STATES) {
    const isRefusal = ['not-asked', 'refused', 'declined', 'reversed'].includes(state)
    expect(toneOf({ payment: band('sent') }, { payment: band(state) })).toBe(isRefusal ? 'refused' : undefined)
    expect(toneOf({ payment: band(state) }, { payment: band(state) })).toBeUndefined()
  }
  expect(toneOf({ payment: band('refused') }, { payment: band('refused', 'request-2') })).toBe('refused')
})

test('a printer that the form lets pass is one the terminal takes', () => {
  const tcp: PrinterSettings = { ...SETTINGS.printer, kind: 'tcp' }
  const hosts = ['', '192.168.1.20', 'printer.local', 'fe80::1', 'a b', 'x/y', 'a'.repeat(254)]
  expect(hosts.map((host) => printerFault({ ...tcp, host }))).toEqual(['host', undefined, undefined, undefined, 'host', 'host', 'host'])
  const ports = [0, 1, 9_100, 65_535, 65_536, 1.5, Number.NaN]
  const faults = ports.map((port) => printerFault({ ...tcp, host: 'printer', port }))
  expect(faults).toEqual(['port', undefined, undefined, undefined, 'port', 'port', 'port'])
  for (const host of hosts) {
    for (const port of ports) {
      if (printerFault({ ...tcp, host, port }) === undefined) expect(printerSettings.safeParse({ ...tcp, host, port }).success).toBe(true)
    }
  }
  expect(printerFault({ ...SETTINGS.printer, host: '' })).toBeUndefined()
})

test('two printers are the same by what they say, not by the order they say it in', () => {
  const { kind, ...rest } = SETTINGS.printer
  expect(isSamePrinter(SETTINGS.printer, { ...rest, kind })).toBe(true)
  expect(isSamePrinter(SETTINGS.printer, { ...SETTINGS.printer, cut: false })).toBe(false)
})

test('a customer who was sent somewhere is shown there', () => {
  expect(SPOTS.map((spot) => spotOf(DISTANCES_M[spot]))).toEqual(['counter', 'step', 'far'])
})

test('the drawer names what keeps each customer from paying, nearest customer first', () => {
  const shown = byDistance(PRACTICE_WORLD.customers.toReversed()).map((one) => [one.id, troubles(one)])
  expect(shown).toEqual([
    ['rich', []],
    ['twin-a', []],
    ['twin-b', ['faults']],
    ['off-wrist', ['off-wrist']],
    ['no-phone', ['no-phone', 'no-network']],
    ['frozen', ['frozen']],
    ['stolen', ['stolen', 'not-armed', 'no-phone']],
    ['pairing', ['unbound']],
    ['robbed', ['stolen', 'not-armed']],
  ])
})
