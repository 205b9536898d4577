import { useId } from 'react'
import { useTranslation } from 'react-i18next'
import type { WalletLimitsView } from '#shared/contracts/wallet-limits-api.ts'
import { ANYWHERE_METRES } from '#shared/domain/policy.ts'
import { POLICY_RULES, type PolicyRule } from '#shared/domain/policy-rules.ts'
import { formatMoney } from '../flows/format.ts'
import { DISTANCES, type FormField, type LimitsForm } from '../flows/limits.ts'
import { useLanguage } from '../hooks.ts'
import { Field } from './field.tsx'
import { Card } from './page.tsx'

const METRES_IN_KILOMETRE = 1_000

/** How much of the day's limit is gone: in words, and as a bar for the eye. */
export function SpentToday({ view: { currency, limits, spent } }: { view: WalletLimitsView }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const id = useId()
  const money = (amount: number) => formatMoney({ amount, currency }, language)
  return (
    <div className="spent">
      <p id={id} className="figures">
        {t('limits.spentToday', { spent: money(spent.today), limit: money(limits.perDay) })}
      </p>
      <progress aria-labelledby={id} max={Math.max(1, limits.perDay)} value={Math.min(spent.today, Math.max(1, limits.perDay))} />
    </div>
  )
}

/** What a customer's phone says when this rule stands in the way. */
export function RuleWords({ rule }: { rule: PolicyRule }) {
  const { t } = useTranslation()
  const language = useLanguage()
  return (
    <details className="fold">
      <summary>{t('limits.says')}</summary>
      <p>{POLICY_RULES[rule].happened[language]}</p>
      <p>{POLICY_RULES[rule].next[language]}</p>
    </details>
  )
}

export function Distance({ metres, onChange }: { metres: number; onChange: (metres: number) => void }) {
  const { t } = useTranslation()
  const id = useId()
  const choices = [...new Set([...DISTANCES, metres])].toSorted((a, b) => a - b)
  const wordsOf = (each: number) => {
    if (each >= ANYWHERE_METRES) return t('limits.anywhere')
    const isWhole = each >= METRES_IN_KILOMETRE && each % METRES_IN_KILOMETRE === 0
    return isWhole ? t('limits.kilometres', { count: each / METRES_IN_KILOMETRE }) : t('limits.metres', { count: each })
  }
  return (
    <div className="field">
      <label htmlFor={id}>{t('limits.place')}</label>
      <select id={id} value={metres} onChange={(event) => onChange(Number(event.target.value))}>
        {choices.map((each) => (
          <option key={each} value={each}>
            {wordsOf(each)}
          </option>
        ))}
      </select>
    </div>
  )
}

type VelocityProps = {
  readonly form: LimitsForm
  readonly wrong: readonly FormField[]
  readonly onChange: (part: Partial<LimitsForm>) => void
}

/** So many payments within so many minutes. */
export function Velocity({ form, wrong, onChange }: VelocityProps) {
  const { t } = useTranslation()
  const errorOf = (field: FormField) => (wrong.includes(field) ? t('limits.badCount') : undefined)
  return (
    <Card title={t('limits.velocity')}>
      <div className="pair">
        <Field
          label={t('limits.payments')}
          inputMode="numeric"
          value={form.payments}
          onChange={(payments) => onChange({ payments })}
          error={errorOf('payments')}
          name="payments"
        />
        <Field
          label={t('limits.minutes')}
          inputMode="numeric"
          value={form.minutes}
          onChange={(minutes) => onChange({ minutes })}
          error={errorOf('minutes')}
          name="minutes"
        />
      </div>
      <RuleWords rule="velocity" />
    </Card>
  )
}
