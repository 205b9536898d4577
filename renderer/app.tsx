import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useLayoutEffect } from 'react'
import { useTranslation } from 'react-i18next'
import type { TillState } from '#shared/contracts/till.ts'
import { Announcer } from './components/announcer.tsx'
import { Connection } from './components/connection.tsx'
import { Help } from './components/help.tsx'
import { NoticeBar } from './components/notice-bar.tsx'
import { StatusBar } from './components/status-bar.tsx'
import { TopBar } from './components/top-bar.tsx'
import { payPanelOf, type Screen, screenOf } from './flows/screen.ts'
import { useTitleFocus } from './focus.ts'
import { useForgottenAnswers, useNoHeldPresses, useSounds, useTouches } from './page-effects.ts'
import { AttentionScreen } from './screens/attention/attention-screen.tsx'
import { DoneScreen } from './screens/done/done-screen.tsx'
import { HistoryScreen } from './screens/history/history-screen.tsx'
import { IdentifyScreen } from './screens/identify/identify-screen.tsx'
import { InterruptedScreen } from './screens/interrupted/interrupted-screen.tsx'
import { PayScreen } from './screens/pay/pay-screen.tsx'
import { PracticeDrawer } from './screens/practice/practice-drawer.tsx'
import { SellScreen } from './screens/sell/sell-screen.tsx'
import { SettingsScreen } from './screens/settings/settings-screen.tsx'
import { SetUpScreen } from './screens/sign-in/set-up-screen.tsx'
import { SignInScreen } from './screens/sign-in/sign-in-screen.tsx'
import { useTillState } from './terminal-context.ts'
import { useTill } from './till-store.ts'
import { useUi } from './ui-store.ts'
import { useShortcuts } from './use-shortcuts.ts'

export function App() {
  const hasState = useTill((till) => till.state !== undefined)
  const link = useTill((till) => till.link)
  useLanguageOfTill()
  return (
    <>
      {hasState && <Till isLost={link !== 'open'} />}
      <Connection hasState={hasState} link={link} />
    </>
  )
}

/** The till knows which language it speaks; the page follows before anything is painted in another one. */
function useLanguageOfTill(): void {
  const { i18n } = useTranslation()
  const language = useTill((till) => till.state?.language)
  useLayoutEffect(() => {
    if (language !== undefined) void i18n.changeLanguage(language)
  }, [i18n, language])
  useEffect(() => {
    document.documentElement.lang = i18n.language
  }, [i18n.language])
}

/** A locked till keeps nothing on this page of what the last person looked at. What the site sells is no secret. */
function useForgetting(session: TillState['session']['state']): void {
  const queries = useQueryClient()
  useEffect(() => {
    if (session === 'signed-in') return
    queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'programme' })
    useUi.getState().tell(undefined)
    useUi.getState().setDrawer(false)
  }, [queries, session])
}

function Till({ isLost }: { isLost: boolean }) {
  const state = useTillState()
  const ui = useUi()
  const screen = screenOf(state, ui)
  useShortcuts(screen)
  useTitleFocus(screen === 'pay' ? payPanelOf(state, ui).kind : screen)
  useTouches()
  useNoHeldPresses()
  useSounds()
  useForgottenAnswers(screen)
  useForgetting(state.session.state)
  return (
    <div className="frame" inert={isLost}>
      <TopBar screen={screen} />
      <main className={`frame-main frame-main-${screen}`}>
        <ScreenBody screen={screen} />
        <NoticeBar />
        {state.identity.practice && state.session.state === 'signed-in' && <PracticeDrawer />}
      </main>
      <StatusBar key={state.session.state} />
      <Announcer />
      <Help screen={screen} />
    </div>
  )
}

function ScreenBody({ screen }: { screen: Screen }) {
  switch (screen) {
    case 'set-up':
      return <SetUpScreen />
    case 'sign-in':
      return <SignInScreen />
    case 'interrupted':
      return <InterruptedScreen />
    case 'sell':
      return <SellScreen />
    case 'pay':
      return <PayScreen />
    case 'done':
      return <DoneScreen />
    case 'identify':
      return <IdentifyScreen />
    case 'history':
      return <HistoryScreen />
    case 'attention':
      return <AttentionScreen />
    case 'settings':
      return <SettingsScreen />
  }
}
