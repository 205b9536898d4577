import { useComputedColorScheme, useMantineColorScheme } from '@mantine/core'
import { IconArmchair, IconHistory, IconKeyboard, IconMoon, IconSun, IconUser } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Screen } from '../flows/screen.ts'
import { useNowMs, useSay } from '../hooks.ts'
import { otherLanguage } from '../i18n/i18n.ts'
import { useTerminal, useTillState } from '../terminal-context.ts'
import { useUi } from '../ui-store.ts'

/** Name, PRACTICE, the two places to be, the clock, who is selling, and the language. */
export function TopBar({ screen }: { screen: Screen }) {
  const { t, words } = useSay()
  const { identity } = useTillState()
  const setHistory = useUi((ui) => ui.setHistory)
  return (
    <header className={identity.practice ? 'top top-practice' : 'top'}>
      <div className="top-brand">
        <span className="top-mark" aria-hidden="true" />
        <div>
          <div className="top-site">{words(identity.siteName)}</div>
          <div className="top-name">
            {t('app.name')} · <span className="figures">{identity.terminalId}</span>
          </div>
        </div>
        {identity.practice && (
          <span className="practice" title={t('app.practiceLong')} data-testid="practice">
            {t('app.practice')}
          </span>
        )}
      </div>
      <nav className="top-nav" aria-label={t('app.screens')}>
        <Tab
          isHere={screen !== 'history'}
          onPress={() => setHistory(false)}
          icon={<IconArmchair aria-hidden="true" />}
          label={t('app.sell')}
        />
        <Tab
          isHere={screen === 'history'}
          onPress={() => setHistory(true)}
          icon={<IconHistory aria-hidden="true" />}
          label={t('app.history')}
          hint="F4"
        />
      </nav>
      <div className="top-end">
        <Clock />
        <span className="top-cashier">
          <IconUser size={20} aria-hidden="true" />
          <span className="sr">{t('app.cashier')} </span>
          {identity.cashierName}
        </span>
        <Tools />
      </div>
    </header>
  )
}

function Tab({
  isHere,
  onPress,
  icon,
  label,
  hint,
}: {
  isHere: boolean
  onPress: () => void
  icon: ReactNode
  label: string
  hint?: string
}) {
  return (
    <button type="button" className="top-tab" aria-current={isHere ? 'page' : undefined} onClick={onPress} aria-keyshortcuts={hint}>
      {icon}
      {label}
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

function Tools() {
  const { t, language } = useSay()
  const { i18n } = useTranslation()
  const { client } = useTerminal()
  const setHelp = useUi((ui) => ui.setHelp)
  const { setColorScheme } = useMantineColorScheme()
  const isDark = useComputedColorScheme('light') === 'dark'
  const other = otherLanguage(language)
  const switchLanguage = () => {
    void i18n.changeLanguage(other)
    // The page has switched already; when the line is broken the till keeps its old language, and says so at the next connection.
    client.setLanguage({ language: other }).catch(() => undefined)
  }
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
    </div>
  )
}
