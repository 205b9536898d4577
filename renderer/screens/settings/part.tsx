import { IconLock } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useSay } from '../../hooks.ts'

type PartProps = { readonly title: string; readonly isLocked?: boolean; readonly className?: string; readonly children: ReactNode }

/** One panel of the settings. Locked: it is shown, and a manager can change it. */
export function Part({ title, isLocked = false, className = '', children }: PartProps) {
  const { t } = useSay()
  return (
    <section className={`panel part ${className}`} aria-label={title}>
      <header className="part-head">
        <h2>{title}</h2>
        {isLocked && (
          <span className="part-locked">
            <IconLock size={18} aria-hidden="true" />
            {t('settings.managerOnly')}
          </span>
        )}
      </header>
      {children}
    </section>
  )
}

/** Names and values, for what is only read. */
export function Facts({ facts }: { facts: readonly (readonly [name: string, value: ReactNode])[] }) {
  return (
    <dl className="part-facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd className="figures">{value}</dd>
        </div>
      ))}
    </dl>
  )
}
