import { IconBroadcast, IconCloudCheck, IconCloudOff, IconHelpHexagon, IconPrinter, IconPrinterOff, IconSend } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useSay } from '../hooks.ts'
import { useTillState } from '../terminal-context.ts'

type Tone = 'good' | 'quiet' | 'warn'

/** What a cashier should be able to see at any time without asking. */
export function StatusBar() {
  const { t, money } = useSay()
  const { status } = useTillState()
  const { radio, backend, outbox, printer, inDoubt } = status
  const isOffline = backend.state === 'offline'
  return (
    <footer className="status" aria-label={t('status.label')}>
      <Item
        id="radio"
        tone={radio.state === 'failed' ? 'warn' : radio.state === 'scanning' ? 'good' : 'quiet'}
        icon={<IconBroadcast size={20} />}
        title={radio.driver}
      >
        {t(`status.radio.${radio.state}`)}
        {radio.state === 'scanning' && <span className="status-more">{t('status.bands', { count: radio.bandsNear })}</span>}
      </Item>
      <Item
        id="backend"
        tone={isOffline ? 'warn' : backend.state === 'online' ? 'good' : 'quiet'}
        icon={isOffline ? <IconCloudOff size={20} /> : <IconCloudCheck size={20} />}
      >
        {t(`status.backend.${backend.state}`)}
      </Item>
      <Item id="outbox" tone={outbox.pending === 0 ? 'good' : 'quiet'} icon={<IconSend size={20} />}>
        {outbox.pending === 0
          ? t('status.outboxEmpty')
          : t('status.outbox', { count: outbox.pending, amount: money(outbox.unsyncedTotal) })}
      </Item>
      {inDoubt > 0 && (
        <Item id="in-doubt" tone="warn" icon={<IconHelpHexagon size={20} />}>
          {t('status.inDoubt', { count: inDoubt })}
        </Item>
      )}
      <Item
        id="printer"
        tone={printer.state === 'ready' ? 'good' : 'warn'}
        icon={printer.state === 'ready' ? <IconPrinter size={20} /> : <IconPrinterOff size={20} />}
        title={printer.detail}
      >
        {t(`status.printer.${printer.state}`)}
      </Item>
    </footer>
  )
}

function Item({ id, tone, icon, title, children }: { id: string; tone: Tone; icon: ReactNode; title?: string; children: ReactNode }) {
  return (
    <span className={`status-item status-${tone}`} title={title} data-testid={`status-${id}`}>
      <span className="status-icon" aria-hidden="true">
        {icon}
      </span>
      {children}
    </span>
  )
}
