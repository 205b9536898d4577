import { IconRosetteDiscountCheck, IconUser } from '@tabler/icons-react'
import { useEffect, useRef } from 'react'
import type { GivenClaim, IdentifyView } from '#shared/contracts/identify.ts'
import { ArmedButton } from '../../components/armed-button.tsx'
import { holdLeft } from '../../flows/programme.ts'
import { useNowMs, useSay } from '../../hooks.ts'
import { useAct, useTerminal } from '../../terminal-context.ts'

/** What the customer told, large enough to read while writing it down. */
export function ToldPanel({ told }: { told: Extract<IdentifyView, { state: 'told' }> }) {
  const { t } = useSay()
  const { client } = useTerminal()
  const { busy, act } = useAct()
  const button = useRef<HTMLButtonElement>(null)
  useEffect(() => button.current?.focus(), [])
  const { text } = holdLeft(told.shownUntil, useNowMs())
  const isNothing = told.asked.every((claim) => told.given[claim] === undefined)
  return (
    <section className="panel told" aria-labelledby="told-title" data-testid="told">
      <div className="asking-head">
        <span className="band-letter band-letter-big" aria-hidden="true">
          {told.bandLetter}
        </span>
        <h2 id="told-title">{t('identify.told', { letter: told.bandLetter })}</h2>
      </div>
      <dl className="told-claims">
        {told.asked.map((claim) => (
          <div key={claim} className="told-claim" data-claim={claim}>
            <dt>{t(`identify.claim.${claim}`)}</dt>
            <ToldClaim given={told.given[claim]} />
          </div>
        ))}
      </dl>
      {isNothing && <p className="told-note">{t('identify.nothingTold')}</p>}
      <p className="told-note">{t('identify.until', { left: text })}</p>
      <div className="panel-foot">
        <ArmedButton
          ref={button}
          className="charge"
          fullWidth
          data-primary
          aria-keyshortcuts="F8"
          meaning={told.requestId}
          disabled={busy}
          onPress={() => act(() => client.endIdentify())}
        >
          {t('identify.done')}
        </ArmedButton>
      </div>
    </section>
  )
}

function ToldClaim({ given }: { given: GivenClaim | undefined }) {
  const { t } = useSay()
  if (!given) return <dd className="told-missing">{t('identify.notGiven')}</dd>
  const Icon = given.isVouched ? IconRosetteDiscountCheck : IconUser
  return (
    <dd>
      <strong>{given.value}</strong>
      <span className={given.isVouched ? 'flag flag-good' : 'flag'}>
        <Icon size={20} aria-hidden="true" />
        {given.isVouched ? t('identify.vouched') : t('identify.unvouched')}
      </span>
    </dd>
  )
}
