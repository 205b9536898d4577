import { ActionIcon, Menu } from '@mantine/core'
import { IconCheck, IconChevronDown, IconMinus, IconPlus, IconTrash, IconX } from '@tabler/icons-react'
import { LINE_QUANTITY_MAX, type LineSubject, type SaleLine } from '#shared/domain/sale-line.ts'
import { withTicketType } from '../../flows/seats.ts'
import { useProgramme, useSay } from '../../hooks.ts'
import { useAct, useQuantity, useSeatChoice, useTerminal, useTillState } from '../../terminal-context.ts'
import { useArmed } from '../../use-armed.ts'

type TicketSubject = Extract<LineSubject, { kind: 'ticket' }>

export function TicketLine({ line }: { line: SaleLine }) {
  const { t, money } = useSay()
  if (line.subject.kind !== 'ticket') return null
  return (
    <li className="line">
      <span className="line-seat figures">{line.subject.seat}</span>
      <TicketTypeMenu line={line} subject={line.subject} />
      <span className="line-total figures">{money(line.total)}</span>
      <Remove line={line} name={t('cart.seat', { seat: line.subject.seat })} />
    </li>
  )
}

/** The ticket type of one seat, changed where it stands. */
function TicketTypeMenu({ line, subject }: { line: SaleLine; subject: TicketSubject }) {
  const { t, words, money } = useSay()
  const { choice, choose } = useSeatChoice(subject.showtimeId)
  const types = useProgramme()?.showtimes.find((one) => one.id === subject.showtimeId)?.ticketTypes ?? []
  const type = types.find((one) => one.id === subject.ticketTypeId)
  const name = words(type?.name ?? line.detail)
  return (
    <Menu
      position="bottom-start"
      shadow="md"
      withinPortal={false}
      floatingStrategy="fixed"
      withInitialFocusPlaceholder={false}
      menuItemTabIndex={0}
    >
      <Menu.Target>
        <button type="button" className="line-type" aria-label={t('cart.changeType', { seat: subject.seat, type: name })}>
          {name}
          <IconChevronDown size={18} aria-hidden="true" />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {types.map((one) => (
          <Menu.Item
            key={one.id}
            className="menu-item"
            leftSection={<IconCheck size={20} aria-hidden="true" opacity={one.id === subject.ticketTypeId ? 1 : 0} />}
            onClick={() => choose(withTicketType(choice, subject.seat, one.id))}
          >
            {words(one.name)} <span className="figures">{money(one.price)}</span>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}

export function ProductLine({ line }: { line: SaleLine }) {
  return line.subject.kind === 'product' ? <Product line={line} productId={line.subject.productId} /> : null
}

function Product({ line, productId }: { line: SaleLine; productId: Extract<LineSubject, { kind: 'product' }>['productId'] }) {
  const { t, words, money } = useSay()
  const { quantity, setQuantity } = useQuantity(productId)
  const name = words(line.name)
  // "One fewer" turns into "remove" in the same place, and another row may slide here: neither is pressed by a tap that was meant for before.
  const isArmed = useArmedRow(quantity > 1 ? 'fewer' : 'remove')
  return (
    <li className="line line-product">
      <span className="stepper">
        {quantity > 1 ? (
          <ActionIcon
            variant="default"
            size={44}
            aria-label={t('cart.fewer', { name })}
            aria-disabled={!isArmed}
            onClick={() => isArmed && setQuantity(quantity - 1)}
          >
            <IconMinus size={20} />
          </ActionIcon>
        ) : (
          <ActionIcon
            variant="default"
            size={44}
            aria-label={t('cart.remove', { name })}
            aria-disabled={!isArmed}
            onClick={() => isArmed && setQuantity(0)}
          >
            <IconTrash size={20} />
          </ActionIcon>
        )}
        <span className="stepper-count figures" aria-live="polite">
          {quantity}
        </span>
        <ActionIcon
          variant="default"
          size={44}
          aria-label={t('cart.more', { name })}
          disabled={quantity >= LINE_QUANTITY_MAX}
          onClick={() => setQuantity(quantity + 1)}
        >
          <IconPlus size={20} />
        </ActionIcon>
      </span>
      <span className="line-name">
        {name}
        {line.quantity > 1 && <span className="line-each figures">{t('cart.each', { price: money(line.unitPrice) })}</span>}
      </span>
      <span className="line-total figures">{money(line.total)}</span>
    </li>
  )
}

/** As useArmed, and waits anew whenever a row of the sale has come or gone: the others may have moved. */
function useArmedRow(meaning: string): boolean {
  const { cart } = useTillState()
  return useArmed(`${meaning} ${cart.lines.length}`)
}

function Remove({ line, name }: { line: SaleLine; name: string }) {
  const { t } = useSay()
  const { client } = useTerminal()
  const { busy, act } = useAct()
  const isArmed = useArmedRow('remove')
  return (
    <ActionIcon
      size={44}
      color="gray"
      className="line-remove"
      aria-label={t('cart.remove', { name })}
      disabled={busy}
      aria-disabled={!isArmed}
      onClick={() => isArmed && act(() => client.removeLine({ lineId: line.id }))}
    >
      <IconX size={20} />
    </ActionIcon>
  )
}
