import { IconBattery1, IconCircleCheck, IconDeviceMobileOff, IconDeviceWatchOff, IconHandClick, IconLock } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import type { BandView } from '#shared/contracts/till.ts'
import { bandFlags } from '../../flows/bands.ts'
import { useSay } from '../../hooks.ts'
import { useTillState } from '../../terminal-context.ts'
import { useUi } from '../../ui-store.ts'
import { useSteadyBands } from './use-steady-bands.ts'

const FLAG_ICONS = {
  'not-worn': IconDeviceWatchOff,
  'not-armed': IconLock,
  'no-phone': IconDeviceMobileOff,
  'low-battery': IconBattery1,
} as const
const NEARNESS = ['faint', 'far', 'some', 'near', 'counter'] as const

/** What the bands are listed for: to be charged, or to be asked who wears them. */
export type BandsFor = 'paying' | 'asking'
type BandListProps = {
  readonly bandsFor: BandsFor
  readonly selected: BandView | undefined
  /** The act, below the list. */
  readonly children: ReactNode
}

/** Bands nearby, nearest first, as a choice of one. */
export function BandList({ bandsFor, selected, children }: BandListProps) {
  const { t } = useSay()
  const { bands, status } = useTillState()
  const chooseBand = useUi((ui) => ui.chooseBand)
  const { steady, moved } = useSteadyBands(bands)
  const isPaying = bandsFor === 'paying'
  return (
    <section className="panel bands" aria-labelledby="bands-title">
      <header className="panel-head">
        <h2 id="bands-title">{t('pay.bands')}</h2>
        <span className="panel-note">{t('pay.bandsHint')}</span>
      </header>
      <div className="panel-scroll">
        {status.radio.state === 'failed' ? (
          <p className="empty">
            <strong>{t('pay.radioFailed')}</strong>
            <br />
            {isPaying ? t('pay.radioFailedNext') : t('identify.radioFailedNext')}
          </p>
        ) : bands.length === 0 ? (
          <p className="empty" data-testid={status.radio.state === 'starting' ? 'radio-starting' : 'no-bands'}>
            <span className="radar" aria-hidden="true" />
            <strong>{status.radio.state === 'starting' ? t('pay.radioStarting') : t('pay.noBands')}</strong>
            <br />
            {isPaying ? t(status.radio.state === 'starting' ? 'pay.radioStartingNext' : 'pay.noBandsNext') : t('identify.noBandsNext')}
          </p>
        ) : (
          <fieldset className="band-list">
            <legend className="sr">{t('pay.bands')}</legend>
            {steady.map((band) => (
              <BandCard
                key={band.id}
                band={band}
                bandsFor={bandsFor}
                isSelected={band.id === selected?.id}
                hasMoved={moved.has(band.id)}
                onChoose={() => chooseBand(band.id)}
              />
            ))}
          </fieldset>
        )}
      </div>
      {children}
    </section>
  )
}

type BandCardProps = {
  readonly band: BandView
  readonly bandsFor: BandsFor
  readonly isSelected: boolean
  /** It stands here only since a moment: a press now was meant for another one. */
  readonly hasMoved: boolean
  readonly onChoose: () => void
}

function BandCard({ band, bandsFor, isSelected, hasMoved, onChoose }: BandCardProps) {
  const { t } = useSay()
  const { knockWhy } = useTillState()
  const flags = bandFlags(band)
  const near = t(`pay.nearness.${NEARNESS[band.nearness]}`)
  const needsKnock = bandsFor === 'paying' && band.needsKnock
  return (
    <label className={band.proposed ? 'band band-proposed' : 'band'}>
      <input
        type="radio"
        className="sr"
        name="band"
        checked={isSelected}
        aria-disabled={hasMoved}
        onChange={() => !hasMoved && onChoose()}
        value={band.id}
      />
      <span className="band-letter" aria-hidden="true">
        {band.letter}
      </span>
      <span className="band-what">
        <span className="band-name">
          {t('pay.band', { letter: band.letter })}
          {band.proposed && <span className="band-nearest">{t('pay.proposed')}</span>}
        </span>
        <span className="band-flags">
          {needsKnock && (
            <span className="flag flag-knock">
              <IconHandClick size={20} aria-hidden="true" />
              {knockWhy === undefined ? t('pay.needsKnock') : t('pay.mustKnock')}
            </span>
          )}
          {!needsKnock && flags.filter((flag) => flag !== 'low-battery').length === 0 && (
            <span className="flag flag-good">
              <IconCircleCheck size={20} aria-hidden="true" />
              {bandsFor === 'paying' ? t('pay.ready') : t('identify.ready')}
            </span>
          )}
          {flags.map((flag) => {
            const Icon = FLAG_ICONS[flag]
            return (
              <span className="flag" key={flag}>
                <Icon size={20} aria-hidden="true" />
                {t(`pay.flag.${flag}`)}
              </span>
            )
          })}
        </span>
      </span>
      <span className="band-near">
        <span className={`bars bars-${band.nearness}`} aria-hidden="true">
          <i />
          <i />
          <i />
          <i />
        </span>
        <span className="band-near-words">{near}</span>
      </span>
    </label>
  )
}
