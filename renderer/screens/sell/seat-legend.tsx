import type { T } from '../../i18n/i18n.ts'
import { SeatMark } from './seat-mark.tsx'

const SHOWN = ['free', 'ours', 'held', 'pinned', 'sold'] as const

export function SeatLegend({ t }: { t: T }) {
  return (
    <ul className="legend" aria-label={t('seats.legend')}>
      {SHOWN.map((state) => (
        <li key={state}>
          <span className={`seat seat-${state} seat-sample`}>
            <SeatMark state={state} accessible={false} label="" />
          </span>
          {t(`seats.state.${state}`)}
        </li>
      ))}
      <li>
        <span className="seat seat-free seat-sample">
          <SeatMark state="free" accessible label="" />
        </span>
        {t('seats.accessible')}
      </li>
    </ul>
  )
}
