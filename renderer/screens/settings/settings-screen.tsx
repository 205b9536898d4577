import { useQuery, useQueryClient } from '@tanstack/react-query'
import type { SettingsView } from '#shared/contracts/settings.ts'
import { QueryState } from '../../components/query-state.tsx'
import { clockOffWords } from '../../flows/clock-off.ts'
import { useSay } from '../../hooks.ts'
import { useTerminal, useTillState } from '../../terminal-context.ts'
import { Facts, Part } from './part.tsx'
import { People } from './people.tsx'
import { PrinterPart } from './printer-part.tsx'
import { LockPart, RadioPart, ScreenPart } from './till-parts.tsx'

const SETTINGS = 'settings'

/** What can be set at this till. A cashier reads it; a manager changes it. */
export function SettingsScreen() {
  const { t } = useSay()
  const { client } = useTerminal()
  const { session, status, language } = useTillState()
  const queries = useQueryClient()
  const query = useQuery({
    queryKey: [SETTINGS, status.radio.state, status.radio.driver, language],
    queryFn: () => client.settings(),
    placeholderData: (previous) => previous,
  })
  if (session.state !== 'signed-in') return null
  const isManager = session.staff.role === 'manager'
  const onSaved = () => void queries.invalidateQueries({ queryKey: [SETTINGS] })
  return (
    <div className="settings">
      <h1 className="sr" tabIndex={-1}>
        {t('settings.title')}
      </h1>
      <QueryState query={query} loading={t('settings.loading')} className="panel empty">
        {(settings) => (
          <>
            <div className="settings-column">
              <ScreenPart />
              <LockPart settings={settings} isManager={isManager} onSaved={onSaved} />
              <RadioPart settings={settings} isManager={isManager} onSaved={onSaved} />
            </div>
            <div className="settings-column">
              <PrinterPart settings={settings} isManager={isManager} onSaved={onSaved} />
            </div>
            <div className="settings-column">
              <People me={session.staff} />
              <About settings={settings} />
            </div>
          </>
        )}
      </QueryState>
    </div>
  )
}

function About({ settings: { about } }: { settings: SettingsView }) {
  const { t, calendarDay } = useSay()
  const { clock } = useTillState().status
  const clockOff = clock && (
    <>
      {clockOffWords(clock.skewMs, t)}
      <span className="part-detail">{t('status.clockNext')}</span>
    </>
  )
  return (
    <Part title={t('settings.about')}>
      <Facts
        facts={[
          [t('settings.terminalId'), about.terminalId],
          [t('settings.series'), about.series],
          [t('settings.epoch'), about.epoch <= 1 ? t('settings.epochNever') : t('settings.epochTimes', { count: about.epoch - 1 })],
          [t('settings.journalSeq'), about.journalSeq],
          [t('settings.certificateUntil'), calendarDay(Date.parse(about.certificateUntil))],
          [t('settings.backendUrl'), about.backendUrl],
          ...(clockOff ? [[t('settings.clock'), clockOff] as const] : []),
        ]}
      />
    </Part>
  )
}
