import { IconFingerprint, IconShieldX } from '@tabler/icons-react'
import { useTranslation } from 'react-i18next'
import { SignInActs } from '../components/sign-in-acts.tsx'
import { useSession } from '../session-store.ts'

export function SignInScreen() {
  const { t } = useTranslation()
  const session = useSession((store) => store.session)
  const why = session.state === 'signed-out' && session.why !== 'never' ? session.why : undefined
  return (
    <div className="narrow">
      <div className="welcome" aria-hidden>
        <IconFingerprint size={34} />
      </div>
      <h1 tabIndex={-1}>{t('signIn.title')}</h1>
      <p className="lead">{t('signIn.text')}</p>
      {why && (
        <p className="note" role="status">
          {t(`signIn.${why}`)}
        </p>
      )}
      <SignInActs />
      <a className="lost-card" href="#/loss" data-act="loss">
        <IconShieldX size={28} aria-hidden />
        <span>
          <strong>{t('signIn.lostTitle')}</strong>
          {t('signIn.lostText')}
        </span>
      </a>
      <p className="quiet">
        <strong>{t('signIn.newTitle')}</strong> {t('signIn.newText')}
      </p>
    </div>
  )
}
