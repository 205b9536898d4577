import { IconFingerprint, IconShieldX } from '@tabler/icons-react'
import { useTranslation } from 'react-i18next'
import { showPasskey } from '../api/passkeys.ts'
import { Button } from '../components/button.tsx'
import { RefusalNote } from '../components/states.tsx'
import { useAct } from '../hooks.ts'
import { useSession } from '../session-store.ts'

export function SignInScreen() {
  const { t } = useTranslation()
  const { session, arrive } = useSession()
  const signIn = useAct(showPasskey)
  const go = async () => {
    const standing = await signIn.run()
    if (standing) arrive(standing)
  }
  const why = session.state === 'signed-out' && session.why !== 'never' ? session.why : undefined
  return (
    <div className="narrow">
      <h1 tabIndex={-1}>{t('signIn.title')}</h1>
      <p className="lead">{t('signIn.text')}</p>
      {why && (
        <p className="note" role="status">
          {t(`signIn.${why}`)}
        </p>
      )}
      <Button icon={IconFingerprint} isBusy={signIn.isBusy} onClick={() => void go()} name="passkey">
        {t('signIn.passkey')}
      </Button>
      <RefusalNote refusal={signIn.refusal} />
      <a className="lost-card" href="#/loss">
        <IconShieldX size={28} aria-hidden />
        <span>
          <strong>{t('signIn.lostTitle')}</strong>
          {t('signIn.lostText')}
        </span>
      </a>
    </div>
  )
}
