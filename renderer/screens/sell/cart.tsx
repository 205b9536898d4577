import { Button } from '@mantine/core'
import { IconArmchair, IconClock, IconTrash, IconUserQuestion } from '@tabler/icons-react'
import { useEffect, useState } from 'react'
import type { SeatHoldView } from '#shared/contracts/till.ts'
import type { ShowtimeId } from '#shared/domain/ids.ts'
import { ArmedButton } from '../../components/armed-button.tsx'
import { holdLeft } from '../../flows/programme.ts'
import { useNowMs, useSay } from '../../hooks.ts'
import { useAct, useTerminal, useTillState } from '../../terminal-context.ts'
import { useUi } from '../../ui-store.ts'
import { useArmed } from '../../use-armed.ts'
import { openPayIfAny } from '../../use-shortcuts.ts'
import { ProductLine, TicketLine } from './cart-line.tsx'

/** The sale so far: seats by show with what is left of their hold, snacks with their quantity, tax, total, Charge. */
export function Cart() {
  const { t, money } = useSay()
  const { cart } = useTillState()
  const shows = [...new Set(cart.lines.flatMap(({ subject }) => (subject.kind === 'ticket' ? [subject.showtimeId] : [])))]
  const products = cart.lines.filter(({ subject }) => subject.kind === 'product')
  return (
    <section className="panel cart" aria-labelledby="cart-title">
      <header className="panel-head">
        <h2 id="cart-title">{t('cart.title')}</h2>
        <span className="cart-tools">
          <AskWho />
          {cart.lines.length > 0 && <Clear />}
        </span>
      </header>
      <div className="panel-scroll cart-lines">
        {cart.lines.length === 0 && (
          <p className="empty">
            <IconArmchair size={40} stroke={1.2} aria-hidden="true" />
            <br />
            <strong>{t('cart.empty')}</strong>
            <br />
            {t('cart.emptyNext')}
          </p>
        )}
        {shows.map((showtimeId) => (
          <CartShow key={showtimeId} showtimeId={showtimeId} />
        ))}
        {products.length > 0 && (
          <ul className="lines lines-products">
            {products.map((line) => (
              <ProductLine key={line.id} line={line} />
            ))}
          </ul>
        )}
      </div>
      <footer className="cart-foot">
        <div className="cart-tax">
          <span>{t('cart.tax')}</span>
          <span className="figures">{money(cart.tax)}</span>
        </div>
        <div className="cart-total">
          <span>{t('cart.total')}</span>
          <strong className="figures" data-testid="cart-total">
            {money(cart.total)}
          </strong>
        </div>
        <ArmedButton
          className="charge"
          fullWidth
          meaning="charge"
          onPress={openPayIfAny}
          aria-keyshortcuts="F8"
          disabled={cart.lines.length === 0}
        >
          {cart.lines.length === 0 ? t('cart.charge') : t('cart.chargeAmount', { amount: money(cart.total) })}
        </ArmedButton>
      </footer>
    </section>
  )
}

function AskWho() {
  const { t } = useSay()
  const goTo = useUi((ui) => ui.goTo)
  return (
    <Button size="md" h={44} px={12} variant="subtle" aria-keyshortcuts="F1" data-testid="ask-who" onClick={() => goTo('identify')}>
      <IconUserQuestion size={20} aria-hidden="true" />
      <span className="cart-tool-words">{t('identify.open')}</span>
    </Button>
  )
}

const SURE_FOR_MS = 4_000

/** Clearing a sale asks once more, in the same place, and forgets the question after a while. A double tap only asks. */
function Clear() {
  const { t } = useSay()
  const { client } = useTerminal()
  const { busy, act } = useAct()
  const [isAsked, setIsAsked] = useState(false)
  const isArmed = useArmed(String(isAsked))
  useEffect(() => {
    if (!isAsked) return
    const timer = setTimeout(() => setIsAsked(false), SURE_FOR_MS)
    return () => clearTimeout(timer)
  }, [isAsked])
  const press = () => {
    if (!isAsked) return setIsAsked(true)
    if (!isArmed) return
    act(
      () => client.clearCart(),
      () => setIsAsked(false),
    )
  }
  return (
    <Button
      size="md"
      h={44}
      variant={isAsked ? 'filled' : 'subtle'}
      color="curtain"
      disabled={busy}
      aria-disabled={isAsked && !isArmed}
      leftSection={<IconTrash size={20} aria-hidden="true" />}
      onClick={press}
    >
      {isAsked ? t('cart.clearSure') : t('cart.clear')}
    </Button>
  )
}

function CartShow({ showtimeId }: { showtimeId: ShowtimeId }) {
  const { t, words, time } = useSay()
  const { cart } = useTillState()
  const openShowtime = useUi((ui) => ui.openShowtime)
  const lines = cart.lines.filter(({ subject }) => subject.kind === 'ticket' && subject.showtimeId === showtimeId)
  const first = lines[0]
  if (first?.subject.kind !== 'ticket') return null
  const hold = cart.holds.find((one) => one.showtimeId === showtimeId)
  return (
    <div className="cart-show">
      <button type="button" className="cart-show-head" onClick={() => openShowtime(showtimeId)}>
        <span className="cart-show-time figures">{time(first.subject.startsAt)}</span>
        <span className="cart-show-what">
          <strong>{words(first.name)}</strong>
          <span>{words(first.subject.hallName)}</span>
          <span className="sr">{t('cart.changeSeats')}</span>
        </span>
      </button>
      {hold !== undefined && <Hold hold={hold} />}
      <ul className="lines">
        {lines.map((line) => (
          <TicketLine key={line.id} line={line} />
        ))}
      </ul>
    </div>
  )
}

function Hold({ hold }: { hold: SeatHoldView }) {
  const { t } = useSay()
  const { text, isShort, isOver } = holdLeft(hold.expiresAt, useNowMs())
  return (
    <span
      className={isShort ? 'hold hold-short' : 'hold'}
      role="timer"
      aria-label={isOver ? t('cart.holdOver') : t('cart.holdLabel', { left: text })}
    >
      <IconClock size={16} aria-hidden="true" />
      <span className="figures">{isOver ? t('cart.holdOver') : t('cart.held', { left: text })}</span>
    </span>
  )
}
