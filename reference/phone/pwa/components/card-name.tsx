import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { CLAIM_NAME_MAX } from '#shared/contracts/identity-messages.ts'
import { type IdentityCard, removeCardName, setCardName } from '../api/card.ts'
import { cardNameTyped } from '../flows/card.ts'
import { useAct, useAskFirst } from '../hooks.ts'
import { Button } from './button.tsx'
import { Confirm } from './dialog.tsx'
import { Field, Form } from './field.tsx'
import { Card } from './page.tsx'
import { DoneNote, RefusalNote } from './states.tsx'

/** The name on the identity card: what it is, who says so, and the way to change it or to take it off. */
export function CardName({ name }: { name: IdentityCard['name'] }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  /** Undefined while nobody has typed: then the field follows the card. */
  const [typed, setTyped] = useState<string>()
  const [isBad, setBad] = useState(false)
  const [done, setDone] = useState<'nameSaved' | 'nameRemoved'>()
  const save = useAct(setCardName)
  const change = (text: string | undefined) => {
    setTyped(text)
    setBad(false)
    setDone(undefined)
    save.reset()
  }
  const finish = async (what: 'nameSaved' | 'nameRemoved') => {
    await queries.invalidateQueries({ queryKey: ['card'] })
    change(undefined)
    setDone(what)
  }
  const submit = async () => {
    const read = cardNameTyped(typed ?? name?.value ?? '')
    setBad(read === undefined)
    setDone(undefined)
    if (read === undefined) return
    // What the operator checked stays checked when nothing else was typed.
    if (read === name?.value || (await save.run(read))) await finish('nameSaved')
  }
  return (
    <Card title={t('card.nameTitle')}>
      <Form onSubmit={submit}>
        <Field
          label={t('card.name')}
          value={typed ?? name?.value ?? ''}
          onChange={change}
          hint={t(`card.nameBy.${name?.setBy ?? 'nobody'}`)}
          error={isBad ? t('card.nameBad') : undefined}
          autoComplete="name"
          maxLength={CLAIM_NAME_MAX}
          name="cardName"
        />
        <RefusalNote refusal={save.refusal} />
        <DoneNote words={done && t(`card.${done}`)} />
        <Button type="submit" kind="plain" isBusy={save.isBusy} name="save-name">
          {t('card.saveName')}
        </Button>
      </Form>
      {name && <RemoveName onRemoved={async () => finish('nameRemoved')} />}
    </Card>
  )
}

function RemoveName({ onRemoved }: { onRemoved: () => Promise<void> }) {
  const { t } = useTranslation()
  const { asked, ask, dialog } = useAskFirst<true, unknown>(removeCardName, onRemoved)
  return (
    <>
      <Button kind="quiet" onClick={() => ask(true)} name="remove-name">
        {t('card.removeName')}
      </Button>
      {asked && <Confirm title={t('card.removeNameTitle')} text={t('card.removeNameText')} action={t('card.removeName')} {...dialog} />}
    </>
  )
}
