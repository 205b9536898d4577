import { useTranslation } from 'react-i18next'
import { readWallet } from '../api/owner.ts'
import { Answered } from '../components/states.tsx'
import { formatMoney } from '../flows/format.ts'
import { useAnswer, useLanguage } from '../hooks.ts'

export function HomeScreen() {
  const { t } = useTranslation()
  const language = useLanguage()
  const wallet = useAnswer(['wallet'], readWallet)
  return (
    <Answered answer={wallet}>
      {({ balance, held }) => (
        <section className="balance-card">
          <h1 tabIndex={-1}>{t('home.balance')}</h1>
          <p className="balance figures">{formatMoney(balance, language)}</p>
          {held.amount > 0 && (
            <p>
              {formatMoney(held, language)} {t('home.held')}
            </p>
          )}
        </section>
      )}
    </Answered>
  )
}
