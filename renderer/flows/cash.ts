/** The cash panel's arithmetic. Amounts are whole minor units; the terminal decides again on its own. */
import { type Currency, MINOR_DIGITS } from '#shared/domain/money.ts'

/** Banknotes people hand over, in major units. Source: the issuing central banks' current series. */
const BANKNOTES: Readonly<Record<Currency, readonly number[]>> = {
  CNY: [10, 20, 50, 100],
  EUR: [5, 10, 20, 50, 100, 200],
  USD: [5, 10, 20, 50, 100],
  JPY: [1_000, 2_000, 5_000, 10_000],
}
const QUICK_AMOUNTS_MAX = 4
/** The most one hand-over may be, as shared/contracts/till.ts has it. */
export const TENDERED_MINOR_MAX = 100_000_000

/**
 * What a customer is likely to hand over for this total, above the exact amount and smallest first: the total rounded up to each banknote.
 */
export function quickAmounts(totalMinor: number, currency: Currency): readonly number[] {
  const unit = 10 ** MINOR_DIGITS[currency]
  const rounded = BANKNOTES[currency].map((note) => Math.ceil(totalMinor / (note * unit)) * note * unit)
  return [...new Set(rounded)]
    .filter((amount) => amount > totalMinor && amount <= TENDERED_MINOR_MAX)
    .toSorted((a, b) => a - b)
    .slice(0, QUICK_AMOUNTS_MAX)
}

/** The change to give, or nothing while the amount handed over is too little. */
export function changeDue(tenderedMinor: number, totalMinor: number): number | undefined {
  return tenderedMinor >= totalMinor ? tenderedMinor - totalMinor : undefined
}

export type KeypadKey = '0' | '1' | '2' | '3' | '4' | '5' | '6' | '7' | '8' | '9' | '00' | '.' | 'back' | 'clear'

/** What is typed on the keypad, as decimal text such as `50`, `50.` or `50.5`; empty at the start. Refused keys leave it as it was. */
export function typeKey(text: string, key: KeypadKey, currency: Currency): string {
  if (key === 'clear') return ''
  if (key === 'back') return text.slice(0, -1)
  const next = text === '0' && key !== '.' ? key.replace(/^0+(?=\d)/, '') : text + key
  const shape = new RegExp(MINOR_DIGITS[currency] === 0 ? '^\\d+$' : `^\\d+(\\.\\d{0,${MINOR_DIGITS[currency]}})?$`)
  const whole = text === '' && key === '.' ? '0.' : next === '00' ? '0' : next
  return shape.test(whole) && minorOf(whole, currency) <= TENDERED_MINOR_MAX ? whole : text
}

/** The typed text in minor units. Digits are moved, nothing is multiplied as a fraction. */
export function minorOf(text: string, currency: Currency): number {
  const [whole = '', part = ''] = text.split('.')
  return Number(`${whole || '0'}${part.padEnd(MINOR_DIGITS[currency], '0')}`)
}
