import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { SeatId } from '#shared/domain/ids.ts'
import type { Hall } from '#shared/domain/programme.ts'
import { choiceOf, entrySeat, type GridKey, moveFocus, sameChoice, toggleSeat, withTicketType } from '../../../renderer/flows/seats.ts'
import { createFakeTill } from '../support/fake-till.ts'

const till = createFakeTill()
const [hall, smallHall] = till.programme().halls as readonly [Hall, Hall]
const seat = (id: string) => id as SeatId
const KEYS: readonly GridKey[] = ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'Home', 'End', 'PageUp', 'PageDown']

test('a tap chooses a seat with the ticket type of the moment, a second tap gives it back', () => {
  const one = toggleSeat([], seat('F7'), 'adult')
  const two = toggleSeat(one, seat('F8'), 'child')
  expect(two).toEqual([
    { seat: 'F7', ticketTypeId: 'adult' },
    { seat: 'F8', ticketTypeId: 'child' },
  ])
  expect(toggleSeat(two, seat('F7'), 'child')).toEqual([{ seat: 'F8', ticketTypeId: 'child' }])
  expect(withTicketType(two, seat('F8'), 'senior')).toEqual([
    { seat: 'F7', ticketTypeId: 'adult' },
    { seat: 'F8', ticketTypeId: 'senior' },
  ])
})

test('the choice of a showtime is read back from the cart, and from no other showtime', async () => {
  const [first, second] = till.programme().showtimes
  if (first === undefined || second === undefined) throw new Error('the practice day has shows')
  const free = await till.seatMap({ showtimeId: first.id })
  if (!free.ok) throw new Error('the map is there')
  const seats = Object.entries(free.value.seats)
    .filter(([, state]) => state === 'free')
    .slice(0, 2)
    .map(([id]) => ({ seat: seat(id), ticketTypeId: 'adult' }))
  await till.setSeats({ showtimeId: first.id, seats })
  expect(sameChoice(choiceOf(till.state().cart, first.id), seats)).toBe(true)
  expect(choiceOf(till.state().cart, second.id)).toEqual([])
})

test('choices are the same whatever their order, and differ by seat and by type', () => {
  const [a, b] = [
    { seat: seat('A1'), ticketTypeId: 'adult' },
    { seat: seat('A2'), ticketTypeId: 'adult' },
  ]
  expect(sameChoice([a, b], [b, a])).toBe(true)
  expect(sameChoice([a], [b])).toBe(false)
  expect(sameChoice([a], [a, b])).toBe(false)
  expect(sameChoice([a], [{ ...a, ticketTypeId: 'child' }])).toBe(false)
})

test('arrow keys walk along the row across an aisle, and up and down the same column', () => {
  expect(moveFocus(hall, seat('E3'), 'ArrowRight')).toBe('E4')
  expect(moveFocus(hall, seat('E4'), 'ArrowLeft')).toBe('E3')
  expect(moveFocus(hall, seat('E4'), 'ArrowUp')).toBe('D4')
  expect(moveFocus(hall, seat('E4'), 'ArrowDown')).toBe('F4')
  expect(moveFocus(hall, seat('E4'), 'Home')).toBe('E1')
  expect(moveFocus(hall, seat('E4'), 'End')).toBe('E14')
  expect(moveFocus(hall, seat('E4'), 'PageUp')).toBe('A4')
  expect(moveFocus(hall, seat('E4'), 'PageDown')).toBe('L4')
})

test('at every edge the focus stays', () => {
  expect(moveFocus(hall, seat('A1'), 'ArrowLeft')).toBe('A1')
  expect(moveFocus(hall, seat('A1'), 'ArrowUp')).toBe('A1')
  expect(moveFocus(hall, seat('L14'), 'ArrowRight')).toBe('L14')
  expect(moveFocus(hall, seat('L14'), 'ArrowDown')).toBe('L14')
})

test('wherever the keys lead, there is a seat, and every seat can be reached from every other', () => {
  const all = smallHall.rows.flatMap((row) => row.seats.map((one) => one.id))
  fc.assert(
    fc.property(fc.constantFrom(...all), fc.array(fc.constantFrom(...KEYS), { maxLength: 40 }), (start, keys) => {
      expect(all).toContain(keys.reduce((at, key) => moveFocus(smallHall, at, key), start))
    }),
  )
  const reached = new Set([all[0]])
  for (const at of reached) if (at !== undefined) for (const key of KEYS) reached.add(moveFocus(smallHall, at, key))
  expect(reached.size).toBe(all.length)
})

test('the keyboard enters in the middle of the back half, at a free seat', () => {
  expect(entrySeat(hall, () => true)).toBe('G7')
  expect(entrySeat(hall, (id) => id === 'L1')).toBe('L1')
  expect(entrySeat(hall, () => false)).toBe('A1')
})
