import { useEffect } from 'react'
import { endedUnread, payPanelOf, type Screen } from './flows/screen.ts'
import { type Shortcut, shortcutOf } from './flows/shortcuts.ts'
import { type Terminal, tellOrDone, useTerminal } from './terminal-context.ts'
import { useTill } from './till-store.ts'
import { useUi } from './ui-store.ts'

/** Listens for the keyboard map. A dialog or an open menu keeps the keys for itself. */
export function useShortcuts(screen: Screen): void {
  const terminal = useTerminal()
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.repeat || document.querySelector('dialog[open], [role="menu"], [role="alertdialog"]') !== null)
        return
      const target = event.target instanceof Element ? event.target : undefined
      const shortcut = shortcutOf(
        {
          key: event.key,
          isTyping: target?.matches('input:not([type="radio"]), textarea') ?? false,
          isOnControl: target?.matches('button, a, [role="menuitem"]') ?? false,
          hasModifier: event.ctrlKey || event.altKey || event.metaKey,
        },
        screen,
      )
      if (shortcut === undefined) return
      event.preventDefault()
      perform(shortcut, screen, terminal)
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [screen, terminal])
}

function perform(shortcut: Shortcut, screen: Screen, { client }: Terminal): void {
  const ui = useUi.getState()
  switch (shortcut) {
    case 'showtimes':
      leaveForSelling(screen)
      return ui.openShowtime(undefined)
    case 'snacks':
      leaveForSelling(screen)
      return ui.askSnacks()
    case 'history':
      return ui.setHistory(!ui.history)
    case 'pay':
      if (screen === 'sell') openPayIfAny()
      if (screen === 'pay') document.querySelector<HTMLButtonElement>('[data-primary]')?.click()
      return
    case 'cash':
      if (screen === 'sell') openPayIfAny()
      if (canStartCash()) void tellOrDone(() => client.startCash())
      return
    case 'back':
      return back(screen, client)
    case 'help':
      return ui.setHelp(true)
    case 'next-sale':
      void tellOrDone(() => client.nextSale()).then((done) => done && ui.startAfresh())
  }
}

/** Opens the pay screen, or says that there is nothing to charge. */
export function openPayIfAny(): void {
  const isEmpty = useTill.getState().state?.cart.lines.length === 0
  if (isEmpty) useUi.getState().tell({ code: 'cart-empty' })
  else useUi.getState().openPay()
}

function canStartCash(): boolean {
  const { state } = useTill.getState()
  return (
    state !== undefined &&
    state.cart.lines.length > 0 &&
    payPanelOf(state, useUi.getState().dismissed).kind !== 'cash' &&
    state.cart.state === 'open'
  )
}

function leaveForSelling(screen: Screen): void {
  const { state } = useTill.getState()
  const ui = useUi.getState()
  if (screen === 'history') ui.setHistory(false)
  if (screen === 'pay' && endedUnread(state?.payment, ui.dismissed)) ui.dismiss(state.payment.requestId)
  if (screen === 'pay') ui.closePay()
}

function back(screen: Screen, client: Terminal['client']): void {
  const ui = useUi.getState()
  const { state } = useTill.getState()
  if (ui.notice !== undefined) return ui.tell(undefined)
  if (screen === 'history') return ui.setHistory(false)
  if (screen === 'sell') return ui.openShowtime(undefined)
  if (screen !== 'pay' || state === undefined) return
  const panel = payPanelOf(state, ui.dismissed)
  // Escape never cancels what a band was asked: that needs its own button.
  if (panel.kind === 'cash') void tellOrDone(() => client.cancelPayment())
  if (panel.kind === 'choosing' || panel.kind === 'ended') leaveForSelling(screen)
}
