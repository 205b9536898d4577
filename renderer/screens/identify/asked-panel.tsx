import type { IdentifyView } from '#shared/contracts/identify.ts'
import { ArmedButton } from '../../components/armed-button.tsx'
import { AskingHead } from '../../components/asking-head.tsx'
import { Stages } from '../../components/stages.tsx'
import { TimeBar } from '../../components/time-bar.tsx'
import { useSay } from '../../hooks.ts'
import { useAct, useTerminal } from '../../terminal-context.ts'

/** While the customer is asked: what to tell them, how far it is, how long it may still take, and the way to stop. */
export function AskedPanel({ asked }: { asked: Extract<IdentifyView, { state: 'asking' }> }) {
  const { t } = useSay()
  const { client } = useTerminal()
  const { busy, act } = useAct()
  return (
    <section className="panel asking" aria-labelledby="asking-title" data-testid="asking-who">
      <AskingHead of="identify" letter={asked.bandLetter} stage={asked.stage} />
      <Stages stage={asked.stage} />
      <TimeBar asked={asked} />
      <div className="panel-foot">
        <ArmedButton variant="default" fullWidth meaning={asked.requestId} disabled={busy} onPress={() => act(() => client.endIdentify())}>
          {t('identify.stop')}
        </ArmedButton>
      </div>
    </section>
  )
}
