import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { signInByCode } from '../api/passkeys.ts'
import { Button } from '../components/button.tsx'
import { Field, Form } from '../components/field.tsx'
import { Page } from '../components/page.tsx'
import { RefusalNote } from '../components/states.tsx'
import { routeIn } from '../flows/route.ts'
import { useAct } from '../hooks.ts'
import { useRoute } from '../route-store.ts'
import { useSession } from '../session-store.ts'

const CODE_LENGTH_MAX = 64

/** `rest`: where to go on with the code accepted, as it stands in an address. */
export function RecoverScreen({ rest }: { rest: string }) {
  const { t } = useTranslation()
  const [code, setCode] = useState('')
  const [isEmpty, setEmpty] = useState(false)
  const arrive = useSession((store) => store.arrive)
  const replace = useRoute((store) => store.replace)
  const signIn = useAct(signInByCode)
  const goOn = routeIn(`#/${rest}`) ?? { screen: 'home', rest: '' }
  const go = async () => {
    setEmpty(code.trim() === '')
    if (code.trim() === '') return
    const standing = await signIn.run(code)
    if (!standing) return
    arrive(standing.value)
    replace(goOn.screen, goOn.rest)
  }
  return (
    <Page title={t('recover.title')} text={t('recover.text')} back={goOn.screen === 'loss' ? 'loss' : 'sign-in'}>
      <Form onSubmit={go}>
        <Field
          label={t('recover.label')}
          hint={t('recover.hint')}
          value={code}
          onChange={setCode}
          maxLength={CODE_LENGTH_MAX}
          error={isEmpty ? t('recover.empty') : undefined}
          name="code"
        />
        <RefusalNote refusal={signIn.refusal} words={signIn.refusal?.code === 'not-allowed' ? t('recover.refused') : undefined} />
        <Button type="submit" isBusy={signIn.isBusy} name="sign-in">
          {t('recover.go')}
        </Button>
      </Form>
    </Page>
  )
}
