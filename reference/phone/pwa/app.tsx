import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Frame } from './components/frame.tsx'
import { Page } from './components/page.tsx'
import { Loading, Trouble } from './components/states.tsx'
import { isOpenToAll, type Route, type Screen } from './flows/route.ts'
import { usePreferencesOnPage } from './hooks.ts'
import { ApprovalSheet } from './phone/approval-sheet.tsx'
import { PhoneScreen } from './phone/phone-screen.tsx'
import { useRoute } from './route-store.ts'
import { BandsScreen } from './screens/bands-screen.tsx'
import { CardScreen } from './screens/card-screen.tsx'
import { HomeScreen } from './screens/home-screen.tsx'
import { InvitedScreen } from './screens/invited-screen.tsx'
import { LimitsScreen } from './screens/limits-screen.tsx'
import { LossScreen } from './screens/loss-screen.tsx'
import { MoreScreen } from './screens/more-screen.tsx'
import { NoticesScreen } from './screens/notices-screen.tsx'
import { PasskeysScreen } from './screens/passkeys-screen.tsx'
import { PhonesScreen } from './screens/phones-screen.tsx'
import { ReceiptScreen } from './screens/receipt-screen.tsx'
import { RecoverScreen } from './screens/recover-screen.tsx'
import { RequestsScreen } from './screens/requests-screen.tsx'
import { SignInScreen } from './screens/sign-in-screen.tsx'
import { StatementScreen } from './screens/statement-screen.tsx'
import { useSession } from './session-store.ts'

export function App() {
  const { t } = useTranslation()
  const route = useRoute((store) => store.route)
  const isSignedIn = useSession(({ session }) => session.state === 'signed-in')
  usePreferencesOnPage(t('app.title'))
  useFocusOnTitle(route.screen)
  useForgetting()
  useFreshStanding()
  return (
    <Frame screen={route.screen} isSignedIn={isSignedIn}>
      <Body route={route} />
      <ApprovalSheet />
    </Frame>
  )
}

function Body({ route }: { route: Route }) {
  const { t } = useTranslation()
  const { session, ask } = useSession()
  if (isOpenToAll(route.screen)) {
    return <ScreenBody route={session.state === 'signed-in' && route.screen === 'sign-in' ? { screen: 'home', rest: '' } : route} />
  }
  switch (session.state) {
    case 'asking':
      return (
        <Page title={t('signIn.title')}>
          <Loading />
        </Page>
      )
    case 'unreachable':
      return (
        <Page title={t('signIn.title')}>
          <Trouble refusal={session.refusal} onRetry={() => void ask()} />
        </Page>
      )
    case 'signed-out':
    case 'signed-in':
      return (
        <Own route={route} isSignedIn={session.state === 'signed-in'} wasHere={session.state === 'signed-out' && session.why === 'ended'} />
      )
  }
}

/**
 * A screen of the owner's. When the session ends while somebody is on it, it is covered, not closed: signed in again, they find what they
 * had typed. Whoever signs out themselves leaves nothing behind.
 */
function Own({ route, isSignedIn, wasHere }: { route: Route; isSignedIn: boolean; wasHere: boolean }) {
  const [owner, setOwner] = useState('')
  const name = useSession(({ session }) => (session.state === 'signed-in' ? session.standing.displayName : undefined))
  if (name !== undefined && name !== owner) setOwner(name)
  return (
    <>
      {!isSignedIn && <SignInScreen />}
      {(isSignedIn || wasHere) && (
        <div key={owner} hidden={!isSignedIn}>
          <ScreenBody route={route} />
        </div>
      )}
    </>
  )
}

function ScreenBody({ route: { screen, rest } }: { route: Route }) {
  switch (screen) {
    case 'sign-in':
      return <SignInScreen />
    case 'recover':
      return <RecoverScreen rest={rest} />
    case 'invited':
      return <InvitedScreen ticket={rest} />
    case 'loss':
      return <LossScreen />
    case 'home':
      return <HomeScreen />
    case 'phone':
      return <PhoneScreen />
    case 'statement':
      return <StatementScreen />
    case 'receipt':
      return <ReceiptScreen receiptId={rest} />
    case 'limits':
      return <LimitsScreen />
    case 'bands':
      return <BandsScreen />
    case 'phones':
      return <PhonesScreen />
    case 'passkeys':
      return <PasskeysScreen />
    case 'notices':
      return <NoticesScreen />
    case 'requests':
      return <RequestsScreen />
    case 'card':
      return <CardScreen />
    case 'more':
      return <MoreScreen />
  }
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

/**
 * Of an owner who has signed out, and of one whose place another has taken, the page keeps no answer. Of one whose session has merely ended
 * it does, covered, so that nothing typed is lost; signed in again, everything is asked anew.
 */
function useForgetting(): void {
  const queries = useQueryClient()
  const state = useSession(({ session }) => (session.state === 'signed-out' ? session.why : session.state))
  const owner = useSession(({ session }) => (session.state === 'signed-in' ? session.standing.displayName : undefined))
  const lastOwner = useRef(owner)
  useEffect(() => {
    if (state === 'left' || (owner !== undefined && lastOwner.current !== undefined && owner !== lastOwner.current)) queries.clear()
    else if (state === 'signed-in') void queries.invalidateQueries()
    if (owner !== undefined) lastOwner.current = owner
  }, [queries, state, owner])
}

/** Somebody comes back to this page after a while: whether they are still signed in is asked before they press anything. */
function useFreshStanding(): void {
  const ask = useSession((store) => store.ask)
  useEffect(() => {
    const look = () => {
      if (document.visibilityState === 'visible') void ask()
    }
    document.addEventListener('visibilitychange', look)
    return () => document.removeEventListener('visibilitychange', look)
  }, [ask])
}
