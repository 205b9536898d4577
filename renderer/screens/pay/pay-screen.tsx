import { Button } from '@mantine/core'
import { IconArrowLeft, IconCash } from '@tabler/icons-react'
import type { CSSProperties } from 'react'
import type { SaleLine } from '#shared/domain/sale-line.ts'
import { payPanelOf } from '../../flows/screen.ts'
import { useSay } from '../../hooks.ts'
import { useAct, useTerminal, useTillState } from '../../terminal-context.ts'
import { useUi } from '../../ui-store.ts'
import { leaveForSelling } from '../../use-shortcuts.ts'
import { AskingPanel } from './asking-panel.tsx'
import { BandsPanel } from './bands-panel.tsx'
import { CashPanel } from './cash-panel.tsx'
import { DoubtPanel } from './doubt-panel.tsx'
import { EndedPanel } from './ended-panel.tsx'
import { KnockPanel } from './knock-panel.tsx'

/** The amount on the left, huge; on the right what is happening to it. */
export function PayScreen() {
  const { t } = useSay()
  const state = useTillState()
  const ui = useUi()
  const panel = payPanelOf(state, ui)
  const canLeave = panel.kind === 'choosing' || panel.kind === 'ended' || (panel.kind === 'knock' && panel.knock.state !== 'listening')
  return (
    <div className="pay">
      <h1 className="sr" tabIndex={-1}>
        {t('pay.title')}
      </h1>
      <Due canLeave={canLeave} canTakeCash={canLeave && state.cart.state === 'open'} />
      <div className="pay-panel">
        {panel.kind === 'choosing' && <BandsPanel />}
        {panel.kind === 'asking' && <AskingPanel payment={panel.payment} />}
        {panel.kind === 'knock' && <KnockPanel knock={panel.knock} />}
        {panel.kind === 'ended' && <EndedPanel payment={panel.payment} />}
        {panel.kind === 'in-doubt' && <DoubtPanel payment={panel.payment} />}
        {panel.kind === 'cash' && <CashPanel payment={panel.payment} />}
      </div>
    </div>
  )
}

/** Tickets first, then snacks, as the sale shows them. */
function inCartOrder(lines: readonly SaleLine[]): readonly SaleLine[] {
  return lines.toSorted((a, b) => Number(a.subject.kind !== 'ticket') - Number(b.subject.kind !== 'ticket'))
}

function Due({ canLeave, canTakeCash }: { canLeave: boolean; canTakeCash: boolean }) {
  const { t, words, money, time } = useSay()
  const { client } = useTerminal()
  const { busy, act } = useAct()
  const { cart, payment } = useTillState()
  const total = payment !== undefined && cart.lines.length === 0 ? payment.total : cart.total
  const due = money(total)
  return (
    <section className="panel due" aria-labelledby="due-title">
      <h2 id="due-title" className="due-label">
        {t('pay.amountDue')}
      </h2>
      <div className="due-amount figures" data-testid="amount-due" style={{ '--characters': due.length } as CSSProperties}>
        {due}
      </div>
      <ul className="due-lines">
        {inCartOrder(cart.lines).map((line) => (
          <li key={line.id}>
            <span>
              {line.subject.kind === 'ticket' ? (
                <>
                  <strong className="figures">{line.subject.seat}</strong> {words(line.name)}{' '}
                  <span className="figures">{time(line.subject.startsAt)}</span>
                </>
              ) : (
                <>
                  <strong className="figures">{line.quantity} ×</strong> {words(line.name)}
                </>
              )}
            </span>
            <span className="figures">{money(line.total)}</span>
          </li>
        ))}
      </ul>
      <div className="due-acts">
        {canTakeCash && (
          <Button
            fullWidth
            variant="default"
            className="due-cash"
            disabled={busy}
            leftSection={<IconCash aria-hidden="true" />}
            aria-keyshortcuts="F9"
            onClick={() => act(() => client.startCash())}
          >
            {t('pay.payCash')}
          </Button>
        )}
        {canLeave && (
          <Button
            fullWidth
            variant="subtle"
            color="gray"
            leftSection={<IconArrowLeft aria-hidden="true" />}
            aria-keyshortcuts="Escape"
            onClick={() => leaveForSelling('pay', client)}
          >
            {t('pay.back')}
          </Button>
        )}
      </div>
    </section>
  )
}
