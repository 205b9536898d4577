import type { SeatState } from '#shared/domain/programme.ts'

/** A seat as the cashier sees it: the backend's state, ours, or ours as soon as the terminal has answered. */
export type ShownSeat = SeatState | 'ours' | 'pending'

/**
 * A seat as a drawing: an outlined chair is free, a filled one with a tick is ours, a dashed one with a clock is held, one with a coin is
 * being paid, a flat one with a cross is sold. The shape says it without the colour.
 */
export function SeatMark({ state, accessible, label }: { state: ShownSeat; accessible: boolean; label: string }) {
  return (
    <svg viewBox="0 0 40 40" className="mark" aria-hidden="true">
      <rect className="mark-back" x="5" y="3" width="30" height="29" rx={state === 'sold' ? 4 : 9} />
      {state !== 'sold' && <path className="mark-arms" d="M3 21v9a6 6 0 0 0 6 6h22a6 6 0 0 0 6-6v-9" />}
      <Inside state={state} accessible={accessible} label={label} />
    </svg>
  )
}

function Inside({ state, accessible, label }: { state: ShownSeat; accessible: boolean; label: string }) {
  switch (state) {
    case 'free':
      return accessible ? (
        <Wheelchair />
      ) : (
        <text className="mark-label" x="20" y="24" textAnchor="middle">
          {label}
        </text>
      )
    case 'ours':
      return <path className="mark-line" d="M12 18l6 6 11-12" />
    case 'pending':
      return (
        <g className="mark-dots">
          <circle cx="12" cy="18" r="2.6" />
          <circle cx="20" cy="18" r="2.6" />
          <circle cx="28" cy="18" r="2.6" />
        </g>
      )
    case 'held':
      return (
        <g className="mark-line">
          <circle cx="20" cy="18" r="8" />
          <path d="M20 13v5l3.5 2.5" />
        </g>
      )
    case 'pinned':
      return (
        <g className="mark-line">
          <circle cx="20" cy="18" r="8" />
          <path d="M16.5 14l3.5 4 3.5-4M20 18v5.5M17 20h6" />
        </g>
      )
    case 'sold':
      return <path className="mark-line" d="M13 11l14 14M27 11l-14 14" />
  }
}

function Wheelchair() {
  return (
    <g className="mark-line">
      <circle cx="18" cy="9" r="1.8" />
      <path d="M18 12v7h7l3 6M16 15.5a6 6 0 1 0 8 7.5M18 15.5h5" />
    </g>
  )
}
