import { useComputedColorScheme, useMantineColorScheme } from '@mantine/core'
import {
  IconArmchair,
  IconBell,
  IconHistory,
  IconKeyboard,
  IconLock,
  IconMoon,
  IconSettings,
  IconSun,
  IconUser,
  IconUserShield,
} from '@tabler/icons-react'
import type { ReactNode } from 'react'
import type { StaffMember } from '#shared/contracts/staff.ts'
import { otherLanguage } from '#shared/domain/words.ts'
import type { Place, Screen } from '../flows/screen.ts'
import { useNowMs, useSay } from '../hooks.ts'
import { useAct, useTerminal, useTillState } from '../terminal-context.ts'
import { useUi } from '../ui-store.ts'

/** Name, PRACTICE, the places to be, the clock, who is signed in, and the tools. Where nobody may sell, only what is safe to press. */
export function TopBar({ screen }: { screen: Screen }) {
  const { words, t } = useSay()
  const { identity, session } = useTillState()
  return (
    <header className={identity.practice ? 'top top-practice' : 'top'}>
      <div className="top-brand">
        <span className="top-mark" aria-hidden="true" />
        <div className="top-names">
          <div className="top-site">{words(identity.siteName)}</div>
          <div className="top-name">
            {t('app.name')} · <span className="figures">{identity.terminalId}</span>
          </div>
        </div>
        {identity.practice && <PracticeBadge canOpen={session.state === 'signed-in'} />}
      </div>
      {session.state === 'signed-in' && screen !== 'interrupted' && <Places screen={screen} staff={session.staff} />}
      <div className="top-end">
        <Clock />
        {session.state === 'signed-in' && <SignedIn staff={session.staff} />}
        <Tools canLock={session.state === 'signed-in'} />
      </div>
    </header>
  )
}

/** Practice is never mistaken for live; pressed, the badge opens the practice world. */
function PracticeBadge({ canOpen }: { canOpen: boolean }) {
  const { t } = useSay()
  const isOpen = useUi((ui) => ui.drawerOpen)
  const setDrawer = useUi((ui) => ui.setDrawer)
  if (!canOpen) {
    return (
      <span className="practice" title={t('app.practiceLong')} data-testid="practice">
        {t('app.practice')}
      </span>
    )
  }
  return (
    <button
      type="button"
      className="practice practice-button"
      title={t('app.practiceLong')}
      aria-label={t('app.openPractice')}
      aria-expanded={isOpen}
      aria-keyshortcuts="F6"
      data-testid="practice"
      onClick={() => setDrawer(!isOpen)}
    >
      {t('app.practice')}
    </button>
  )
}

function Places({ screen, staff }: { screen: Screen; staff: StaffMember }) {
  const { t } = useSay()
  const { status } = useTillState()
  const go = useUi((ui) => ui.goTo)
  const leave = useUi((ui) => ui.leave)
  const goTo = (place: Place) => {
    if (place !== screen) leave(() => go(place))
  }
  const isSelling = screen !== 'history' && screen !== 'attention' && screen !== 'settings'
  return (
    <nav className="top-nav" aria-label={t('app.screens')}>
      <Tab isHere={isSelling} onPress={() => goTo('selling')} icon={<IconArmchair aria-hidden="true" />} label={t('app.sell')} />
      <Tab
        isHere={screen === 'history'}
        onPress={() => goTo('history')}
        icon={<IconHistory aria-hidden="true" />}
        label={t('app.history')}
        hint="F4"
      />
      {staff.role === 'manager' && (
        <Tab
          isHere={screen === 'attention'}
          onPress={() => goTo('attention')}
          icon={<IconBell aria-hidden="true" />}
          label={t('app.attention')}
          hint="F5"
          isQuiet
          count={status.attention}
          countWords={t('app.attentionCount', { count: status.attention })}
        />
      )}
      <Tab
        isHere={screen === 'settings'}
        onPress={() => goTo('settings')}
        icon={<IconSettings aria-hidden="true" />}
        label={t('app.settings')}
        hint="F7"
        isQuiet
      />
    </nav>
  )
}

function SignedIn({ staff }: { staff: StaffMember }) {
  const { t } = useSay()
  const Icon = staff.role === 'manager' ? IconUserShield : IconUser
  return (
    <span className="top-cashier" title={staff.name} data-testid="signed-in">
      <Icon size={20} aria-hidden="true" />
      <span className="sr">{t('app.signedIn')} </span>
      <span className="top-person">
        <span className="top-person-name">{staff.name}</span> <span className="top-person-role">{t(`role.${staff.role}`)}</span>
      </span>
    </span>
  )
}

type TabProps = {
  isHere: boolean
  onPress: () => void
  icon: ReactNode
  label: string
  hint?: string
  count?: number
  countWords?: string
  /** The icon alone where the bar is narrow. */
  isQuiet?: boolean
}

function Tab({ isHere, onPress, icon, label, hint, count = 0, countWords, isQuiet = false }: TabProps) {
  return (
    <button
      type="button"
      className={isQuiet ? 'top-tab top-tab-quiet' : 'top-tab'}
      aria-current={isHere ? 'page' : undefined}
      onClick={onPress}
      aria-keyshortcuts={hint}
    >
      {icon}
      <span className="top-tab-words">{label}</span>
      {count > 0 && (
        <>
          <span className="top-count figures" aria-hidden="true">
            {count}
          </span>
          <span className="sr">{countWords}</span>
        </>
      )}
    </button>
  )
}

function Clock() {
  const { time, day } = useSay()
  const nowMs = useNowMs()
  return (
    <span className="top-clock figures">
      <strong>{time(new Date(nowMs).toISOString())}</strong> <span>{day(nowMs)}</span>
    </span>
  )
}

function Tools({ canLock }: { canLock: boolean }) {
  const { t, language } = useSay()
  const { client } = useTerminal()
  const { busy, act } = useAct()
  const setHelp = useUi((ui) => ui.setHelp)
  const { setColorScheme } = useMantineColorScheme()
  const isDark = useComputedColorScheme('light') === 'dark'
  const other = otherLanguage(language)
  // The page follows what the till says. When the line is broken the till keeps its language, and nothing was lost by asking.
  const switchLanguage = () => void client.setLanguage({ language: other }).catch(() => undefined)
  return (
    <div className="top-tools">
      <button type="button" className="top-tool" aria-label={t('app.keyboard')} aria-keyshortcuts="?" onClick={() => setHelp(true)}>
        <IconKeyboard aria-hidden="true" />
      </button>
      <button
        type="button"
        className="top-tool"
        aria-label={isDark ? t('app.toLight') : t('app.toDark')}
        onClick={() => setColorScheme(isDark ? 'light' : 'dark')}
      >
        {isDark ? <IconSun aria-hidden="true" /> : <IconMoon aria-hidden="true" />}
      </button>
      <button type="button" className="top-tool top-language" lang={other} onClick={switchLanguage}>
        {t('app.switchLanguageShort')}
        <span className="sr"> {t('app.switchLanguage')}</span>
      </button>
      {canLock && (
        <button
          type="button"
          className="top-tool"
          aria-label={t('app.lock')}
          aria-keyshortcuts="F10"
          disabled={busy}
          onClick={() => act(() => client.lock())}
        >
          <IconLock aria-hidden="true" />
        </button>
      )}
    </div>
  )
}
