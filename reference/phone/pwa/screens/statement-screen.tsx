import { IconChevronDown } from '@tabler/icons-react'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { dayAt } from '#shared/calendar-day.ts'
import type { Currency } from '#shared/domain/money.ts'
import { backendNowMs } from '../api/client.ts'
import { readStatement, type Statement, type StatementLine } from '../api/owner.ts'
import { Field } from '../components/field.tsx'
import { Card, Empty, Page } from '../components/page.tsx'
import { LineSummary } from '../components/statement-line.tsx'
import { Answered } from '../components/states.tsx'
import { type Days, daysOf, daysTyped, RANGES, type Range } from '../flows/days.ts'
import { formatCalendarDay, formatDay, formatMoney } from '../flows/format.ts'
import { byDay, fateOf } from '../flows/statement.ts'
import { useAnswer, useLanguage } from '../hooks.ts'

export function StatementScreen() {
  const { t } = useTranslation()
  const [range, setRange] = useState<Range | 'other'>('month')
  const [typed, setTyped] = useState<Days>(() => daysOf('month', backendNowMs()))
  const days = useMemo(() => (range === 'other' ? daysTyped(typed.from, typed.to) : daysOf(range, backendNowMs())), [range, typed])
  return (
    <Page title={t('statement.title')}>
      <fieldset className="chips">
        <legend className="sr">{t('statement.range')}</legend>
        {[...RANGES, 'other' as const].map((each) => (
          <label key={each} className="chip">
            <input type="radio" name="range" checked={range === each} onChange={() => setRange(each)} />
            <span>{each === 'other' ? t('statement.choose') : t(`statement.ranges.${each}`)}</span>
          </label>
        ))}
      </fieldset>
      {range === 'other' && (
        <div className="pair">
          <Field label={t('statement.from')} type="date" value={typed.from} onChange={(from) => setTyped({ ...typed, from })} name="from" />
          <Field
            label={t('statement.to')}
            type="date"
            value={typed.to}
            onChange={(to) => setTyped({ ...typed, to })}
            error={days ? undefined : t('statement.badDays')}
            name="to"
          />
        </div>
      )}
      {days && <Lines days={days} />}
    </Page>
  )
}

function Lines({ days }: { days: Days }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const answer = useAnswer(['statement', days], async () => readStatement(days))
  return (
    <Answered answer={answer}>
      {(statement) => {
        const { currency, timeZone, opening, closing, lines } = statement
        const money = (amount: number) => formatMoney({ amount, currency }, language)
        return (
          <>
            <dl className="ends">
              <div>
                <dt>{t('statement.opening')}</dt>
                <dd className="figures">{money(opening)}</dd>
              </div>
              <div>
                <dt>{t('statement.closing')}</dt>
                <dd className="figures">{money(closing)}</dd>
              </div>
            </dl>
            <Holds statement={statement} />
            {statement.isCut && <p className="note">{t('statement.cut')}</p>}
            {lines.length === 0 && <Empty>{t('statement.none')}</Empty>}
            {byDay(lines, (at) => dayAt(Date.parse(at), timeZone)).map(({ day, lines: ofDay }) => (
              <section key={day} className="card">
                <h2 className="day">{formatCalendarDay(day, language)}</h2>
                <ul className="rows rows-bare">
                  {ofDay.map((line) => (
                    <li key={line.cursor}>
                      <LineDetails line={line} currency={currency} timeZone={timeZone} />
                    </li>
                  ))}
                </ul>
              </section>
            ))}
            <p className="quiet">{t('statement.zone', { zone: timeZone })}</p>
          </>
        )
      }}
    </Answered>
  )
}

function LineDetails({ line, currency, timeZone }: { line: StatementLine; currency: Currency; timeZone: string }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const { payment, balance } = line
  const money = (amount: number) => formatMoney({ amount, currency }, language)
  const fate = fateOf(line)
  return (
    <details className="line">
      <summary className="row">
        <LineSummary line={line} currency={currency} timeZone={timeZone} />
        <IconChevronDown className="line-mark" size={20} aria-hidden />
      </summary>
      <dl className="facts">
        {payment && (
          <>
            <dt>{t('statement.merchant')}</dt>
            <dd>{payment.merchant[language]}</dd>
            <dt>{t('statement.site')}</dt>
            <dd>{payment.site[language]}</dd>
            {fate && (
              <>
                <dt>{t('statement.state')}</dt>
                <dd>{t(`statement.fates.${fate}`)}</dd>
              </>
            )}
            {payment.captured !== undefined && (
              <>
                <dt>{t('statement.taken')}</dt>
                <dd className="figures">{money(payment.captured)}</dd>
              </>
            )}
          </>
        )}
        <dt>{t('home.balance')}</dt>
        <dd className="figures">{money(balance)}</dd>
      </dl>
      {payment?.receiptId !== undefined && (
        <a className="button button-plain" href={`#/receipt/${payment.voidedBy ?? payment.receiptId}`}>
          {t('statement.receipt')}
        </a>
      )}
    </details>
  )
}

/** Money that is neither here nor there: named, with the day it comes back by itself. */
function Holds({ statement: { openHolds, currency, timeZone } }: { statement: Statement }) {
  const { t } = useTranslation()
  const language = useLanguage()
  if (openHolds.length === 0) return null
  return (
    <Card title={t('statement.holds')}>
      <ul className="rows rows-bare">
        {openHolds.map(({ authorizationId, amount, merchant, captureBy }) => (
          <li key={authorizationId} className="row">
            <span className="row-main">
              <span className="row-line">
                <strong>{merchant[language]}</strong>
                <strong className="figures">{formatMoney({ amount, currency }, language)}</strong>
              </span>
              <span className="quiet">{t('statement.holdUntil', { day: formatDay(captureBy, language, timeZone) })}</span>
            </span>
          </li>
        ))}
      </ul>
    </Card>
  )
}
