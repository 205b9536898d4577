import { useTranslation } from 'react-i18next'
import type { BandState } from '#reference/phone/web/state.ts'
import { thePhone } from './phone.ts'

const AT_COUNTER_M = 0.2
/** Where no till hears it. */
const AWAY_M = 200
const KNOCKS = [1, 2, 3, 4] as const
const EMPTY_PERCENT = 9
const FULL_PERCENT = 100

/** What a hand does to the practice band: on and off, nearer and away, knocks. There is none for a real band. */
export function HandCard({ band }: { band: BandState }) {
  const { t } = useTranslation()
  if (band.way !== 'practice' || band.link === 'away') return null
  const hand = thePhone()?.hand
  const worn = band.status?.worn === true
  const isEmpty = (band.status?.batteryPercent ?? FULL_PERCENT) <= EMPTY_PERCENT
  return (
    <section className="phone-card hand">
      <h2>{t('phone.hand.title')}</h2>
      <p className="quiet">{t('phone.hand.text')}</p>
      <div className="hand-acts">
        <Do name="on" onDo={() => hand?.move({ worn: !worn })} text={t(worn ? 'phone.hand.off' : 'phone.hand.on')} />
        <Do name="near" onDo={() => hand?.move({ distance: AT_COUNTER_M })} text={t('phone.hand.near')} />
        <Do name="far" onDo={() => hand?.move({ distance: AWAY_M })} text={t('phone.hand.far')} />
        <Do
          name="battery"
          onDo={() => hand?.move({ batteryPercent: isEmpty ? FULL_PERCENT : EMPTY_PERCENT })}
          text={t(isEmpty ? 'phone.hand.full' : 'phone.hand.empty')}
        />
        {KNOCKS.map((count) => (
          <Do key={count} name={`knock-${count}`} onDo={() => hand?.knock(count)} text={t('phone.hand.knock', { count })} />
        ))}
      </div>
    </section>
  )
}

function Do({ name, text, onDo }: { name: string; text: string; onDo: () => void }) {
  return (
    <button type="button" className="hand-act" data-hand={name} onClick={onDo}>
      {text}
    </button>
  )
}
