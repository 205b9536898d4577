import {
  IconBroadcast,
  IconClockExclamation,
  IconCloudCheck,
  IconCloudOff,
  IconHelpHexagon,
  IconPrinter,
  IconPrinterOff,
  IconSend,
  IconShieldExclamation,
} from '@tabler/icons-react'
import { Fragment, type ReactNode, useState } from 'react'
import type { TillStatus } from '#shared/contracts/till.ts'
import { clockOffWords } from '../flows/clock-off.ts'
import { exposureShown, inDoubtOf } from '../flows/exposure.ts'
import { type Say, useSay } from '../hooks.ts'
import { useTillState } from '../terminal-context.ts'
import { StatusPanel } from './status-panel.tsx'

type Tone = 'good' | 'quiet' | 'warn'
type Shown = { readonly id: string; readonly tone: Tone; readonly icon: ReactNode; readonly words: ReactNode }

/**
 * What a cashier should be able to see at any time without asking: one line that never moves the screen above it. What is wrong stands
 * first; where the line is too short the calm end of it gives way. Pressed, it tells all of it, with the reasons.
 */
export function StatusBar() {
  const say = useSay()
  const { status } = useTillState()
  const [isOpen, setIsOpen] = useState(false)
  const items = [
    radioItem(status, say),
    backendItem(status, say),
    ...clockItem(status, say),
    exposureItem(status, say),
    printerItem(status, say),
  ]
  const warningsFirst = items.toSorted((a, b) => Number(b.tone === 'warn') - Number(a.tone === 'warn'))
  return (
    <footer aria-label={say.t('status.label')}>
      <button type="button" className="status" aria-haspopup="dialog" onClick={() => setIsOpen(true)} data-testid="status">
        {warningsFirst.map(({ id, tone, icon, words }) => (
          <Fragment key={id}>
            <span className={`status-item status-${tone}`} data-testid={`status-${id}`}>
              <span className="status-icon" aria-hidden="true">
                {icon}
              </span>
              <span className="status-words">{words}</span>
            </span>{' '}
          </Fragment>
        ))}
      </button>
      {isOpen && <StatusPanel onClose={() => setIsOpen(false)} />}
    </footer>
  )
}

function radioItem({ radio }: TillStatus, { t }: Say): Shown {
  return {
    id: 'radio',
    tone: radio.state === 'failed' ? 'warn' : radio.state === 'scanning' ? 'good' : 'quiet',
    icon: <IconBroadcast size={20} />,
    words: (
      <>
        {t(`status.radio.${radio.state}`)}
        {radio.state === 'scanning' && <span className="status-more">{t('status.bands', { count: radio.bandsNear })}</span>}
      </>
    ),
  }
}

function backendItem({ backend }: TillStatus, { t }: Say): Shown {
  const isOffline = backend.state === 'offline'
  return {
    id: 'backend',
    tone: isOffline ? 'warn' : backend.state === 'online' ? 'good' : 'quiet',
    icon: isOffline ? <IconCloudOff size={20} /> : <IconCloudCheck size={20} />,
    words: t(`status.backend.${backend.isRefusing ? 'refusing' : backend.state}`),
  }
}

/** Said only while this computer's clock is off. */
function clockItem({ clock }: TillStatus, { t }: Say): readonly Shown[] {
  return clock === undefined
    ? []
    : [{ id: 'clock', tone: 'warn', icon: <IconClockExclamation size={20} />, words: clockOffWords(clock.skewMs, t) }]
}

function printerItem({ printer }: TillStatus, { t }: Say): Shown {
  const isReady = printer.state === 'ready'
  return {
    id: 'printer',
    tone: isReady ? 'good' : 'warn',
    icon: isReady ? <IconPrinter size={20} /> : <IconPrinterOff size={20} />,
    words: (
      <>
        {t(`status.printer.${printer.state}`)}
        {printer.jobs.length > 0 && (
          <span className="status-more" data-testid="status-jobs">
            {t('status.jobs', { count: printer.jobs.length })}
          </span>
        )}
      </>
    ),
  }
}

/** What would be lost with this computer. Calm while there is nothing. */
function exposureItem(status: TillStatus, { t, money }: Say): Shown {
  const shown = exposureShown(status)
  if (shown.kind !== 'exposed') {
    return {
      id: 'outbox',
      tone: shown.kind === 'calm' ? 'good' : 'quiet',
      icon: <IconSend size={20} />,
      words: shown.kind === 'calm' ? t('status.outboxEmpty') : t('status.sending', { count: shown.pending }),
    }
  }
  const { exposure } = status
  const hasDoubt = shown.parts.includes('in-doubt')
  const words = {
    sales: t('status.sales', { count: exposure.sales, amount: money(exposure.total) }),
    voids: t('status.voids', { count: exposure.voids }),
    'in-doubt': t('status.inDoubt', { count: inDoubtOf(status) }),
    promises: t('status.promises', { count: exposure.promises }),
  }
  return {
    id: 'outbox',
    tone: hasDoubt ? 'warn' : 'quiet',
    icon: hasDoubt ? <IconHelpHexagon size={20} /> : <IconShieldExclamation size={20} />,
    words: (
      <>
        <span className="status-lead">{t('status.exposed')} </span>
        {shown.parts.map((part) => (
          <span key={part} className="status-part" data-testid={part === 'in-doubt' ? 'status-in-doubt' : `status-${part}`}>
            {words[part]}
          </span>
        ))}
      </>
    ),
  }
}
