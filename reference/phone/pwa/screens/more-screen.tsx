import { IconBell, IconChevronRight, IconDeviceMobile, IconId, IconKey, IconListSearch } from '@tabler/icons-react'
import type { ComponentType } from 'react'
import { useTranslation } from 'react-i18next'
import { LANGUAGES } from '#shared/domain/words.ts'
import { Button } from '../components/button.tsx'
import { Card, Page } from '../components/page.tsx'
import { RefusalNote } from '../components/states.tsx'
import { formatTime } from '../flows/format.ts'
import type { Screen } from '../flows/route.ts'
import { useAct, useLanguage } from '../hooks.ts'
import { SCHEMES, usePreferences } from '../preferences.ts'
import { useRoute } from '../route-store.ts'
import { useSession } from '../session-store.ts'

const LINKS = [
  { screen: 'notices', icon: IconBell },
  { screen: 'requests', icon: IconListSearch },
  { screen: 'card', icon: IconId },
  { screen: 'phones', icon: IconDeviceMobile },
  { screen: 'passkeys', icon: IconKey },
] as const satisfies readonly { screen: Screen; icon: ComponentType }[]
const LANGUAGE_NAMES = { en: 'English', 'zh-CN': '简体中文' } as const

export function MoreScreen() {
  const { t } = useTranslation()
  return (
    <Page title={t('more.title')}>
      <Links />
      <SignedIn />
      <Card title={t('more.page')}>
        <Choices />
      </Card>
    </Page>
  )
}

function Links() {
  const { t } = useTranslation()
  const unread = useSession(({ session }) => (session.state === 'signed-in' ? session.standing.unreadNotices : 0))
  return (
    <nav className="links" aria-label={t('more.title')}>
      {LINKS.map(({ screen, icon: Icon }) => (
        <a key={screen} href={`#/${screen}`} className="link-row">
          <Icon size={24} aria-hidden />
          <span className="link-words">{t(`more.${screen}`)}</span>
          {screen === 'notices' && unread > 0 && <span className="badge">{t('home.unread', { count: unread })}</span>}
          <IconChevronRight size={20} aria-hidden />
        </a>
      ))}
    </nav>
  )
}

function SignedIn() {
  const { t } = useTranslation()
  const language = useLanguage()
  const { session, leave } = useSession()
  const replace = useRoute((store) => store.replace)
  const act = useAct(leave)
  if (session.state !== 'signed-in') return null
  const { displayName, signedInBy, expiresAt } = session.standing
  const go = async (everywhere: boolean) => {
    if (await act.run(everywhere)) replace('sign-in')
  }
  return (
    <Card title={displayName}>
      <p className="quiet">
        {t(`more.signedInBy.${signedInBy}`)} · {t('more.until', { time: formatTime(expiresAt, language) })}
      </p>
      <div className="pair">
        <Button kind="plain" isBusy={act.isBusy} onClick={() => void go(false)} name="sign-out">
          {t('more.signOut')}
        </Button>
        <Button kind="plain" isBusy={act.isBusy} onClick={() => void go(true)} name="sign-out-everywhere">
          {t('more.everywhere')}
        </Button>
      </div>
      <RefusalNote refusal={act.refusal} />
    </Card>
  )
}

function Choices() {
  const { t } = useTranslation()
  const { language, setLanguage, scheme, setScheme } = usePreferences()
  return (
    <>
      <fieldset className="choice">
        <legend>{t('more.language')}</legend>
        {LANGUAGES.map((each) => (
          <label key={each} lang={each}>
            <input type="radio" name="language" checked={language === each} onChange={() => setLanguage(each)} />
            <span>{LANGUAGE_NAMES[each]}</span>
          </label>
        ))}
      </fieldset>
      <fieldset className="choice">
        <legend>{t('more.scheme')}</legend>
        {SCHEMES.map((each) => (
          <label key={each}>
            <input type="radio" name="scheme" checked={scheme === each} onChange={() => setScheme(each)} />
            <span>{t(`more.schemes.${each}`)}</span>
          </label>
        ))}
      </fieldset>
    </>
  )
}
