import { IconAdjustments, IconDeviceWatch, IconDots, IconReceipt, IconShieldX, IconWallet } from '@tabler/icons-react'
import type { ComponentType, ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { otherLanguage } from '#shared/domain/words.ts'
import type { Screen } from '../flows/route.ts'
import { useLanguage } from '../hooks.ts'
import { usePreferences } from '../preferences.ts'
import { OfflineNote } from './states.tsx'

/** The bar at the bottom of a phone, the column at the side of a desk. Every other screen is one step behind one of these. */
const PLACES = [
  { screen: 'home', icon: IconWallet },
  { screen: 'statement', icon: IconReceipt },
  { screen: 'limits', icon: IconAdjustments },
  { screen: 'bands', icon: IconDeviceWatch },
  { screen: 'more', icon: IconDots },
] as const satisfies readonly { screen: Screen; icon: ComponentType }[]

/** The place a screen belongs to. */
function placeOf(screen: Screen): (typeof PLACES)[number]['screen'] | undefined {
  switch (screen) {
    case 'home':
    case 'statement':
    case 'limits':
    case 'bands':
    case 'more':
      return screen
    case 'receipt':
      return 'statement'
    case 'notices':
    case 'requests':
    case 'card':
    case 'phones':
    case 'passkeys':
      return 'more'
    case 'sign-in':
    case 'recover':
    case 'invited':
    case 'loss':
    case 'phone':
      return undefined
  }
}

export function Frame({ screen, isSignedIn, children }: { screen: Screen; isSignedIn: boolean; children: ReactNode }) {
  // Nobody shall leave the recovery codes behind by a slip of the thumb.
  const hasPlaces = isSignedIn && screen !== 'invited'
  return (
    <div className={hasPlaces ? 'frame frame-in' : 'frame'}>
      <TopBar screen={screen} />
      {hasPlaces && <Places screen={screen} />}
      <main className="frame-main">
        <OfflineNote />
        {children}
      </main>
    </div>
  )
}

function TopBar({ screen }: { screen: Screen }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const setLanguage = usePreferences((store) => store.setLanguage)
  return (
    <header className="top">
      <a className="top-brand" href="#/home">
        <img src="./icon.svg" alt="" width="28" height="28" />
        <span className="top-name">{t('app.name')}</span>
      </a>
      <a className="top-phone" href="#/phone" aria-label={t('phone.title')} aria-current={screen === 'phone' ? 'page' : undefined}>
        <IconDeviceWatch size={24} aria-hidden />
      </a>
      {screen !== 'loss' && (
        <a className="top-lost" href="#/loss" aria-label={t('app.lostLong')}>
          <IconShieldX size={20} aria-hidden />
          {t('app.lost')}
        </a>
      )}
      <button
        type="button"
        className="top-language"
        lang={otherLanguage(language)}
        aria-label={t('app.languageLong')}
        onClick={() => setLanguage(otherLanguage(language))}
      >
        {t('app.language')}
      </button>
    </header>
  )
}

function Places({ screen }: { screen: Screen }) {
  const { t } = useTranslation()
  return (
    <nav className="places" aria-label={t('app.main')}>
      {PLACES.map(({ screen: place, icon: Icon }) => (
        <a key={place} href={`#/${place}`} className="place" aria-current={placeOf(screen) === place ? 'page' : undefined}>
          <Icon size={24} aria-hidden />
          {t(`nav.${place}`)}
        </a>
      ))}
    </nav>
  )
}
