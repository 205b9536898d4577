import { IconFingerprint } from '@tabler/icons-react'
import { useTranslation } from 'react-i18next'
import { showPasskey } from '../api/passkeys.ts'
import { useAct } from '../hooks.ts'
import { useSession } from '../session-store.ts'
import { Button } from './button.tsx'
import { RefusalNote } from './states.tsx'

/** The two ways in. `then`: the screen a recovery code leads to; a passkey leaves the owner where they are. */
export function SignInActs({ then = '' }: { then?: 'loss' | '' }) {
  const { t } = useTranslation()
  const arrive = useSession((store) => store.arrive)
  const signIn = useAct(showPasskey)
  const go = async () => {
    const standing = await signIn.run()
    if (standing) arrive(standing.value)
  }
  return (
    <div className="acts">
      <Button icon={IconFingerprint} isBusy={signIn.isBusy} onClick={() => void go()} name="passkey">
        {t('signIn.passkey')}
      </Button>
      <RefusalNote refusal={signIn.refusal} />
      <a className="button button-plain" href={then === '' ? '#/recover' : `#/recover/${then}`} data-act="code">
        {t('signIn.code')}
      </a>
    </div>
  )
}
