import type { BandLifeView, CustomerView, PracticeCommand } from '#shared/contracts/practice-desk.ts'
import { type LifeAct, lifeActs } from '../../flows/practice.ts'
import { useSay } from '../../hooks.ts'
import type { Steer } from './practice-drawer.tsx'

/** What can become of a customer's band besides paying, what has, and the way back. */
export function BandLife({ customer, steer }: { customer: CustomerView; steer: Steer }) {
  const { t } = useSay()
  const { id, life } = customer
  return (
    <div className="customer-life" role="group" aria-label={t('drawer.life.title')}>
      <span className="customer-label">{t('drawer.life.title')}</span>
      <LifeState life={life} />
      <div className="customer-row">
        {lifeActs(life).map((act) => (
          <button key={act} type="button" className="customer-act" data-life={act} onClick={() => steer(commandOf(act, id, life))}>
            {t(WORDS[act], { count: life.knocks ?? 0 })}
          </button>
        ))}
        <button type="button" className="customer-act" data-life="back" onClick={() => steer({ type: 'back-to-normal', customer: id })}>
          {t('drawer.life.back')}
        </button>
      </div>
    </div>
  )
}

const WORDS = {
  knock: 'drawer.life.knockFor',
  steal: 'drawer.life.steal',
  'steal-both': 'drawer.life.stealBoth',
  'try-pairing': 'drawer.life.tryPairing',
  reset: 'drawer.life.reset',
  release: 'drawer.life.release',
  pair: 'drawer.life.pair',
} as const satisfies Record<LifeAct, string>

function commandOf(act: LifeAct, customer: string, { knocks = 1 }: BandLifeView): PracticeCommand {
  switch (act) {
    case 'knock':
      return { type: 'knock', customer, count: knocks }
    case 'steal':
      return { type: 'steal', customer }
    case 'steal-both':
      return { type: 'steal', customer, withPhone: true }
    case 'reset':
      return { type: 'reset-band', customer }
    case 'try-pairing':
    case 'release':
    case 'pair':
      return { type: act, customer }
  }
}

/** Nothing where nothing has happened. It is said aloud as it changes. */
function LifeState({ life }: { life: BandLifeView }) {
  const { t, time } = useSay()
  const { lock, hands, releaseWaits, knocks, tried, told } = life
  return (
    <ul className="life-state" aria-live="polite">
      {hands !== 'owner' && <li>{t(hands === 'thief' ? 'drawer.life.thief' : 'drawer.life.thiefWithPhone')}</li>}
      {knocks !== undefined && (
        <li>
          <strong>{t('drawer.life.knocks', { count: knocks })}</strong>
        </li>
      )}
      {lock !== 'bound' && knocks === undefined && <li>{t('drawer.life.released')}</li>}
      {releaseWaits && <li>{t('drawer.life.releaseWaits')}</li>}
      {tried !== undefined && <li>{t(triedWords(tried))}</li>}
      {told.map(({ kind, at }) => (
        <li key={at + kind}>{t('drawer.life.told', { time: time(at), what: t(`drawer.told.${kind}`) })}</li>
      ))}
    </ul>
  )
}

function triedWords({ byBand, byBackend }: NonNullable<BandLifeView['tried']>) {
  if (byBand === 'taken' || byBackend === 'taken') return 'drawer.life.taken'
  return byBackend === 'refused' ? 'drawer.life.refusedByBoth' : 'drawer.life.refusedByBand'
}
