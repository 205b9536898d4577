import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { makePasskey } from '../api/passkeys.ts'
import { Button } from '../components/button.tsx'
import { useDeviceName } from '../components/device-name.tsx'
import { Form } from '../components/field.tsx'
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
  const { field, read } = useDeviceName()
  const [codes, setCodes] = useState<readonly string[]>()
  const make = useAct(async (name: string) => makePasskey(name, ticket))
  const go = async () => {
    const name = read()
    const made = name === undefined ? undefined : await make.run(name)
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
      <Form onSubmit={go}>
        {field}
        <RefusalNote refusal={make.refusal} words={wordsOf(make.refusal, t('invited.refused'), t('invited.known'))} />
        <Button type="submit" isBusy={make.isBusy} name="make">
          {t('invited.go')}
        </Button>
        {make.refusal?.code === 'not-fresh' && (
          <a className="button button-plain" href={`#/recover/invited/${ticket}`}>
            {t('signIn.code')}
          </a>
        )}
      </Form>
    </Page>
  )
}

function wordsOf(refusal: Refusal | undefined, refused: string, known: string): string | undefined {
  if (refusal?.code === 'not-allowed') return refused
  return refusal?.code === 'not-fresh' ? known : undefined
}
