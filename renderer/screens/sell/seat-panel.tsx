import { Button } from '@mantine/core'
import { IconArrowLeft, IconBottle } from '@tabler/icons-react'
import { type ReactNode, useState } from 'react'
import type { ShowtimeId } from '#shared/domain/ids.ts'
import type { Hall, Showtime } from '#shared/domain/programme.ts'
import { AnswerState, QueryState } from '../../components/query-state.tsx'
import { noticeWords } from '../../flows/refusal.ts'
import { SEATS_PER_SHOWTIME_MAX, toggleSeat } from '../../flows/seats.ts'
import { type Say, useNowMs, useProgrammeQuery, useSay, useSeatMap } from '../../hooks.ts'
import { useSeatChoice, useTerminal } from '../../terminal-context.ts'
import { useUi } from '../../ui-store.ts'
import { SeatGrid } from './seat-grid.tsx'
import { SeatLegend } from './seat-legend.tsx'
import type { ShownSeat } from './seat-mark.tsx'
import { soonText } from './showtimes.tsx'

/** One show's seat map: what show it is, the ticket the next seats get, the hall, the marks. */
export function SeatPanel({ showtimeId }: { showtimeId: ShowtimeId }) {
  const say = useSay()
  const query = useProgrammeQuery()
  return (
    <section className="panel room" aria-labelledby="seats-title">
      <QueryState query={query} loading={say.t('seats.loading')}>
        {(programme) => {
          const showtime = programme.showtimes.find((one) => one.id === showtimeId)
          const hall = programme.halls.find((one) => one.id === showtime?.hallId)
          if (showtime === undefined || hall === undefined) return <Gone say={say} />
          return <Room showtime={showtime} hall={hall} say={say} />
        }}
      </QueryState>
    </section>
  )
}

/** The programme was renewed, and this show is not in it any more. */
function Gone({ say: { t } }: { say: Say }) {
  const openShowtime = useUi((ui) => ui.openShowtime)
  const { say, next } = noticeWords({ code: 'showtime-closed' }, t)
  return (
    <div className="empty" role="status">
      <p>
        <strong>{say}</strong>
        <br />
        {next}
      </p>
      <Button variant="default" className="try-again" onClick={() => openShowtime(undefined)}>
        {t('seats.back')}
      </Button>
    </div>
  )
}

function Room({ showtime, hall, say }: { showtime: Showtime; hall: Hall; say: Say }) {
  const { client } = useTerminal()
  const query = useSeatMap(showtime.id, client.seatMap, { showtimeId: showtime.id })
  const { choice, choose } = useSeatChoice(showtime.id)
  const [ticketTypeId, setTicketTypeId] = useState<string>(showtime.ticketTypes[0]?.id ?? '')
  const tell = useUi((ui) => ui.tell)
  const map = query.data
  const seats = map?.ok === true ? map.value.seats : {}
  const stateOf = (seat: string): ShownSeat => {
    const wanted = choice.some((one) => one.seat === seat)
    const known = seats[seat] ?? 'held'
    if (wanted) return known === 'ours' ? 'ours' : 'pending'
    // A seat that was just given back shows as free at once; the map catches up.
    return known === 'ours' ? 'free' : known
  }
  return (
    <>
      <RoomHead
        showtime={showtime}
        hall={hall}
        say={say}
        free={Object.values(seats).filter((state) => state === 'free').length}
        chosen={choice.length}
      >
        <TicketTypes showtime={showtime} say={say} chosen={ticketTypeId} onChoose={setTicketTypeId} />
      </RoomHead>
      <AnswerState query={query} loading={say.t('seats.loading')} className="empty empty-room">
        {() => (
          <SeatGrid
            hall={hall}
            stateOf={stateOf}
            say={say}
            onToggle={(seat) => {
              const next = toggleSeat(choice, seat, ticketTypeId)
              if (next.length > SEATS_PER_SHOWTIME_MAX) tell({ code: 'cart-full' })
              else choose(next)
            }}
            onRefused={(seat) => tell({ code: 'seat-not-free', subject: [seat] })}
          />
        )}
      </AnswerState>
      <SeatLegend t={say.t} />
    </>
  )
}

type RoomHeadProps = { showtime: Showtime; hall: Hall; say: Say; free: number; chosen: number; children: ReactNode }

function RoomHead({ showtime, hall, say, free, chosen, children }: RoomHeadProps) {
  const openShowtime = useUi((ui) => ui.openShowtime)
  const askSnacks = useUi((ui) => ui.askSnacks)
  const nowMs = useNowMs()
  return (
    <header className="room-head">
      <button type="button" className="room-back" onClick={() => openShowtime(undefined)} aria-keyshortcuts="F2 Escape">
        <IconArrowLeft aria-hidden="true" />
        <span>{say.t('seats.back')}</span>
      </button>
      <div className="room-what">
        <h2 id="seats-title">
          <span className="figures">{say.time(showtime.startsAt)}</span> {say.words(showtime.title)}
        </h2>
        <p>
          {say.words(hall.name)} · {chosen > 0 ? say.t('seats.chosen', { count: chosen }) : say.t('seats.free', { count: free })} ·{' '}
          {soonText(showtime, nowMs, say)} · {say.words(showtime.format)}
        </p>
      </div>
      {children}
      <button type="button" className="room-back room-snacks" onClick={askSnacks} aria-keyshortcuts="F3">
        <IconBottle aria-hidden="true" />
        <span>{say.t('seats.toSnacks')}</span>
      </button>
    </header>
  )
}

function TicketTypes({
  showtime,
  say,
  chosen,
  onChoose,
}: {
  showtime: Showtime
  say: Say
  chosen: string
  onChoose: (id: string) => void
}) {
  return (
    <fieldset className="types">
      <legend className="sr">{say.t('seats.ticketType')}</legend>
      {showtime.ticketTypes.map((type) => (
        <label key={type.id} className="type">
          <input
            type="radio"
            className="sr"
            name="ticket-type"
            value={type.id}
            checked={type.id === chosen}
            onChange={() => onChoose(type.id)}
          />
          <span className="type-name">{say.words(type.name)}</span> <span className="figures">{say.money(type.price)}</span>
        </label>
      ))}
    </fieldset>
  )
}
