import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { LABEL_MAX } from '#shared/contracts/owner-api.ts'
import { makePasskey } from '../api/passkeys.ts'
import { Button } from '../components/button.tsx'
import { Field } from '../components/field.tsx'
import { Page } from '../components/page.tsx'
import { RecoveryCodes } from '../components/recovery-codes.tsx'
import { RefusalNote } from '../components/states.tsx'
import type { Refusal } from '../flows/refusal.ts'
import { useAct } from '../hooks.ts'
import { useRoute } from '../route-store.ts'
import { useSession } from '../session-store.ts'

/** The first passkey, by a phone's invitation. Its recovery codes are shown before anything else. */
export function InvitedScreen({ ticket }: { ticket: string }) {
  const { t } = useTranslation()
  const replace = useRoute((store) => store.replace)
  const ask = useSession((store) => store.ask)
  const [label, setLabel] = useState(() => t('invited.deviceName'))
  const [isUnnamed, setUnnamed] = useState(false)
  const [codes, setCodes] = useState<readonly string[]>()
  const make = useAct(async () => makePasskey(label.trim(), ticket))
  const go = async () => {
    setUnnamed(label.trim() === '')
    if (label.trim() === '') return
    const made = await make.run()
    if (!made) return
    // Used up: it shall stand in no history.
    window.history.replaceState(null, '', '#/invited')
    await ask()
    if (made.value.recoveryCodes) setCodes(made.value.recoveryCodes)
    else replace('home')
  }
  if (codes) {
    return (
      <Page title={t('codes.title')}>
        <RecoveryCodes codes={codes} onKept={() => replace('home')} />
      </Page>
    )
  }
  if (ticket === '') {
    return (
      <Page title={t('invited.title')} text={t('invited.text')} back="sign-in">
        <p className="note">{t('invited.missing')}</p>
      </Page>
    )
  }
  return (
    <Page title={t('invited.title')} text={t('invited.text')} back="sign-in">
      <form
        className="acts"
        onSubmit={(event) => {
          event.preventDefault()
          void go()
        }}
      >
        <Field
          label={t('invited.label')}
          value={label}
          onChange={setLabel}
          maxLength={LABEL_MAX}
          error={isUnnamed ? t('invited.labelEmpty') : undefined}
          name="label"
        />
        <RefusalNote refusal={make.refusal} words={wordsOf(make.refusal, t('invited.refused'), t('invited.known'))} />
        <Button type="submit" isBusy={make.isBusy} name="make">
          {t('invited.go')}
        </Button>
        {make.refusal?.code === 'not-fresh' && (
          <a className="button button-plain" href={`#/recover/invited/${ticket}`}>
            {t('signIn.code')}
          </a>
        )}
      </form>
    </Page>
  )
}

function wordsOf(refusal: Refusal | undefined, refused: string, known: string): string | undefined {
  if (refusal?.code === 'not-allowed') return refused
  return refusal?.code === 'not-fresh' ? known : undefined
}
