import { IconCloudOff } from '@tabler/icons-react'
import { useEffect, useRef } from 'react'
import type { Showtime } from '#shared/domain/programme.ts'
import { QueryState } from '../../components/query-state.tsx'
import { countdownTo, type Film, filmsOf, hueOf } from '../../flows/programme.ts'
import { focusIsFree } from '../../focus.ts'
import { type Say, useNowMs, useProgrammeQuery, useSay } from '../../hooks.ts'
import { useTillState } from '../../terminal-context.ts'
import { useUi } from '../../ui-store.ts'

/** Today's films, each with its shows as buttons. */
export function Showtimes() {
  const say = useSay()
  const query = useProgrammeQuery()
  const { data: programme } = query
  const { status, programmeVersion } = useTillState()
  const nowMs = useNowMs()
  const left = useUi((ui) => ui.leftShowtimeId)
  const list = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (left !== undefined && focusIsFree()) {
      list.current?.querySelector<HTMLButtonElement>(`[data-showtime="${CSS.escape(left)}"]`)?.focus()
    }
  }, [left])
  const films = programme === undefined ? [] : filmsOf(programme, nowMs, say.calendarDay)
  const hallName = (hallId: string) => {
    const hall = programme?.halls.find((one) => one.id === hallId)
    return hall === undefined ? hallId : say.words(hall.name)
  }
  const isOffline = status.backend.state === 'offline'
  const isWaiting = programmeVersion === 'none'
  return (
    <section className="panel shows" aria-labelledby="shows-title">
      <header className="panel-head">
        <h2 id="shows-title">{say.t('sell.showtimes')}</h2>
        <span className="panel-note">
          {say.t('sell.today')} · {say.day(nowMs)}
        </span>
      </header>
      {isOffline && !isWaiting && <OfflineNote say={say} />}
      <div className="panel-scroll" ref={list}>
        <QueryState query={query} loading={say.t('sell.loading')}>
          {() => (
            <>
              {films.length === 0 && <NoShows isWaiting={isWaiting} isOffline={isOffline} say={say} />}
              {films.map((film) => (
                <FilmCard key={film.key} film={film} nowMs={nowMs} say={say} hallName={hallName} />
              ))}
            </>
          )}
        </QueryState>
      </div>
    </section>
  )
}

/** Nothing is left to sell, or nothing has come to be sold: two different evenings. */
function NoShows({ isWaiting, isOffline, say: { t } }: { isWaiting: boolean; isOffline: boolean; say: Say }) {
  const next = isWaiting ? t(isOffline ? 'sell.noProgrammeOffline' : 'sell.noProgrammeNext') : t('sell.noShowsNext')
  return (
    <p className="empty">
      <strong>{isWaiting ? t('sell.noProgramme') : t('sell.noShows')}</strong>
      <br />
      {next}
    </p>
  )
}

function OfflineNote({ say }: { say: Say }) {
  return (
    <p className="offline">
      <IconCloudOff size={24} aria-hidden="true" />
      <span>
        <strong>{say.t('sell.offlineTitle')}</strong> {say.t('sell.offlineText')}
      </span>
    </p>
  )
}

function FilmCard({ film, nowMs, say, hallName }: { film: Film; nowMs: number; say: Say; hallName: (hallId: string) => string }) {
  const title = say.words(film.first.title)
  const formats = [...new Set(film.showtimes.map((showtime) => say.words(showtime.format)))]
  return (
    <article className="film">
      <FilmTile film={film} title={title} />
      <div className="film-body">
        <h3 className="film-title">{title}</h3>
        <p className="film-facts">
          <span className="rating">{film.first.rating}</span>
          {say.t('sell.minutes', { count: film.first.minutes })}
          {formats.length === 1 && ` · ${formats[0]}`}
        </p>
        <div className="film-times">
          {film.showtimes.map((showtime) => (
            <ShowButton
              key={showtime.id}
              showtime={showtime}
              nowMs={nowMs}
              say={say}
              place={formats.length > 1 ? `${hallName(showtime.hallId)} · ${say.words(showtime.format)}` : hallName(showtime.hallId)}
            />
          ))}
        </div>
      </div>
    </article>
  )
}

/** A film's tile: its first letter on its own colour, so that the eye finds it again. Decoration only. */
function FilmTile({ film, title }: { film: Film; title: string }) {
  return (
    <svg className="film-tile" viewBox="0 0 56 76" aria-hidden="true">
      <rect width="56" height="76" rx="8" fill={`hsl(${hueOf(film.key)} 38% 30%)`} />
      <circle cx="44" cy="60" r="30" fill={`hsl(${hueOf(film.key)} 45% 40%)`} />
      <text x="12" y="42" fill="#fff" fontSize="27" fontWeight="700">
        {Array.from(title)[0]}
      </text>
    </svg>
  )
}

export function soonText(showtime: Showtime, nowMs: number, { t }: Say): string {
  const { kind, minutes } = countdownTo(showtime.startsAt, nowMs)
  if (kind === 'now') return t('sell.startsNow')
  if (kind === 'started') return t('sell.started', { count: minutes })
  return minutes < 60
    ? t('sell.startsIn', { count: minutes })
    : t('sell.startsInHours', { hours: Math.floor(minutes / 60), minutes: minutes % 60 })
}

function ShowButton({ showtime, nowMs, say, place }: { showtime: Showtime; nowMs: number; say: Say; place: string }) {
  const openShowtime = useUi((ui) => ui.openShowtime)
  const soon = soonText(showtime, nowMs, say)
  const time = say.time(showtime.startsAt)
  return (
    <button
      type="button"
      className={`show show-${countdownTo(showtime.startsAt, nowMs).kind}`}
      data-showtime={showtime.id}
      onClick={() => openShowtime(showtime.id)}
    >
      <span className="show-time figures">
        <span className="sr">{say.words(showtime.title)} </span>
        {time}
      </span>{' '}
      <span className="show-hall">{place}</span> <span className="show-soon">{soon}</span>
    </button>
  )
}
