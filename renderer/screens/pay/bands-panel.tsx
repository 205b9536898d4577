import { IconBattery1, IconCircleCheck, IconDeviceMobileOff, IconDeviceWatchOff, IconHandClick, IconLock } from '@tabler/icons-react'
import { useEffect, useRef } from 'react'
import type { BandView } from '#shared/contracts/till.ts'
import { ArmedButton } from '../../components/armed-button.tsx'
import { bandFlags, type ChargeAct, chargeAct, selectedBand } from '../../flows/bands.ts'
import { knockWhyWords } from '../../flows/knock-why.ts'
import { focusIsFree } from '../../focus.ts'
import { useSay } from '../../hooks.ts'
import { useAct, useTerminal, useTillState } from '../../terminal-context.ts'
import { useUi } from '../../ui-store.ts'
import { useSteadyBands } from './use-steady-bands.ts'

const FLAG_ICONS = {
  'not-worn': IconDeviceWatchOff,
  'not-armed': IconLock,
  'no-phone': IconDeviceMobileOff,
  'low-battery': IconBattery1,
} as const
const NEARNESS = ['faint', 'far', 'some', 'near', 'counter'] as const

/** Bands nearby, nearest first. The proposed one is chosen already; the cashier may choose another; Charge names the letter. */
export function BandsPanel() {
  const { t } = useSay()
  const { bands, status } = useTillState()
  const chosen = useUi((ui) => ui.chosenBand)
  const chooseBand = useUi((ui) => ui.chooseBand)
  const selected = selectedBand(bands, chosen)
  const { steady, moved } = useSteadyBands(bands)
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
            {t('pay.radioFailedNext')}
          </p>
        ) : bands.length === 0 ? (
          <p className="empty" data-testid={status.radio.state === 'starting' ? 'radio-starting' : 'no-bands'}>
            <span className="radar" aria-hidden="true" />
            <strong>{status.radio.state === 'starting' ? t('pay.radioStarting') : t('pay.noBands')}</strong>
            <br />
            {status.radio.state === 'starting' ? t('pay.radioStartingNext') : t('pay.noBandsNext')}
          </p>
        ) : (
          <fieldset className="band-list">
            <legend className="sr">{t('pay.bands')}</legend>
            {steady.map((band) => (
              <BandCard
                key={band.id}
                band={band}
                isSelected={band.id === selected?.id}
                hasMoved={moved.has(band.id)}
                onChoose={() => chooseBand(band.id)}
              />
            ))}
          </fieldset>
        )}
      </div>
      <ChargeBand act={chargeAct(bands, selected)} selected={selected} />
    </section>
  )
}

type BandCardProps = {
  readonly band: BandView
  readonly isSelected: boolean
  /** It stands here only since a moment: a press now was meant for another one. */
  readonly hasMoved: boolean
  readonly onChoose: () => void
}

function BandCard({ band, isSelected, hasMoved, onChoose }: BandCardProps) {
  const { t } = useSay()
  const { knockWhy } = useTillState()
  const flags = bandFlags(band)
  const near = t(`pay.nearness.${NEARNESS[band.nearness]}`)
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
          {band.needsKnock && (
            <span className="flag flag-knock">
              <IconHandClick size={20} aria-hidden="true" />
              {knockWhy === undefined ? t('pay.needsKnock') : t('pay.mustKnock')}
            </span>
          )}
          {!band.needsKnock && flags.filter((flag) => flag !== 'low-battery').length === 0 && (
            <span className="flag flag-good">
              <IconCircleCheck size={20} aria-hidden="true" />
              {t('pay.ready')}
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

function ChargeBand({ act: what, selected }: { act: ChargeAct; selected: BandView | undefined }) {
  const say = useSay()
  const { t } = say
  const { knockWhy } = useTillState()
  const { client } = useTerminal()
  const { busy, act } = useAct()
  const chosen = useUi((ui) => ui.chosenBand)
  const button = useRef<HTMLButtonElement>(null)
  const canStart = what !== 'none'
  useEffect(() => {
    if (canStart && focusIsFree()) button.current?.focus()
  }, [canStart])
  const charge = () => {
    if (what === 'knock') act(() => client.chargeByKnock())
    else if (selected !== undefined) act(() => client.chargeBand({ sightingId: selected.id }))
  }
  return (
    <div className="panel-foot">
      {what === 'knock' && (
        <p className="bands-knock" data-testid="knock-why">
          {knockWhyWords(knockWhy, say)}
        </p>
      )}
      <ArmedButton
        ref={button}
        className="charge"
        fullWidth
        data-primary
        data-act={what}
        meaning={what === 'charge' ? `charge ${selected?.id}` : what}
        own={chosen}
        disabled={!canStart}
        aria-disabled={busy || !canStart}
        aria-keyshortcuts="F8"
        onPress={charge}
      >
        {what === 'knock'
          ? t('pay.askKnock')
          : selected === undefined
            ? t('pay.chooseBand')
            : t('pay.chargeBand', { letter: selected.letter })}
      </ArmedButton>
    </div>
  )
}
