import { Button } from '@mantine/core'
import { clockOffWords } from '../flows/clock-off.ts'
import { exposureShown, inDoubtOf } from '../flows/exposure.ts'
import { useSay } from '../hooks.ts'
import { useTillState } from '../terminal-context.ts'
import { Dialog } from './dialog.tsx'

type Row = {
  readonly id: string
  readonly name: string
  readonly state: string
  readonly isWrong: boolean
  readonly more: readonly string[]
}

/** All that the bar's line stands for, with its reasons: since when, why, what to do. What is wrong stands first. */
export function StatusPanel({ onClose }: { onClose: () => void }) {
  const { t } = useSay()
  const rows = useRows()
  const wrongFirst = rows.toSorted((a, b) => Number(b.isWrong) - Number(a.isWrong))
  return (
    <Dialog title={t('status.label')} onClose={onClose}>
      <dl className="status-rows" data-testid="status-panel">
        {wrongFirst.map(({ id, name, state, isWrong, more }) => (
          <div key={id} className={isWrong ? 'status-row status-row-wrong' : 'status-row'}>
            <dt>{name}</dt>
            <dd>
              <strong>{state}</strong>
              {more.map((line) => (
                <span key={line}>{line}</span>
              ))}
            </dd>
          </div>
        ))}
      </dl>
      <div className="dialog-acts">
        <Button variant="default" onClick={onClose}>
          {t('app.close')}
        </Button>
      </div>
    </Dialog>
  )
}

function useRows(): readonly Row[] {
  const { t, time } = useSay()
  const { radio, backend, printer, clock } = useTillState().status
  return [
    {
      id: 'radio',
      name: t('status.name.radio'),
      state: t(`status.radio.${radio.state}`),
      isWrong: radio.state === 'failed',
      more: [
        ...(radio.trouble === undefined ? [] : [t(`radio.trouble.${radio.trouble}`)]),
        ...(radio.state === 'failed' ? [t('pay.radioFailedNext')] : [t('status.bands', { count: radio.bandsNear })]),
        ...(radio.driver === undefined ? [] : [t('status.driver', { driver: t(`radio.driver.${radio.driver}`) })]),
      ],
    },
    {
      id: 'backend',
      name: t('status.name.backend'),
      state: t(`status.backend.${backend.isRefusing ? 'refusing' : backend.state}`),
      isWrong: backend.state === 'offline',
      more: [
        ...(backend.isRefusing ? [t('status.refusingNext')] : []),
        ...(backend.state === 'offline' ? [t('sell.offlineText')] : []),
        ...(backend.lastContactAt === undefined ? [] : [t('status.lastContact', { time: time(backend.lastContactAt) })]),
      ],
    },
    ...(clock === undefined
      ? []
      : [{ id: 'clock', name: t('settings.clock'), state: clockOffWords(clock.skewMs, t), isWrong: true, more: [t('status.clockNext')] }]),
    useExposureRow(),
    {
      id: 'printer',
      name: t('status.name.printer'),
      state: t(`status.printer.${printer.state}`),
      isWrong: printer.state === 'failed',
      more: [
        printer.trouble === undefined ? printer.place : t(`printer.${printer.trouble}`),
        ...(printer.jobs.length === 0 ? [] : [`${t('status.jobs', { count: printer.jobs.length })} · ${t('status.jobsWhere')}`]),
      ],
    },
  ]
}

function useExposureRow(): Row {
  const { t, money, time } = useSay()
  const { status } = useTillState()
  const { exposure } = status
  const shown = exposureShown(status)
  const row = { id: 'outbox', name: t('status.name.outbox') }
  if (shown.kind === 'calm') return { ...row, state: t('status.outboxEmpty'), isWrong: false, more: [] }
  if (shown.kind === 'sending') return { ...row, state: t('status.sending', { count: shown.pending }), isWrong: false, more: [] }
  const inDoubt = inDoubtOf(status)
  return {
    ...row,
    state: t('status.exposed'),
    isWrong: inDoubt > 0,
    more: [
      ...(exposure.sales > 0 ? [t('status.sales', { count: exposure.sales, amount: money(exposure.total) })] : []),
      ...(exposure.voids > 0 ? [t('status.voids', { count: exposure.voids })] : []),
      ...(inDoubt > 0 ? [t('status.inDoubt', { count: inDoubt })] : []),
      ...(exposure.promises > 0 ? [t('status.promises', { count: exposure.promises })] : []),
      ...(exposure.oldestAt === undefined ? [] : [t('status.oldest', { time: time(exposure.oldestAt) })]),
    ],
  }
}
