import { Button } from '@mantine/core'
import { IconBackspace } from '@tabler/icons-react'
import { useEffect, useRef, useState } from 'react'
import type { CashPaymentView } from '#shared/contracts/till.ts'
import { MINOR_DIGITS } from '#shared/domain/money.ts'
import { type KeypadKey, changeDue, minorOf, quickAmounts, typeKey } from '../../flows/cash.ts'
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
  const { t, money } = useSay()
  const { client } = useTerminal()
  const { busy, act } = useAct()
  const { total } = payment
  const [typed, setTyped] = useState('')
  const panel = useRef<HTMLElement>(null)
  const received = minorOf(typed, total.currency)
  const change = changeDue(received, total.amount)
  const take = () => {
    if (change !== undefined) act(() => client.takeCash({ tenderedMinor: received }))
  }
  const press = (key: KeypadKey) => setTyped((text) => typeKey(text, key, total.currency))
  useEffect(() => panel.current?.focus(), [])
  const decimals = (minor: number) => (minor / 10 ** MINOR_DIGITS[total.currency]).toFixed(MINOR_DIGITS[total.currency])
  return (
    <section
      className="panel cash"
      aria-labelledby="cash-title"
      tabIndex={-1}
      ref={panel}
      onKeyDown={(event) => {
        const key = keypadKeyOf(event.key)
        if (key !== undefined) press(key)
        else if (event.key === 'Enter' && event.target === panel.current) take()
        else return
        event.preventDefault()
      }}
    >
      <header className="panel-head">
        <h2 id="cash-title">{t('cash.title')}</h2>
      </header>
      <div className="cash-body">
        <div className="cash-figures">
          <div className="cash-figure">
            <span>{t('cash.tendered')}</span>
            <output className="figures" data-testid="cash-received" aria-live="polite">
              {money({ amount: received, currency: total.currency })}
            </output>
          </div>
          <div className={change === undefined ? 'cash-figure cash-missing' : 'cash-figure cash-change'}>
            <span>{change === undefined ? t('cash.missing') : t('cash.change')}</span>
            <output className="figures" data-testid="cash-change" aria-live="polite">
              {money({ amount: change ?? total.amount - received, currency: total.currency })}
            </output>
          </div>
          <div className="cash-quick" role="group" aria-label={t('cash.quick')}>
            <button type="button" className="key key-exact" onClick={() => setTyped(decimals(total.amount))}>
              {t('cash.exact')} <span className="figures">{money(total)}</span>
            </button>
            {quickAmounts(total.amount, total.currency).map((amount) => (
              <button key={amount} type="button" className="key figures" onClick={() => setTyped(decimals(amount))}>
                {money({ amount, currency: total.currency })}
              </button>
            ))}
          </div>
        </div>
        <div className="keypad" role="group" aria-label={t('cash.keypad')}>
          {KEYS.map((key) => (
            <button key={key} type="button" className="key figures" disabled={key === '.' && MINOR_DIGITS[total.currency] === 0} onClick={() => press(key)}>
              {key}
            </button>
          ))}
          <button type="button" className="key key-soft" onClick={() => press('clear')}>
            {t('cash.clear')}
          </button>
          <button type="button" className="key key-soft key-wide" aria-label={t('cash.back')} onClick={() => press('back')}>
            <IconBackspace aria-hidden="true" />
          </button>
        </div>
      </div>
      <div className="panel-foot cash-foot">
        <Button variant="default" disabled={busy} onClick={() => act(() => client.cancelPayment())}>
          {t('cash.cancel')}
        </Button>
        <Button className="charge" data-primary disabled={change === undefined || busy} onClick={take} aria-keyshortcuts="Enter F8">
          {t('cash.take')}
        </Button>
      </div>
    </section>
  )
}
