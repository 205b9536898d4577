import { IconCheck, IconX } from '@tabler/icons-react'
import { useTranslation } from 'react-i18next'
import { isPolicyRule, POLICY_RULES } from '#shared/domain/policy-rules.ts'
import { type AskedRequest, readRequests } from '../api/owner.ts'
import { Empty, Page } from '../components/page.tsx'
import { Answered } from '../components/states.tsx'
import { formatMoment, formatMoney } from '../flows/format.ts'
import { useAnswer, useLanguage } from '../hooks.ts'

export function RequestsScreen() {
  const { t } = useTranslation()
  const requests = useAnswer(['requests'], readRequests)
  return (
    <Page title={t('requests.title')} text={t('requests.text')} back="more">
      <Answered answer={requests}>
        {(all) =>
          all.length === 0 ? (
            <Empty>{t('requests.none')}</Empty>
          ) : (
            <ul className="rows">
              {all.map((request) => (
                <RequestRow key={request.requestId} request={request} />
              ))}
            </ul>
          )
        }
      </Answered>
      <a className="urgent" href="#/loss">
        {t('requests.unknownLine')}
      </a>
    </Page>
  )
}

function RequestRow({ request }: { request: AskedRequest }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const { amount, merchant, site, at, answer, isReversed } = request
  const isYes = answer === 'authorization' && !isReversed
  return (
    <li className="row">
      <span className={isYes ? 'row-icon row-icon-bound' : 'row-icon row-icon-released'}>
        {isYes ? <IconCheck size={24} aria-hidden /> : <IconX size={24} aria-hidden />}
      </span>
      <span className="row-main">
        <span className="row-line">
          <strong>{merchant[language]}</strong>
          <strong className="figures">{formatMoney(amount, language)}</strong>
        </span>
        <span>{isReversed ? t('requests.reversed') : t(isYes ? 'requests.yes' : 'requests.no')}</span>
        {answer === 'decline' && <Why hint={request.hint} />}
        <span className="quiet">
          {site[language]} · <span className="figures">{formatMoment(at, language)}</span>
        </span>
      </span>
    </li>
  )
}

/** The rule's own words, as the phone says them; or what else stood in the way. */
function Why({ hint }: { hint: AskedRequest['hint'] }) {
  const { t } = useTranslation()
  const language = useLanguage()
  return <span>{isPolicyRule(hint) ? POLICY_RULES[hint].happened[language] : t(`requests.hints.${hint}`)}</span>
}
