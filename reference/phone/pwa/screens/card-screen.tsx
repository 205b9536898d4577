import { IconChevronRight, IconListSearch, IconWorld } from '@tabler/icons-react'
import { useTranslation } from 'react-i18next'
import { type Assertion, readAssertions, readCard } from '../api/card.ts'
import { CardName } from '../components/card-name.tsx'
import { MemberNumbers } from '../components/member-numbers.tsx'
import { Card, Page } from '../components/page.tsx'
import { Row, Rows } from '../components/rows.tsx'
import { Answered } from '../components/states.tsx'
import { formatMoment } from '../flows/format.ts'
import { useAnswer, useLanguage } from '../hooks.ts'

/** The identity card: what stands on it, where it was shown, and what others learn of it. */
export function CardScreen() {
  const { t } = useTranslation()
  const card = useAnswer(['card'], readCard)
  return (
    <Page title={t('card.title')} text={t('card.text')} back="more">
      <Answered answer={card}>
        {({ name, memberNumbers }) => (
          <>
            <CardName name={name} />
            <MemberNumbers numbers={memberNumbers} />
          </>
        )}
      </Answered>
      <SignIns />
      <h2 className="section">{t('card.countersTitle')}</h2>
      <nav className="links" aria-label={t('card.countersTitle')}>
        <a href="#/requests" className="link-row">
          <IconListSearch size={24} aria-hidden />
          <span className="link-words">{t('more.requests')}</span>
          <IconChevronRight size={20} aria-hidden />
        </a>
      </nav>
      <Card title={t('card.learnTitle')}>
        <ul className="bullets">
          {(['id', 'agreed', 'missing', 'checked', 'nothing'] as const).map((each) => (
            <li key={each}>{t(`card.learn.${each}`)}</li>
          ))}
        </ul>
      </Card>
    </Page>
  )
}

function SignIns() {
  const { t } = useTranslation()
  const assertions = useAnswer(['assertions'], readAssertions)
  return (
    <>
      <h2 className="section">{t('card.signInsTitle')}</h2>
      <Answered answer={assertions}>
        {(all) => (
          <Rows none={t('card.signInsNone')}>
            {all.map((assertion) => (
              <SignIn key={assertion.id} assertion={assertion} />
            ))}
          </Rows>
        )}
      </Answered>
    </>
  )
}

function SignIn({ assertion: { serviceName, clientId, given, at } }: { assertion: Assertion }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const claims = given.map((claim) => t(`requests.claims.${claim}`)).join(t('requests.and'))
  return (
    <Row icon={IconWorld} tone="bound">
      <strong>{serviceName}</strong>
      <span>{given.length > 0 ? t('card.gave', { claims }) : t('card.gaveIdOnly')}</span>
      <span className="quiet">
        {clientId} · <span className="figures">{formatMoment(at, language)}</span>
      </span>
    </Row>
  )
}
