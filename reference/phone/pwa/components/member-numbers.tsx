import { IconIdBadge2, IconShieldCheck } from '@tabler/icons-react'
import { useQueryClient } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { MEMBER_NUMBER_MAX } from '#shared/contracts/identity-messages.ts'
import { type CardMerchant, type MemberNumber, readCardMerchants, removeMemberNumber, setMemberNumber } from '../api/card.ts'
import { memberNumberTyped } from '../flows/card.ts'
import { useAct, useAnswer, useAskFirst, useLanguage } from '../hooks.ts'
import { Button } from './button.tsx'
import { Confirm } from './dialog.tsx'
import { Field, Form } from './field.tsx'
import { Card } from './page.tsx'
import { Row, Rows } from './rows.tsx'
import { Answered, DoneNote, RefusalNote } from './states.tsx'

/** The member numbers on the identity card, each with the way to take it off, and the way to add one. */
export function MemberNumbers({ numbers }: { numbers: readonly MemberNumber[] }) {
  const { t } = useTranslation()
  const merchants = useAnswer(['card', 'merchants'], readCardMerchants)
  return (
    <>
      <h2 className="section">{t('card.numbersTitle')}</h2>
      <p className="quiet">{t('card.numbersText')}</p>
      <NumberList numbers={numbers} />
      <Card title={t('card.addTitle')}>
        <Answered answer={merchants}>
          {(all) => (all.length === 0 ? <p className="quiet">{t('card.nobodyYet')}</p> : <AddNumber merchants={all} numbers={numbers} />)}
        </Answered>
      </Card>
    </>
  )
}

function NumberList({ numbers }: { numbers: readonly MemberNumber[] }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const queries = useQueryClient()
  const [removed, setRemoved] = useState<MemberNumber>()
  const { asked, ask, dialog } = useAskFirst(
    async ({ merchantId }: MemberNumber) => removeMemberNumber(merchantId),
    async (number) => {
      setRemoved(number)
      await queries.invalidateQueries({ queryKey: ['card'] })
    },
  )
  return (
    <>
      <Rows none={t('card.numbersNone')}>
        {numbers.map((number) => (
          <NumberRow key={number.merchantId} number={number} onRemove={() => ask(number)} />
        ))}
      </Rows>
      <DoneNote words={removed && t('card.numberRemoved', { merchant: removed.merchantName[language] })} />
      {asked && (
        <Confirm
          title={t('card.removeNumberTitle', { merchant: asked.merchantName[language] })}
          text={t('card.removeNumberText')}
          action={t('card.removeNumber')}
          {...dialog}
        />
      )}
    </>
  )
}

function NumberRow({ number: { merchantName, value, setBy }, onRemove }: { number: MemberNumber; onRemove: () => void }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const isChecked = setBy === 'operator'
  const remove = (
    <Button kind="plain" onClick={onRemove} name="remove-number">
      {t('card.removeNumber')}
    </Button>
  )
  return (
    <Row icon={isChecked ? IconShieldCheck : IconIdBadge2} tone={isChecked ? 'bound' : undefined} act={remove} data-set-by={setBy}>
      <strong>{merchantName[language]}</strong>
      <span className="figures">{value}</span>
      <span className="quiet">{t(`card.numberBy.${setBy}`)}</span>
    </Row>
  )
}

type AddProps = { readonly merchants: readonly CardMerchant[]; readonly numbers: readonly MemberNumber[] }

/** What is typed, and what became of it. */
function useNumberForm({ merchants, numbers }: AddProps) {
  const queries = useQueryClient()
  // Whoever has a number at one place wants to type that of another.
  const [first] = useState(() => merchants.find(({ merchantId }) => !numbers.some((one) => one.merchantId === merchantId)) ?? merchants[0])
  const [chosen, setChosen] = useState(first?.merchantId)
  const merchant = merchants.find(({ merchantId }) => merchantId === chosen) ?? merchants[0]
  const there = numbers.find(({ merchantId }) => merchantId === merchant?.merchantId)
  const [typed, setTyped] = useState('')
  const [isBad, setBad] = useState(false)
  const [saved, setSaved] = useState<CardMerchant>()
  const save = useAct(setMemberNumber)
  const forget = () => {
    setBad(false)
    setSaved(undefined)
    save.reset()
  }
  const submit = async () => {
    const read = memberNumberTyped(typed)
    setBad(read === undefined)
    setSaved(undefined)
    if (read === undefined || !merchant) return
    // What the operator registered stays so when the same is typed again.
    if (read !== there?.value && !(await save.run(merchant.merchantId, read))) return
    setTyped('')
    setSaved(merchant)
    await queries.invalidateQueries({ queryKey: ['card'] })
  }
  return { merchant, there, choose: setChosen, typed, type: setTyped, forget, isBad, saved, save, submit }
}

function AddNumber(props: AddProps) {
  const { t } = useTranslation()
  const language = useLanguage()
  const id = useId()
  const { merchant, there, choose, typed, type, forget, isBad, saved, save, submit } = useNumberForm(props)
  return (
    <Form onSubmit={submit}>
      <div className="field">
        <label htmlFor={id}>{t('card.merchant')}</label>
        <select
          id={id}
          value={merchant?.merchantId}
          onChange={(event) => {
            choose(event.target.value)
            forget()
          }}
        >
          {props.merchants.map(({ merchantId, merchantName }) => (
            <option key={merchantId} value={merchantId}>
              {merchantName[language]}
            </option>
          ))}
        </select>
      </div>
      <Field
        // In full: a long name in the list above is cut off when text is large.
        label={t('card.number', { merchant: merchant?.merchantName[language] })}
        value={typed}
        onChange={(text) => {
          type(text)
          forget()
        }}
        hint={t(there ? 'card.numberReplaces' : 'card.numberHint', { number: there?.value })}
        error={isBad ? t('card.numberBad') : undefined}
        maxLength={MEMBER_NUMBER_MAX}
        name="memberNumber"
      />
      <RefusalNote refusal={save.refusal} />
      <DoneNote words={saved && t('card.numberSaved', { merchant: saved.merchantName[language] })} />
      <Button type="submit" kind="plain" isBusy={save.isBusy} name="save-number">
        {t('card.saveNumber')}
      </Button>
    </Form>
  )
}
