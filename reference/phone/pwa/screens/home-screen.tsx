import { IconBell, IconShieldCheck } from '@tabler/icons-react'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { OwnerStanding } from '#shared/contracts/owner-api.ts'
import { backendNowMs } from '../api/client.ts'
import { readStatement, readWallet, type StatementLine, type Wallet } from '../api/owner.ts'
import { Empty } from '../components/page.tsx'
import { LineRow } from '../components/statement-line.tsx'
import { Answered } from '../components/states.tsx'
import { daysOf } from '../flows/days.ts'
import { formatMoment, formatMoney, formatRate } from '../flows/format.ts'
import { useAnswer, useLanguage } from '../hooks.ts'
import { useSession } from '../session-store.ts'

const RECENT_LINES = 5
/** From here on the owner is reminded that recovery codes run out. */
const CODES_LOW = 3

export function HomeScreen() {
  const { t } = useTranslation()
  const session = useSession((store) => store.session)
  const wallet = useAnswer(['wallet'], readWallet)
  return (
    <div className="page">
      <h1 className="sr" tabIndex={-1}>
        {t('nav.home')}
      </h1>
      {session.state === 'signed-in' && <Standing standing={session.standing} />}
      <Answered answer={wallet}>
        {(value) => (
          <>
            <Balance wallet={value} />
            <Recent />
            <Interest wallet={value} />
          </>
        )}
      </Answered>
    </div>
  )
}

/** What the owner should know before any number. */
function Standing({ standing }: { standing: OwnerStanding }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const { freeze, unreadNotices, recoveryCodesLeft, signedInBy } = standing
  return (
    <>
      {freeze && (
        <a className="frozen-card" href="#/loss">
          <IconShieldCheck size={28} aria-hidden />
          <span>
            <strong>{t('home.frozenTitle')}</strong>
            <span>{t('home.frozenText', { time: formatMoment(freeze.at, language) })}</span>
            <span className="as-link">{t('home.frozenGo')}</span>
          </span>
        </a>
      )}
      {signedInBy === 'recovery-code' && <p className="note">{t('home.byCode')}</p>}
      {recoveryCodesLeft <= CODES_LOW && (
        <p className="note">
          {t('home.codesLow', { count: recoveryCodesLeft })} <a href="#/passkeys">{t('home.codesGo')}</a>
        </p>
      )}
      {unreadNotices > 0 && (
        <a className="notice-card" href="#/notices">
          <IconBell size={22} aria-hidden />
          {t('home.unread', { count: unreadNotices })}
        </a>
      )}
    </>
  )
}

function Balance({ wallet: { balance, held, setAside, interest } }: { wallet: Wallet }) {
  const { t } = useTranslation()
  const language = useLanguage()
  return (
    <section className="balance-card">
      <h2>{t('home.balance')}</h2>
      <p className="balance figures" data-testid="balance">
        {formatMoney(balance, language)}
      </p>
      {held.amount > 0 && <p className="balance-held figures">{t('home.held', { amount: formatMoney(held, language) })}</p>}
      {setAside.amount > 0 && <p className="balance-held figures">{t('home.setAside', { amount: formatMoney(setAside, language) })}</p>}
      {interest.basisPoints > 0 && (
        <p className="balance-earns figures">{t('home.earns', { rate: formatRate(interest.basisPoints, language) })}</p>
      )}
    </section>
  )
}

/** Comes every day, and has a card of its own. */
function isInterest({ kind }: StatementLine): boolean {
  return kind === 'interest'
}

function Recent() {
  const { t } = useTranslation()
  const days = useMemo(() => daysOf('month', backendNowMs()), [])
  const statement = useAnswer(['statement', days], async () => readStatement(days))
  return (
    <section className="card">
      <div className="card-head">
        <h2>{t('home.recent')}</h2>
        <a href="#/statement">{t('home.all')}</a>
      </div>
      <Answered answer={statement}>
        {({ lines, currency, timeZone }) =>
          lines.every(isInterest) ? (
            <Empty>{t('home.none')}</Empty>
          ) : (
            <ul className="rows rows-bare">
              {lines
                .filter((line) => !isInterest(line))
                .slice(-RECENT_LINES)
                .toReversed()
                .map((line) => (
                  <LineRow key={line.cursor} line={line} currency={currency} timeZone={timeZone} withDay />
                ))}
            </ul>
          )
        }
      </Answered>
    </section>
  )
}

function Interest({ wallet: { balance, interest } }: { wallet: Wallet }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const unit = t(`home.unit.${balance.currency}`)
  return (
    <section className="card">
      <div className="card-head">
        <h2>{t('home.earned', { year: interest.year })}</h2>
        <strong className="figures earned">{formatMoney(interest.earned, language, 'always')}</strong>
      </div>
      {interest.basisPoints === 0 && <p>{t('home.earnsNothing')}</p>}
      <details className="fold">
        <summary>{t('home.how')}</summary>
        <p>{t('home.rule1')}</p>
        <p>{t('home.rule2', { unit })}</p>
      </details>
    </section>
  )
}
