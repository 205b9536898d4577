import type { TFunction } from 'i18next'
import { useTranslation } from 'react-i18next'
import type { AskedRequest, Subject } from '#reference/phone/web/state.ts'
import { isCurrency } from '#shared/domain/money.ts'
import { isPolicyRule, POLICY_RULES } from '#shared/domain/policy-rules.ts'
import type { Language } from '#shared/domain/words.ts'
import { formatMoment, formatMoney } from '../flows/format.ts'
import { useLanguage } from '../hooks.ts'

const PAID: ReadonlySet<AskedRequest['ending']> = new Set(['approved', 'offline', 'told'])

/** Who asked this phone for what, how it ended, and why. */
export function AskedList({ requests }: { requests: readonly AskedRequest[] }) {
  const { t } = useTranslation()
  return (
    <section className="phone-card">
      <h2>{t('phone.asked.title')}</h2>
      {requests.length === 0 ? (
        <p className="quiet">{t('phone.asked.none')}</p>
      ) : (
        <ul className="asked">
          {requests.map((request) => (
            <Asked key={request.requestId} request={request} />
          ))}
        </ul>
      )}
    </section>
  )
}

function Asked({ request }: { request: AskedRequest }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const { name, site, ending, atMs, receiptNumber } = request
  const why = useWhy(request)
  return (
    <li className="asked-one" data-ending={ending}>
      <span className="phone-row">
        <strong>{name}</strong>
        <strong className="figures">{subjectText(request.subject, t, language)}</strong>
      </span>
      <span className={PAID.has(ending) ? 'asked-end asked-paid' : 'asked-end'}>{t(`phone.asked.${ending}`)}</span>
      {why !== undefined && <span>{why}</span>}
      {receiptNumber !== undefined && <span>{t('phone.asked.receipt', { number: receiptNumber })}</span>}
      <span className="quiet figures">
        {site} · {formatMoment(atMs, language)}
      </span>
    </li>
  )
}

/** The rule's own words where there was a rule; else what the account or this phone has to say. */
function useWhy({ ending, rule, hint, reason }: AskedRequest): string | undefined {
  const { t } = useTranslation()
  const language = useLanguage()
  if (rule !== undefined) return POLICY_RULES[rule].happened[language]
  if (ending === 'declined') {
    if (hint === undefined) return t('phone.asked.hints.none')
    return isPolicyRule(hint) ? POLICY_RULES[hint].happened[language] : t(`phone.asked.hints.${hint}`)
  }
  if (ending !== 'refused' || reason === undefined) return undefined
  switch (reason) {
    case 'wallet-refused':
    case 'cancelled':
    case 'expired':
      return t(`phone.asked.reasons.${reason}`)
    case 'no-network-no-allowance':
      return t('phone.asked.reasons.network')
    default:
      return t('phone.asked.reasons.other')
  }
}

/** What was asked for: an amount, or which of the things that say who somebody is. */
export function subjectText(subject: Subject, t: TFunction, language: Language): string {
  if (subject.kind === 'pay') return moneyText(subject, language)
  return subject.claims.map((claim) => t(`phone.who.claims.${claim}`)).join(' · ')
}

export function moneyText({ amount, currency }: { readonly amount: number; readonly currency: string }, language: Language): string {
  return isCurrency(currency) ? formatMoney({ amount, currency }, language) : `${amount} ${currency}`
}
