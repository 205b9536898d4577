import { useTranslation } from 'react-i18next'
import { printedNumber } from '#shared/domain/receipt.ts'
import { type Receipt, readReceipt } from '../api/owner.ts'
import { Page } from '../components/page.tsx'
import { Answered } from '../components/states.tsx'
import { formatDay, formatMoney, formatTime } from '../flows/format.ts'
import { useAnswer, useLanguage } from '../hooks.ts'

export function ReceiptScreen({ receiptId }: { receiptId: string }) {
  const { t } = useTranslation()
  const receipt = useAnswer(['receipt', receiptId], async () => readReceipt(receiptId))
  if (receipt.error?.refusal.code === 'unknown' || receipt.error?.refusal.code === 'malformed') {
    return (
      <Page title={t('receipt.none')} text={t('receipt.noneText')} back="statement">
        <a className="button button-plain" href="#/statement">
          {t('receipt.toStatement')}
        </a>
      </Page>
    )
  }
  return (
    <Page title={t('receipt.title')} back="statement">
      <Answered answer={receipt}>{(value) => <Paper receipt={value} />}</Answered>
    </Page>
  )
}

function Paper({ receipt }: { receipt: Receipt }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const { kind, merchant, site, address, timeZone, issuedAt, lines, total, tax, paid, practice } = receipt
  return (
    <article className="paper">
      {practice && <p className="paper-practice">{t('receipt.practice')}</p>}
      <header className="paper-head">
        <h2>{merchant[language]}</h2>
        <p>{site[language]}</p>
        <p className="quiet">{address[language]}</p>
        <p className="quiet figures">
          {formatDay(issuedAt, language, timeZone)} · {formatTime(issuedAt, language, timeZone)}
        </p>
        <p className="quiet figures">
          {t(`receipt.kinds.${kind}`)} · {t('receipt.number')} {printedNumber(receipt)}
        </p>
      </header>
      <ul className="paper-lines">
        {lines.map(({ name, detail, quantity, total: lineTotal }) => (
          <li key={`${name.en} ${detail.en} ${quantity}`} className="row-line">
            <span>
              {quantity > 1 && <span className="figures">{quantity} × </span>}
              {name[language]}
              {detail[language] !== '' && <span className="quiet paper-detail">{detail[language]}</span>}
            </span>
            <span className="figures">{formatMoney(lineTotal, language)}</span>
          </li>
        ))}
      </ul>
      <dl className="paper-sums">
        <div className="row-line">
          <dt>{t('receipt.total')}</dt>
          <dd className="figures">{formatMoney(total, language)}</dd>
        </div>
        <div className="row-line quiet">
          <dt>{t('receipt.tax')}</dt>
          <dd className="figures">{formatMoney(tax, language)}</dd>
        </div>
        <div className="row-line paper-paid">
          <dt>{t(paid.amount < 0 ? 'receipt.back' : 'receipt.paid')}</dt>
          <dd className="figures">{formatMoney({ ...paid, amount: Math.abs(paid.amount) }, language)}</dd>
        </div>
      </dl>
    </article>
  )
}
