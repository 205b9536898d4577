import type { ComponentType, ReactNode } from 'react'

type Kind = 'main' | 'plain' | 'danger' | 'quiet'
type Props = {
  readonly children: ReactNode
  readonly onClick?: () => void
  readonly kind?: Kind
  readonly type?: 'button' | 'submit'
  readonly isBusy?: boolean
  readonly icon?: ComponentType<{ size: number; 'aria-hidden': boolean }>
  readonly name?: string
}

/** Stays where it is and keeps the focus while it is busy: `aria-disabled`, not `disabled`. */
export function Button({ children, onClick, kind = 'main', type = 'button', isBusy = false, icon: Icon, name }: Props) {
  return (
    <button
      type={type === 'submit' ? 'submit' : 'button'}
      className={`button button-${kind}`}
      aria-disabled={isBusy}
      aria-busy={isBusy}
      data-act={name}
      onClick={(event) => {
        if (isBusy) event.preventDefault()
        else onClick?.()
      }}
    >
      {isBusy ? <span className="spinner" aria-hidden /> : Icon && <Icon size={22} aria-hidden />}
      <span>{children}</span>
    </button>
  )
}
