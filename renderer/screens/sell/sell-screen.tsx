import { useSay } from '../../hooks.ts'
import { useUi } from '../../ui-store.ts'
import { Cart } from './cart.tsx'
import { SeatPanel } from './seat-panel.tsx'
import { Showtimes } from './showtimes.tsx'
import { Snacks } from './snacks.tsx'

/** Shows on the left, snacks beside them, the sale on the right. A show opens its seat map over the shows (and snacks, on a narrow screen). */
export function SellScreen() {
  const { t } = useSay()
  const showtimeId = useUi((ui) => ui.showtimeId)
  return (
    <div className={showtimeId === undefined ? 'sell' : 'sell sell-seats'}>
      <h1 className="sr" tabIndex={-1}>
        {t('sell.title')}
      </h1>
      {showtimeId === undefined ? <Showtimes /> : <SeatPanel key={showtimeId} showtimeId={showtimeId} />}
      <Snacks />
      <Cart />
    </div>
  )
}
