import { useEffect, useLayoutEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { Frame } from './components/frame.tsx'
import { Loading, Trouble } from './components/states.tsx'
import { isOpenToAll, type Screen } from './flows/route.ts'
import { ApprovalSheet } from './phone/approval-sheet.tsx'
import { PhoneScreen } from './phone/phone-screen.tsx'
import { usePreferences } from './preferences.ts'
import { useRoute } from './route-store.ts'
import { HomeScreen } from './screens/home-screen.tsx'
import { MoreScreen } from './screens/more-screen.tsx'
import { SignInScreen } from './screens/sign-in-screen.tsx'
import { useSession } from './session-store.ts'

export function App() {
  const { screen } = useRoute((store) => store.route)
  const session = useSession((store) => store.session)
  usePreferencesOnPage()
  useFocusOnTitle(screen)
  return (
    <Frame screen={screen} isSignedIn={session.state === 'signed-in'}>
      <Body screen={screen} />
      <ApprovalSheet />
    </Frame>
  )
}

function Body({ screen }: { screen: Screen }) {
  const { session, ask } = useSession()
  if (isOpenToAll(screen)) return <ScreenBody screen={session.state === 'signed-in' && screen === 'sign-in' ? 'home' : screen} />
  switch (session.state) {
    case 'asking':
      return <Loading />
    case 'unreachable':
      return <Trouble refusal={session.refusal} onRetry={() => void ask()} />
    case 'signed-out':
      return <SignInScreen />
    case 'signed-in':
      return <ScreenBody screen={screen} />
  }
}

function ScreenBody({ screen }: { screen: Screen }) {
  switch (screen) {
    case 'sign-in':
    case 'recover':
    case 'invited':
    case 'loss':
      return <SignInScreen />
    case 'home':
    case 'statement':
    case 'limits':
    case 'bands':
    case 'phones':
    case 'passkeys':
    case 'notices':
    case 'requests':
      return <HomeScreen />
    case 'phone':
      return <PhoneScreen />
    case 'more':
      return <MoreScreen />
  }
}

/** The language and the colours of the document follow what was chosen, before anything is painted otherwise. */
function usePreferencesOnPage(): void {
  const { i18n, t } = useTranslation()
  const { language, scheme } = usePreferences()
  useLayoutEffect(() => {
    void i18n.changeLanguage(language)
    document.documentElement.lang = language
    document.title = t('app.title')
  }, [i18n, language, t])
  useLayoutEffect(() => {
    document.documentElement.dataset['scheme'] = scheme
  }, [scheme])
}

/** Whoever comes to another screen begins at its top, and a screen reader says its title. */
function useFocusOnTitle(screen: Screen): void {
  const shown = useRef(screen)
  useEffect(() => {
    if (shown.current === screen) return
    shown.current = screen
    window.scrollTo(0, 0)
    document.querySelector<HTMLElement>('h1')?.focus({ preventScroll: true })
  }, [screen])
}
