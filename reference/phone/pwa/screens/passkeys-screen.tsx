import { IconKey } from '@tabler/icons-react'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { addPasskeyHere, makeRecoveryCodes, type Passkey, readPasskeys, removePasskey } from '../api/owner.ts'
import { Button } from '../components/button.tsx'
import { useDeviceName } from '../components/device-name.tsx'
import { Confirm } from '../components/dialog.tsx'
import { Form } from '../components/field.tsx'
import { Card, Page } from '../components/page.tsx'
import { RecoveryCodes } from '../components/recovery-codes.tsx'
import { Row, Rows } from '../components/rows.tsx'
import { Answered, DoneNote, RefusalNote } from '../components/states.tsx'
import { formatDay } from '../flows/format.ts'
import { useAct, useAnswer, useAskFirst, useLanguage } from '../hooks.ts'
import { useSession } from '../session-store.ts'

export function PasskeysScreen() {
  const { t } = useTranslation()
  const [codes, setCodes] = useState<readonly string[]>()
  const ask = useSession((store) => store.ask)
  if (codes) {
    return (
      <Page title={t('codes.title')}>
        <RecoveryCodes
          codes={codes}
          onKept={() => {
            setCodes(undefined)
            void ask()
          }}
        />
      </Page>
    )
  }
  return (
    <Page title={t('passkeys.title')} text={t('passkeys.text')} back="more">
      <PasskeyList />
      <AddPasskey />
      <Codes onMade={setCodes} />
    </Page>
  )
}

function PasskeyList() {
  const { t } = useTranslation()
  const passkeys = useAnswer(['passkeys'], readPasskeys)
  const queries = useQueryClient()
  const [removed, setRemoved] = useState<string>()
  const askStanding = useSession((store) => store.ask)
  const { asked, ask, dialog } = useAskFirst(
    async ({ passkeyId }: Passkey) => removePasskey(passkeyId),
    async ({ label }) => {
      setRemoved(label)
      await queries.invalidateQueries({ queryKey: ['passkeys'] })
      // It may have been the one this session was opened with.
      await askStanding()
    },
  )
  return (
    <>
      <Answered answer={passkeys}>
        {(all) => (
          <Rows>
            {all.map((passkey) => (
              <PasskeyRow key={passkey.passkeyId} passkey={passkey} isLast={all.length === 1} onRemove={() => ask(passkey)} />
            ))}
          </Rows>
        )}
      </Answered>
      <DoneNote words={removed === undefined ? undefined : t('passkeys.removed', { label: removed })} />
      {asked && (
        <Confirm
          title={t('passkeys.removeTitle', { label: asked.label })}
          text={t('passkeys.removeText')}
          action={t('passkeys.remove')}
          refusalWords={dialog.refusal?.code === 'conflict' ? t('passkeys.last') : undefined}
          {...dialog}
        />
      )}
    </>
  )
}

function PasskeyRow({ passkey, isLast, onRemove }: { passkey: Passkey; isLast: boolean; onRemove: () => void }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const { label, createdAt, lastUsedAt } = passkey
  const remove = (
    <Button kind="plain" onClick={onRemove} name="remove">
      {t('passkeys.remove')}
    </Button>
  )
  return (
    <Row icon={IconKey} tone="bound" act={isLast ? null : remove}>
      <strong>{label}</strong>
      <span className="quiet">
        {t('passkeys.created', { day: formatDay(createdAt, language) })} ·{' '}
        {lastUsedAt === undefined ? t('passkeys.unused') : t('passkeys.used', { day: formatDay(lastUsedAt, language) })}
      </span>
      {isLast && <span className="quiet">{t('passkeys.last')}</span>}
    </Row>
  )
}

function AddPasskey() {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const { field, read } = useDeviceName()
  const [isAdded, setAdded] = useState(false)
  const add = useAct(addPasskeyHere)
  const go = async () => {
    const name = read()
    setAdded(false)
    if (name === undefined || !(await add.run(name))) return
    setAdded(true)
    await queries.invalidateQueries({ queryKey: ['passkeys'] })
  }
  return (
    <Card title={t('passkeys.add')}>
      <Form onSubmit={go}>
        {field}
        <RefusalNote refusal={add.refusal} />
        <DoneNote words={isAdded ? t('passkeys.added') : undefined} />
        <Button type="submit" kind="plain" icon={IconKey} isBusy={add.isBusy} name="add">
          {t('passkeys.add')}
        </Button>
      </Form>
    </Card>
  )
}

function Codes({ onMade }: { onMade: (codes: readonly string[]) => void }) {
  const { t } = useTranslation()
  const left = useSession(({ session }) => (session.state === 'signed-in' ? session.standing.recoveryCodesLeft : 0))
  const { asked, ask, dialog } = useAskFirst<true, readonly string[]>(makeRecoveryCodes, (_, codes) => onMade(codes))
  return (
    <Card title={t('passkeys.codesTitle')}>
      <p>
        <strong>{t('passkeys.codesLeft', { count: left })}</strong> {t('passkeys.codesText')}
      </p>
      <Button kind="plain" onClick={() => ask(true)} name="new-codes">
        {t('passkeys.newCodes')}
      </Button>
      {asked && (
        <Confirm title={t('passkeys.newCodesTitle')} text={t('passkeys.newCodesText')} action={t('passkeys.newCodes')} {...dialog} />
      )}
    </Card>
  )
}
