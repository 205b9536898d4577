import { useEffect, useRef } from 'react'
import type { BandView } from '#shared/contracts/till.ts'
import { ArmedButton } from '../../components/armed-button.tsx'
import { type ChargeAct, chargeAct, selectedBand } from '../../flows/bands.ts'
import { knockWhyWords } from '../../flows/knock-why.ts'
import { focusIsFree } from '../../focus.ts'
import { useSay } from '../../hooks.ts'
import { useAct, useTerminal, useTillState } from '../../terminal-context.ts'
import { useUi } from '../../ui-store.ts'
import { BandList } from './band-list.tsx'

/** Bands nearby, nearest first. The proposed one is chosen already; the cashier may choose another; Charge names the letter. */
export function BandsPanel() {
  const { bands } = useTillState()
  const selected = selectedBand(
    bands,
    useUi((ui) => ui.chosenBand),
  )
  return (
    <BandList bandsFor="paying" selected={selected}>
      <ChargeBand act={chargeAct(bands, selected)} selected={selected} />
    </BandList>
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
