import { useTranslation } from 'react-i18next'
import { Button } from '../components/button.tsx'
import { RefusalNote } from '../components/states.tsx'
import { useAct } from '../hooks.ts'
import { SCHEMES, usePreferences } from '../preferences.ts'
import { useRoute } from '../route-store.ts'
import { useSession } from '../session-store.ts'

export function MoreScreen() {
  const { t } = useTranslation()
  const { scheme, setScheme } = usePreferences()
  const leave = useAct(useSession((store) => store.leave))
  const replace = useRoute((store) => store.replace)
  const go = async (everywhere: boolean) => {
    await leave.run(everywhere)
    replace('sign-in')
  }
  return (
    <div className="narrow">
      <h1 tabIndex={-1}>{t('more.title')}</h1>
      <fieldset className="choice">
        <legend>{t('more.scheme')}</legend>
        {SCHEMES.map((each) => (
          <label key={each}>
            <input type="radio" name="scheme" checked={scheme === each} onChange={() => setScheme(each)} />
            <span>{t(`more.schemes.${each}`)}</span>
          </label>
        ))}
      </fieldset>
      <Button kind="plain" isBusy={leave.isBusy} onClick={() => void go(false)} name="sign-out">
        {t('more.signOut')}
      </Button>
      <Button kind="quiet" isBusy={leave.isBusy} onClick={() => void go(true)} name="sign-out-everywhere">
        {t('more.everywhere')}
      </Button>
      <RefusalNote refusal={leave.refusal} />
    </div>
  )
}
