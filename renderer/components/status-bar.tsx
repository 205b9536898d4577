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
import type { ReactNode } from 'react'
import type { TillStatus } from '#shared/contracts/till.ts'
import { clockOffWords } from '../flows/clock-off.ts'
import { exposureShown, inDoubtOf } from '../flows/exposure.ts'
import { useSay } from '../hooks.ts'
import { useTillState } from '../terminal-context.ts'

type Tone = 'good' | 'quiet' | 'warn'

/** What a cashier should be able to see at any time without asking. */
export function StatusBar() {
  const { t } = useSay()
  const { status } = useTillState()
  const { radio, backend, printer } = status
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
      <ClockItem status={status} />
      <ExposureItem status={status} />
      <Item
        id="printer"
        tone={printer.state === 'ready' ? 'good' : 'warn'}
        icon={printer.state === 'ready' ? <IconPrinter size={20} /> : <IconPrinterOff size={20} />}
        title={printer.detail}
      >
        {t(`status.printer.${printer.state}`)}
        {printer.jobs.length > 0 && (
          <span className="status-more" data-testid="status-jobs">
            {t('status.jobs', { count: printer.jobs.length })}
          </span>
        )}
      </Item>
    </footer>
  )
}

/** Said only while this computer's clock is off. */
function ClockItem({ status: { clock } }: { status: TillStatus }) {
  const { t } = useSay()
  if (clock === undefined) return null
  return (
    <Item id="clock" tone="warn" icon={<IconClockExclamation size={20} />} title={t('status.clockNext')}>
      {clockOffWords(clock.skewMs, t)}
    </Item>
  )
}

/** What would be lost with this computer. Calm while there is nothing. */
function ExposureItem({ status }: { status: TillStatus }) {
  const { t, money, time } = useSay()
  const shown = exposureShown(status)
  const { exposure } = status
  if (shown.kind !== 'exposed') {
    return (
      <Item id="outbox" tone={shown.kind === 'calm' ? 'good' : 'quiet'} icon={<IconSend size={20} />}>
        {shown.kind === 'calm' ? t('status.outboxEmpty') : t('status.sending', { count: shown.pending })}
      </Item>
    )
  }
  const hasDoubt = shown.parts.includes('in-doubt')
  const words = {
    sales: t('status.sales', { count: exposure.sales, amount: money(exposure.total) }),
    'in-doubt': t('status.inDoubt', { count: inDoubtOf(status) }),
    promises: t('status.promises', { count: exposure.promises }),
  }
  return (
    <Item
      id="outbox"
      tone={hasDoubt ? 'warn' : 'quiet'}
      icon={hasDoubt ? <IconHelpHexagon size={20} /> : <IconShieldExclamation size={20} />}
      {...(exposure.oldestAt === undefined ? {} : { title: t('status.oldest', { time: time(exposure.oldestAt) }) })}
    >
      <span className="status-lead">{t('status.exposed')}</span>
      {shown.parts.map((part) => (
        <span key={part} className="status-part" data-testid={part === 'in-doubt' ? 'status-in-doubt' : `status-${part}`}>
          {words[part]}
        </span>
      ))}
    </Item>
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
