import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { Connection } from './components/connection.tsx'
import { Help } from './components/help.tsx'
import { NoticeBar } from './components/notice-bar.tsx'
import { StatusBar } from './components/status-bar.tsx'
import { TopBar } from './components/top-bar.tsx'
import { type Screen, screenOf } from './flows/screen.ts'
import { DoneScreen } from './screens/done/done-screen.tsx'
import { HistoryScreen } from './screens/history/history-screen.tsx'
import { PayScreen } from './screens/pay/pay-screen.tsx'
import { SellScreen } from './screens/sell/sell-screen.tsx'
import { useTerminal, useTillState } from './terminal-context.ts'
import { useTill } from './till-store.ts'
import { useUi } from './ui-store.ts'
import { useShortcuts } from './use-shortcuts.ts'

export function App() {
  const hasState = useTill((till) => till.state !== undefined)
  const link = useTill((till) => till.link)
  useLanguageOfTill(link === 'open')
  return (
    <>
      {hasState && <Till isLost={link !== 'open'} />}
      <Connection hasState={hasState} link={link} />
    </>
  )
}

/** The till remembers its language; the page follows it at each (re)connection. */
function useLanguageOfTill(isOpen: boolean): void {
  const { client } = useTerminal()
  const { i18n } = useTranslation()
  useEffect(() => {
    if (!isOpen) return
    client.language().then(
      (language) => i18n.changeLanguage(language),
      () => undefined, // The line broke again: the next connection asks anew.
    )
  }, [client, i18n, isOpen])
  useEffect(() => {
    document.documentElement.lang = i18n.language
  }, [i18n.language])
}

function Till({ isLost }: { isLost: boolean }) {
  const state = useTillState()
  const ui = useUi()
  const screen = screenOf(state, ui)
  useShortcuts(screen)
  return (
    <div className="frame" inert={isLost}>
      <TopBar screen={screen} />
      <main className={`frame-main frame-main-${screen}`}>
        <ScreenBody screen={screen} />
        <NoticeBar />
      </main>
      <StatusBar />
      <Help />
    </div>
  )
}

function ScreenBody({ screen }: { screen: Screen }) {
  switch (screen) {
    case 'sell':
      return <SellScreen />
    case 'pay':
      return <PayScreen />
    case 'done':
      return <DoneScreen />
    case 'history':
      return <HistoryScreen />
  }
}
