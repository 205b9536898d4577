import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { WalletLimitsView } from '#shared/contracts/wallet-limits-api.ts'
import { readLimits, setLimits } from '../api/owner.ts'
import { Button } from '../components/button.tsx'
import { Field, Form } from '../components/field.tsx'
import { Distance, RuleWords, SpentToday, Velocity } from '../components/limit-parts.tsx'
import { Card, Page } from '../components/page.tsx'
import { Answered, DoneNote, RefusalNote } from '../components/states.tsx'
import { amountText } from '../flows/amount.ts'
import { AMOUNT_FIELD_LIST, AMOUNT_FIELDS, changeOf, type FormField, formOf, type LimitsForm, limitsIn } from '../flows/limits.ts'
import { useAct, useAnswer } from '../hooks.ts'

/** What stands in the hint of an amount that could not be read. */
const EXAMPLE_MINOR = 20_000

export function LimitsScreen() {
  const { t } = useTranslation()
  const limits = useAnswer(['limits'], readLimits)
  return (
    <Page title={t('limits.title')} text={t('limits.text')}>
      <Answered answer={limits}>{(view) => <LimitsEditor view={view} />}</Answered>
    </Page>
  )
}

/** What is typed stays as it is typed until it is saved or undone. */
function useLimitsForm({ limits, currency }: WalletLimitsView) {
  const queries = useQueryClient()
  const [form, setForm] = useState<LimitsForm>(() => formOf(limits, currency))
  const [isSaved, setSaved] = useState(false)
  const save = useAct(setLimits)
  const read = limitsIn(form, currency)
  const what = changeOf(form, limits, currency)
  const change = (part: Partial<LimitsForm>) => {
    setSaved(false)
    save.reset()
    setForm({ ...form, ...part })
  }
  const submit = async () => {
    if (!read.ok || what === 'none') return
    const answer = await save.run(read.value)
    if (!answer) return
    queries.setQueryData(['limits'], answer.value)
    setForm(formOf(answer.value.limits, currency))
    setSaved(true)
  }
  const wrong: readonly FormField[] = read.ok ? [] : read.error
  return { form, wrong, change, submit, save, isSaved, what }
}

function LimitsEditor({ view }: { view: WalletLimitsView }) {
  const { t } = useTranslation()
  const { form, wrong, change, submit, save, isSaved, what } = useLimitsForm(view)
  const { currency, limits } = view
  const badAmount = t('limits.badAmount', { example: amountText(EXAMPLE_MINOR, currency) })
  return (
    <Form onSubmit={submit}>
      <SpentToday view={view} />
      <Card>
        {AMOUNT_FIELD_LIST.map((field) => (
          <Field
            key={field}
            label={`${t(`limits.fields.${field}`)} (${currency})`}
            inputMode="decimal"
            value={form[field]}
            onChange={(text) => change({ [field]: text })}
            error={wrong.includes(field) ? badAmount : undefined}
            name={field}
          >
            <RuleWords rule={AMOUNT_FIELDS[field]} />
          </Field>
        ))}
      </Card>
      <Velocity form={form} wrong={wrong} onChange={change} />
      <Card>
        <Distance metres={form.placeMaxMetres} onChange={(placeMaxMetres) => change({ placeMaxMetres })} />
        <RuleWords rule="place" />
      </Card>
      <div className="save-bar">
        <RefusalNote refusal={save.refusal} />
        <DoneNote words={isSaved ? t('limits.saved') : undefined} />
        {!isSaved && <p className="quiet">{t(`limits.will.${what}`)}</p>}
        <Button type="submit" isBusy={save.isBusy} name="save">
          {t('limits.save')}
        </Button>
        {what !== 'none' && (
          <Button kind="quiet" onClick={() => change(formOf(limits, currency))} name="undo">
            {t('limits.undo')}
          </Button>
        )}
      </div>
    </Form>
  )
}
