import { type CSSProperties, type KeyboardEvent, memo, useCallback, useEffect, useRef, useState } from 'react'
import type { SeatId } from '#shared/domain/ids.ts'
import type { Hall, HallSeat } from '#shared/domain/programme.ts'
import { entrySeat, isGridKey, moveFocus } from '../../flows/seats.ts'
import { focusIsFree } from '../../focus.ts'
import type { Say } from '../../hooks.ts'
import { SeatMark, type ShownSeat } from './seat-mark.tsx'

type SeatGridProps = {
  readonly hall: Hall
  readonly stateOf: (seat: SeatId) => ShownSeat
  readonly say: Say
  readonly onToggle: (seat: SeatId) => void
  /** A seat that cannot be had was pressed. */
  readonly onRefused: (seat: SeatId) => void
}

/** The hall with its screen on top. One seat is in the tab order; the arrow keys walk from seat to seat. */
export function SeatGrid({ hall, stateOf, say, onToggle, onRefused }: SeatGridProps) {
  const [at, setAt] = useState<SeatId>()
  const grid = useRef<HTMLDivElement>(null)
  const current = at ?? entrySeat(hall, (seat) => stateOf(seat) === 'free')
  const hasEntry = current !== undefined
  useEffect(() => {
    // Opened by a button that is gone now: the focus goes where the work is.
    if (hasEntry && focusIsFree()) grid.current?.querySelector<HTMLButtonElement>('[tabindex="0"]')?.focus()
  }, [hasEntry])
  const press = (seat: SeatId) => {
    setAt(seat)
    const state = stateOf(seat)
    if (state === 'free' || state === 'ours' || state === 'pending') onToggle(seat)
    else onRefused(seat)
  }
  const latest = useRef(press)
  useEffect(() => {
    latest.current = press
  })
  const onPress = useCallback((seat: SeatId) => latest.current(seat), [])
  const onKeyDown = (event: KeyboardEvent) => {
    if (!isGridKey(event.key) || current === undefined || event.ctrlKey || event.altKey || event.metaKey) return
    event.preventDefault()
    const next = moveFocus(hall, current, event.key)
    setAt(next)
    grid.current?.querySelector<HTMLButtonElement>(`[data-seat="${CSS.escape(next)}"]`)?.focus()
  }
  return (
    <div className="hall">
      <div className="hall-inner" style={measuresOf(hall)}>
        <div className="hall-screen" aria-hidden="true">
          <svg viewBox="0 0 400 26" preserveAspectRatio="none">
            <path d="M6 22 Q200 -8 394 22" />
          </svg>
          <span>{say.t('seats.screen')}</span>
        </div>
        <div
          role="grid"
          aria-label={say.t('seats.grid', { hall: say.words(hall.name) })}
          className="hall-grid"
          ref={grid}
          onKeyDown={onKeyDown}
        >
          {hall.rows.map((row) => (
            <div role="row" className="hall-row" key={row.label}>
              <span role="rowheader" className="hall-label" aria-label={say.t('seats.row', { row: row.label })}>
                {row.label}
              </span>
              {row.seats.map((seat) => (
                <Seat key={seat.id} seat={seat} state={stateOf(seat.id)} isCurrent={seat.id === current} say={say} onPress={onPress} />
              ))}
              <span className="hall-label hall-label-end" aria-hidden="true">
                {row.label}
              </span>
            </div>
          ))}
        </div>
      </div>
    </div>
  )
}

/** An aisle is a column without seats. It takes less room than a seat, so that the seats can be as large as a finger. */
const AISLE_CELLS = 0.3

function measuresOf(hall: Hall): CSSProperties {
  const seated = new Set(hall.rows.flatMap((row) => row.seats.map((seat) => seat.column)))
  const cells = Array.from({ length: hall.columns }, (_, index) => (seated.has(index + 1) ? 1 : AISLE_CELLS))
  return {
    '--across': cells.reduce((sum, each) => sum + each, 0),
    '--rows': hall.rows.length,
    '--tracks': cells.map((each) => `calc(var(--cell) * ${each})`).join(' '),
  } as CSSProperties
}

type SeatProps = {
  readonly seat: HallSeat
  readonly state: ShownSeat
  readonly isCurrent: boolean
  readonly say: Say
  readonly onPress: (seat: SeatId) => void
}

const Seat = memo(function Seat({ seat, state, isCurrent, say, onPress }: SeatProps) {
  const isTakeable = state === 'free' || state === 'ours' || state === 'pending'
  const words = { seat: seat.id, state: say.t(`seats.state.${state}`) }
  return (
    <div role="gridcell" className="hall-cell" style={{ gridColumn: seat.column + 1 }}>
      <button
        type="button"
        className={`seat seat-${state}`}
        data-seat={seat.id}
        tabIndex={isCurrent ? 0 : -1}
        aria-pressed={state === 'ours' || state === 'pending'}
        aria-disabled={!isTakeable}
        onClick={() => onPress(seat.id)}
      >
        <SeatMark state={state} accessible={seat.accessible} label={seat.id.replace(/^\D+/, '')} />
        <span className="sr">{seat.accessible ? say.t('seats.seatAccessible', words) : say.t('seats.seat', words)}</span>
      </button>
    </div>
  )
})
