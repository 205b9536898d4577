import { Button } from '@mantine/core'
import { IconBackspace } from '@tabler/icons-react'
import { useEffect, useRef, useState } from 'react'
import type { CashPaymentView } from '#shared/contracts/till.ts'
import { type Currency, MINOR_DIGITS, type Money } from '#shared/domain/money.ts'
import { useEscape } from '../../escape.ts'
import { changeDue, type KeypadKey, minorOf, quickAmounts, typeKey } from '../../flows/cash.ts'
import { useSay } from '../../hooks.ts'
import { useAct, useTerminal } from '../../terminal-context.ts'

const KEYS = ['7', '8', '9', '4', '5', '6', '1', '2', '3', '0', '00', '.'] as const satisfies readonly KeypadKey[]

function keypadKeyOf(key: string): KeypadKey | undefined {
  if (key === 'Backspace') return 'back'
  if (key === 'Delete') return 'clear'
  if (key === ',') return '.'
  return KEYS.find((one) => one === key)
}

/** Cash: what was received, what is missing or the change to give. The terminal computes the change again when it takes the cash. */
export function CashPanel({ payment }: { payment: CashPaymentView }) {
  const { t } = useSay()
  const { client } = useTerminal()
  const { busy, act } = useAct()
  const { total } = payment
  const [typed, setTyped] = useState('')
  const panel = useRef<HTMLElement>(null)
  const received = minorOf(typed, total.currency)
  const isEnough = changeDue(received, total.amount) !== undefined
  const press = (key: KeypadKey) => setTyped((text) => typeKey(text, key, total.currency))
  const take = () => {
    if (isEnough) act(() => client.takeCash({ tenderedMinor: received }))
  }
  useKeypadKeys(press, take)
  useEscape(() => {
    setTyped('')
    return typed !== ''
  })
  useEffect(() => panel.current?.focus(), [])
  return (
    <section className="panel cash" aria-labelledby="cash-title" tabIndex={-1} ref={panel}>
      <header className="panel-head">
        <h2 id="cash-title">{t('cash.title')}</h2>
      </header>
      <div className="cash-body">
        <Figures total={total} received={received} onQuick={(amount) => setTyped(decimalsOf(amount, total.currency))} />
        <Keypad hasDecimals={MINOR_DIGITS[total.currency] > 0} onPress={press} />
      </div>
      <div className="panel-foot cash-foot">
        <Button variant="default" disabled={busy} onClick={() => act(() => client.cancelPayment())} aria-keyshortcuts="Escape">
          {t('cash.cancel')}
        </Button>
        <Button className="charge" data-primary disabled={!isEnough || busy} onClick={take} aria-keyshortcuts="Enter F8">
          {t('cash.take')}
        </Button>
      </div>
    </section>
  )
}

function decimalsOf(minor: number, currency: Currency): string {
  return (minor / 10 ** MINOR_DIGITS[currency]).toFixed(MINOR_DIGITS[currency])
}

/** The keyboard's own digits type the amount, wherever the focus is; Enter takes the cash unless it presses a button. */
function useKeypadKeys(press: (key: KeypadKey) => void, take: () => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || document.querySelector('dialog[open]') !== null)
        return
      const key = keypadKeyOf(event.key)
      const isOnButton = event.target instanceof Element && event.target.matches('button')
      if (key !== undefined) press(key)
      else if (event.key === 'Enter' && !isOnButton) take()
      else return
      event.preventDefault()
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  })
}

function Figures({ total, received, onQuick }: { total: Money; received: number; onQuick: (minor: number) => void }) {
  const { t, money } = useSay()
  const { currency } = total
  const change = changeDue(received, total.amount)
  return (
    <div className="cash-figures">
      <div className="cash-figure">
        <span>{t('cash.tendered')}</span>
        <output className="figures" data-testid="cash-received" aria-live="polite">
          {money({ amount: received, currency })}
        </output>
      </div>
      <div className={change === undefined ? 'cash-figure cash-missing' : 'cash-figure cash-change'}>
        <span>{change === undefined ? t('cash.missing') : t('cash.change')}</span>
        <output className="figures" data-testid="cash-change" aria-live="polite">
          {money({ amount: change ?? total.amount - received, currency })}
        </output>
      </div>
      <div className="cash-quick" role="group" aria-label={t('cash.quick')}>
        <button type="button" className="key key-exact" onClick={() => onQuick(total.amount)}>
          {t('cash.exact')} <span className="figures">{money(total)}</span>
        </button>
        {quickAmounts(total.amount, currency).map((amount) => (
          <button key={amount} type="button" className="key figures" onClick={() => onQuick(amount)}>
            {money({ amount, currency })}
          </button>
        ))}
      </div>
    </div>
  )
}

function Keypad({ hasDecimals, onPress }: { hasDecimals: boolean; onPress: (key: KeypadKey) => void }) {
  const { t } = useSay()
  return (
    <div className="keypad" role="group" aria-label={t('cash.keypad')}>
      {KEYS.map((key) => (
        <button key={key} type="button" className="key figures" disabled={key === '.' && !hasDecimals} onClick={() => onPress(key)}>
          {key}
        </button>
      ))}
      <button type="button" className="key key-soft" onClick={() => onPress('clear')}>
        {t('cash.clear')}
      </button>
      <button type="button" className="key key-soft key-wide" aria-label={t('cash.back')} onClick={() => onPress('back')}>
        <IconBackspace aria-hidden="true" />
      </button>
    </div>
  )
}
