import type { ComponentType, ReactNode } from 'react'
import { Empty } from './page.tsx'

/** Things one below the other. `none`: what is said in their place when there are none. */
export function Rows({ none, children }: { none?: string; children: readonly ReactNode[] }) {
  return none !== undefined && children.length === 0 ? <Empty>{none}</Empty> : <ul className="rows">{children}</ul>
}

type RowProps = {
  readonly icon: ComponentType<{ size: number; 'aria-hidden': boolean }>
  readonly tone?: 'bound' | 'blocked' | 'released' | undefined
  /** What can be done with it, below it; null where its neighbours have something and it has nothing. */
  readonly act?: ReactNode
  readonly children: ReactNode
}

/** One of them. Attributes such as `data-state` are passed on. */
export function Row({ icon: Icon, tone, act, children, ...data }: RowProps) {
  return (
    <li className={act === undefined ? 'row' : 'row row-acts'} {...data}>
      <span className={tone === undefined ? 'row-icon' : `row-icon row-icon-${tone}`}>
        <Icon size={24} aria-hidden />
      </span>
      <span className="row-main">{children}</span>
      {act !== undefined && act !== null && <span className="row-act">{act}</span>}
    </li>
  )
}
