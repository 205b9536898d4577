import { Button } from '@mantine/core'
import { IconArrowLeft } from '@tabler/icons-react'
import { useEffect, useRef, useState } from 'react'
import type { BandView } from '#shared/contracts/till.ts'
import { CLAIMS, type Claim } from '#shared/domain/claims.ts'
import { ArmedButton } from '../../components/armed-button.tsx'
import { selectedBand } from '../../flows/bands.ts'
import { focusIsFree } from '../../focus.ts'
import { useSay } from '../../hooks.ts'
import { useAct, useTerminal, useTillState } from '../../terminal-context.ts'
import { useUi } from '../../ui-store.ts'
import { BandList } from '../pay/band-list.tsx'
import { AskedPanel } from './asked-panel.tsx'
import { ToldPanel } from './told-panel.tsx'
import { UntoldPanel } from './untold-panel.tsx'

/** What to ask on the left; on the right whom, and what came of it. */
export function IdentifyScreen() {
  const { t } = useSay()
  const { identify } = useTillState()
  const [claims, setClaims] = useState<readonly Claim[]>(CLAIMS)
  return (
    <div className="pay identify">
      <h1 className="sr" tabIndex={-1}>
        {t('identify.title')}
      </h1>
      <Wanted claims={identify?.asked ?? claims} isOpen={identify === undefined} onChange={setClaims} />
      <div className="pay-panel">
        {identify === undefined && <Bands claims={claims} />}
        {identify?.state === 'asking' && <AskedPanel asked={identify} />}
        {identify?.state === 'told' && <ToldPanel told={identify} />}
        {identify?.state === 'untold' && <UntoldPanel untold={identify} />}
      </div>
    </div>
  )
}

type WantedProps = {
  readonly claims: readonly Claim[]
  /** Nobody is asked yet: what is asked may still be chosen. */
  readonly isOpen: boolean
  readonly onChange: (claims: readonly Claim[]) => void
}

function Wanted({ claims, isOpen, onChange }: WantedProps) {
  const { t } = useSay()
  const { identify } = useTillState()
  const goTo = useUi((ui) => ui.goTo)
  const toggle = (claim: Claim) => onChange(CLAIMS.filter((one) => (one === claim) !== claims.includes(one)))
  return (
    <section className="panel due" aria-labelledby="wanted-title">
      <h2 id="wanted-title" className="due-label">
        {t('identify.what')}
      </h2>
      <fieldset className="wanted" disabled={!isOpen}>
        <legend className="sr">{t('identify.what')}</legend>
        {CLAIMS.map((claim) => (
          <label key={claim} className="wanted-claim">
            <input type="checkbox" checked={claims.includes(claim)} onChange={() => toggle(claim)} />
            {t(`identify.claim.${claim}`)}
          </label>
        ))}
      </fieldset>
      <p className="wanted-note">{t('identify.note')}</p>
      {identify?.state !== 'asking' && (
        <div className="due-acts">
          <Button
            fullWidth
            variant="subtle"
            color="gray"
            leftSection={<IconArrowLeft aria-hidden="true" />}
            aria-keyshortcuts="Escape"
            onClick={() => goTo('selling')}
          >
            {t('pay.back')}
          </Button>
        </div>
      )}
    </section>
  )
}

function Bands({ claims }: { claims: readonly Claim[] }) {
  const { bands } = useTillState()
  const selected = selectedBand(
    bands,
    useUi((ui) => ui.chosenBand),
  )
  return (
    <BandList bandsFor="asking" selected={selected}>
      <AskBand selected={selected} claims={claims} />
    </BandList>
  )
}

function AskBand({ selected, claims }: { selected: BandView | undefined; claims: readonly Claim[] }) {
  const { t } = useSay()
  const { client } = useTerminal()
  const { busy, act } = useAct()
  const chosen = useUi((ui) => ui.chosenBand)
  const button = useRef<HTMLButtonElement>(null)
  const canAsk = selected !== undefined && claims.length > 0
  useEffect(() => {
    if (canAsk && focusIsFree()) button.current?.focus()
  }, [canAsk])
  const words = claims.length === 0 ? t('identify.nothing') : t('identify.choose')
  return (
    <div className="panel-foot">
      <ArmedButton
        ref={button}
        className="charge"
        fullWidth
        data-primary
        meaning={`ask ${selected?.id}`}
        own={chosen}
        disabled={!canAsk}
        aria-disabled={busy || !canAsk}
        aria-keyshortcuts="F8"
        onPress={() => canAsk && act(() => client.identify({ sightingId: selected.id, claims: [...claims] }))}
      >
        {canAsk ? t('identify.ask', { letter: selected.letter }) : words}
      </ArmedButton>
    </div>
  )
}
