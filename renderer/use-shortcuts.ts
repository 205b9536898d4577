import { useEffect } from 'react'
import type { KnockView } from '#shared/contracts/till.ts'
import { takeEscape } from './escape.ts'
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
          isTyping: target?.matches('input:not([type="radio"], [type="checkbox"]), textarea') ?? false,
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
      return ui.leave(() => {
        leaveForSelling(screen, client)
        ui.openShowtime(undefined)
      })
    case 'snacks':
      return ui.leave(() => {
        leaveForSelling(screen, client)
        ui.askSnacks()
      })
    case 'ask':
      return pressPrimary()
    case 'identify':
    case 'history':
    case 'settings':
      return ui.leave(() => ui.goTo(ui.place === shortcut ? 'selling' : shortcut))
    case 'attention':
      if (isManager()) ui.leave(() => ui.goTo(ui.place === 'attention' ? 'selling' : 'attention'))
      return
    case 'practice':
      if (useTill.getState().state?.identity.practice === true) ui.setDrawer(!ui.drawerOpen)
      return
    case 'lock':
      void tellOrDone(() => client.lock())
      return
    case 'pay':
      if (screen === 'sell') openPayIfAny()
      if (screen === 'pay') pressPrimary()
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
      return pressPrimary()
  }
}

/** A key does what the button does, and only while the button would. */
function pressPrimary(): void {
  document.querySelector<HTMLButtonElement>('[data-primary]')?.click()
}

/** Opens the pay screen, or says that there is nothing to charge. */
export function openPayIfAny(): void {
  const isEmpty = useTill.getState().state?.cart.lines.length === 0
  if (isEmpty) useUi.getState().tell({ code: 'cart-empty' })
  else useUi.getState().openPay()
}

function isManager(): boolean {
  const session = useTill.getState().state?.session
  return session?.state === 'signed-in' && session.staff.role === 'manager'
}

function canStartCash(): boolean {
  const { state } = useTill.getState()
  return (
    state !== undefined && state.cart.lines.length > 0 && payPanelOf(state, useUi.getState()).kind !== 'cash' && state.cart.state === 'open'
  )
}

function isPlace(screen: Screen): boolean {
  return screen === 'identify' || screen === 'history' || screen === 'attention' || screen === 'settings'
}

/** Puts an ended knock round away: nobody has been charged, so the terminal only forgets it. */
export function putKnockAway({ endsAt }: KnockView, client: Terminal['client']): void {
  useUi.getState().dismissKnock(endsAt)
  // A terminal that has forgotten it already has nothing to cancel, and there is nothing to say about it.
  client.cancelPayment().catch(() => undefined)
}

export function leaveForSelling(screen: Screen, client: Terminal['client']): void {
  const { state } = useTill.getState()
  const ui = useUi.getState()
  if (isPlace(screen)) ui.goTo('selling')
  if (screen === 'pay' && endedUnread(state?.payment, ui.dismissed)) ui.dismiss(state.payment.requestId)
  if (screen === 'pay' && state?.knock !== undefined && state.knock.state !== 'listening') putKnockAway(state.knock, client)
  if (screen === 'pay') ui.closePay()
}

function back(screen: Screen, client: Terminal['client']): void {
  const ui = useUi.getState()
  const { state } = useTill.getState()
  if (ui.notice !== undefined) return ui.tell(undefined)
  if (ui.drawerOpen) return ui.setDrawer(false)
  if (takeEscape()) return
  // No money hangs on a question: Escape takes it back, and only then leaves.
  if (state?.identify?.state === 'asking') return void tellOrDone(() => client.endIdentify())
  if (isPlace(screen)) return ui.leave(() => ui.goTo('selling'))
  if (screen === 'sell') return ui.openShowtime(undefined)
  if (screen !== 'pay' || state === undefined) return
  const panel = payPanelOf(state, ui)
  // Escape never stops what bands are being asked: that needs its own button.
  if (panel.kind === 'cash') void tellOrDone(() => client.cancelPayment())
  const isOver = panel.kind === 'choosing' || panel.kind === 'ended' || (panel.kind === 'knock' && panel.knock.state !== 'listening')
  if (isOver) leaveForSelling(screen, client)
}
