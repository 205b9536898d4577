import { useQuery } from '@tanstack/react-query'
import { useEffect, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { dayAt } from '#shared/calendar-day.ts'
import type { Money } from '#shared/domain/money.ts'
import { type Language, languageOf, type Words } from '#shared/domain/words.ts'
import { formatDay, formatMoney, formatTime } from './flows/format.ts'
import type { T } from './i18n/i18n.ts'
import { useTerminal, useTillState } from './terminal-context.ts'
import { useTill } from './till-store.ts'

const TICK_MS = 500

/** The terminal's clock: what it said with its last state, plus the time passed here since. Ticks twice a second. */
export function useNowMs(): number {
  const now = useTill((till) => till.state?.now)
  const arrivedAtMs = useTill((till) => till.arrivedAtMs)
  const [sinceMs, setSinceMs] = useState(0)
  useEffect(() => {
    const tick = () => setSinceMs(performance.now() - arrivedAtMs)
    tick()
    const timer = setInterval(tick, TICK_MS)
    return () => clearInterval(timer)
  }, [arrivedAtMs])
  return (now === undefined ? 0 : Date.parse(now)) + Math.max(0, sinceMs)
}

export type Say = {
  readonly t: T
  readonly language: Language
  readonly words: (words: Words) => string
  readonly money: (amount: Money) => string
  readonly time: (at: string) => string
  readonly day: (atMs: number) => string
  /** For comparing: `2026-11-22`. */
  readonly calendarDay: (atMs: number) => string
}

/** Everything a component needs to speak: catalog, money, times, in the screen's language and the site's time zone. */
export function useSay(): Say {
  const { t, i18n } = useTranslation()
  const timeZone = useTill((till) => till.state?.identity.timeZone ?? 'UTC')
  const language = languageOf(i18n.language)
  return useMemo(
    () => ({
      t,
      language,
      words: (words) => words[language],
      money: (amount) => formatMoney(amount, language),
      time: (at) => formatTime(at, language, timeZone),
      day: (atMs) => formatDay(atMs, language, timeZone),
      calendarDay: (atMs) => dayAt(atMs, timeZone),
    }),
    [t, language, timeZone],
  )
}

/** What the site sells, asked again when the terminal says that it holds another version: it keeps one while the backend is away. */
export function useProgrammeQuery() {
  const { client } = useTerminal()
  const { programmeVersion } = useTillState()
  return useQuery({
    queryKey: ['programme', programmeVersion],
    queryFn: () => client.programme(),
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: (previous) => previous,
  })
}

/** The programme, once it is here. */
export function useProgramme() {
  return useProgrammeQuery().data
}

const SEAT_MAP_FRESH_MS = 4_000

/** The seats of a showtime, asked again every few seconds and whenever the cart's holds or the backend's state change. */
export function useSeatMap(showtimeId: string, ask: ReturnType<typeof useTerminal>['client']['seatMap'], input: Parameters<typeof ask>[0]) {
  const { cart, status } = useTillState()
  const holds = cart.holds.map((hold) => hold.seats.join()).join()
  return useQuery({
    queryKey: ['seatMap', showtimeId, holds, status.backend.state],
    queryFn: () => ask(input),
    refetchInterval: SEAT_MAP_FRESH_MS,
    placeholderData: (previous, query) => (query?.queryKey[1] === showtimeId ? previous : undefined),
  })
}
