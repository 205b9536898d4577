import { Switch } from '@mantine/core'
import { IconChevronDown, IconCircleCheck } from '@tabler/icons-react'
import { useId } from 'react'
import { type CustomerView, FAULT_KINDS, type FaultKind } from '#shared/contracts/practice-desk.ts'
import { DISTANCES_M, SPOTS, spotOf, troubles } from '../../flows/practice.ts'
import { useSay } from '../../hooks.ts'
import { BandLife } from './band-life.tsx'
import type { Steer } from './practice-drawer.tsx'

const KNOCKS = [2, 3, 4] as const
/** Longer than the phone usually takes, shorter than a request lives. */
const DELAY_MS = 8_000

type CustomerProps = { readonly customer: CustomerView; readonly isOpen: boolean; readonly onOpen: () => void; readonly steer: Steer }

/** One virtual customer: where they stand and what is the matter; opened, all that can be done with them. */
export function Customer({ customer, isOpen, onOpen, steer }: CustomerProps) {
  const { t } = useSay()
  const bodyId = useId()
  const found = troubles(customer)
  return (
    <li className={isOpen ? 'customer customer-open' : 'customer'} data-customer={customer.id}>
      <button type="button" className="customer-head" aria-expanded={isOpen} aria-controls={bodyId} onClick={onOpen}>
        <span className="customer-who">
          <strong>{customer.displayName}</strong>
          <span className="customer-state">
            {found.length === 0 ? (
              <span className="flag flag-good">
                <IconCircleCheck size={16} aria-hidden="true" />
                {t('drawer.ready')}
              </span>
            ) : (
              <span className="flag">{found.map((trouble) => t(`drawer.trouble.${trouble}`)).join(' · ')}</span>
            )}
          </span>
        </span>
        <span className="customer-distance figures">{t('drawer.metres', { metres: customer.distance })}</span>
        <IconChevronDown size={20} aria-hidden="true" className="customer-arrow" />
      </button>
      <div id={bodyId} hidden={!isOpen} className="customer-body">
        {isOpen && <CustomerActs customer={customer} steer={steer} />}
      </div>
    </li>
  )
}

function CustomerActs({ customer, steer }: { customer: CustomerView; steer: Steer }) {
  const { t } = useSay()
  const { id, displayName: name } = customer
  const set = (patch: Omit<Extract<Parameters<Steer>[0], { type: 'set' }>, 'type' | 'customer'>) =>
    steer({ type: 'set', customer: id, ...patch })
  const spot = spotOf(customer.distance)
  return (
    <>
      <div className="customer-row" role="group" aria-label={t('drawer.place', { name })}>
        {SPOTS.map((one) => (
          <button
            key={one}
            type="button"
            className="customer-act"
            aria-pressed={one === spot}
            onClick={() => set({ distance: DISTANCES_M[one] })}
          >
            {t(`drawer.spot.${one}`)}
          </button>
        ))}
      </div>
      <div className="customer-switches">
        <Switch
          size="md"
          label={t('drawer.band')}
          checked={customer.worn}
          onChange={(event) => set({ worn: event.currentTarget.checked })}
        />
        <Switch
          size="md"
          label={t('drawer.phone')}
          checked={customer.phoneReach}
          onChange={(event) => set({ phoneReach: event.currentTarget.checked })}
        />
        <Switch
          size="md"
          label={t('drawer.network')}
          checked={customer.network}
          onChange={(event) => set({ network: event.currentTarget.checked })}
        />
        <Switch
          size="md"
          label={t('drawer.frozen')}
          checked={customer.frozen}
          onChange={(event) => steer({ type: 'freeze', customer: id, frozen: event.currentTarget.checked })}
        />
      </div>
      <div className="customer-row" role="group" aria-label={t('drawer.knock')}>
        <span className="customer-label">{t('drawer.knock')}</span>
        {KNOCKS.map((count) => (
          <button
            key={count}
            type="button"
            className="customer-act figures"
            aria-label={t('drawer.knockTimes', { count })}
            onClick={() => steer({ type: 'knock', customer: id, count })}
          >
            {count} ×
          </button>
        ))}
        <button type="button" className="customer-act" onClick={() => steer({ type: 'unlock-phone', customer: id })}>
          {t('drawer.unlock')}
        </button>
      </div>
      <BandLife customer={customer} steer={steer} />
      <Faults customer={customer} steer={steer} />
      {customer.lastEvent !== undefined && <LastEvent event={customer.lastEvent} />}
    </>
  )
}

function LastEvent({ event }: { event: NonNullable<CustomerView['lastEvent']> }) {
  const { t } = useSay()
  return <p className="customer-event">{t('drawer.event', { event: t(`drawer.happened.${event}`) })}</p>
}

/** Each press plans one more; pressed while planned it is taken back. */
function Faults({ customer, steer }: { customer: CustomerView; steer: Steer }) {
  const { t } = useSay()
  const planned = (fault: FaultKind) => customer.faults[fault] ?? 0
  const plan = (fault: FaultKind) =>
    steer({
      type: 'fault',
      customer: customer.id,
      fault,
      count: planned(fault) > 0 ? 0 : 1,
      delayMs: fault === 'delay' ? DELAY_MS : 0,
    })
  return (
    <div className="customer-faults" role="group" aria-label={t('drawer.faults')}>
      <span className="customer-label">{t('drawer.faults')}</span>
      {FAULT_KINDS.map((fault) => (
        <button key={fault} type="button" className="customer-act" aria-pressed={planned(fault) > 0} onClick={() => plan(fault)}>
          {t(`drawer.fault.${fault}`)}
        </button>
      ))}
    </div>
  )
}
