import { useTranslation } from 'react-i18next'
import type { BandState } from '#reference/phone/web/state.ts'
import { Button } from '../components/button.tsx'
import { thePhone } from './phone.ts'
import { usePhoneAct } from './phone-act.ts'
import { TroubleNote } from './trouble-note.tsx'

/** Binds the band in reach. The count is as large as a hand, because it is looked at from arm's length. */
export function PairCard({ band }: { band: BandState }) {
  const { t } = useTranslation()
  const pair = usePhoneAct(async () => thePhone()?.pair())
  const { knocks } = band
  return (
    <section className="phone-card">
      <h2>{t('phone.pair.title')}</h2>
      {knocks === undefined ? (
        <>
          <p>{t('phone.pair.text')}</p>
          <TroubleNote trouble={pair.refusal} />
          <Button onClick={() => void pair.run()} isBusy={pair.isBusy} name="pair">
            {t('phone.pair.go')}
          </Button>
        </>
      ) : (
        <div className="knocks" role="status" data-knocks={knocks}>
          <span className="knock-count figures" aria-hidden>
            {knocks}
          </span>
          <strong>{t('phone.pair.knock', { count: knocks })}</strong>
          <p>{t('phone.pair.knockText')}</p>
        </div>
      )}
    </section>
  )
}
