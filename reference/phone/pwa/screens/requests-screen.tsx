import { IconCheck, IconId, IconX } from '@tabler/icons-react'
import { useTranslation } from 'react-i18next'
import type { Claim } from '#shared/domain/claims.ts'
import { isPolicyRule, POLICY_RULES } from '#shared/domain/policy-rules.ts'
import { type IdentityRequest, type PaymentRequest, readRequests } from '../api/owner.ts'
import { Page } from '../components/page.tsx'
import { Row, Rows } from '../components/rows.tsx'
import { Answered } from '../components/states.tsx'
import { formatMoment, formatMoney } from '../flows/format.ts'
import { useAnswer, useLanguage } from '../hooks.ts'

export function RequestsScreen() {
  const { t } = useTranslation()
  const requests = useAnswer(['requests'], readRequests)
  return (
    <Page title={t('requests.title')} text={t('requests.text')} back="more">
      <Answered answer={requests}>
        {(all) => (
          <Rows none={t('requests.none')}>
            {all.map((asked) =>
              asked.kind === 'payment' ? (
                <PaymentRow key={asked.id} request={asked.request} />
              ) : (
                <IdentityRow key={asked.id} request={asked.request} />
              ),
            )}
          </Rows>
        )}
      </Answered>
      <a className="urgent" href="#/loss">
        {t('requests.unknownLine')}
      </a>
    </Page>
  )
}

function PaymentRow({ request }: { request: PaymentRequest }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const { amount, merchant, site, at, answer, isReversed } = request
  const isYes = answer === 'authorization' && !isReversed
  return (
    <Row icon={isYes ? IconCheck : IconX} tone={isYes ? 'bound' : 'released'}>
      <span className="row-line">
        <strong>{merchant[language]}</strong>
        <strong className="figures">{formatMoney(amount, language)}</strong>
      </span>
      <span>{isReversed ? t('requests.reversed') : t(isYes ? 'requests.yes' : 'requests.no')}</span>
      {answer === 'decline' && <Why hint={request.hint} />}
      <span className="quiet">
        {site[language]} · <span className="figures">{formatMoment(at, language)}</span>
      </span>
    </Row>
  )
}

/** Who wanted to know who somebody is, what of it, and what they were told. */
function IdentityRow({ request: { merchantName, asked, given, at } }: { request: IdentityRequest }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const namesOf = (claims: readonly Claim[]) => claims.map((claim) => t(`requests.claims.${claim}`)).join(t('requests.and'))
  return (
    <Row icon={IconId} tone={given.length > 0 ? 'bound' : 'released'}>
      <strong>{merchantName[language]}</strong>
      <span>{t('requests.wanted', { claims: namesOf(asked) })}</span>
      <span>{given.length > 0 ? t('requests.told', { claims: namesOf(given) }) : t('requests.toldNothing')}</span>
      <span className="quiet figures">{formatMoment(at, language)}</span>
    </Row>
  )
}

/** The rule's own words, as the phone says them; or what else stood in the way. */
function Why({ hint }: { hint: PaymentRequest['hint'] }) {
  const { t } = useTranslation()
  const language = useLanguage()
  return <span>{isPolicyRule(hint) ? POLICY_RULES[hint].happened[language] : t(`requests.hints.${hint}`)}</span>
}
