import { useTranslation } from 'react-i18next'
import type { WalletPhoneState } from '#reference/phone/web/state.ts'
import { Button } from '../components/button.tsx'
import { thePhone } from './phone.ts'
import { usePhoneAct } from './phone-act.ts'
import { TroubleNote } from './trouble-note.tsx'

/** Shops that are told who the owner is without asking again, each to be taken back. */
export function ConsentsCard({ consents }: { consents: WalletPhoneState['consents'] }) {
  const { t } = useTranslation()
  const forget = usePhoneAct(async (merchantId: string) => thePhone()?.forgetConsent(merchantId))
  if (consents.length === 0) return null
  return (
    <section className="phone-card">
      <h2>{t('phone.who.kept')}</h2>
      <p className="quiet">{t('phone.who.keptText')}</p>
      {consents.map(({ merchantId }) => (
        <Button key={merchantId} kind="plain" onClick={() => void forget.run(merchantId)} isBusy={forget.isBusy} name="forget">
          {t('phone.who.forget', { merchant: merchantId })}
        </Button>
      ))}
      <TroubleNote trouble={forget.refusal} />
    </section>
  )
}
